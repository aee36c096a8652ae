package admin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/breaker"
	"github.com/gravitational/teleport/api/client"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

// stage is a running world with its admin API.
type stage struct {
	*admin.World
	t   *testing.T
	url string
}

func newStage(t *testing.T, change ...func(*admin.Options)) *stage {
	t.Helper()
	opts := admin.Options{Dir: t.TempDir()}
	for _, f := range change {
		f(&opts)
	}
	w, err := admin.Start(opts)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	api := httptest.NewServer(admin.Handler(w))
	t.Cleanup(api.Close)
	return &stage{World: w, t: t, url: api.URL}
}

// call sends one call and returns the status and the body.
func (s *stage) call(method, path, body string) (int, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, resp.Body.Close()) }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp.StatusCode, answer
}

// ask sends a call that must answer 200, and reads the answer into out.
func (s *stage) ask(method, path, body string, out any) {
	s.t.Helper()
	status, answer := s.call(method, path, body)
	require.Equal(s.t, http.StatusOK, status, "%s %s: %s", method, path, answer)
	dec := json.NewDecoder(bytes.NewReader(answer))
	require.NoError(s.t, dec.Decode(out), "%s", answer)
}

// tell sends a call that must answer 204 and nothing.
func (s *stage) tell(method, path, body string) {
	s.t.Helper()
	status, answer := s.call(method, path, body)
	require.Equal(s.t, http.StatusNoContent, status, "%s %s: %s", method, path, answer)
	require.Empty(s.t, answer)
}

// refused sends a call that must be refused with the status, in JSON and with the words.
func (s *stage) refused(status int, words, method, path, body string) {
	s.t.Helper()
	got, answer := s.call(method, path, body)
	require.Equal(s.t, status, got, "%s %s %s: %s", method, path, body, answer)
	var out struct {
		Error string `json:"error"`
	}
	require.NoError(s.t, json.Unmarshal(answer, &out), "%s", answer)
	require.Contains(s.t, out.Error, words)
}

type request struct {
	ID                 string   `json:"id"`
	User               string   `json:"user"`
	State              string   `json:"state"`
	Roles              []string `json:"roles"`
	Resources          []string `json:"resources"`
	Reason             string   `json:"reason"`
	SuggestedReviewers []string `json:"suggested_reviewers"`
	ThresholdApprove   uint32   `json:"threshold_approve"`
	ThresholdDeny      uint32   `json:"threshold_deny"`
	Reviews            []struct {
		User, State, Reason string
	} `json:"reviews"`
	ResolveReason string                       `json:"resolve_reason"`
	AccessList    string                       `json:"access_list"`
	Created       time.Time                    `json:"created"`
	Expires       time.Time                    `json:"expires"`
	PluginData    map[string]map[string]string `json:"plugin_data"`
}

type issue struct {
	Key, Status, Summary string
	Labels               []string
	Comments             []struct{ Author, Body string }
	History              []struct{ Author, Field, From, To string }
}

// create makes a request of Alice and returns its id.
func (s *stage) create() string {
	s.t.Helper()
	var made struct{ ID string }
	s.ask("POST", "/requests", `{"user":"alice@example.com","roles":["prod-admin"],"reason":"deploy"}`, &made)
	require.NotEmpty(s.t, made.ID)
	return made.ID
}

// openIssue makes an issue as the bridge does and returns its key.
func (s *stage) openIssue() string {
	s.t.Helper()
	resp := s.jira("POST", "/issue",
		`{"fields":{"project":{"key":"ACC"},"issuetype":{"name":"Task"},"summary":"alice asks","labels":["one"]}}`)
	defer func() { require.NoError(s.t, resp.Body.Close()) }()
	require.Equal(s.t, http.StatusCreated, resp.StatusCode)
	var made struct{ Key string }
	require.NoError(s.t, json.NewDecoder(resp.Body).Decode(&made))
	return made.Key
}

// jira calls Jira as the bridge's account.
func (s *stage) jira(method, path, body string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.Jira.URL()+"/rest/api/3"+path, strings.NewReader(body))
	require.NoError(s.t, err)
	req.SetBasicAuth(jira.BotEmail, jira.BotToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	return resp
}

// jiraStatus is the status of a call that reads the own account.
func (s *stage) jiraStatus() int {
	s.t.Helper()
	resp := s.jira("GET", "/myself", "")
	require.NoError(s.t, resp.Body.Close())
	return resp.StatusCode
}

// dial connects the genuine client with the identity file.
func (s *stage) dial() *client.Client {
	s.t.Helper()
	c, err := client.New(s.t.Context(), client.Config{
		Addrs:                []string{s.Teleport.Addr()},
		Credentials:          []client.Credentials{client.LoadIdentityFile(s.Identity)},
		DialTimeout:          10 * time.Second,
		CircuitBreakerConfig: breaker.NoopBreakerConfig(),
	})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() }) // its connection may have been cut on purpose
	return c
}

// listening says whether somebody listens at the address.
func (s *stage) listening(addr string) bool {
	s.t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(s.t.Context(), "tcp", addr)
	if err != nil {
		return false
	}
	require.NoError(s.t, conn.Close())
	return true
}
