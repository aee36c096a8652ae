package conformance

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

// several is more objects than two pages of any vendor hold.
const several = 210

func listingTrials() []trial {
	return []trial{
		{"listing/each-object-once", listingEachOnce},
		{"listing/decided", listingDecided},
		{"listing/stops-early", listingStopsEarly},
		{"listing/error-ends-it", listingErrorEndsIt},
	}
}

// bulk is the integration as a source of many decisions, which the case needs.
func (b *bed) bulk(t testing.TB) bridge.BulkDecisionSource {
	t.Helper()
	source, ok := b.it.(bridge.BulkDecisionSource)
	require.True(t, ok, `implement bridge.BulkDecisionSource, or name "listing" as unsupported`)
	return source
}

func listingEachOnce(t testing.TB, s Suite) {
	b := s.lay(t)
	source := b.bulk(t)
	var want []string
	for _, ref := range b.openMany(t, several) {
		want = append(want, ref.ID)
	}
	slices.Sort(want)
	for _, since := range []time.Time{{}, time.Now().Add(-10 * time.Minute)} {
		b.wire.heals()
		var got []string
		for g, err := range source.Changed(t.Context(), since) {
			require.NoError(t, err)
			require.False(t, g.Decided, "nobody has decided")
			got = append(got, g.Object.ID)
		}
		slices.Sort(got)
		require.Equal(t, want, got, "since %s", since)
		require.Less(t, len(b.wire.seen()), several/5, "it costs calls for pages, not for objects")
		require.Empty(t, b.wire.writes())
	}
}

func listingDecided(t testing.TB, s Suite) {
	b := s.lay(t)
	refs := b.openMany(t, 4)
	b.decide(t, refs[1], bridge.Approve, "")
	b.decide(t, refs[2], bridge.Deny, "")
	b.decide(t, refs[3], bridge.Undecided, "")
	decided := map[string]bool{}
	for g, err := range b.bulk(t).Changed(t.Context(), time.Now().Add(-10*time.Minute)) {
		require.NoError(t, err)
		decided[g.Object.ID] = g.Decided
	}
	require.Len(t, decided, len(refs))
	require.True(t, decided[refs[1].ID], "approved")
	require.True(t, decided[refs[2].ID], "denied")
	require.False(t, decided[refs[0].ID], "untouched")
}

func listingStopsEarly(t testing.TB, s Suite) {
	b := s.lay(t)
	source := b.bulk(t)
	b.openMany(t, several)
	for _, err := range source.Changed(t.Context(), time.Time{}) {
		require.NoError(t, err)
		break
	}
	require.LessOrEqual(t, len(b.wire.seen()), 2, "who wants one object pays for one page, and a look-up at most")
}

func listingErrorEndsIt(t testing.TB, s Suite) {
	b := s.lay(t)
	source := b.bulk(t)
	b.openMany(t, several)
	b.wire.breaks(fault{skip: 1, status: http.StatusBadGateway, body: `{"message":"planted"}`})
	var faults, after int
	for _, err := range source.Changed(t.Context(), time.Time{}) {
		switch {
		case err != nil:
			faults++
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassRetry, class, "%v", err)
		case faults > 0:
			after++
		}
	}
	require.Equal(t, 1, faults, "a missing page is told, once")
	require.Zero(t, after, "an error ends the sequence")
}
