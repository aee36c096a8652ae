package teleport

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
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

func TestRecord_ThatCannotBeDecodedIsHeldAndNeverOverwritten(t *testing.T) {
	for name, raw := range map[string]string{
		"no JSON": "claimed by me", "another type": `[1]`, "bad time": `{"phase":"open","until":"yesterday"}`,
		"unknown phase": `{"phase":"merged","ref":{"id":"1"}}`, "no phase": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			id := w.create(sim.NewRequest{})
			require.NoError(t, w.srv.SetPluginData(id, pluginName, map[string]string{"link/itsm": raw, "elsewhere": "x"}))
			s := w.store()
			require.Equal(t, 1, w.logs.Count("cannot be read and is left alone"))
			link := s.Link(id, "itsm")
			require.True(t, link.Held("me", time.Now()), "it looks as if somebody else held it")
			require.Len(t, maps.Collect(s.Links()), 1)
			require.NoError(t, s.LoadAll(t.Context()))
			require.NoError(t, s.Refresh(t.Context(), id))
			require.Equal(t, 1, w.logs.Count("cannot be read and is left alone"), "reported once")
			w.srv.ResetCalls()
			for _, old := range []bridge.Link{link, {}, claimed("me")} {
				err := s.Swap(t.Context(), id, "itsm", old, opened("2"))
				class, _ := bridge.ClassOf(err)
				require.Equal(t, bridge.ClassTerminal, class)
				require.ErrorContains(t, err, "link/itsm")
			}
			require.Empty(t, w.srv.Calls())
			require.Equal(t, raw, w.raw(id, "itsm"))
			require.NoError(t, s.Swap(t.Context(), id, "pager", bridge.Link{}, opened("2")), "other targets are not held up")

			require.NoError(t, w.srv.SetPluginData(id, pluginName, map[string]string{"link/itsm": ""}))
			require.NoError(t, s.Refresh(t.Context(), id))
			require.Equal(t, bridge.Link{}, s.Link(id, "itsm"), "mended by hand")
		})
	}
}

func TestRecord_OfANewerVersionIsSwappedByItsExactText(t *testing.T) {
	w := newWorld(t, sim.Options{})
	id := w.create(sim.NewRequest{})
	raw := `{"color":"blue", "phase":"open","ref":{"id":"1","shape":"round"}}`
	require.NoError(t, w.srv.SetPluginData(id, pluginName, map[string]string{"link/itsm": raw}))
	s := w.store()
	require.Equal(t, "1", s.Link(id, "itsm").Ref.ID)
	require.NoError(t, s.Swap(t.Context(), id, "itsm", s.Link(id, "itsm"), opened("1")))
	require.True(t, json.Valid([]byte(w.raw(id, "itsm"))))
}
