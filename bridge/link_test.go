package bridge_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// A link is compared by its text, so what was read must be written again in the same words, whatever it holds.
func TestW25_LinkSurvivesJSON(t *testing.T) {
	full := bridge.Link{
		Phase: bridge.PhaseFailed, Ref: bridge.Ref{ID: "10001", Key: "OPS-1, a/b", URL: "https://example.com/browse/OPS-1?a=1&b=<2>"},
		Opened: noon, PendingUntil: noon.Add(time.Hour), Notes: []string{"a,b", "c/d"}, Replaced: 2, Outcome: bridge.EndDenied,
		LastError: "a \"quoted\"\nerror \u2028", NotBefore: noon.Add(time.Minute),
	}.Leased("host/1,2", noon.Add(1234567*time.Nanosecond))
	for name, link := range map[string]bridge.Link{"full": full, "claimed": {Phase: bridge.PhaseClaimed}, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			first, err := json.Marshal(link)
			require.NoError(t, err)
			var read bridge.Link
			require.NoError(t, json.Unmarshal(first, &read))
			require.Equal(t, link, read)
			second, err := json.Marshal(read)
			require.NoError(t, err)
			require.Equal(t, string(first), string(second))
		})
	}
}

func TestLinkJSONNamesNothingEmpty(t *testing.T) {
	text, err := json.Marshal(bridge.Link{Phase: bridge.PhaseOpen, Ref: bridge.Ref{ID: "7"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"phase":"open","ref":{"id":"7"}}`, string(text))
}

func TestLinkLease(t *testing.T) {
	free := bridge.Link{Phase: bridge.PhaseOpen, Ref: bridge.Ref{ID: "7"}}
	require.False(t, free.Held("a", noon))

	leased := free.Leased("a", noon.Add(time.Minute))
	require.False(t, leased.Held("a", noon), "the owner is not kept out by its own lease")
	require.True(t, leased.Held("b", noon))
	require.True(t, leased.Held("b", noon.Add(time.Minute-time.Millisecond)))
	require.False(t, leased.Held("b", noon.Add(time.Minute)), "a lease ends, or a crash would hold it for ever")
	require.Empty(t, free.Owner, "a link is a value")
	require.Equal(t, free, leased.Released())
}

func TestLinkLeaseIsWrittenInUTC(t *testing.T) {
	until := time.Now().In(time.FixedZone("east", 3600)).Add(time.Minute)
	leased := bridge.Link{}.Leased("a", until)
	require.Equal(t, time.UTC, leased.Until.Location())
	require.WithinDuration(t, until, leased.Until, time.Millisecond)
	text, err := json.Marshal(leased)
	require.NoError(t, err)
	var read bridge.Link
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, leased, read, "the lease carries no clock of this process")
}

func TestLinkShows(t *testing.T) {
	link := bridge.Link{Notes: []string{"a", "b"}}
	require.True(t, link.Shows("b"))
	require.False(t, link.Shows("c"))
	require.False(t, bridge.Link{}.Shows(""))
}
