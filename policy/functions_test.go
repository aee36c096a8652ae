package policy

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"", "", true},
		{"", "*", true},
		{"", "?", false},
		{"a", "", false},
		{"prod-db", "prod-*", true},
		{"prod-", "prod-*", true},
		{"prod", "prod-*", false},
		{"Prod-db", "prod-*", false},
		{"my-prod-db", "prod-*", false},
		{"prod-db", "*db", true},
		{"a.b", "a?b", true},
		{"aéb", "a?b", true},
		{"ab", "a?b", false},
		{"aXbXc", "a*b*c", true},
		{"abcabd", "*ab?", true},
		{"a[b", "a[b", true},
		{"a.c", "a.c", true},
		{"abc", "a.c", false},
		{strings.Repeat("a", 4000), strings.Repeat("*a", 200) + "b", false},
	} {
		require.Equal(t, c.want, glob(c.text, c.pattern), "%q %q", c.text, c.pattern)
	}
}

// A pattern means what the regular expression with the same wildcards means.
func TestGlobAgreesWithARegularExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab.é")), 0, 8, -1).Draw(t, "text")
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab.é*?")), 0, 8, -1).Draw(t, "pattern")
		var re strings.Builder
		for _, r := range pattern {
			switch r {
			case '*':
				re.WriteString("(?s:.*)")
			case '?':
				re.WriteString("(?s:.)")
			default:
				re.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		want := regexp.MustCompile("^" + re.String() + "$").MatchString(text)
		require.Equal(t, want, glob(text, pattern))
	})
}
