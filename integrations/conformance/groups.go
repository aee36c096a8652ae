package conformance

import (
	"net/http"
	"slices"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func groupTrials() []trial {
	return []trial{
		{"groups/everybody", groupEverybody},
		{"groups/all-or-nothing", groupAllOrNothing},
		{"groups/knows-the-decider", groupKnowsTheDecider},
		{"groups/unknown-name", groupUnknownName},
		{"groups/reads-only", groupReadsOnly},
	}
}

const noSuchName = "no such thing"

// crowd is a group of the stand-in, and who is in it.
func (b *bed) crowd(t testing.TB) (group string, people []bridge.Actor) {
	t.Helper()
	c, ok := b.vendor.(Crowd)
	require.True(t, ok, "the stand-in must be a conformance.Crowd")
	group, people = c.Group()
	require.NotEmpty(t, group)
	require.NotEmpty(t, people)
	return group, people
}

// groups is the integration as a source of groups, which the case needs.
func (b *bed) groups(t testing.TB) bridge.GroupSource {
	t.Helper()
	source, ok := b.it.(bridge.GroupSource)
	require.True(t, ok, `implement bridge.GroupSource, or name "groups" as unsupported`)
	return source
}

// Who is told as a member and is not marked as a program may approve.
func groupEverybody(t testing.TB, s Suite) {
	b := s.lay(t)
	group, people := b.crowd(t)
	found, err := b.groups(t).Members(t.Context(), group)
	require.NoError(t, err)
	for _, who := range people {
		require.True(t, slices.ContainsFunc(found, func(a bridge.Actor) bool { return !a.Automated && same(a, who) }), "%s is in the group", who)
	}
	for _, member := range found {
		require.True(t, member.Known(), "it is known who is in the group")
		require.True(t, member.Automated || slices.ContainsFunc(people, func(a bridge.Actor) bool { return same(a, member) }),
			"%s is a program, inactive, or not in the group", member)
	}
}

// A part of a group looks like a group whose other members have left.
func groupAllOrNothing(t testing.TB, s Suite) {
	for calls, broken := 1, 0; broken < calls; broken++ {
		b := s.lay(t)
		group, _ := b.crowd(t)
		b.wire.breaks(fault{skip: broken, status: http.StatusInternalServerError, body: `{"message":"planted"}`})
		_, err := b.groups(t).Members(t.Context(), group)
		require.Error(t, err, "call %d was not answered", broken+1)
		b = s.lay(t)
		_, err = b.groups(t).Members(t.Context(), group)
		require.NoError(t, err)
		calls = len(b.wire.seen())
	}
}

// A member who is named otherwise than in evidence would never be found in the group.
func groupKnowsTheDecider(t testing.TB, s Suite) {
	b := s.lay(t)
	if !b.can("evidence") {
		return
	}
	ref := b.open(t, 1)
	b.decide(t, ref, bridge.Approve, "")
	said := b.evidence(t, 1, ref)
	require.NotEmpty(t, said)
	group, _ := b.crowd(t)
	found, err := b.groups(t).Members(t.Context(), group)
	require.NoError(t, err)
	who := said[0].Actor
	require.True(t, slices.ContainsFunc(found, func(a bridge.Actor) bool {
		return !a.Automated && a.ID == who.ID && (who.ID != "" || bridge.SameName(a.Email, who.Email))
	}), "%s has decided, but the group knows nobody by the id %q", who, who.ID)
}

// Silence would look like a group without members.
func groupUnknownName(t testing.TB, s Suite) {
	b := s.lay(t)
	found, err := b.groups(t).Members(t.Context(), noSuchName)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class, "%v", err)
	require.ErrorContains(t, err, noSuchName, "the error names it")
	require.Empty(t, found)
}

func groupReadsOnly(t testing.TB, s Suite) {
	b := s.lay(t)
	group, _ := b.crowd(t)
	_, err := b.groups(t).Members(t.Context(), group)
	require.NoError(t, err)
	require.NotEmpty(t, b.wire.seen())
	require.Empty(t, b.wire.writes())
}
