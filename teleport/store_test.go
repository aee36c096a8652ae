package teleport

import (
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func claimed(owner string) bridge.Link {
	return bridge.Link{Phase: bridge.PhaseClaimed}.Leased(owner, time.Now().Add(time.Minute))
}

func opened(id string) bridge.Link {
	return bridge.Link{Phase: bridge.PhaseOpen, Ref: bridge.Ref{ID: id, Key: "SEC-" + id}, Opened: time.Now()}
}

func (w *world) store() *Store {
	w.t.Helper()
	s := NewStore(w.dial(), w.logs.Logger())
	require.NoError(w.t, s.LoadAll(w.t.Context()))
	return s
}

// raw is what is stored under the key of a link.
func (w *world) raw(id, target string) string {
	return w.srv.PluginData(id)[pluginName][linkPrefix+target]
}

func TestSwap_ClaimOpenClose(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	s := w.store()
	require.Equal(t, bridge.Link{}, s.Link(id, "itsm"))
	w.srv.ResetCalls()

	claim := claimed("me")
	require.NoError(t, s.Swap(t.Context(), id, "itsm", s.Link(id, "itsm"), claim))
	require.Equal(t, claim, s.Link(id, "itsm"))
	open := opened("7").Released()
	require.NoError(t, s.Swap(t.Context(), id, "itsm", claim, open), "what was written may be given back as it was")
	require.Equal(t, "SEC-7", s.Link(id, "itsm").Ref.Key)
	got, ok := s.ByObject("itsm", "7")
	require.True(t, ok)
	require.Equal(t, id, got)
	_, ok = s.ByObject("other", "7")
	require.False(t, ok, "objects belong to targets")
	closed := s.Link(id, "itsm")
	closed.Phase = bridge.PhaseClosed
	require.NoError(t, s.Swap(t.Context(), id, "itsm", s.Link(id, "itsm"), closed))
	require.Equal(t, map[string]int{"UpdatePluginData": 3}, w.srv.Calls(), "one call each")
	require.Equal(t, maps.Collect(s.Links()), maps.Collect(w.store().Links()), "another instance sees the same")

	require.NoError(t, s.Swap(t.Context(), id, "itsm", s.Link(id, "itsm"), bridge.Link{}))
	require.Empty(t, w.srv.PluginData(id), "a zero link deletes the key")
	_, ok = s.ByObject("itsm", "7")
	require.False(t, ok)
	require.Empty(t, maps.Collect(s.Links()))
}

func TestSwap_OfTwentyClaimsExactlyOneWins(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	c := w.dial()
	const rivals = 20
	stores := make([]*Store, rivals)
	for i := range stores {
		stores[i] = NewStore(c, nil)
	}
	// Half of the claims come from one and the same instance.
	for i := range rivals / 2 {
		stores[i] = stores[0]
	}
	errs := make([]error, rivals)
	var all sync.WaitGroup
	for i := range rivals {
		all.Go(func() { errs[i] = stores[i].Swap(t.Context(), id, "itsm", bridge.Link{}, claimed(string(rune('a'+i)))) })
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, bridge.ErrConflict)
		require.Equal(t, decode(w.raw(id, "itsm")).link, stores[i].Link(id, "itsm"), "the loser sees the winner")
	}
	require.Equal(t, 1, won)
}

func TestSwap_TargetsOfOneRequestNeverConflict(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	one, two := w.store(), w.store()
	require.NoError(t, one.Swap(t.Context(), id, "itsm", bridge.Link{}, opened("1")))
	require.NoError(t, two.Swap(t.Context(), id, "pager", bridge.Link{}, opened("2")))
	require.NoError(t, one.Swap(t.Context(), id, "itsm", one.Link(id, "itsm"), opened("3")))
	require.NoError(t, one.Refresh(t.Context(), id))
	require.Equal(t, "2", one.Link(id, "pager").Ref.ID)
	require.Equal(t, "3", one.Link(id, "itsm").Ref.ID)
}

func TestSwap_ConflictRefreshesTheView(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	mine, theirs := w.store(), w.store()
	require.NoError(t, theirs.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("them")))
	require.ErrorIs(t, mine.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")), bridge.ErrConflict)
	require.Equal(t, "them", mine.Link(id, "itsm").Owner)
	require.True(t, mine.Link(id, "itsm").Held("me", time.Now()))

	w.srv.ResetCalls()
	require.ErrorIs(t, mine.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")), bridge.ErrConflict)
	require.Empty(t, w.srv.Calls(), "an outdated `old` is found without a call")
	require.NoError(t, mine.Swap(t.Context(), id, "itsm", mine.Link(id, "itsm"), opened("1")))
}

func TestSwap_ConflictWithFailedRefreshIsReadLater(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	mine, theirs := w.store(), w.store()
	require.NoError(t, theirs.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("them")))
	w.srv.Inject(sim.Fault{Method: "GetPluginData", Err: trace.ConnectionProblem(nil, "away"), Count: 1})
	require.ErrorIs(t, mine.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")), bridge.ErrConflict)
	require.Equal(t, bridge.Link{}, mine.Link(id, "itsm"))
	require.ErrorIs(t, mine.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")), bridge.ErrConflict)
	require.Equal(t, "them", mine.Link(id, "itsm").Owner)
}

func TestSwap_UnknownOutcomeIsReadBeforeTheNextWrite(t *testing.T) {
	for _, effect := range []bool{true, false} {
		w := newWorld(t, sim.Options{})
		id := w.create(sim.NewRequest{})
		s := w.store()
		claim := claimed("me")
		w.srv.Inject(sim.Fault{Method: "UpdatePluginData", Err: trace.ConnectionProblem(nil, "reset"), AfterEffect: effect, Count: 1})
		err := s.Swap(t.Context(), id, "itsm", bridge.Link{}, claim)
		require.Error(t, err)
		require.NotErrorIs(t, err, bridge.ErrConflict)
		require.False(t, bridge.NoEffect(err))

		err = s.Swap(t.Context(), id, "itsm", bridge.Link{}, claim)
		if !effect {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, bridge.ErrConflict)
		require.Equal(t, claim, s.Link(id, "itsm"), "it was our own write")
		require.NoError(t, s.Swap(t.Context(), id, "itsm", claim, opened("1")))
	}
}

func TestSwap_HangingServerEndsWithTheCallTimeout(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	c := w.dial()
	require.Equal(t, 15*time.Second, c.callTimeout)
	s := NewStore(c, nil)
	defer w.srv.Inject(sim.Fault{Method: "UpdatePluginData", Hang: true, AfterEffect: true, Count: 1})()
	claim := claimed("me")
	// On a slow machine the time may be over before the server has heard of the call, or has done its work.
	for c.callTimeout = 50 * time.Millisecond; len(w.srv.PluginData(id)) == 0; c.callTimeout *= 2 {
		err := s.Swap(t.Context(), id, "itsm", bridge.Link{}, claim)
		if errors.Is(err, bridge.ErrConflict) {
			break
		}
		require.ErrorContains(t, err, "deadline")
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class)
	}
	c.callTimeout = soon
	require.ErrorIs(t, s.Swap(t.Context(), id, "itsm", bridge.Link{}, claim), bridge.ErrConflict)
	require.Equal(t, claim, s.Link(id, "itsm"), "the write had come through")
}

func TestSwap_GoneRequests(t *testing.T) {
	w := newWorld(t, sim.Options{})
	s := w.store()
	require.ErrorIs(t, s.Swap(t.Context(), "c5672086-66f2-4279-9858-981010cbd0e1", "itsm", bridge.Link{}, claimed("me")), bridge.ErrGone)
	require.ErrorIs(t, s.Swap(t.Context(), "", "itsm", bridge.Link{}, claimed("me")), bridge.ErrGone)
	require.Empty(t, s.records, "nothing is kept of them")

	id := w.create(sim.NewRequest{})
	require.NoError(t, s.Swap(t.Context(), id, "itsm", bridge.Link{}, opened("1")))
	require.NoError(t, w.srv.Delete(id))
	closed := s.Link(id, "itsm")
	closed.Phase, closed.Outcome = bridge.PhaseClosed, bridge.EndDeleted
	require.NoError(t, s.Swap(t.Context(), id, "itsm", s.Link(id, "itsm"), closed), "plugin data outlives its request")
	require.Equal(t, bridge.EndDeleted, w.store().Link(id, "itsm").Outcome)
}

func TestSwap_WhileTheRequestIsDeleted(t *testing.T) {
	w := newWorld(t, sim.Options{})
	s := w.store()
	for range 30 {
		id := w.create(sim.NewRequest{})
		var both sync.WaitGroup
		var err error
		both.Go(func() { err = s.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")) })
		both.Go(func() { _ = w.srv.Delete(id) })
		both.Wait()
		if err != nil {
			require.ErrorIs(t, err, bridge.ErrGone)
			require.Equal(t, bridge.Link{}, s.Link(id, "itsm"))
			continue
		}
		require.Equal(t, "me", w.store().Link(id, "itsm").Owner)
	}
}

func TestSwap_FaultsHaveTheirClass(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	s := w.store()
	big := opened("1")
	big.LastError = strings.Repeat("x", 2<<20)
	err := s.Swap(t.Context(), id, "itsm", bridge.Link{}, big)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class, "too large")
	w.srv.Inject(sim.Fault{Method: "UpdatePluginData", Err: trace.LimitExceeded("slow down"), Count: 1})
	class, after := bridge.ClassOf(s.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")))
	require.Equal(t, bridge.ClassWait, class)
	require.Positive(t, after)
	w.srv.Inject(sim.Fault{Method: "UpdatePluginData", Err: errors.New("odd"), Count: 1})
	class, _ = bridge.ClassOf(s.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")))
	require.Equal(t, bridge.ClassRetry, class)
	w.srv.SetPermissions("plugin")
	class, _ = bridge.ClassOf(s.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")))
	require.Equal(t, bridge.ClassTerminal, class)
	class, _ = bridge.ClassOf(s.Refresh(t.Context(), id))
	require.Equal(t, bridge.ClassTerminal, class)
	class, _ = bridge.ClassOf(s.LoadAll(t.Context()))
	require.Equal(t, bridge.ClassTerminal, class)
}

func TestW25_CommasSlashesAndOtherSignsSurvive(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	s := w.store()
	targets := []string{"itsm", "a,b", "a/b", "link/a", "ünï=x", "a b"}
	for i, target := range targets {
		l := opened("id,with/slash=" + target)
		l.Ref.URL = "https://example.com/?q=a,b/c&d"
		l.Notes = []string{"review/rev,1/approved", "role:a,b"}
		require.NoError(t, s.Swap(t.Context(), id, target, bridge.Link{}, l), i)
	}
	other := w.store()
	for _, target := range targets {
		l := other.Link(id, target)
		require.Equal(t, "id,with/slash="+target, l.Ref.ID)
		require.Equal(t, []string{"review/rev,1/approved", "role:a,b"}, l.Notes)
		got, ok := other.ByObject(target, "id,with/slash="+target)
		require.True(t, ok)
		require.Equal(t, id, got)
	}
	require.Len(t, maps.Collect(other.Links()), len(targets))
}

func TestLoadAll_ReadsEverythingInOneCall(t *testing.T) {
	w := newWorld(t, sim.Options{})
	const n = 300
	for range n {
		id := w.create(sim.NewRequest{})
		require.NoError(t, w.srv.SetPluginData(id, pluginName, map[string]string{"link/itsm": `{"phase":"open","ref":{"id":"` + id + `"}}`}))
		// Together the answer is larger than gRPC takes by default.
		require.NoError(t, w.srv.SetPluginData(id, "slack", map[string]string{"messages": strings.Repeat("m", 20_000)}))
	}
	w.srv.ResetCalls()
	s := w.store()
	require.Equal(t, 1, w.srv.Calls()["GetPluginData"])
	require.Len(t, maps.Collect(s.Links()), n)
	for k := range s.Links() {
		got, ok := s.ByObject(k.Target, k.RequestID)
		require.True(t, ok)
		require.Equal(t, k.RequestID, got)
	}
}

func TestLoadAll_AgainFollowsOtherInstances(t *testing.T) {
	w := newWorld(t, sim.Options{})
	changed, removed, added := w.create(sim.NewRequest{}), w.create(sim.NewRequest{}), w.create(sim.NewRequest{})
	mine, theirs := w.store(), w.store()
	require.NoError(t, mine.Swap(t.Context(), changed, "itsm", bridge.Link{}, opened("1")))
	require.NoError(t, mine.Swap(t.Context(), removed, "itsm", bridge.Link{}, opened("2")))
	require.NoError(t, theirs.LoadAll(t.Context()))
	require.NoError(t, theirs.Swap(t.Context(), changed, "itsm", theirs.Link(changed, "itsm"), opened("3")))
	require.NoError(t, theirs.Swap(t.Context(), removed, "itsm", theirs.Link(removed, "itsm"), bridge.Link{}))
	require.NoError(t, theirs.Swap(t.Context(), added, "itsm", bridge.Link{}, opened("4")))
	require.NoError(t, mine.LoadAll(t.Context()))
	require.Equal(t, maps.Collect(theirs.Links()), maps.Collect(mine.Links()))
	require.Len(t, maps.Collect(mine.Links()), 2)
	require.NoError(t, mine.LoadAll(t.Context()))
	require.Len(t, mine.records, 2, "empty records do not stay")
	for object, id := range map[string]string{"1": "", "2": "", "3": changed, "4": added} {
		got, _ := mine.ByObject("itsm", object)
		require.Equal(t, id, got)
	}
}

func TestLoadAll_DoesNotUndoWhatHappensMeanwhile(t *testing.T) {
	w := newWorld(t, sim.Options{})
	moved, begun, dropped := w.create(sim.NewRequest{}), w.create(sim.NewRequest{}), w.create(sim.NewRequest{})
	s := w.store()
	require.NoError(t, s.Swap(t.Context(), moved, "itsm", bridge.Link{}, claimed("me")))
	require.NoError(t, s.Swap(t.Context(), dropped, "itsm", bridge.Link{}, claimed("me")))
	w.srv.ResetCalls()
	// The bulk read is answered from the state before, but later.
	release := w.srv.Inject(sim.Fault{Method: "GetPluginData", Hang: true, AfterEffect: true, Count: 1})
	done := make(chan error, 1)
	go func() { done <- s.LoadAll(t.Context()) }()
	eventually(t, "reading", func() bool { return w.srv.Calls()["GetPluginData"] == 1 })
	require.NoError(t, s.Swap(t.Context(), moved, "itsm", s.Link(moved, "itsm"), opened("1")))
	require.NoError(t, s.Swap(t.Context(), begun, "itsm", bridge.Link{}, claimed("me")))
	require.NoError(t, s.Swap(t.Context(), dropped, "itsm", s.Link(dropped, "itsm"), bridge.Link{}))
	release()
	require.NoError(t, receive(t, done))
	require.Equal(t, bridge.PhaseOpen, s.Link(moved, "itsm").Phase)
	require.Equal(t, "me", s.Link(begun, "itsm").Owner)
	require.Equal(t, bridge.Link{}, s.Link(dropped, "itsm"))
	require.NoError(t, s.Swap(t.Context(), moved, "itsm", s.Link(moved, "itsm"), opened("2")), "the view is true")
	require.NoError(t, s.Swap(t.Context(), begun, "itsm", s.Link(begun, "itsm"), opened("3")), "the view is true")
}

func TestOfficial_RecordOfTheJiraPluginCanBeAdopted(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id, other := w.create(sim.NewRequest{}), w.create(sim.NewRequest{})
	require.NoError(t, w.srv.SetPluginData(id, "jira", map[string]string{"issue_id": "10007", "issue_key": "SEC-7", "user": "alice", "roles": "a,b"}))
	require.NoError(t, w.srv.SetPluginData(other, "jira", map[string]string{"user": "bob"}))
	s := w.store()
	ref, ok := s.Official(id, "jira")
	require.True(t, ok)
	require.Equal(t, bridge.Ref{ID: "10007", Key: "SEC-7"}, ref)
	_, ok = s.Official(other, "jira")
	require.False(t, ok, "a record without an issue is nothing to adopt")
	_, ok = s.Official("unknown", "jira")
	require.False(t, ok)
	_, ok = s.Official(id, "pagerduty")
	require.False(t, ok)
	require.Equal(t, bridge.Link{}, s.Link(id, "itsm"))
	require.NoError(t, s.Swap(t.Context(), id, "itsm", bridge.Link{}, opened("10007")))
	_, ok = s.Official(id, "jira")
	require.True(t, ok, "our own writes leave it alone")
	require.Equal(t, "SEC-7", w.srv.PluginData(id)["jira"]["issue_key"])
}

func TestForget_DropsClosedLinksOnly(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	s := w.store()
	closed := opened("1")
	closed.Phase = bridge.PhaseClosed
	require.NoError(t, s.Swap(t.Context(), id, "itsm", bridge.Link{}, closed))
	require.NoError(t, s.Swap(t.Context(), id, "pager", bridge.Link{}, opened("2")))
	s.Forget("unknown")
	s.Forget(id)
	require.Equal(t, bridge.Link{}, s.Link(id, "itsm"))
	require.Equal(t, bridge.PhaseOpen, s.Link(id, "pager").Phase)
	_, ok := s.ByObject("itsm", "1")
	require.False(t, ok)
	require.ErrorIs(t, s.Swap(t.Context(), id, "itsm", bridge.Link{}, claimed("me")), bridge.ErrConflict, "forgotten is not deleted")
	require.Equal(t, bridge.PhaseClosed, s.Link(id, "itsm").Phase)

	done := s.Link(id, "pager")
	done.Phase = bridge.PhaseClosed
	require.NoError(t, s.Swap(t.Context(), id, "pager", s.Link(id, "pager"), done))
	s.Forget(id)
	require.Empty(t, s.records)
	require.Empty(t, s.objects)
}
