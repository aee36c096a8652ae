package teleport

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func TestRequests_CopyEverythingAReviewerMustSee(t *testing.T) {
	w := newWorld(t, sim.Options{ClusterName: "prod"})
	start := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	id := w.create(sim.NewRequest{
		Roles: []string{"db,admin", "web/ops"}, Reason: "incident 7", MaxDuration: 4 * time.Hour, PendingTTL: time.Hour,
		SuggestedReviewers: []string{"rev1", "a,b@example.com"}, Annotations: map[string][]string{"teleport.dev/schedules": {"primary", "x,y"}},
		ThresholdApprove: 2, ThresholdDeny: 3, AssumeStart: &start,
		Resources: []types.ResourceID{{ClusterName: "prod", Kind: "node", Name: "a/b,c"}, {ClusterName: "leaf", Kind: "pod", Name: "kube", SubResourceName: "ns/pod"}},
	})
	require.NoError(t, w.srv.Review(id, "rev1", true, "fine"))
	r := w.follow(w.dial(), RequestsOptions{})
	got, ok := r.Get(id)
	require.True(t, ok)
	now := time.Now()
	require.WithinDuration(t, now, got.Created, time.Minute)
	require.WithinDuration(t, now.Add(time.Hour), got.PendingUntil, time.Minute)
	require.WithinDuration(t, now.Add(4*time.Hour), got.AccessUntil, time.Minute)
	require.InDelta(t, 4*time.Hour, got.MaxDuration, float64(time.Minute))
	require.Len(t, got.Thresholds, 1)
	require.Equal(t, [2]uint32{2, 3}, [2]uint32{got.Thresholds[0].Approve, got.Thresholds[0].Deny})
	require.Len(t, got.Reviews, 1)
	require.WithinDuration(t, now, got.Reviews[0].At, time.Minute)
	got.Created, got.PendingUntil, got.AccessUntil, got.MaxDuration, got.Thresholds, got.Reviews[0].At = time.Time{}, time.Time{}, time.Time{}, 0, nil, time.Time{}
	require.Equal(t, bridge.Request{
		ID: id, Cluster: "prod", User: "alice@example.com", Roles: []string{"db,admin", "web/ops"}, Reason: "incident 7", State: bridge.StatePending,
		Resources: []bridge.Resource{
			{Cluster: "prod", Kind: "node", Name: "a/b,c"}, {Cluster: "leaf", Kind: "pod", Name: "kube/ns/pod"},
		},
		AccessFrom: start, Reviews: []bridge.Review{{Author: "rev1", State: bridge.StateApproved, Reason: "fine"}},
		SuggestedReviewers: []string{"rev1", "a,b@example.com"}, Annotations: map[string][]string{"teleport.dev/schedules": {"primary", "x,y"}},
	}, got)
}

func TestRequests_FollowTheLifeOfARequest(t *testing.T) {
	w := newWorld(t, sim.Options{})
	var seen changes
	r := w.follow(w.dial(), RequestsOptions{OnChange: seen.add})
	lists := w.srv.Calls()["ListAccessRequests"]

	id := w.create(sim.NewRequest{ThresholdApprove: 2})
	w.eventuallyState(r, id, bridge.StatePending)
	require.NoError(t, w.srv.Review(id, "rev1", true, "one"))
	eventually(t, "review", func() bool { req, _ := r.Get(id); return len(req.Reviews) == 1 })
	require.NoError(t, w.srv.Review(id, "rev2", true, "two"))
	w.eventuallyState(r, id, bridge.StateApproved)
	require.NoError(t, w.srv.SetState(id, "root", types.RequestState_DENIED, "second thoughts"))
	w.eventuallyState(r, id, bridge.StateDenied)
	other := w.create(sim.NewRequest{})
	require.NoError(t, w.srv.Promote(other, "admins"))
	w.eventuallyState(r, other, bridge.StatePromoted)
	promoted, _ := r.Get(other)
	require.Equal(t, "admins", promoted.PromotedTo)
	require.NoError(t, w.srv.Delete(id))
	w.eventuallyAbsent(r, id)
	eventually(t, "told of each change", func() bool { return seen.count(id) == 5 && seen.count(other) == 2 })
	require.Equal(t, lists, w.srv.Calls()["ListAccessRequests"], "events need no calls")
	require.Equal(t, map[bridge.State]int{"pending": 0, "approved": 0, "denied": 0, "promoted": 1}, r.Count())
}

func TestW1_RequestsMadeBeforeTheStartAreListed(t *testing.T) {
	w := newWorld(t, sim.Options{})
	var ids []string
	for range 2*listPage + 300 {
		ids = append(ids, w.create(sim.NewRequest{}))
	}
	var seen changes
	r := w.follow(w.dial(), RequestsOptions{OnChange: seen.add})
	for _, id := range ids {
		_, ok := r.Get(id)
		require.True(t, ok)
	}
	require.Equal(t, 3, w.srv.Calls()["ListAccessRequests"], "page by page")
	require.Equal(t, len(ids), r.Count()[bridge.StatePending])
	require.Len(t, slices.Collect(r.All()), len(ids))
	for _, id := range ids {
		require.Equal(t, 1, seen.count(id))
	}
	for first := range r.All() {
		require.Equal(t, ids[0], first.ID, "oldest first")
		break
	}
}

func TestW1_WhatHappenedWhileAwayIsFound(t *testing.T) {
	w := newWorld(t, sim.Options{})
	var seen changes
	r := w.follow(w.dial(), RequestsOptions{OnChange: seen.add})
	id := map[string]string{}
	for _, name := range []string{"approved", "denied", "promoted", "deleted", "expired", "untouched"} {
		id[name] = w.create(sim.NewRequest{})
		w.eventuallyState(r, id[name], bridge.StatePending)
	}
	eventually(t, "told", func() bool { return seen.count(id["untouched"]) == 1 })
	w.srv.Stop()
	eventually(t, "noticed", func() bool { return !r.State().Connected })
	require.NotEmpty(t, r.State().LastError)
	require.NoError(t, w.srv.Review(id["approved"], "rev1", true, ""))
	require.NoError(t, w.srv.Review(id["denied"], "rev1", false, ""))
	require.NoError(t, w.srv.Promote(id["promoted"], "admins"))
	require.NoError(t, w.srv.Delete(id["deleted"]))
	require.NoError(t, w.srv.Expire(id["expired"]))
	made := w.create(sim.NewRequest{})
	require.NoError(t, w.srv.Start())

	w.eventuallyState(r, made, bridge.StatePending)
	w.eventuallyState(r, id["approved"], bridge.StateApproved)
	w.eventuallyState(r, id["denied"], bridge.StateDenied)
	w.eventuallyState(r, id["promoted"], bridge.StatePromoted)
	w.eventuallyAbsent(r, id["deleted"])
	w.eventuallyAbsent(r, id["expired"])
	w.eventuallyState(r, id["untouched"], bridge.StatePending)
	for _, name := range []string{"approved", "denied", "promoted", "deleted", "expired"} {
		eventually(t, name+" told", func() bool { return seen.count(id[name]) == 2 })
	}
	require.Equal(t, 1, seen.count(id["untouched"]), "what has not changed is not told")
	state := r.State()
	require.True(t, state.Connected)
	require.Empty(t, state.LastError)
	require.Equal(t, 2, state.Lists)
	require.WithinDuration(t, time.Now(), state.LastList, time.Minute)
	require.Equal(t, 1, w.logs.Count("Watch of Access Requests interrupted"), "one outage, one line")
}

func TestW7_NoWatcherErrorEndsTheWatch(t *testing.T) {
	for name, fault := range map[string]error{
		"connection problem": trace.ConnectionProblem(nil, "away"),
		"end of file":        io.EOF,
		"access denied":      trace.AccessDenied("denied"),
		"bad parameter":      trace.BadParameter("what?"),
		"not implemented":    trace.NotImplemented("never heard of it"),
		"not found":          trace.NotFound("none"),
		"compare failed":     trace.CompareFailed("changed"),
		"limit exceeded":     trace.LimitExceeded("too much"),
		"plain":              errors.New("something odd"),
	} {
		for _, method := range []string{"WatchEvents", "ListAccessRequests"} {
			if method == "ListAccessRequests" && trace.IsNotImplemented(fault) {
				continue // an old server, see below
			}
			t.Run(name+" of "+method, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, sim.Options{})
				r := w.follow(w.dial(), RequestsOptions{})
				before := w.srv.Calls()[method]
				cancel := w.srv.Inject(sim.Fault{Method: method, Err: fault})
				w.srv.BreakWatchers()
				eventually(t, "tried again and again", func() bool { return w.srv.Calls()[method] >= before+3 })
				require.False(t, r.State().Connected)
				id := w.create(sim.NewRequest{})
				cancel()
				w.eventuallyState(r, id, bridge.StatePending)
				eventually(t, "connected", func() bool { return r.State().Connected })
			})
		}
	}
}

func TestW7_SilentWatchIsOpenedAgain(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	defer w.srv.Inject(sim.Fault{Method: "WatchEvents", Hang: true, Count: 2})()
	r := NewRequests(w.dial(), RequestsOptions{})
	require.Equal(t, 15*time.Second, r.initWithin)
	r.initWithin = 500 * time.Millisecond
	background(t, r.Run)
	receive(t, r.Ready())
	w.eventuallyState(r, id, bridge.StatePending)
	require.GreaterOrEqual(t, w.srv.Calls()["WatchEvents"], 3, "more where opening it takes long")
}

func TestW7_RestartsAndCutConnectionsAreSurvived(t *testing.T) {
	w := newWorld(t, sim.Options{})
	r := w.follow(w.dial(), RequestsOptions{})
	for name, disturb := range map[string]func() error{
		"restart": w.srv.Restart,
		"cut":     func() error { w.srv.DropConnections(); return nil },
		"broken":  func() error { w.srv.BreakWatchers(); return nil },
	} {
		lists := r.State().Lists
		require.NoError(t, disturb(), name)
		id := w.create(sim.NewRequest{})
		w.eventuallyState(r, id, bridge.StatePending)
		eventually(t, "listed again after "+name, func() bool { return r.State().Lists > lists && r.State().Connected })
		eventually(t, "calls work", func() bool { _, err := r.Fresh(t.Context(), id); return err == nil })
	}
}

func TestWatch_MissingPermissionIsShownAndMendedWithoutARestart(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.srv.SetPermissions("plugin")
	r := w.begin(w.dial(), RequestsOptions{})
	id := w.create(sim.NewRequest{})
	eventually(t, "tried", func() bool { return w.srv.Calls()["WatchEvents"] >= 3 })
	require.False(t, r.State().Connected)
	require.NotEmpty(t, r.State().LastError)
	require.Equal(t, 1, w.logs.Count("denies the watch"), "the same fault is logged once")
	select {
	case <-r.Ready():
		require.Fail(t, "ready without a list")
	default:
	}
	w.permit()
	receive(t, r.Ready())
	w.eventuallyState(r, id, bridge.StatePending)
	require.Equal(t, []string{types.KindAccessRequest}, r.State().Kinds)
}

func TestWatch_MonitoringRulesOnlyWherePermitted(t *testing.T) {
	rules := sim.Permission{Resource: types.KindAccessMonitoringRule, Verbs: []string{types.VerbList, types.VerbRead}}
	w := newWorld(t, sim.Options{ConfirmMonitoringRules: true})
	c := w.dial()
	require.Equal(t, []string{types.KindAccessRequest}, w.follow(c, RequestsOptions{}).State().Kinds)
	w.permit(rules)
	require.Equal(t, []string{types.KindAccessRequest, types.KindAccessMonitoringRule}, w.follow(c, RequestsOptions{}).State().Kinds)

	w.srv.SetPermissions("plugin", rules)
	r := w.begin(c, RequestsOptions{})
	eventually(t, "rules alone do not do", func() bool { return r.State().LastError != "" })
	require.Contains(t, r.State().LastError, "list and read")
}

func TestWatch_ServersWithoutPagesAreListedTheOldWay(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	defer w.srv.Inject(sim.Fault{Method: "ListAccessRequests", Err: trace.NotImplemented("unknown method")})()
	r := w.follow(w.dial(), RequestsOptions{})
	w.eventuallyState(r, id, bridge.StatePending)
	_, err := r.Fresh(t.Context(), id)
	require.NoError(t, err)
}

func TestWatch_EventsDuringAListAreNotLost(t *testing.T) {
	w := newWorld(t, sim.Options{})
	resolved, deleted := w.create(sim.NewRequest{}), w.create(sim.NewRequest{})
	// The list is read, and its answer held back while things happen.
	release := w.srv.Inject(sim.Fault{Method: "ListAccessRequests", Hang: true, AfterEffect: true, Count: 1})
	r := w.begin(w.dial(), RequestsOptions{})
	eventually(t, "listing", func() bool { return w.srv.Calls()["ListAccessRequests"] == 1 })
	eventually(t, "watching", func() bool { return w.srv.Watchers() == 1 })
	made := w.create(sim.NewRequest{})
	w.eventuallyState(r, made, bridge.StatePending)
	require.NoError(t, w.srv.Review(resolved, "rev1", true, ""))
	require.NoError(t, w.srv.Delete(deleted))
	w.eventuallyState(r, resolved, bridge.StateApproved)
	w.eventuallyState(r, w.create(sim.NewRequest{}), bridge.StatePending) // The events before this one have been taken in.
	release()
	receive(t, r.Ready())
	_, ok := r.Get(deleted)
	require.False(t, ok, "a deletion is not undone by an older list")
	w.eventuallyState(r, resolved, bridge.StateApproved)
	_, ok = r.Get(made)
	require.True(t, ok)
}

func TestResync_FindsWhatNoEventTold(t *testing.T) {
	w := newWorld(t, sim.Options{})
	var seen changes
	id := w.create(sim.NewRequest{})
	r := w.follow(w.dial(), RequestsOptions{Resync: 20 * time.Millisecond, OnChange: seen.add})
	w.eventuallyState(r, id, bridge.StatePending)
	recently := w.create(sim.NewRequest{})
	w.eventuallyState(r, recently, bridge.StatePending)
	require.NoError(t, w.srv.Expire(id))
	require.NoError(t, w.srv.Expire(recently))
	w.eventuallyAbsent(r, id)
	w.eventuallyAbsent(r, recently)
	eventually(t, "told", func() bool { return seen.count(id) == 2 && seen.count(recently) == 2 })
	require.Greater(t, r.State().Lists, 1)
	require.Equal(t, 1, w.srv.Calls()["WatchEvents"], "the watch stays open")
}

func TestW30_ExpiryAndDeletionCanBeToldApart(t *testing.T) {
	w := newWorld(t, sim.Options{})
	var seen changes
	r := w.follow(w.dial(), RequestsOptions{OnChange: seen.add})
	expiring := w.create(sim.NewRequest{PendingTTL: 300 * time.Millisecond})
	deleted := w.create(sim.NewRequest{PendingTTL: time.Hour})
	w.eventuallyState(r, expiring, bridge.StatePending)
	w.eventuallyState(r, deleted, bridge.StatePending)
	last, _ := r.Get(deleted)
	require.NoError(t, w.srv.Delete(deleted))
	w.eventuallyAbsent(r, deleted)
	require.True(t, time.Now().Before(last.PendingUntil), "gone before its time: deleted")

	eventually(t, "told without any event", func() bool { return seen.count(expiring) == 2 })
	last, ok := r.Get(expiring)
	require.True(t, ok)
	require.False(t, last.Pending(time.Now()), "its time is over: expired")
}

func TestFresh(t *testing.T) {
	w := newWorld(t, sim.Options{})
	var seen changes
	r := w.follow(w.dial(), RequestsOptions{OnChange: seen.add})
	id := w.create(sim.NewRequest{})
	got, err := r.Fresh(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, bridge.StatePending, got.State)
	cached, ok := r.Get(id)
	require.True(t, ok)
	require.Equal(t, got, cached)

	require.NoError(t, w.srv.Expire(id))
	_, err = r.Fresh(t.Context(), id)
	require.ErrorIs(t, err, bridge.ErrGone)
	_, ok = r.Get(id)
	require.False(t, ok)
	eventually(t, "told", func() bool { return seen.count(id) == 2 })
	for _, other := range []string{"", "no-such-request"} {
		_, err = r.Fresh(t.Context(), other)
		require.ErrorIs(t, err, bridge.ErrGone)
	}
	w.srv.Inject(sim.Fault{Method: "ListAccessRequests", Err: trace.ConnectionProblem(nil, "away"), Count: 1})
	_, err = r.Fresh(t.Context(), id)
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone, "a fault is not an absence")
}
