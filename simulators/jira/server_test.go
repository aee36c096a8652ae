package jira_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestBasePathStandsBeforeEverything(t *testing.T) {
	s := start(t, jira.Options{BasePath: "jira/"})
	require.True(t, strings.HasSuffix(s.URL(), "/jira"))
	require.Equal(t, s.URL()+"/board", s.BoardURL())
	s.create(nil)
	read := s.Do(http.StatusOK, "GET", issuePath("ACC-1"), nil).Object(t)
	require.Equal(t, s.URL()+"/rest/api/2/issue/10001", read["self"])
	resp, err := s.HTTP.Get(strings.TrimSuffix(s.URL(), "/jira") + "/rest/api/2/serverInfo")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}

func TestConcurrentUseKeepsEveryChange(t *testing.T) {
	s := start(t, jira.Options{})
	hook := standintest.Receive(t, nil)
	s.AddWebhook(jira.Webhook{URL: hook.URL})
	key := s.create(nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := s.Comment("alice", key, "x"); err != nil {
					t.Error(err)
				}
				_ = s.Move("bob", key, "In Review") // one of the two is possible at any time
				_ = s.Move("bob", key, "Pending")
				s.search("project = ACC AND labels not in (x)", nil)
				s.create(map[string]any{"labels": []string{"x"}})
				if err := s.UpdateUser("carol", func(u *jira.User) { u.DisplayName += "." }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	issue, _ := s.Issue(key)
	require.Len(t, issue.Comments, 160)
	require.Len(t, s.Issues(), 161)
	require.NoError(t, s.WaitDeliveries(t.Context()))
	carol := s.Do(http.StatusOK, "GET", "/rest/api/3/user?accountId=712020:carol", nil).Object(t)
	require.Len(t, carol["displayName"], len("Carol Cooper")+160)
}

func BenchmarkCreateAndRead(b *testing.B) {
	srv, err := jira.New(jira.Options{})
	require.NoError(b, err)
	body := `{"fields":{"project":{"key":"ACC"},"issuetype":{"name":"Task"},"summary":"s","description":"d","labels":["x"]}}`
	serve := func(method, path, body string) {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		req.SetBasicAuth(jira.BotEmail, jira.BotToken)
		rec := httptest.NewRecorder()
		srv.ServeHTTP(rec, req)
		if rec.Code >= http.StatusBadRequest {
			b.Fatal(rec.Body.String())
		}
	}
	for range 5000 {
		serve("POST", "/rest/api/2/issue", body)
	}
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			serve("POST", "/rest/api/2/issue", body)
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			serve("GET", "/rest/api/2/issue/ACC-17?fields=status,comment&expand=changelog,transitions", "")
		}
	})
	b.Run("search of a page", func(b *testing.B) {
		for b.Loop() {
			serve("POST", "/rest/api/3/search/jql", `{"jql":"project = ACC AND updated >= -1h ORDER BY updated DESC","fields":["status"],"maxResults":100}`)
		}
	})
}
