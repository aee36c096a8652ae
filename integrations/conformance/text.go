package conformance

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func textTrials() []trial {
	return []trial{
		{"text/cut-on-runes", cutOnRunes},
		{"text/hostile", hostileText},
	}
}

// Texts of three and four bytes a rune, shifted byte by byte, so that every limit falls into the middle of a rune once.
func cutOnRunes(t testing.TB, s Suite) {
	b := s.lay(t)
	for shift := range 4 {
		long := strings.Repeat("a", shift) + strings.Repeat("漢🔥", 500)
		d := draft(shift)
		d.Request.User, d.Request.Reason = long, long
		d.Request.Roles = nil
		for n := range 3000 {
			d.Request.Roles = append(d.Request.Roles, fmt.Sprintf("роль-🔥-%d", n))
		}
		ref, err := b.it.Open(t.Context(), marker(shift), d)
		require.NoError(t, err, "long text is cut, not refused")
		huge := bridge.Note{ID: "huge", Text: strings.Repeat("a", shift) + strings.Repeat("漢🔥", 30_000)}
		require.NoError(t, b.it.Update(t.Context(), ref, []bridge.Note{huge}))
		require.NoError(t, b.it.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndDenied, Note: bridge.Note{ID: "end", Text: huge.Text}}))
	}
	for _, c := range b.wire.writes() {
		require.True(t, utf8.Valid(c.body), "%s %s: not UTF-8", c.method, c.path)
		for _, text := range texts(c.body) {
			require.True(t, utf8.ValidString(text), "%s %s: not UTF-8", c.method, c.path)
			require.False(t, strings.ContainsRune(text, utf8.RuneError), "%s %s: a rune was cut apart", c.method, c.path)
		}
	}
}

// The requester's text is not trusted: whatever it holds, the object is made and takes notes.
func hostileText(t testing.TB, s Suite) {
	b := s.lay(t)
	for n, text := range []string{
		"", " \n\t ", "\x00\x01\x1b[31m", "\xff\xfe not UTF-8 \xc3", `"}],"x":{"`, "<script>alert(1)</script> <!channel> @everyone", "{{.Secret}} ${HOME} %s %n",
		"[~admin] {code} |a| !http://x/y.png! [x](javascript:y)", "\u202egnp.exe\u2028\u2029\ufeff",
	} {
		d := draft(n)
		d.Request.Reason, d.Request.User, d.Request.Roles = text, text, []string{text}
		ref, err := b.it.Open(t.Context(), marker(n), d)
		require.NoError(t, err, "reason %q", text)
		require.NoError(t, b.it.Update(t.Context(), ref, []bridge.Note{{ID: "n", Text: text}}), "note %q", text)
		require.NoError(t, b.it.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndDenied, Note: bridge.Note{ID: "e", Text: text}}), "note %q", text)
		require.Equal(t, []string{ref.ID}, b.vendor.Objects(requestID(n)))
	}
}
