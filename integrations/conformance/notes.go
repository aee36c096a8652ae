package conformance

import (
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func noteTrials() []trial {
	return []trial{
		{"notes/added", notesAdded},
		{"notes/shown-is-no-write", notesShownIsNoWrite},
		{"notes/none-is-no-write", notesNoneIsNoWrite},
		{"notes/interrupted", notesInterrupted},
		{"close/each-ending", closeEachEnding},
		{"close/twice", closeTwice},
		{"close/interrupted", closeInterrupted},
	}
}

func notesAdded(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.NoError(t, b.it.Update(t.Context(), ref, []bridge.Note{note(1), note(2)}))
	require.Equal(t, 1, b.wire.accepted(noteWord(1)))
	require.Equal(t, 1, b.wire.accepted(noteWord(2)))
	require.False(t, b.vendor.Ended(ref.ID), "a note ends nothing")
}

// The reconciler may forget what it has sent; the object itself tells.
func notesShownIsNoWrite(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	notes := []bridge.Note{note(1), note(2)}
	require.NoError(t, b.it.Update(t.Context(), ref, notes))
	b.wire.heals()
	require.NoError(t, b.it.Update(t.Context(), ref, notes))
	require.Empty(t, b.wire.writes(), "the object shows them all")
	require.NoError(t, b.it.Update(t.Context(), ref, append(notes, note(3))))
	require.Equal(t, 1, b.wire.accepted(noteWord(3)))
	require.Zero(t, b.wire.accepted(noteWord(1)))
}

func notesNoneIsNoWrite(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.NoError(t, b.it.Update(t.Context(), ref, nil))
	require.Empty(t, b.wire.writes())
}

func notesInterrupted(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	notes := []bridge.Note{note(1), note(2)}
	b.wire.breaks(fault{writes: true, effect: true, reset: true, count: 1})
	require.Error(t, b.it.Update(t.Context(), ref, notes), "an answer was lost")
	require.NoError(t, b.it.Update(t.Context(), ref, notes))
	require.Equal(t, 1, b.wire.accepted(noteWord(1)), "not a second time")
	require.Equal(t, 1, b.wire.accepted(noteWord(2)), "nor left out")
}

func closeEachEnding(t testing.TB, s Suite) {
	for _, ending := range []bridge.Ending{
		bridge.EndApproved, bridge.EndDenied, bridge.EndPromoted, bridge.EndExpired, bridge.EndDeleted, bridge.EndUnknown,
	} {
		b := s.lay(t)
		ref := b.open(t, 1)
		require.NoError(t, b.it.Close(t.Context(), ref, outcome(ending)), "%s", ending)
		require.True(t, b.vendor.Ended(ref.ID), "%s", ending)
		require.Equal(t, 1, b.wire.accepted(closingWord), "%s: the closing note tells who and why", ending)
	}
}

func closeTwice(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	require.NoError(t, b.it.Close(t.Context(), ref, outcome(bridge.EndApproved)))
	b.wire.heals()
	require.NoError(t, b.it.Close(t.Context(), ref, outcome(bridge.EndApproved)))
	require.Empty(t, b.wire.writes(), "the object shows its end already")
	require.True(t, b.vendor.Ended(ref.ID))
}

func closeInterrupted(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	b.wire.breaks(fault{writes: true, effect: true, reset: true, count: 1})
	require.Error(t, b.it.Close(t.Context(), ref, outcome(bridge.EndDenied)), "an answer was lost")
	require.NoError(t, b.it.Close(t.Context(), ref, outcome(bridge.EndDenied)))
	require.True(t, b.vendor.Ended(ref.ID))
	require.Equal(t, 1, b.wire.accepted(closingWord))
}
