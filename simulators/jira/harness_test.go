package jira_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

// site is a started simulator and a client logged in as the bot.
type site struct {
	*jira.Server
	t      *testing.T
	client *http.Client
	login  func(*http.Request)
}

func start(t *testing.T, opt jira.Options) *site {
	t.Helper()
	srv, err := jira.New(opt)
	require.NoError(t, err)
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	s := &site{Server: srv, t: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(s.client.CloseIdleConnections)
	s.login = basic(jira.BotEmail, jira.BotToken)
	if opt.Flavour == jira.DataCenter {
		s.login = bearer(jira.BotToken)
	}
	return s
}

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// as is the same site for another login.
func (s *site) as(login func(*http.Request)) *site {
	out := *s
	out.login = login
	return &out
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

func (s *site) try(method, path string, body any) (answer, error) {
	s.t.Helper()
	var reader io.Reader
	if body != nil {
		text, isText := body.(string)
		if !isText {
			data, err := json.Marshal(body)
			require.NoError(s.t, err)
			text = string(data)
		}
		reader = strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+path, reader)
	require.NoError(s.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	s.login(req)
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return answer{Response: resp, body: data}, err
}

// do makes a call that must be answered with the status.
func (s *site) do(status int, method, path string, body any) answer {
	s.t.Helper()
	a, err := s.try(method, path, body)
	require.NoError(s.t, err)
	require.Equal(s.t, status, a.StatusCode, "%s %s: %s", method, path, a.body)
	return a
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, v), "%s", a.body)
}

// object is the body as a JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	a.into(t, &out)
	return out
}

// problems is the body of a refusal.
func (a answer) problems(t *testing.T) (messages []string, fields map[string]string) {
	t.Helper()
	var out struct {
		ErrorMessages []string
		Errors        map[string]string
	}
	a.into(t, &out)
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
	s.t.Helper()
	key, isText := s.do(http.StatusCreated, "POST", "/rest/api/2/issue", fields(more)).object(s.t)["key"].(string)
	require.True(s.t, isText)
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
	s.t.Helper()
	body := map[string]any{"jql": jql, "fields": []string{"summary"}}
	maps.Copy(body, more)
	path := "/rest/api/3/search/jql"
	if a, err := s.try("GET", "/rest/api/2/serverInfo", nil); err == nil && strings.Contains(string(a.body), `"Server"`) {
		path = "/rest/api/2/search"
	}
	var out found
	s.do(http.StatusOK, "POST", path, body).into(s.t, &out)
	return out
}

// clock is a clock that only moves when told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
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
