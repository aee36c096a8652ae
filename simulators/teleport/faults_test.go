package teleport

import (
	"context"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"
)

func TestFault_ErrorKindsReachTheClient(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		err error
		is  func(error) bool
	}{
		"access denied":      {trace.AccessDenied("x"), trace.IsAccessDenied},
		"not found":          {trace.NotFound("x"), trace.IsNotFound},
		"bad parameter":      {trace.BadParameter("x"), trace.IsBadParameter},
		"not implemented":    {trace.NotImplemented("x"), trace.IsNotImplemented},
		"compare failed":     {trace.CompareFailed("x"), trace.IsCompareFailed},
		"already exists":     {trace.AlreadyExists("x"), trace.IsAlreadyExists},
		"connection problem": {trace.ConnectionProblem(nil, "x"), trace.IsConnectionProblem},
		"limit exceeded":     {trace.LimitExceeded("x"), trace.IsLimitExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			defer w.Inject(Fault{Method: "Ping", Err: c.err})()
			_, err := w.as("plugin").Ping(t.Context())
			require.True(t, c.is(err), "%v", err)
		})
	}
	require.NoError(t, ping(t, w.as("plugin")))
}

func TestFault_BeforeAndAfterTheEffect(t *testing.T) {
	w := newWorld(t)
	id := w.requested(1)
	for _, after := range []bool{false, true} {
		cancel := w.Inject(Fault{Method: "SubmitAccessReview", Err: trace.ConnectionProblem(nil, "lost"), AfterEffect: after})
		err := w.reviewAs("rev1", id, approved, "")
		cancel()
		require.True(t, trace.IsConnectionProblem(err), "%v", err)
		req, _ := w.Request(id)
		require.Equal(t, after, req.GetState() == approved)
	}
}

func TestFault_CountEveryAndMethod(t *testing.T) {
	w := newWorld(t)
	calls := func() (pattern string) {
		for range 6 {
			if ping(t, w.as("plugin")) != nil {
				pattern += "x"
			} else {
				pattern += "."
			}
		}
		return pattern
	}
	lost := trace.NotFound("lost")
	w.Inject(Fault{Method: "Ping", Err: lost, Count: 2})
	require.Equal(t, "xx....", calls())
	cancel := w.Inject(Fault{Method: "*", Err: lost, Every: 3})
	require.Equal(t, "..x..x", calls())
	cancel()
	cancel()
	w.Inject(Fault{Method: "*", Err: lost, Every: 2, Count: 1})
	require.Equal(t, ".x....", calls())
	defer w.Inject(Fault{Method: "GetPluginData", Err: lost})()
	require.Equal(t, "......", calls())
}

func TestFault_HangUntilTheCallerGivesUpOrItIsOver(t *testing.T) {
	w := newWorld(t)
	id := w.requested(1)
	cancel := w.Inject(Fault{Method: "UpdatePluginData", Hang: true, AfterEffect: true})
	update := types.PluginDataUpdateParams{
		Kind: types.KindAccessRequest, Resource: id, Plugin: "jira", Set: map[string]string{"k": "1"},
	}
	ctx, stop := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() { answer <- w.as("plugin").UpdatePluginData(ctx, update) }()
	require.Eventually(t, func() bool { return len(w.PluginData(id)) == 1 }, soon, tick, "the work is done")
	select {
	case err := <-answer:
		require.Fail(t, "a hanging call answered", "%v", err)
	default:
	}
	stop()
	require.Error(t, <-answer)

	go func() { answer <- w.as("plugin").UpdatePluginData(t.Context(), update) }()
	require.Eventually(t, func() bool { return w.Calls()["UpdatePluginData"] == 2 }, soon, tick)
	cancel()
	require.NoError(t, <-answer)
}

func TestFault_HangEndsWithTheServer(t *testing.T) {
	w := newWorld(t)
	w.Inject(Fault{Method: "Ping", Hang: true})
	answer := make(chan error, 1)
	clt := w.as("plugin")
	go func() { _, err := clt.Ping(t.Context()); answer <- err }()
	require.Eventually(t, func() bool { return w.Calls()["Ping"] == 1 }, soon, tick)
	w.Stop()
	require.Error(t, <-answer)
}

func TestFault_OnStreams(t *testing.T) {
	w := newWorld(t)
	cancel := w.Inject(Fault{Method: "WatchEvents", Err: trace.AccessDenied("not today")})
	watcher, err := w.as("plugin").NewWatcher(t.Context(), requests())
	require.NoError(t, err)
	<-watcher.Done()
	require.True(t, trace.IsAccessDenied(watcher.Error()), "%v", watcher.Error())
	cancel()
	_, first := w.watch("plugin", requests())
	require.Equal(t, types.OpInit, first.Type)
}

func TestDelayAndLatency_AreWaited(t *testing.T) {
	const wait = 30 * time.Millisecond
	w := newWorld(t, func(o *Options) { o.Latency = wait })
	clt := w.as("plugin")
	start := time.Now()
	require.NoError(t, ping(t, clt))
	require.GreaterOrEqual(t, time.Since(start), wait)

	defer w.Inject(Fault{Method: "Ping", Delay: wait})()
	start = time.Now()
	require.NoError(t, ping(t, clt))
	require.GreaterOrEqual(t, time.Since(start), 2*wait)
}
