package teleport

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"
)

const (
	// soon is how long something that must happen may take on the slowest
	// machine, pinged how long one ping may.
	soon   = 2 * time.Minute
	pinged = 30 * time.Second
	tick   = 10 * time.Millisecond
)

func TestRestart_KeepsAddressAndState(t *testing.T) {
	w := newWorld(t)
	id := w.requested(1)
	require.NoError(t, w.SetPluginData(id, "jira", map[string]string{"issue_id": "1"}))
	clt, addr := w.as("plugin"), w.Addr()
	watcher, _ := w.watch("plugin", requests())

	w.Stop()
	require.Error(t, ping(t, clt), "a stopped server must not answer")
	<-watcher.Done()
	require.Error(t, watcher.Error())

	require.NoError(t, w.Start())
	require.NoError(t, w.Start(), "starting twice is harmless")
	require.Equal(t, addr, w.Addr())
	require.Eventually(t, func() bool { return ping(t, clt) == nil }, soon, tick, "the same client must get through again")
	found, err := clt.GetAccessRequests(t.Context(), types.AccessRequestFilter{ID: id})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, map[string]map[string]string{"jira": {"issue_id": "1"}}, w.PluginData(id))

	require.NoError(t, w.Restart())
	require.Equal(t, addr, w.Addr())
}

func ping(t *testing.T, clt *client.Client) error {
	ctx, cancel := context.WithTimeout(t.Context(), pinged)
	defer cancel()
	_, err := clt.Ping(ctx)
	return err
}

func TestIdentity_ExpiredIsRefusedAndRenewedIsTaken(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "identity")

	require.NoError(t, w.WriteIdentity(path, "plugin", -time.Minute))
	_, err := w.dial(client.LoadIdentityFile(path), refusedWithin)
	require.Error(t, err)
	require.ErrorContains(t, w.handshake(client.LoadIdentityFile(path)), "expired certificate")

	require.NoError(t, w.WriteIdentity(path, "plugin", time.Hour))
	creds, err := client.NewDynamicIdentityFileCreds(path)
	require.NoError(t, err)
	clt, err := w.dial(creds, soon)
	require.NoError(t, err)
	defer func() { _ = clt.Close() }()

	w.ahead.Store(int64(2 * time.Hour))
	require.NoError(t, ping(t, clt), "an open connection outlives its certificate, as on the real server")
	w.DropConnections()
	require.Eventually(t, func() bool { return ping(t, clt) != nil }, soon, tick)

	require.NoError(t, w.WriteIdentity(path, "plugin", 4*time.Hour))
	require.NoError(t, creds.Reload())
	require.Eventually(t, func() bool { return ping(t, clt) == nil }, soon, tick)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays behind")
}

// handshake connects with credentials and returns the server's alert, which the
// client itself does not always get to see.
func (w *world) handshake(creds client.Credentials) error {
	config, err := creds.TLSConfig()
	require.NoError(w.t, err)
	conn, err := (&tls.Dialer{Config: config}).DialContext(w.t.Context(), "tcp", w.Addr())
	require.NoError(w.t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Read(make([]byte, 1))
	return err
}

func TestIdentity_OfAnotherClusterIsRefused(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	path := filepath.Join(t.TempDir(), "identity")
	require.NoError(t, other.WriteIdentity(path, "plugin", time.Hour))
	_, err := w.dial(client.LoadIdentityFile(path), refusedWithin)
	require.Error(t, err)
}

func TestIdentity_OfAnUnknownUserMayDoNothing(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("nobody").GetAccessRequests(t.Context(), types.AccessRequestFilter{})
	require.ErrorContains(t, err, `user "nobody" does not exist`)
}

func TestKeyPair_Connects(t *testing.T) {
	w := newWorld(t)
	cert, key, ca, err := w.WriteKeyPair(t.TempDir(), "plugin", time.Hour)
	require.NoError(t, err)
	clt, err := w.dial(client.LoadKeyPair(cert, key, ca), soon)
	require.NoError(t, err)
	defer func() { _ = clt.Close() }()
	user, err := clt.GetCurrentUser(t.Context())
	require.NoError(t, err)
	require.Equal(t, "plugin", user.GetName())
	require.True(t, user.IsBot())
}

func TestWriteIdentity_MissingFolder(t *testing.T) {
	w := newWorld(t)
	require.Error(t, w.WriteIdentity(filepath.Join(t.TempDir(), "none", "identity"), "plugin", time.Hour))
}

func TestPing_AnnouncesWhatWasSet(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.AdvancedWorkflows, o.Version, o.ProxyPublicAddr = true, "17.1.0", "tele.example.com:443"
	})
	pong, err := w.as("plugin").Ping(t.Context())
	require.NoError(t, err)
	require.True(t, pong.ServerFeatures.AdvancedAccessWorkflows)
	require.Equal(t, "17.1.0", pong.ServerVersion)
	require.Equal(t, "tele.example.com:443", pong.ProxyPublicAddr)
}

func TestBreakWatchers_EndsWithEOF(t *testing.T) {
	w := newWorld(t)
	watcher, _ := w.watch("plugin", requests())
	require.Equal(t, 1, w.Watchers())
	w.BreakWatchers()
	<-watcher.Done()
	require.ErrorIs(t, watcher.Error(), io.EOF)
	require.Zero(t, w.Watchers())

	again, _ := w.watch("plugin", requests())
	id := w.requested(1)
	require.Equal(t, id, w.next(again).Resource.GetName())
}

func TestWatcher_SlowReaderLosesEventsAndGetsEOF(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.WatchBuffer = 16 })
	watcher, _ := w.watch("plugin", requests())
	reason := strings.Repeat("x", maxReason)
	made := 0
	for w.Watchers() > 0 {
		w.create(NewRequest{User: alice, Roles: []string{"dev"}, Reason: reason})
		made++
		require.Less(t, made, 10_000, "a reader that never reads must be cut off")
	}
	seen := 0
	for {
		select {
		case <-watcher.Events():
			seen++
			continue
		case <-watcher.Done():
		}
		break
	}
	require.ErrorIs(t, watcher.Error(), io.EOF)
	require.Positive(t, seen)
	require.Less(t, seen, made)
}

func TestWatcher_Filters(t *testing.T) {
	w := newWorld(t)
	watch := func(user string, filter map[string]string) types.Watcher {
		watcher, first := w.watch(user, types.Watch{Kinds: []types.WatchKind{{Kind: types.KindAccessRequest, Filter: filter}}})
		require.Equal(t, types.OpInit, first.Type)
		return watcher
	}
	own := watch(alice, map[string]string{"user": alice})
	ofBob := watch("plugin", map[string]string{"user": bob})
	granted := watch("plugin", map[string]string{"state": "APPROVED"})

	first := w.requested(1)
	second := w.create(NewRequest{User: bob, Roles: []string{"dev"}})
	require.NoError(t, w.Review(first, "rev1", true, ""))
	require.Equal(t, first, w.next(own).Resource.GetName())
	require.Equal(t, second, w.next(ofBob).Resource.GetName())
	require.Equal(t, first, w.next(granted).Resource.GetName())

	byID := watch("plugin", map[string]string{"id": second})
	require.NoError(t, w.Delete(first))
	require.NoError(t, w.Delete(second))
	event := w.next(byID)
	require.Equal(t, types.OpDelete, event.Type)
	require.Equal(t, second, event.Resource.GetName())
}

func TestWatcher_RefusedKinds(t *testing.T) {
	w := newWorld(t)
	for name, watch := range map[string]types.Watch{
		"unknown filter key":      {Kinds: []types.WatchKind{{Kind: types.KindAccessRequest, Filter: map[string]string{"color": "red"}}}},
		"one kind unconfirmed":    {Kinds: []types.WatchKind{{Kind: types.KindAccessRequest}, {Kind: types.KindAccessMonitoringRule}}},
		"no kind confirmed":       {Kinds: []types.WatchKind{{Kind: types.KindAccessMonitoringRule}}, AllowPartialSuccess: true},
		"kind the server has not": {Kinds: []types.WatchKind{{Kind: "nonsense"}}},
	} {
		t.Run(name, func(t *testing.T) {
			watcher, err := w.as("plugin").NewWatcher(t.Context(), watch)
			require.NoError(t, err)
			<-watcher.Done()
			require.Contains(t, outcome(watcher.Error()), "BadParameter")
		})
	}
}

func TestWatcher_MonitoringRulesCanBeConfirmed(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.ConfirmMonitoringRules = true })
	watch := types.Watch{AllowPartialSuccess: true, Kinds: []types.WatchKind{
		{Kind: types.KindAccessRequest}, {Kind: types.KindAccessMonitoringRule},
	}}
	_, first := w.watch("plugin", watch)
	require.Len(t, first.Resource.(*types.WatchStatusV1).GetKinds(), 1, "not without permission")
	_, first = w.watch("admin", watch)
	require.Len(t, first.Resource.(*types.WatchStatusV1).GetKinds(), 2)
}

func TestManyConcurrentCreations(t *testing.T) {
	const n = 2000
	w := newWorld(t)
	clt := w.as(alice)
	watcher, _ := w.watch("plugin", requests())
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			req, err := types.NewAccessRequest("any", alice, "dev")
			if err == nil {
				_, err = clt.CreateAccessRequestV2(t.Context(), req)
			}
			errs[i] = err
		})
	}
	seen := map[string]bool{}
	for range n {
		seen[w.next(watcher).Resource.GetName()] = true
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, seen, n, "every request has its own event")
	require.Len(t, w.Requests(), n)
	require.Equal(t, n, w.Calls()["CreateAccessRequestV2"])
	w.ResetCalls()
	require.Empty(t, w.Calls())
}

func BenchmarkCreate(b *testing.B) {
	s := benchServer(b)
	for b.Loop() {
		_, err := s.CreateRequest(NewRequest{User: alice, Roles: []string{"dev"}})
		require.NoError(b, err)
	}
}

func BenchmarkPluginData(b *testing.B) {
	s := benchServer(b)
	id, err := s.CreateRequest(NewRequest{User: alice, Roles: []string{"dev"}})
	require.NoError(b, err)
	n := 0
	for b.Loop() {
		n++
		require.NoError(b, s.SetPluginData(id, "jira", map[string]string{"n": fmt.Sprint(n)}))
	}
}

func benchServer(b *testing.B) *Server {
	s, err := New(Options{})
	require.NoError(b, err)
	for _, u := range people() {
		s.AddUser(u)
	}
	return s
}
