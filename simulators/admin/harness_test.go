package admin_test

import (
	"bytes"
	"context"
	"crypto/rand"
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
	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
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

// everybody runs all vendors.
func everybody(o *admin.Options) {
	o.With = map[admin.Vendor]admin.VendorOptions{}
	for _, v := range admin.Vendors() {
		o.With[v] = admin.VendorOptions{}
	}
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

type said struct{ Author, Text, Type string }

type incident struct {
	ID, Key, Title, Status, Body string
	Number                       int
	Assignees                    []string
	Notes, Actions, Log          []said
}

type alert struct {
	ID, Alias, Message, Status, Owner string
	TinyID                            string `json:"tiny_id"`
	Acknowledged                      bool
	Actions                           []string
	Responders                        []struct{ Type, Name string }
	Notes, Log                        []said
}

// openIncident opens an incident as the bridge does and returns its id.
func (s *stage) openIncident() string {
	s.t.Helper()
	resp := s.send("POST", s.PagerDuty.URL()+"/incidents", func(r *http.Request) {
		r.Header.Set("Authorization", "Token token="+pagerduty.DefaultToken)
		r.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
		r.Header.Set("From", pagerduty.DefaultBotEmail)
	}, `{"incident":{"type":"incident","title":"alice asks","incident_key":"`+rand.Text()+`",
		"service":{"id":"PSERVIC","type":"service_reference"},"body":{"type":"incident_body","details":"for a deploy"}}}`)
	defer func() { require.NoError(s.t, resp.Body.Close()) }()
	require.Equal(s.t, http.StatusCreated, resp.StatusCode)
	var made struct{ Incident struct{ ID string } }
	require.NoError(s.t, json.NewDecoder(resp.Body).Decode(&made))
	return made.Incident.ID
}

// account is what a vendor with alerts holds.
func (s *stage) account(v admin.Vendor) *alerting.Account {
	if v == admin.JSM {
		return s.JSM.Account
	}
	return s.Opsgenie.Account
}

// openAlert makes an alert and returns its id.
func (s *stage) openAlert(v admin.Vendor) string {
	s.t.Helper()
	made, err := s.account(v).AddAlert("", alerting.Draft{
		Message: "alice asks", Alias: rand.Text(), Actions: []string{"Approve", "Deny"},
		Responders: []alerting.Responder{{Type: alerting.TypeSchedule, Name: alerting.PrimarySchedule}},
	})
	require.NoError(s.t, err)
	return made.ID
}

// open makes an incident or an alert, whatever the vendor has, and returns its id.
func (s *stage) open(v admin.Vendor) string {
	s.t.Helper()
	if v == admin.PagerDuty {
		return s.openIncident()
	}
	return s.openAlert(v)
}

type delivery struct {
	Vendor, URL, Event, Object, Issue, Error, Body string
	Status, Attempt                                int
	Lost                                           bool
	Headers                                        http.Header
}

func (s *stage) deliveries() []delivery {
	s.t.Helper()
	var all []delivery
	s.ask("GET", "/deliveries", "", &all)
	return all
}

// wait waits until a vendor has sent all it has to tell.
func (s *stage) wait(v admin.Vendor) {
	s.t.Helper()
	sender := map[admin.Vendor]interface{ WaitDeliveries(context.Context) error }{
		admin.PagerDuty: s.PagerDuty, admin.Opsgenie: s.Opsgenie, admin.JSM: s.JSM,
	}
	require.NoError(s.t, sender[v].WaitDeliveries(s.t.Context()))
}

// probe is the status of a call to a vendor that changes nothing.
func (s *stage) probe(v admin.Vendor) int {
	s.t.Helper()
	var path string
	var login func(*http.Request)
	switch v {
	case admin.PagerDuty:
		path, login = "/oncalls", func(r *http.Request) {
			r.Header.Set("Authorization", "Token token="+pagerduty.DefaultToken)
			r.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
		}
	case admin.Opsgenie:
		path, login = "/v2/schedules", func(r *http.Request) { r.Header.Set("Authorization", "GenieKey "+opsgenie.DefaultAPIKey) }
	case admin.JSM:
		path, login = "/rest/api/3/myself", func(r *http.Request) { r.SetBasicAuth(jsm.DefaultEmail, jsm.DefaultAPIToken) }
	}
	resp := s.send("GET", s.Address(v)+path, login, "")
	require.NoError(s.t, resp.Body.Close())
	return resp.StatusCode
}

// send calls a vendor.
func (s *stage) send(method, url string, login func(*http.Request), body string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	login(req)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	return resp
}

// jira calls Jira as the bridge's account.
func (s *stage) jira(method, path, body string) *http.Response {
	s.t.Helper()
	return s.send(method, s.Jira.URL()+"/rest/api/3"+path, func(r *http.Request) { r.SetBasicAuth(jira.BotEmail, jira.BotToken) }, body)
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
		DialTimeout:          time.Minute,
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
