package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge/text"
)

// Whatever a template says: it is refused when it is read, or it ends, before the fuzzer loses patience, with a bounded text, the same each time,
// for every view of its text. One that passed the check writes something for people, be it the built-in text.
func FuzzTemplates(f *testing.F) {
	for _, name := range text.Names() {
		f.Add(text.Builtin(name))
	}
	for _, seed := range []string{
		`{{range 100000}}{{end}}`, `{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`, `{{printf "%*d" 9 9}}`, `{{range .Request.Roles}}{{break}}{{end}}`,
		`{{with $x := .Request}}{{$x.User}}{{end}}`, `{{range $i, $e := .Request.Reviews}}{{$i}}{{$e.Author}}{{continue}}{{end}}`, `{{json .}}`, `{{.Request.Pending .Request.Created}}`,
		`{{(.Request.ReviewBy "x").Author}}`, `{{slice .Verb 1 9}}`, `{{index .Request.Annotations "team" 0}}`, `{{block "b" .}}x{{end}}`, `{{html . | js | urlquery}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		parsed, err := text.Parse(source, nil)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for _, v := range views() {
			one, err := parsed.Render(v)
			if err != nil && strings.Contains(err.Error(), "repeats more than") {
				return // So it does for the others, and to see that takes seconds.
			}
			require.LessOrEqual(t, len(one), 128<<10+8)
			other, again := parsed.Render(v)
			require.Equal(t, err == nil, again == nil)
			require.Equal(t, one, other)
			if utf8.ValidString(source) && strings.HasSuffix(one, "…") {
				require.True(t, utf8.ValidString(one))
			}
		}
		sound := map[string]string{}
		for _, name := range text.Names() {
			if text.Check(name, source) == nil {
				sound[name] = source
			}
		}
		set, err := text.New(sound, map[string]map[string]string{"r": sound}, nil)
		require.NoError(t, err)
		for _, v := range views() {
			require.NotEmpty(t, strings.TrimSpace(set.Render(func() string { return "r" }, v)))
		}
	})
}
