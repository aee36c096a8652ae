package jira

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func TestEscapeWiki(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, 1.5":       "plain text, 1.5",
		"*b* _i_ -d- +u+":       `\*b\* \_i\_ \-d\- \+u\+`,
		"[~bob] [x|http://y]":   `\[\~bob\] \[x\|http://y\]`,
		"!http://x/y.png!":      `\!http://x/y.png\!`,
		"{code}x{code}":         `\{code\}x\{code\}`,
		"||a||":                 `\|\|a\|\|`,
		`DOMAIN\user`:           `DOMAIN\` + joiner + `user`,
		`\*not an escape\*`:     `\` + joiner + `\*not an escape\` + joiner + `\*`,
		`end\`:                  `end\` + joiner,
		"a\r\nb\tc\x00\x1b[31m": "a\nb\tc\\[31m",
		"h1. Title\n  bq. said": joiner + "h1. Title\n  " + joiner + "bq. said",
		"the h1. inside":        "the h1. inside",
		"(/) (!)":               `\(/\) \(\!\)`,
		"漢字 🔥":                  "漢字 🔥",
	} {
		require.Equal(t, want, escapeWiki(in), "%q", in)
	}
}

// escape is how Jira's renderer finds an escaped character: a backslash that no other precedes.
var escape = regexp.MustCompile(`\\[-#*_+?^~|%{}\[\]()!@]`)

func FuzzEscapeWiki(f *testing.F) {
	for _, s := range []string{`\\*x*`, `\`, "h1. x", "{quote}", `a\\\{code}`, "[~x]", "!x!"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := escapeWiki(s)
		require.NotContains(t, out, `\\`, "a forced line break, and the end of an escape")
		require.NotRegexp(t, `[-#*_+?^~|%{}\[\]()!@]`, escape.ReplaceAllString(out, ""))
		require.NotRegexp(t, `(?m)^\s*(h[1-6]|bq)\.`, out)
		require.Equal(t, plain(strings.ToValidUTF8(s, "\uFFFD")), plain(out), "nothing else is changed")
	})
}

func FuzzCut(f *testing.F) {
	f.Add("漢字🔥", 3)
	f.Add("abc", 3)
	f.Add("\xff\xfe", 1)
	f.Add(`ab\cd`, 4)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = max(1, min(n, 300))
		out := cut(s, n)
		require.True(t, utf8.ValidString(out))
		require.LessOrEqual(t, utf16Len(out), n)
		if utf8.ValidString(s) && utf16Len(s) <= n {
			require.Equal(t, s, out)
		}
	})
}

func TestCut(t *testing.T) {
	require.Equal(t, "abc", cut("abc", 3))
	require.Equal(t, "ab…", cut("abcd", 3))
	require.Equal(t, "🔥…", cut("🔥🔥", 3), "one of these counts twice at Jira")
	require.Equal(t, "…", cut("🔥🔥", 2))
	require.Equal(t, "a…", cut(`a\*b`, 3), "no half an escape")
}

func TestUserTextCannotMakeMarkupInTheDescription(t *testing.T) {
	j := &Jira{set: *defaults()}
	var err error
	j.text, err = newTemplates(&j.set, nil)
	require.NoError(t, err)
	evil := "{quote}\nh1. Approved by *root* [~admin] !http://evil/x.png!\n|table|\n# list\n----"
	d := draft()
	d.Request = mapTexts(d.Request, func(string) string { return evil })
	d.Request.Reason, d.Request.SuggestedReviewers = evil, []string{evil}
	out, err := render(j.text.description, j.view(d, escapeWiki))
	require.NoError(t, err)
	require.Len(t, regexp.MustCompile(`(^|[^\\])\{quote\}`).FindAllString(out, -1), 2, "only the two of the template:\n%s", out)
	for _, bad := range []string{`(?m)^h1\.`, `[^\\]\[~`, `[^\\]!http`, `(?m)^\|`, `(?m)^#`, `(?m)^----`} {
		require.NotRegexp(t, bad, out)
	}
	summary, err := render(j.text.summary, j.view(d, strings.TrimSpace))
	require.NoError(t, err)
	require.NotContains(t, oneLine(summary), "\n")
}

func TestTemplateFunctions(t *testing.T) {
	v := view{Request: draft().Request, WebURL: "https://x"}
	for text, want := range map[string]string{
		`{{.Request.User | upper}}`:                                   "ALICE@EXAMPLE.COM",
		`{{.Request.User | replace "@" " at " | lower}}`:              "alice at example.com",
		`{{join "+" .Request.Roles}}`:                                 "prod-db+prod_*",
		`{{resources 1 .Request.Resources}}`:                          "node db-1, and 1 more",
		`{{duration .Request.MaxDuration}}`:                           "8h",
		`{{date .Request.PendingUntil}}`:                              "2026-01-02 04:04 UTC",
		`{{date .Request.AccessFrom}}`:                                "",
		`{{thresholds .Request.Thresholds}}`:                          "2 approvals or 1 denial",
		`{{default "none" ""}}{{default "x" "y"}}`:                    "noney",
		`{{json .Request.Roles}}`:                                     `["prod-db","prod_*"]`,
		`{{escape "*x*"}}{{cut 3 "abcdef"}}{{trim " x "}}`:            `\*x\*ab…x`,
		`{{oneline "a\n b"}}`:                                         "a b",
		`{{index .Request.Annotations "team" | join ","}}`:            "payments",
		`{{index .Request.Annotations "none" | join ","}}{{.WebURL}}`: "https://x",
	} {
		parsed, err := parseTemplate(text)
		require.NoError(t, err)
		got, err := render(parsed, v)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	parsed, err := parseTemplate(`{{index .Request.Roles 99}}`)
	require.NoError(t, err)
	_, err = render(parsed, v)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	for _, bad := range []string{`{{env "HOME"}}`, `{{.Request`, `{{call .X}}{{end}}`} {
		_, err := parseTemplate(bad)
		require.Error(t, err, "hermetic: %s", bad)
	}
}

func TestFieldValues(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "null",
		"  ":                  "null",
		"text":                `"text"`,
		"8":                   "8",
		"-1.5":                "-1.5",
		`{"value":"x"}`:       `{"value":"x"}`,
		`["a"]`:               `["a"]`,
		`[not json`:           `"[not json"`,
		"true":                `"true"`,
		"2026-01-02":          `"2026-01-02"`,
		`"quoted"`:            `"\"quoted\""`,
		" {\"a\": {\"b\":1}}": `{"a":{"b":1}}`,
	} {
		got, err := json.Marshal(fieldValue(text))
		require.NoError(t, err)
		require.JSONEq(t, want, string(got), "%q", text)
	}
}
