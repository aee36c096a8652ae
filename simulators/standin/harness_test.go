package standin_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// acme is the smallest vendor: it keeps things, and tells one receiver of each.
type acme struct {
	*standin.Server[*call]
	*standintest.Client
	hook    *string // where to send
	version atomic.Int64

	mu     sync.Mutex
	things []string
}

type call struct {
	*standin.Call
	user string
}

// wrong is acme's own kind of an error.
type wrong struct{ status int }

func (w wrong) Error() string { return "acme simulator: " + http.StatusText(w.status) }

// soon is how long something that must happen may take on the slowest machine.
const soon = time.Minute

type setup struct {
	standin.Options
	standin.Sending
	prefixes []string
}

// start makes an acme that is called as alice over the network.
func start(t *testing.T, with setup) *acme {
	t.Helper()
	a := found(t, with)
	require.NoError(t, a.Start())
	return a
}

// found makes an acme that nobody can reach, which may stand in a bubble with its own time.
func found(t *testing.T, with setup) *acme {
	t.Helper()
	a := &acme{hook: new(string)}
	with.Name = "acme simulator"
	a.Server = standin.New(with.Options, standin.Dialect[*call]{
		Prefixes: with.prefixes, ContentType: "application/acme+json", Accept: accept, Error: refuse,
		RateLimited: func(h http.Header, f *standin.Fault) { h.Set("X-Reset", f.RetryAfter) },
		Always:      func(h http.Header) { h.Set("X-Always", "1") },
	}, with.Sending)
	a.Handle("GET /things/{id}", func(c *call) (standin.Reply, error) {
		return standin.OK(map[string]string{"id": c.Path["id"], "by": c.user, "prefix": c.Prefix, "route": c.Route, "q": c.Query.Get("q")})
	})
	a.Handle("GET /things/all", func(*call) (standin.Reply, error) { return standin.OK(a.all()) })
	a.Handle("POST /things", a.create)
	a.Handle("DELETE /things/{id}", func(*call) (standin.Reply, error) {
		return standin.Reply{Status: http.StatusNoContent, Header: http.Header{"X-Gone": {"yes"}}}, nil
	})
	t.Cleanup(a.Close)
	a.Client = standintest.NewClient(t, a.URL, func(r *http.Request) { r.Header.Set("User", "alice") })
	return a
}

func accept(c *standin.Call) (*call, error) {
	user := c.Header.Get("User")
	if !standin.SameSecret("alice", user) {
		return nil, wrong{http.StatusUnauthorized}
	}
	return &call{Call: c, user: user}, nil
}

func refuse(h http.Header, err error) (int, any) {
	h.Set("X-Refused", "1")
	if own, ok := errors.AsType[wrong](err); ok {
		return own.status, map[string]any{"own": own.Error()}
	}
	if p, ok := errors.AsType[*standin.Problem](err); ok {
		return p.Status, map[string]any{"problem": p.Error(), "path": p.Path, "fault": p.Fault}
	}
	return http.StatusInternalServerError, map[string]any{"bug": err.Error()}
}

func (a *acme) create(c *call) (standin.Reply, error) {
	var in struct{ Name string }
	if err := c.Decode(&in); err != nil {
		return standin.Reply{}, err
	}
	a.mu.Lock()
	a.things = append(a.things, in.Name)
	a.mu.Unlock()
	a.version.Add(1)
	return standin.Answer(http.StatusCreated, map[string]string{"name": in.Name})
}

func (a *acme) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string{}, a.things...)
}

func (a *acme) add(name string) standintest.Answer {
	a.T.Helper()
	return a.Do(http.StatusCreated, "POST", "/things", map[string]string{"name": name})
}

// tell sends an event about an object to the one receiver.
func (a *acme) tell(event, object string) {
	a.Send(standin.Message{
		To: a.hook, URL: *a.hook, Event: event, Object: object,
		Render: func(m *standin.Message, attempt int) ([]byte, http.Header, error) {
			body := `{"event":"` + m.Event + `","object":"` + m.Object + `"}`
			return []byte(body), http.Header{"Id": {m.ID}, "Attempt": {string(rune('0' + attempt))}}, nil
		},
	})
}

// hooked is an acme with a receiver; it retries at once.
func hooked(t *testing.T, how standin.Sending, next func(int) int) (*acme, *standintest.Inbox) {
	t.Helper()
	in := standintest.Receive(t, next)
	if how.RetryDelay == 0 {
		how.RetryDelay = time.Millisecond
	}
	a := start(t, setup{Sending: how, Options: standin.Options{Clock: standintest.NewClock().Now}})
	*a.hook = in.URL
	return a, in
}

// inside is a client that reaches the receiver without a network, so that it may stand in a bubble with its own time.
func inside(in http.Handler) *http.Client {
	return &http.Client{Transport: direct{in}}
}

type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, r)
	return answer.Result(), r.Context().Err()
}

func (a *acme) settled() {
	a.T.Helper()
	require.NoError(a.T, a.WaitDeliveries(a.T.Context()))
}

// events are the names of the events that came.
func events(t *testing.T, in *standintest.Inbox) []any {
	t.Helper()
	out := []any{}
	for i := range in.All() {
		out = append(out, in.Object(t, i)["event"])
	}
	return out
}
