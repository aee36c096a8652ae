package jira_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// site is a started simulator and a client logged in as the bot.
type site struct {
	*jira.Server
	*standintest.Client
}

func start(t *testing.T, opt jira.Options) *site {
	t.Helper()
	srv := standintest.Started(jira.New(opt))(t)
	login := basic(jira.BotEmail, jira.BotToken)
	if opt.Flavour == jira.DataCenter {
		login = bearer(jira.BotToken)
	}
	return &site{Server: srv, Client: standintest.NewClient(t, srv.URL, login)}
}

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// as is the same site for another login.
func (s *site) as(login func(*http.Request)) *site {
	return &site{Server: s.Server, Client: s.As(login)}
}

// problems is the body of a refusal.
func problems(t *testing.T, a standintest.Answer) (messages []string, fields map[string]string) {
	t.Helper()
	var out struct {
		ErrorMessages []string
		Errors        map[string]string
	}
	a.Into(t, &out)
	return out.ErrorMessages, out.Errors
}

// fields are the least a create needs, with more on top.
func fields(more map[string]any) map[string]any {
	f := map[string]any{
		"project": map[string]any{"key": "ACC"}, "issuetype": map[string]any{"name": "Task"}, "summary": "Access to prod-db",
	}
	maps.Copy(f, more)
	return map[string]any{"fields": f}
}

// create opens an issue and returns its key.
func (s *site) create(more map[string]any) string {
	s.T.Helper()
	key, isText := s.Do(http.StatusCreated, "POST", "/rest/api/2/issue", fields(more)).Object(s.T)["key"].(string)
	require.True(s.T, isText)
	return key
}

// found is a page of search results.
type found struct {
	Issues []struct {
		ID, Key    string
		Fields     map[string]any
		Properties map[string]any
	}
	IsLast        bool
	NextPageToken string
	Total         int
	MaxResults    int
	StartAt       int
}

func (f found) keys() []string {
	out := []string{}
	for _, i := range f.Issues {
		out = append(out, i.Key)
	}
	return out
}

// search runs JQL and asks for one field, so that keys are answered.
func (s *site) search(jql string, more map[string]any) found {
	s.T.Helper()
	body := map[string]any{"jql": jql, "fields": []string{"summary"}}
	maps.Copy(body, more)
	path := "/rest/api/3/search/jql"
	if a, err := s.Try("GET", "/rest/api/2/serverInfo", nil); err == nil && strings.Contains(string(a.Body), `"Server"`) {
		path = "/rest/api/2/search"
	}
	var out found
	s.Do(http.StatusOK, "POST", path, body).Into(s.T, &out)
	return out
}

// both runs a test in both flavours.
func both(t *testing.T, test func(t *testing.T, flavour jira.Flavour)) {
	for _, flavour := range []jira.Flavour{jira.Cloud, jira.DataCenter} {
		t.Run(flavour.String(), func(t *testing.T) { test(t, flavour) })
	}
}

func transitionTo(id string) map[string]any {
	return map[string]any{"transition": map[string]any{"id": id}}
}

func document(text string) map[string]any {
	return map[string]any{"type": "doc", "version": 1, "content": []any{
		map[string]any{"type": "paragraph", "content": []any{map[string]any{"type": "text", "text": text}}},
	}}
}

func issuePath(key string) string { return fmt.Sprintf("/rest/api/2/issue/%s", key) }
