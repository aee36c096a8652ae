package teleport

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/breaker"
	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"
)

const (
	// refusedWithin is how long the genuine client takes to find that its
	// credentials are refused: all the time that it is given.
	refusedWithin = 2 * time.Second

	alice = "alice@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"
	self  = "selfrev@example.com"
)

// world is a running server with the people of the observations, and one
// genuine client per person.
type world struct {
	*Server
	t     *testing.T
	ahead atomic.Int64 // nanoseconds that the server's clock is ahead of begun
	begun time.Time

	mu      sync.Mutex
	clients map[string]*client.Client
}

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, begun: time.Now(), clients: map[string]*client.Client{}}
	opts := Options{
		ClusterName: "peer",
		Clock:       w.now,
	}
	for _, f := range change {
		f(&opts)
	}
	var err error
	w.Server, err = New(opts)
	require.NoError(t, err)
	for _, u := range people() {
		w.AddUser(u)
	}
	require.NoError(t, w.Start())
	t.Cleanup(w.Close)
	return w
}

// now is the server's time, which only goes on when ahead does: nothing expires because a test is slow.
func (w *world) now() time.Time { return w.begun.Add(time.Duration(w.ahead.Load())) }

func people() []User {
	all := []string{"dev", "prod", "db"}
	reviewed := []string{"dev", "prod"}
	read := []string{"list", "read"}
	bridge := PluginUser("plugin")
	bridge.ReviewRoles = reviewed
	bridge.Permissions = append(bridge.Permissions, Permission{Resource: "access_request", Verbs: []string{"update"}})
	noReview := PluginUser("plugin-noreview")
	noReview.ReviewRoles = nil
	return []User{
		bridge, noReview,
		{Name: alice, RequestableRoles: all, Traits: map[string][]string{"email": {alice}}},
		{Name: bob, RequestableRoles: all},
		{Name: carol, RequestableRoles: all, Annotations: map[string][]string{
			"pagerduty_notify_service":     {"Teleport Notifications"},
			"pagerduty_services":           {"Production"},
			"teleport.dev/notify-services": {"Teleport Notifications"},
			"teleport.dev/schedules":       {"primary"},
		}},
		{Name: self, RequestableRoles: all, ReviewRoles: all},
		{Name: "rev1", ReviewRoles: reviewed},
		{Name: "rev2", ReviewRoles: reviewed},
		{Name: "admin", Permissions: []Permission{{Resource: "*", Verbs: []string{"*"}}}},
		{Name: "reader", Permissions: []Permission{{Resource: "access_request", Verbs: read}}},
	}
}

// as returns a client with the person's identity file.
func (w *world) as(user string) *client.Client {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if clt := w.clients[user]; clt != nil {
		return clt
	}
	path := filepath.Join(w.t.TempDir(), "identity")
	require.NoError(w.t, w.WriteIdentity(path, user, time.Hour))
	clt, err := w.dial(client.LoadIdentityFile(path), soon)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = clt.Close() })
	w.clients[user] = clt
	return clt
}

func (w *world) dial(creds client.Credentials, within time.Duration) (*client.Client, error) {
	return client.New(w.t.Context(), client.Config{
		Addrs:       []string{w.Addr()},
		Credentials: []client.Credentials{creds},
		DialTimeout: within,
		// The client's circuit breaker would hide for a while that the server is back.
		CircuitBreakerConfig: breaker.NoopBreakerConfig(),
	})
}

// requested creates a request of alice for dev that needs so many approvals.
func (w *world) requested(approvals uint32) string {
	w.t.Helper()
	return w.create(NewRequest{User: alice, Roles: []string{"dev"}, ThresholdApprove: approvals})
}

func (w *world) create(n NewRequest) string {
	w.t.Helper()
	id, err := w.CreateRequest(n)
	require.NoError(w.t, err)
	return id
}

func (w *world) reviewAs(user, id string, state types.RequestState, reason string) error {
	return w.submit(user, id, types.AccessReview{ProposedState: state, Reason: reason})
}

func (w *world) submit(user, id string, review types.AccessReview) error {
	_, err := w.as(user).SubmitAccessReview(w.t.Context(), types.AccessReviewSubmission{RequestID: id, Review: review})
	return err
}

// after describes a request as it is now.
func (w *world) after(id string) string {
	req, ok := w.Request(id)
	if !ok {
		return "ABSENT"
	}
	return fmt.Sprintf("state=%v reviews=%d resolveReason=%q annotations=%v roles=%v",
		req.GetState(), len(req.GetReviews()), req.GetResolveReason(), req.GetResolveAnnotations(), req.GetRoles())
}

// watch opens a watcher and returns it after its OpInit.
func (w *world) watch(user string, watch types.Watch) (types.Watcher, types.Event) {
	w.t.Helper()
	watcher, err := w.as(user).NewWatcher(w.t.Context(), watch)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = watcher.Close() })
	return watcher, w.next(watcher)
}

func (w *world) next(watcher types.Watcher) types.Event {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), soon)
	defer cancel()
	select {
	case event := <-watcher.Events():
		return event
	case <-watcher.Done():
		require.NoError(w.t, watcher.Error(), "the watcher ended")
	case <-ctx.Done():
		require.Fail(w.t, "no event came")
	}
	return types.Event{}
}

func requests() types.Watch {
	return types.Watch{Kinds: []types.WatchKind{{Kind: types.KindAccessRequest}}}
}
