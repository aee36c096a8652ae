package conformance

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func onCallTrials() []trial {
	return []trial{
		{"oncall/everybody", onCallEverybody},
		{"oncall/first-level", onCallFirstLevel},
		{"oncall/names-ignore-case", onCallIgnoresCase},
		{"oncall/unknown-name", onCallUnknownName},
		{"oncall/reads-only", onCallReadsOnly},
	}
}

// roster puts people on call.
func (b *bed) roster(t testing.TB) (bridge.OnCallQuery, [][]bridge.Actor) {
	t.Helper()
	r, ok := b.vendor.(Roster)
	require.True(t, ok, "the stand-in must be a conformance.Roster")
	q, levels, err := r.OnCall()
	require.NoError(t, err)
	require.False(t, q.Empty())
	require.NotEmpty(t, levels)
	require.NotEmpty(t, levels[0])
	return q, levels
}

// onCall asks who is on call, and checks what must hold of every shift.
func (b *bed) onCall(t testing.TB, q bridge.OnCallQuery) []bridge.Shift {
	t.Helper()
	source, ok := b.it.(bridge.OnCallSource)
	require.True(t, ok, `implement bridge.OnCallSource, or name "oncall" as unsupported`)
	shifts, err := source.OnCall(t.Context(), q)
	require.NoError(t, err)
	for _, shift := range shifts {
		require.True(t, shift.Person.Known(), "it is known who is on call")
		require.NotEmpty(t, shift.Via, "people are told by which schedule")
		require.True(t, shift.Until.IsZero() || shift.Until.After(time.Now()), "the shift of %s is over", shift.Person)
	}
	return shifts
}

// requirePeople compares who is on call at a level; level 0 compares everybody.
func requirePeople(t testing.TB, want []bridge.Actor, shifts []bridge.Shift) {
	t.Helper()
	for _, who := range want {
		require.True(t, slices.ContainsFunc(shifts, func(s bridge.Shift) bool { return same(who, s.Person) }), "%s is on call", who)
	}
	for _, shift := range shifts {
		require.True(t, slices.ContainsFunc(want, func(a bridge.Actor) bool { return same(a, shift.Person) }), "%s is not on call", shift.Person)
	}
}

func same(a, b bridge.Actor) bool {
	return a.ID != "" && a.ID == b.ID || bridge.SameName(a.Email, b.Email)
}

func onCallEverybody(t testing.TB, s Suite) {
	b := s.lay(t)
	q, levels := b.roster(t)
	shifts := b.onCall(t, q)
	requirePeople(t, slices.Concat(levels...), shifts)
	if len(levels) == 1 {
		return
	}
	for i, people := range levels {
		requirePeople(t, people, slices.DeleteFunc(slices.Clone(shifts), func(s bridge.Shift) bool { return s.Level != i+1 }))
	}
}

func onCallFirstLevel(t testing.TB, s Suite) {
	b := s.lay(t)
	q, levels := b.roster(t)
	require.Greater(t, len(levels), 1, "the stand-in must put people on call at two levels")
	for limit := 1; limit <= len(levels); limit++ {
		q.Levels = limit
		requirePeople(t, slices.Concat(levels[:limit]...), b.onCall(t, q))
	}
}

func onCallIgnoresCase(t testing.TB, s Suite) {
	b := s.lay(t)
	q, levels := b.roster(t)
	for _, names := range []*[]string{&q.Services, &q.Policies, &q.Schedules, &q.Teams} {
		for i, name := range *names {
			(*names)[i] = strings.ToUpper(name)
		}
	}
	requirePeople(t, slices.Concat(levels...), b.onCall(t, q))
}

// Silence would look like nobody being on call.
func onCallUnknownName(t testing.TB, s Suite) {
	b := s.lay(t)
	q, _ := b.roster(t)
	b.onCall(t, q)
	source, _ := b.it.(bridge.OnCallSource)
	for _, names := range []*[]string{&q.Services, &q.Policies, &q.Schedules, &q.Teams} {
		if len(*names) == 0 {
			continue
		}
		known := *names
		*names = append(slices.Clone(known), "no such thing")
		_, err := source.OnCall(t.Context(), q)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class, "%v", err)
		require.ErrorContains(t, err, "no such thing", "the error names it")
		*names = known
	}
}

func onCallReadsOnly(t testing.TB, s Suite) {
	b := s.lay(t)
	q, _ := b.roster(t)
	b.wire.heals()
	b.onCall(t, q)
	require.NotEmpty(t, b.wire.seen())
	require.Empty(t, b.wire.writes())
}
