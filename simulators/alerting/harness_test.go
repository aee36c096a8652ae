package alerting_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// account is an account whose clock moves only when told to, and whose events are kept instead of sent.
type account struct {
	*alerting.Account
	t     *testing.T
	clock *standintest.Clock

	mu   sync.Mutex
	sent []delivered
}

// delivered is one event as its receiver would get it.
type delivered struct {
	URL    string
	Header http.Header
	Raw    string
	Body   standintest.Object
}

func start(t *testing.T, opt alerting.Options) *account {
	t.Helper()
	a := &account{t: t, clock: standintest.NewClock()}
	if opt.Clock == nil {
		opt.Clock = a.clock.Now
	}
	var err error
	a.Account, err = alerting.New(opt)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	a.DeliverBy(a.keep)
	return a
}

func (a *account) keep(messages ...standin.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range messages {
		body, header, err := m.Render(&m, 1)
		require.NoError(a.t, err)
		var object standintest.Object
		require.NoError(a.t, json.Unmarshal(body, &object))
		a.sent = append(a.sent, delivered{URL: m.URL, Header: header, Raw: string(body), Body: object})
	}
}

// events are those that were sent so far; they are forgotten.
func (a *account) events() []delivered {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.sent
	a.sent = nil
	return out
}

// actions are the names of the events that were sent so far; they are forgotten.
func (a *account) actions() []any {
	out := []any{}
	for _, e := range a.events() {
		out = append(out, e.Body["action"])
	}
	return out
}

// caller is a caller of the API who gives no name.
func caller() alerting.Actor { return alerting.Actor{Via: "API", Integration: "accessbridge"} }

// create makes an alert by the API and returns it as it is then.
func (a *account) create(d alerting.Draft) alerting.Alert {
	a.t.Helper()
	if d.Message == "" {
		d.Message = "Access to prod-db"
	}
	require.Empty(a.t, d.Check())
	done, found := a.Request(a.Create(caller(), d))
	require.True(a.t, found && done.Success, done.Status)
	alert, found := a.Get(alerting.ByID(done.AlertID))
	require.True(a.t, found)
	return alert
}

// get is the alert as it is now.
func (a *account) get(which string) alerting.Alert {
	a.t.Helper()
	alert, found := a.Alert(which)
	require.True(a.t, found)
	return alert
}

// log lists "owner: text" of an alert's log, without the creation.
func log(alert alerting.Alert) []string {
	out := []string{}
	for _, e := range alert.Log[1:] {
		out = append(out, e.Owner+": "+e.Text)
	}
	return out
}

const day = 24 * time.Hour
