package conformance

import (
	"net/url"
	"sync"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func objectTrials() []trial {
	return []trial{
		{"objects/open", openMakesOneObject},
		{"objects/once-under-ten-reconcilers", onceUnderTenReconcilers},
		{"objects/adopted-after-lost-reply", adoptedAfterLostReply},
		{"objects/many-at-once", manyAtOnce},
		{"objects/native-key", openTwiceIsOneObject},
		{"objects/foreign-settings", foreignSettings},
		{"objects/find-nothing", findNothing},
		{"objects/find-hostile-marker", findHostileMarker},
		{"objects/find-deleted", findDeleted},
		{"objects/deleted-is-gone", deletedIsGone},
	}
}

func openMakesOneObject(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.Equal(t, []string{ref.ID}, b.vendor.Objects(requestID(1)), "one object carries the marker, and Ref names it")
	require.False(t, b.vendor.Ended(ref.ID))
	page, err := url.Parse(ref.URL)
	require.NoError(t, err)
	require.NotEmpty(t, page.Host, "people need a page to go to")

	found, err := b.it.Find(t.Context(), marker(1))
	require.NoError(t, err)
	require.NotNil(t, found)
	require.Equal(t, ref, *found, "Find names the object as Open does")
}

// The reply to the first create call is lost, so that whoever takes over must find the object.
func onceUnderTenReconcilers(t testing.TB, s Suite) {
	b := s.lay(t)
	b.wire.breaks(fault{writes: true, effect: true, reset: true, count: 1})
	c := newClaim()
	refs, errs := make([]bridge.Ref, 10), make([]error, 10)
	var wg sync.WaitGroup
	for i := range refs {
		wg.Go(func() { refs[i], errs[i] = c.reconcile(t.Context(), b.it, 1) })
	}
	wg.Wait()
	for i, err := range errs {
		require.NoError(t, err)
		require.Equal(t, refs[0], refs[i])
	}
	require.Equal(t, []string{refs[0].ID}, b.vendor.Objects(requestID(1)), "ten reconcilers make one object")
}

func adoptedAfterLostReply(t testing.TB, s Suite) {
	for _, f := range []fault{
		{writes: true, effect: true, reset: true, count: 1},
		{writes: true, effect: true, status: 504, count: 1},
	} {
		b := s.lay(t)
		b.wire.breaks(f)
		ref, err := b.it.Open(t.Context(), marker(1), draft(1))
		made := b.vendor.Objects(requestID(1))
		require.Len(t, made, 1, "the object exists although its answer was lost")
		if err == nil {
			require.Equal(t, made[0], ref.ID, "Open may look for the object by itself")
			continue
		}
		require.False(t, bridge.NoEffect(err), "after a lost answer the outcome is unknown: %v", err)
		found, err := b.it.Find(t.Context(), marker(1))
		require.NoError(t, err)
		require.NotNil(t, found, "the object is found by its marker")
		require.Equal(t, made[0], found.ID)
	}
}

func manyAtOnce(t testing.TB, s Suite) {
	b := s.lay(t)
	refs := b.openMany(t, 10)
	for i, ref := range refs {
		require.Equal(t, []string{ref.ID}, b.vendor.Objects(requestID(i)))
		found, err := b.it.Find(t.Context(), marker(i))
		require.NoError(t, err)
		require.NotNil(t, found)
		require.Equal(t, ref, *found)
	}
}

func openTwiceIsOneObject(t testing.TB, s Suite) {
	b := s.lay(t)
	first := b.open(t, 1)
	second, err := b.it.Open(t.Context(), marker(1), draft(1))
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Len(t, b.vendor.Objects(requestID(1)), 1, "the vendor's own key keeps it at one")
}

func foreignSettings(t testing.TB, s Suite) {
	b := s.lay(t)
	d := draft(1)
	d.Settings = struct{ OfAnotherIntegration bool }{}
	_, err := b.it.Open(t.Context(), marker(1), d)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class, "%v", err)
	require.Empty(t, b.wire.seen())
}

func findNothing(t testing.TB, s Suite) {
	b := s.lay(t)
	b.open(t, 1)
	found, err := b.it.Find(t.Context(), marker(2))
	require.NoError(t, err)
	require.Nil(t, found)
}

// A marker is part of a search, where it must not become anything else.
func findHostileMarker(t testing.TB, s Suite) {
	b := s.lay(t)
	b.open(t, 1)
	for _, id := range []string{
		"", "*", "%", "?", "/", "../", requestID(1)[:8], requestID(1) + "x", `x" OR "1"="1`, `x' OR '1'='1`, "x OR status: open", `" OR labels is not EMPTY OR labels = "`,
		requestID(2) + "&query=*", "{{.}}", "\x00", "\xff",
	} {
		found, err := b.it.Find(t.Context(), bridge.Marker{RequestID: id})
		require.Nil(t, found, "marker %q finds the object of another request", id)
		if err != nil {
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class, "marker %q: %v", id, err)
		}
	}
}

func findDeleted(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.NoError(t, b.vendor.Delete(ref.ID))
	found, err := b.it.Find(t.Context(), marker(1))
	require.NoError(t, err)
	require.Nil(t, found)
}

func deletedIsGone(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.NoError(t, b.vendor.Delete(ref.ID))
	require.ErrorIs(t, b.it.Update(t.Context(), ref, []bridge.Note{note(1)}), bridge.ErrGone)
	require.ErrorIs(t, b.it.Close(t.Context(), ref, outcome(bridge.EndDenied)), bridge.ErrGone)
}
