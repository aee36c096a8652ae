package teleport

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

const (
	// soon is how long something that must happen may take on the slowest machine.
	soon = time.Minute
	tick = 5 * time.Millisecond
)

// world is a running simulated Auth Server with an identity for the bridge.
type world struct {
	t        *testing.T
	srv      *sim.Server
	identity string
	logs     *logtest.Log
}

func newWorld(t *testing.T, o sim.Options) *world {
	t.Helper()
	srv, err := sim.New(o)
	require.NoError(t, err)
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	plugin := sim.PluginUser("plugin")
	srv.AddUser(plugin)
	for _, name := range []string{"alice@example.com", "bob"} {
		srv.AddUser(sim.User{Name: name, RequestableRoles: []string{"*"}})
	}
	for _, name := range []string{"rev1", "rev2"} {
		srv.AddUser(sim.User{Name: name, ReviewRoles: []string{"*"}})
	}
	w := &world{t: t, srv: srv, identity: filepath.Join(t.TempDir(), "identity"), logs: &logtest.Log{}}
	require.NoError(t, srv.WriteIdentity(w.identity, "plugin", time.Hour))
	return w
}

func (w *world) options() Options {
	return Options{Addr: w.srv.Addr(), IdentityFile: w.identity, DialTimeout: soon, Log: w.logs.Logger()}
}

func (w *world) dial() *Client {
	w.t.Helper()
	c, err := Dial(w.t.Context(), w.options())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// follow starts the cache and waits until it is ready.
func (w *world) follow(c *Client, o RequestsOptions) *Requests {
	w.t.Helper()
	r := w.begin(c, o)
	receive(w.t, r.Ready())
	return r
}

func (w *world) begin(c *Client, o RequestsOptions) *Requests {
	o.Log = w.logs.Logger()
	r := NewRequests(c, o)
	r.firstPause, r.deniedEvery = 2*time.Millisecond, 20*time.Millisecond
	background(w.t, r.Run)
	return r
}

func (w *world) create(n sim.NewRequest) string {
	w.t.Helper()
	if n.User == "" {
		n.User = "alice@example.com"
	}
	if len(n.Roles) == 0 && len(n.Resources) == 0 {
		n.Roles = []string{"dev"}
	}
	id, err := w.srv.CreateRequest(n)
	require.NoError(w.t, err)
	return id
}

// permit gives the bridge's user the least privileges and the further ones named.
func (w *world) permit(more ...sim.Permission) {
	w.srv.SetPermissions("plugin", append(sim.PluginUser("plugin").Permissions, more...)...)
}

func mayOverride() sim.Permission {
	return sim.Permission{Resource: types.KindAccessRequest, Verbs: []string{types.VerbUpdate}}
}

// background runs a part until the test ends, and fails the test when the part ends before that or with an error.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	// The test's own context ends before the cleanup begins.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		select {
		case err := <-done:
			t.Errorf("ended before its time: %v", err)
			return
		default:
		}
		cancel()
		require.NoError(t, receive(t, done))
	})
}

func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(soon):
		require.Fail(t, "nothing came in time")
	}
	return v
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	require.Eventually(t, f, soon, tick, what)
}

func (w *world) eventuallyState(r *Requests, id string, want bridge.State) {
	w.t.Helper()
	eventually(w.t, "state "+string(want), func() bool {
		req, ok := r.Get(id)
		return ok && req.State == want
	})
}

func (w *world) eventuallyAbsent(r *Requests, id string) {
	w.t.Helper()
	eventually(w.t, "absent", func() bool {
		_, ok := r.Get(id)
		return !ok
	})
}

// changes collects the ids told by OnChange.
type changes struct {
	mu  sync.Mutex
	ids map[string]int
}

func (c *changes) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[string]int{}
	}
	c.ids[id]++
}

func (c *changes) count(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ids[id]
}
