package teleport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// FuzzDecode shows that no stored text makes the bridge stumble, or take a record for free that it cannot read.
func FuzzDecode(f *testing.F) {
	for _, raw := range []string{
		"", "{}", "null", "[]", `{"phase":"open","ref":{"id":"1"}}`, `{"phase":"claimed","owner":"a","until":"2026-01-02T03:04:05Z"}`,
		`{"phase":"closed","notes":["a,b/c"],"outcome":"approved"}`, `{"phase":"later"}`, `{"phase":"open","until":"x"}`, "\xff",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s := decode(raw)
		now := time.Now()
		if s.bad != nil {
			require.True(t, s.view(now).Held("me", now))
			return
		}
		require.NotEqual(t, bridge.PhaseNone, s.link.Phase)
		require.True(t, s.is(s.view(now)), "what is shown is what a swap takes for unchanged")
		text, err := encode(s.link)
		require.NoError(t, err)
		again := decode(text)
		require.NoError(t, again.bad)
		require.True(t, again.is(s.link), "what is written is read back the same")
	})
}
