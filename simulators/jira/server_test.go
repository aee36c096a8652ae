package jira_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestStopAndRestartKeepAddressAndIssues(t *testing.T) {
	s := start(t, jira.Options{})
	url, key := s.URL(), s.create(nil)
	require.Error(t, s.Start(), "it runs already")
	s.Stop()
	s.Stop()
	_, err := s.try("GET", issuePath(key), nil)
	require.Error(t, err)
	require.NoError(t, s.Restart())
	require.Equal(t, url, s.URL())
	s.do(http.StatusOK, "GET", issuePath(key), nil)
	require.NoError(t, s.Restart())
	s.do(http.StatusOK, "GET", issuePath(key), nil)
}

func TestBasePathStandsBeforeEverything(t *testing.T) {
	s := start(t, jira.Options{BasePath: "jira/"})
	require.True(t, strings.HasSuffix(s.URL(), "/jira"))
	require.Equal(t, s.URL()+"/board", s.BoardURL())
	s.create(nil)
	read := s.do(http.StatusOK, "GET", issuePath("ACC-1"), nil).object(t)
	require.Equal(t, s.URL()+"/rest/api/2/issue/10001", read["self"])
	resp, err := s.client.Get(strings.TrimSuffix(s.URL(), "/jira") + "/rest/api/2/serverInfo")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}

func TestTLSAndAResetOverTLS(t *testing.T) {
	throwaway := httptest.NewUnstartedServer(nil)
	throwaway.EnableHTTP2 = true // its client would rather speak HTTP/2
	throwaway.StartTLS()
	defer throwaway.Close()
	s := start(t, jira.Options{TLS: &tls.Config{Certificates: throwaway.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}})
	s.client = throwaway.Client()
	require.True(t, strings.HasPrefix(s.URL(), "https://"))
	s.create(nil)
	s.Inject(jira.Fault{Reset: true, Count: 1})
	_, err := s.try("POST", "/rest/api/2/issue", fields(nil))
	require.Error(t, err)
	require.Equal(t, 1, s.do(http.StatusOK, "GET", "/rest/api/3/issue/ACC-1", nil).ProtoMajor)
}

func TestCallsAreCountedByRoute(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	s.do(http.StatusOK, "GET", "/rest/api/3/issue/"+key, nil)
	s.do(http.StatusOK, "GET", issuePath("10001"), nil)
	s.do(http.StatusNotFound, "GET", "/rest/api/3/nonsense", nil)
	s.do(http.StatusNotFound, "GET", "/elsewhere", nil)
	s.do(http.StatusMethodNotAllowed, "PATCH", issuePath(key), nil)
	s.do(http.StatusOK, "GET", "/board", nil)
	require.Equal(t, map[string]int{"POST /issue": 1, "GET /issue/{id}": 2, "other": 3}, s.Calls())
	require.Equal(t, 6, s.TotalCalls())
	s.ResetCalls()
	require.Zero(t, s.TotalCalls())
}

func TestP6_LatencyIsWaitedSideBySide(t *testing.T) {
	const latency, callers = 200 * time.Millisecond, 64
	s := start(t, jira.Options{Latency: latency})
	var wg sync.WaitGroup
	started := time.Now()
	for range callers {
		wg.Go(func() {
			a, err := s.try("POST", "/rest/api/2/issue", fields(nil))
			if err != nil || a.StatusCode != http.StatusCreated {
				t.Errorf("create: %v %s", err, a.body)
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, time.Since(started), latency)
	require.Less(t, time.Since(started), callers*latency/2, "calls wait one after another")
	require.Len(t, s.Issues(), callers)
}

func TestTheBoardHasNoLatency(t *testing.T) {
	s := start(t, jira.Options{Latency: time.Hour})
	s.do(http.StatusOK, "GET", "/board", nil)
}

func TestConcurrentUseKeepsEveryChange(t *testing.T) {
	s := start(t, jira.Options{})
	hook := receiver(t, nil)
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
	carol := s.do(http.StatusOK, "GET", "/rest/api/3/user?accountId=712020:carol", nil).object(t)
	require.Len(t, carol["displayName"], len("Carol Cooper")+160)
}

func TestTooLargeABodyIsRefused(t *testing.T) {
	s := start(t, jira.Options{})
	s.do(http.StatusRequestEntityTooLarge, "POST", "/rest/api/2/issue", `"`+strings.Repeat("x", 5<<20)+`"`)
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
