package conformance

import (
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func evidenceTrials() []trial {
	return []trial{
		{"evidence/undecided", evidenceUndecided},
		{"evidence/approved", func(t testing.TB, s Suite) { evidenceDecided(t, s, bridge.Approve) }},
		{"evidence/denied", func(t testing.TB, s Suite) { evidenceDecided(t, s, bridge.Deny) }},
		{"evidence/reason", evidenceReason},
		{"evidence/unknown-status", evidenceUnknownStatus},
		{"evidence/automated", evidenceAutomated},
		{"evidence/own-close", evidenceOwnClose},
		{"evidence/marker", evidenceMarker},
		{"evidence/deleted", evidenceDeleted},
	}
}

// evidence reads the object of the n-th request and returns what decides.
func (b *bed) evidence(t testing.TB, n int, ref bridge.Ref) []bridge.Evidence {
	t.Helper()
	before := time.Now().Add(-time.Second)
	all, err := b.decisions(t).Evidence(t.Context(), ref)
	require.NoError(t, err)
	var deciding []bridge.Evidence
	for _, e := range all {
		require.Equal(t, b.it.Name(), e.Target)
		require.Equal(t, ref.ID, e.Object.ID)
		require.False(t, e.ReadAt.Before(before), "ReadAt is when it was read")
		require.False(t, e.ReadAt.After(time.Now()), "ReadAt is when it was read")
		require.True(t, !e.Settled || b.vendor.Ended(ref.ID), "an object that is called settled is not closed any more")
		if e.Verdict != bridge.Undecided {
			require.Equal(t, requestID(n), e.Marker, "the marker that the object itself carries")
			deciding = append(deciding, e)
		}
	}
	return deciding
}

func evidenceUndecided(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.Empty(t, b.evidence(t, 1, ref), "nobody has decided")
	require.NoError(t, b.it.Update(t.Context(), ref, []bridge.Note{{ID: "n", Text: "approve: not a decision, approved by the bridge's own note"}}))
	b.wire.heals()
	for _, e := range b.evidence(t, 1, ref) {
		require.False(t, e.Actor.Known() && !e.Actor.Automated, "the bridge's own note is nobody's decision")
	}
	require.Empty(t, b.wire.writes(), "reading changes nothing")
}

func evidenceDecided(t testing.TB, s Suite, v bridge.Verdict) {
	b := s.lay(t)
	ref := b.open(t, 1)
	before := time.Now().Add(-2 * time.Second)
	who := b.decide(t, ref, v, "")
	found := b.evidence(t, 1, ref)
	require.NotEmpty(t, found, "a person has decided")
	for _, e := range found {
		require.Equal(t, v, e.Verdict)
		require.NotEmpty(t, e.Status, "the vendor's own word")
		requireActor(t, who, e.Actor)
		require.False(t, e.Actor.Automated, "a person is no program")
		require.Empty(t, e.Barred)
		require.True(t, e.At.After(before) && e.At.Before(time.Now().Add(2*time.Second)), "At is when it was decided: %s", e.At)
	}
}

// requireActor compares by what identifies a person: the id, and the address where both know it.
func requireActor(t testing.TB, want, got bridge.Actor) {
	t.Helper()
	require.True(t, got.Known(), "it is known who acted")
	if want.ID != "" {
		require.Equal(t, want.ID, got.ID)
	}
	if want.Email != "" && got.Email != "" || want.ID == "" {
		require.True(t, bridge.SameName(want.Email, got.Email), "%q and %q", want.Email, got.Email)
	}
}

func evidenceReason(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	b.decide(t, ref, bridge.Deny, "not before the freeze ends")
	found := b.evidence(t, 1, ref)
	require.NotEmpty(t, found)
	for _, e := range found {
		require.Equal(t, "not before the freeze ends", e.Reason)
	}
}

func evidenceUnknownStatus(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	b.decide(t, ref, bridge.Undecided, "")
	require.Empty(t, b.evidence(t, 1, ref), "what the settings do not know decides nothing")
}

func evidenceAutomated(t testing.TB, s Suite) {
	for _, v := range []bridge.Verdict{bridge.Approve, bridge.Deny} {
		b := s.lay(t)
		ref := b.open(t, 1)
		require.NoError(t, b.decider(t).Automate(ref.ID, v))
		requireNobody(t, b.evidence(t, 1, ref), "a program is not a person")
	}
}

// requireNobody wants no evidence that could count as a person's decision.
func requireNobody(t testing.TB, found []bridge.Evidence, why string) {
	t.Helper()
	for _, e := range found {
		require.True(t, e.Actor.Automated || !e.Actor.Known(), "%s: %s by %s", why, e.Verdict, e.Actor)
	}
}

// What the bridge does to an object when Teleport has decided must not come back as a decision.
func evidenceOwnClose(t testing.TB, s Suite) {
	for _, ending := range []bridge.Ending{bridge.EndApproved, bridge.EndDenied, bridge.EndExpired} {
		b := s.lay(t)
		ref := b.open(t, 1)
		require.NoError(t, b.it.Close(t.Context(), ref, outcome(ending)))
		requireNobody(t, b.evidence(t, 1, ref), "the bridge itself closed it")
	}
}

// The marker is read from the object, not remembered: a link may be forged, and another instance may have opened the object.
func evidenceMarker(t testing.TB, s Suite) {
	b := s.lay(t)
	b.open(t, 1)
	ref := b.open(t, 2)
	b.decide(t, ref, bridge.Approve, "")
	require.NotEmpty(t, b.evidence(t, 2, ref))
	b.it = s.make(t, b)
	require.NotEmpty(t, b.evidence(t, 2, ref), "read by another instance")
}

func evidenceDeleted(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.NoError(t, b.vendor.Delete(ref.ID))
	_, err := b.decisions(t).Evidence(t.Context(), ref)
	require.ErrorIs(t, err, bridge.ErrGone)
}
