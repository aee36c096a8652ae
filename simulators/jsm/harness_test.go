package jsm_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// ops is the address of the operations of the default site.
const ops = "/jsm/ops/api/" + jsm.DefaultCloudID + "/v1"

// site is a started simulator and a client with its token.
type site struct {
	*jsm.Server
	*standintest.Client
	clock *standintest.Clock
}

func start(t *testing.T, opt jsm.Options) *site {
	t.Helper()
	clock := standintest.NewClock()
	if opt.Account.Clock == nil {
		opt.Account.Clock = clock.Now
	}
	srv := standintest.Started(jsm.New(opt))(t)
	return &site{
		Server: srv, Client: standintest.NewClient(t, srv.URL, login(jsm.DefaultEmail, jsm.DefaultAPIToken)), clock: clock,
	}
}

func login(email, token string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(email, token) }
}

// as is the same site called by somebody else.
func (s *site) as(email, token string) *site {
	return &site{Server: s.Server, Client: s.As(login(email, token)), clock: s.clock}
}

// account is the Atlassian account id of a user.
func (s *site) account(who string) string {
	s.T.Helper()
	u, found := s.User(who)
	require.True(s.T, found)
	return u.AccountID
}

// draft is the least a create needs, with more on top.
func draft(more map[string]any) map[string]any {
	out := map[string]any{"message": "Access to prod-db"}
	maps.Copy(out, more)
	return out
}

// full is a draft with everything the API takes.
func (s *site) full() map[string]any {
	return draft(map[string]any{
		"alias": "accessbridge:r 1", "description": "who & why", "entity": "prod-db", "priority": "P2", "source": "accessbridge",
		"note": "first", "actions": []string{"Approve", "Deny"}, "tags": []string{"accessbridge", "prod"},
		"extraProperties": map[string]string{"request": "r1"},
		"responders": []map[string]string{
			{"type": "team", "id": alerting.DefaultTeams()[0].ID},
			{"type": "user", "id": s.account("alice")},
			{"type": "schedule", "id": s.Schedules()[0].ID},
			{"type": "escalation", "id": s.Escalations()[0].ID},
		},
		"visibleTo": []map[string]string{{"type": "team", "id": alerting.DefaultTeams()[0].ID}},
	})
}

// create makes an alert and returns its id.
func (s *site) create(more map[string]any) string {
	s.T.Helper()
	status := s.outcome(s.Do(200, "POST", ops+"/alerts", draft(more)))
	require.Equal(s.T, true, status["isSuccess"], status["status"])
	id, isText := status["alertId"].(string)
	require.True(s.T, isText)
	return id
}

// write makes a call that is accepted and returns what the status of its request says.
func (s *site) write(method, path string, body any) standintest.Object {
	s.T.Helper()
	return s.outcome(s.Do(http.StatusAccepted, method, ops+path, body))
}

func (s *site) outcome(a standintest.Answer) standintest.Object {
	s.T.Helper()
	id, isText := a.Object(s.T)["requestId"].(string)
	require.True(s.T, isText)
	return s.read("/alerts/requests/" + id)
}

// read is an object of operations.
func (s *site) read(path string) standintest.Object {
	s.T.Helper()
	return s.Do(200, "GET", ops+path, nil).Object(s.T)
}

// rows are the values of a list of operations.
func (s *site) rows(path string) []standintest.Object {
	s.T.Helper()
	return s.read(path).Rows("values")
}

// walk collects one value of every row on all pages, following the links, and says how many pages there were.
func (s *site) walk(path, value string) (out []string, pages int) {
	s.T.Helper()
	for path != "" {
		page := s.read(path)
		out = append(out, texts(page.Rows("values"), value)...)
		pages++
		next, _ := page.At("links", "next").(string)
		require.True(s.T, next == "" || strings.HasPrefix(next, "/v1/"), next)
		path = strings.TrimPrefix(next, "/v1")
	}
	return out, pages
}

// texts collects one value of every row as text.
func texts(rows []standintest.Object, path ...string) []string {
	out := []string{}
	for _, v := range standintest.Each(rows, path...) {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// query escapes a search for an address.
func query(text string) string { return "/alerts?" + url.Values{"query": {text}}.Encode() }
