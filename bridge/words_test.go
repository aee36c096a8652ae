package bridge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

func TestWordsForPeople(t *testing.T) {
	require.Empty(t, bridge.FormatTime(time.Time{}))
	require.Equal(t, "2026-01-02 03:04 UTC", bridge.FormatTime(time.Date(2026, 1, 2, 4, 4, 59, 0, time.FixedZone("CET", 3600))))
	for d, want := range map[time.Duration]string{
		90 * time.Minute: "1h30m", 30 * time.Minute: "30m", 45 * time.Second: "45s", 8 * time.Hour: "8h", 61 * time.Second: "1m1s",
	} {
		require.Equal(t, want, bridge.FormatDuration(d))
	}
	require.Equal(t, "ops: 1 approval or 0 denials", bridge.FormatThresholds([]bridge.Threshold{{Name: "ops", Approve: 1}}))
	require.Equal(t, "2 approvals or 1 denial; 1 approval or 1 denial",
		bridge.FormatThresholds([]bridge.Threshold{{Approve: 2, Deny: 1}, {Approve: 1, Deny: 1}}))
	require.Equal(t, "node db-1", bridge.Resource{Kind: "node", Name: "uuid", Title: "db-1"}.Label())
	require.Equal(t, "node uuid", bridge.Resource{Kind: "node", Name: "uuid"}.Label())
	require.Equal(t, []string{"a", "b", "and 2 more"}, bridge.Shorten(2, []string{"a", "b", "c", "d"}))
	require.Equal(t, []string{"a", "b"}, bridge.Shorten(2, []string{"a", "b"}))
}

func TestTruncateKeepsWholeCharacters(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöüß", 3, "äö…"}, {"äöü", 3, "äöü"}, {"ab", 1, "…"}, {"a", 1, "a"}, {"a", 0, ""}, {"a", -1, ""},
	} {
		require.Equal(t, c.want, bridge.Truncate(c.text, c.n), "%q to %d", c.text, c.n)
	}
}
