package opsgenie_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// account is a started simulator and a client with its key.
type account struct {
	*opsgenie.Server
	*standintest.Client
	clock *standintest.Clock
}

func start(t *testing.T, opt opsgenie.Options) *account {
	t.Helper()
	clock := standintest.NewClock()
	if opt.Account.Clock == nil {
		opt.Account.Clock = clock.Now
	}
	srv := standintest.Started(opsgenie.New(opt))(t)
	return &account{Server: srv, Client: standintest.NewClient(t, srv.URL, login(opsgenie.DefaultAPIKey)), clock: clock}
}

func login(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "GenieKey "+key) }
}

// with is the same account called with another key.
func (a *account) with(key string) *account {
	return &account{Server: a.Server, Client: a.As(login(key)), clock: a.clock}
}

// draft is the least a create needs, with more on top.
func draft(more map[string]any) map[string]any {
	out := map[string]any{"message": "Access to prod-db"}
	maps.Copy(out, more)
	return out
}

// create makes an alert and returns its id.
func (a *account) create(more map[string]any) string {
	a.T.Helper()
	status := a.write("POST", "/v2/alerts", draft(more))
	require.Equal(a.T, true, status["isSuccess"], status["status"])
	id, isText := status["alertId"].(string)
	require.True(a.T, isText)
	return id
}

// write makes a call that is accepted and returns what the status of its request says.
func (a *account) write(method, path string, body any) standintest.Object {
	a.T.Helper()
	got := a.Do(http.StatusAccepted, method, path, body)
	id, isText := got.Object(a.T)["requestId"].(string)
	require.True(a.T, isText)
	require.Equal(a.T, id, got.Header.Get("X-Request-Id"))
	return data(a.Do(200, "GET", "/v2/alerts/requests/"+id, nil).Object(a.T))
}

// read is the data of an answer.
func (a *account) read(path string) standintest.Object {
	a.T.Helper()
	return data(a.Do(200, "GET", path, nil).Object(a.T))
}

func data(o standintest.Object) standintest.Object {
	out, _ := o["data"].(map[string]any)
	return out
}

// rows are the data of a list.
func (a *account) rows(path string) []standintest.Object {
	a.T.Helper()
	return a.Do(200, "GET", path, nil).Object(a.T).Rows("data")
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
func query(text string) string { return "/v2/alerts?" + url.Values{"query": {text}}.Encode() }

// full is a draft with everything the API takes.
func full() map[string]any {
	return draft(map[string]any{
		"alias": "accessbridge:r 1", "description": "who & why", "entity": "prod-db", "priority": "P2", "source": "accessbridge",
		"user": "bridge", "note": "first", "actions": []string{"Approve", "Deny"}, "tags": []string{"accessbridge", "prod"},
		"details": map[string]string{"request": "r1"},
		"responders": []map[string]string{
			{"type": "team", "name": "Operations"},
			{"type": "user", "username": "alice@example.com"},
			{"type": "schedule", "name": "primary"},
			{"type": "escalation", "name": opsgenie.DefaultEscalation},
		},
		"visibleTo": []map[string]string{{"type": "team", "id": alerting.DefaultTeams()[0].ID}},
	})
}
