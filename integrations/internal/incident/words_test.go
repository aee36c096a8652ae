package incident_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/stretchr/testify/require"
)

func TestWordsOfANote(t *testing.T) {
	words := incident.NewWords(incident.NoteWords{Approve: []string{"approve", "LGTM", "straße"}, Deny: []string{"deny", "approve not"}})
	for content, want := range map[string]struct {
		verdict bridge.Verdict
		reason  string
	}{
		"approve":                     {bridge.Approve, ""},
		"  APPROVE  ":                 {bridge.Approve, ""},
		"Approve: because":            {bridge.Approve, "because"},
		"approve :because":            {bridge.Approve, "because"},
		"approve because: x":          {bridge.Approve, "because: x"},
		"approve\nsecond line":        {bridge.Approve, "second line"},
		"lgtm":                        {bridge.Approve, ""},
		"STRAßE: ok":                  {bridge.Approve, "ok"},
		"deny: no":                    {bridge.Deny, "no"},
		"approve not: wrong database": {bridge.Deny, "wrong database"},
		"approved":                    {},
		"approve, please":             {},
		"approve.":                    {},
		"please approve":              {},
		"I deny":                      {},
		"":                            {},
		"ap":                          {},
		"a\u200bpprove":               {},
	} {
		w, reason, ok := words.Match(content)
		require.Equal(t, want.verdict != bridge.Undecided, ok, content)
		require.Equal(t, want.verdict, w.Verdict, content)
		require.Equal(t, want.reason, reason, content)
	}
	w, reason, _ := words.Match("DENY: " + strings.Repeat("é", 5000))
	require.Equal(t, incident.MaxReason, utf8.RuneCountInString(reason))
	require.Equal(t, "note: deny", w.Status(), "as it is configured")
	_, _, ok := incident.Words(nil).Match("approve")
	require.False(t, ok)
}

// A note is other people's text: whatever it holds, matching neither fails nor hands on what is not text.
func FuzzMatch(f *testing.F) {
	words := incident.NewWords(incident.NoteWords{Approve: []string{"approve", "ok ok", "é"}, Deny: []string{"deny", "approve not"}})
	for _, seed := range []string{"approve", "deny: no", "\xff approve", "approve\r\nx", "ÉÉ", "ok  ok"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		w, reason, ok := words.Match(content)
		require.Equal(t, ok, w.Verdict != bridge.Undecided)
		require.True(t, utf8.ValidString(reason))
		require.LessOrEqual(t, utf8.RuneCountInString(reason), incident.MaxReason)
		require.NotContains(t, reason, "\x00")
	})
}

func TestReasonsAreCleanAndCut(t *testing.T) {
	require.Equal(t, "a\nb", incident.Reason(" a\r\nb\x00 "))
	require.Equal(t, incident.MaxReason, utf8.RuneCountInString(incident.Reason(strings.Repeat("漢", 3000))))
}

func TestTexts(t *testing.T) {
	require.Equal(t, "a\n\tb\uFFFD", incident.Clean("a\r\n\tb\x1b\xff"))
	require.Equal(t, "a b c", incident.OneLine(" a\n\tb\x00  c "))
	require.Equal(t, "🔥🔥", incident.Cut("🔥🔥", 2))
	require.Equal(t, "🔥…", incident.Cut("🔥🔥🔥", 2))
	require.Equal(t, "…", incident.Cut("ab", 1))
	require.Equal(t, []string{`"a"`, `"b c"`}, incident.Quoted([]string{"a", "b c"}))
	require.Equal(t, "x", incident.Or(" \n", "x"))
	require.Equal(t, " a", incident.Or(" a", "x"))
}
