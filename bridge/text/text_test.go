package text_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

var builtin *text.Set

func render(t *testing.T, source string, data any) string {
	t.Helper()
	parsed, err := text.Parse(source, nil)
	require.NoError(t, err)
	out, err := parsed.Render(data)
	require.NoError(t, err)
	return out
}

// views are the texts in every shape, by a name for people.
func views() []text.View {
	req := text.SampleRequest()
	ev := bridge.Evidence{
		Target: "itsm", Object: bridge.Ref{ID: "10042", Key: "ACCESS-42", URL: "https://example.atlassian.net/browse/ACCESS-42"},
		Status: "Approved", Actor: bridge.Actor{ID: "5b10", Email: "bob@example.com"}, At: req.Created,
	}
	unnamed := ev
	unnamed.Object = bridge.Ref{ID: "10042"}
	shift := bridge.Evidence{Target: "pager", Status: bridge.StatusOnCall}
	bare := bridge.Request{ID: req.ID}
	empty := bridge.Review{Author: "dave", State: bridge.StateDenied}
	list := []text.View{
		text.NewReview(req, req.Reviews[0], false), text.NewReview(req, empty, false),
		text.NewReview(req, req.Reviews[0], true), text.NewReview(bare, empty, true),
		text.Refusal{Request: req, Evidence: ev, Code: "requester", Why: "nobody can decide their own Access Request."},
		text.Failure{Request: req, Person: "bob", Evidence: ev, Why: "not permitted"},
		text.Failure{Request: req, Person: "alice", Evidence: shift, OnCall: true, Why: "not permitted"},
		text.NewReason(req, bridge.Decision{Verdict: bridge.Approve, Person: "bob", Reason: " go ahead ", Evidence: ev}),
		text.NewReason(req, bridge.Decision{Verdict: bridge.Deny, Evidence: unnamed}),
		text.NewReason(req, bridge.Decision{Verdict: bridge.Approve, Person: "alice", Reason: `alice is on call by "Primary"`, Evidence: shift}),
	}
	for _, late := range []bool{false, true} {
		list = append(list, text.Change{Request: req, Evidence: ev, Verb: "denied", Late: late},
			text.Change{Request: req, Evidence: bridge.Evidence{Status: "Open"}, Verb: "approved", Late: late}, text.Change{Verb: "approved", Late: late})
	}
	for _, ending := range []bridge.Ending{bridge.EndApproved, bridge.EndDenied, bridge.EndPromoted, bridge.EndExpired, bridge.EndDeleted, bridge.EndUnknown} {
		list = append(list, text.Closing{Request: req, Ending: ending, By: []string{"bob", "carol"}}, text.Closing{Request: bare, Ending: ending})
	}
	return list
}

// The built-in texts are what people at objects are used to, and what notes are known again by: they do not change unnoticed.
func TestBuiltinTexts(t *testing.T) {
	var out strings.Builder
	for _, v := range views() {
		fmt.Fprintf(&out, "%T\t%s\n", v, builtin.Render(nil, v))
	}
	golden.Assert(t, out.String(), "builtin.golden")
	set, err := text.New(nil, nil, nil)
	require.NoError(t, err)
	for _, v := range views() {
		require.Equal(t, builtin.Render(nil, v), set.Render(nil, v))
	}
}

func TestEveryBuiltinTemplateIsSound(t *testing.T) {
	require.Len(t, text.Names(), 13)
	for _, name := range text.Names() {
		require.NoError(t, text.Check(name, text.Builtin(name)), name)
	}
}

func TestThresholdsAreToldOneByOne(t *testing.T) {
	reviews := func(states ...bridge.State) (list []bridge.Review) {
		for _, s := range states {
			list = append(list, bridge.Review{State: s})
		}
		return list
	}
	said := func(req bridge.Request, s bridge.State) string {
		_, rest, _ := strings.Cut(builtin.Render(nil, text.NewReview(req, bridge.Review{State: s}, true)), "). ")
		return rest
	}
	thresholds := []bridge.Threshold{{Name: "ops", Approve: 2, Deny: 1}, {Name: "security", Approve: 3, Deny: 2}, {Approve: 1, Deny: 1}}
	one := bridge.Request{Thresholds: thresholds, Reviews: reviews(bridge.StateApproved)}
	require.Equal(t, `Teleport has 1 of 2 approvals (threshold "ops"), 1 of 3 approvals (threshold "security") and waits for more reviewers.`,
		said(one, bridge.StateApproved))
	no := bridge.Request{Thresholds: thresholds, Reviews: reviews(bridge.StateDenied)}
	require.Equal(t, `Teleport has 1 of 2 denials (threshold "security") and waits for more reviewers.`, said(no, bridge.StateDenied))
	require.Equal(t, "Teleport still waits for more reviewers.", said(bridge.Request{Reviews: one.Reviews}, bridge.StateApproved))
	twins := bridge.Request{Thresholds: []bridge.Threshold{{Approve: 2}, {Approve: 2}}, Reviews: one.Reviews}
	require.Equal(t, 1, strings.Count(said(twins, bridge.StateApproved), "1 of 2"))
}

func TestARouteGoesBeforeTheConfigurationAndThatBeforeTheBuiltin(t *testing.T) {
	set, err := text.New(map[string]string{"expired": "general", "denied": "no"}, map[string]map[string]string{"prod": {"expired": "of prod"}}, nil)
	require.NoError(t, err)
	route := func(name string) func() string { return func() string { return name } }
	expired := text.Closing{Ending: bridge.EndExpired}
	require.Equal(t, "of prod", set.Render(route("prod"), expired))
	require.Equal(t, "general", set.Render(route("other"), expired))
	require.Equal(t, "general", set.Render(nil, expired))
	require.Equal(t, builtin.Render(nil, text.Closing{Ending: bridge.EndDeleted}), set.Render(route("prod"), text.Closing{Ending: bridge.EndDeleted}))
	never := func() string { t.Error("no route has this text, so it need not be known"); return "" }
	require.Equal(t, "no", set.Render(never, text.Closing{Ending: bridge.EndDenied}))
}

// A text never stands in the way: one that fails, or says nothing, is replaced by the built-in one and logged once.
func TestATextThatFailsIsReplaced(t *testing.T) {
	for name, source := range map[string]string{"fails": `{{index .By 5}}`, "says nothing": `{{if .By}}x{{end}} `, "repeats": `{{range 100000}}{{end}}x`} {
		t.Run(name, func(t *testing.T) {
			var log logtest.Log
			set, err := text.New(map[string]string{"denied": source}, nil, log.Logger())
			require.NoError(t, err)
			v := text.Closing{Ending: bridge.EndDenied}
			for range 3 {
				require.Equal(t, builtin.Render(nil, v), set.Render(nil, v))
			}
			require.Equal(t, 1, strings.Count(log.String(), "a configured text cannot be written"), log.String())
			require.Contains(t, log.String(), "text=denied")
		})
	}
}

func TestFaultsOfATemplateHaveTheirPlace(t *testing.T) {
	for source, want := range map[string]string{
		"{{.Request.Usr}}":                      "1:11: <.Request.Usr>: can't evaluate field Usr in type bridge.Request",
		"one\n  {{.Reveiw}}":                    "2:5: <.Reveiw>: can't evaluate field Reveiw in type text.Review",
		"{{if":                                  "line 1: unclosed action",
		"a\n{{nothing .}}":                      `line 2: function "nothing" not defined`,
		"{{end}}":                               "line 1: unexpected {{end}}",
		"{{env \"HOME\"}}":                      `line 1: function "env" not defined`,
		"{{now}}":                               `line 1: function "now" not defined`,
		"":                                      "the template writes nothing",
		" {{/* nothing */}} ":                   "the template writes nothing",
		`{{if eq .Verb "x"}}{{.Nope}}{{end}}y`:  "<.Nope>: can't evaluate field Nope",
		`{{if .Verb}}y{{else}}{{.Nope}}{{end}}`: "<.Nope>: can't evaluate field Nope",
		`{{if .Verb}}{{if .Own}}{{else}}{{if eq .Verb "q"}}{{.Review.Nope}}{{end}}{{end}}{{end}}y`: "<.Review.Nope>: can't evaluate field Nope",
		`{{with .Review.Reason}}y{{else}}{{.Nope}}{{end}}`:                                         "<.Nope>: can't evaluate field Nope",
		`{{range .Request.Roles}}{{if eq . "q"}}{{.Nope}}{{break}}{{end}}{{end}}y`:                 "<.Nope>: can't evaluate field Nope in type string",
		`{{define "x"}}{{.Nope}}{{end}}{{if eq .Verb "q"}}{{template "x" .}}{{end}}y`:              "<.Nope>: can't evaluate field Nope",
		`{{datein "Mars/Olympus" .Review.At}}`:                                                     `"Mars/Olympus" is not a time zone`,
		`{{datein "Local" .Review.At}}`:                                                            `"Local" is not a time zone`,
		`{{printf "%999999d" 1}}`:                                                                  "widths and precisions of more than three digits",
		`{{template "absent"}}`:                                                                    `template "absent" not defined`,
		strings.Repeat("x", 32<<10) + "x":                                                          "the template is longer than 32768 bytes",
	} {
		err := text.Check("review", source)
		require.ErrorContains(t, err, want, source)
	}
	for _, source := range []string{
		`{{if gt (len .Request.Resources) 5}}{{(index .Request.Resources 5).Name}}{{end}}y`,
		`{{if .Request.Reviews}}{{(index .Request.Reviews 0).Author}}{{else}}nobody{{end}}`,
		`{{$n := .Verb}}{{if $x := .Review.Reason}}{{$x}}{{end}}{{$n}}`,
	} {
		require.NoError(t, text.Check("review", source), "what a condition keeps from happening is no fault")
	}
}

// No template can hang the bridge or fill its memory.
func TestTemplatesAreBounded(t *testing.T) {
	for name, source := range map[string]string{
		"a long loop":       `{{range 1000000000}}{{end}}`,
		"loops in loops":    `{{range 500}}{{range 500}}{{range 500}}{{end}}{{end}}{{end}}`,
		"itself":            `{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`,
		"itself, twice":     `{{define "a"}}{{if lt (len .) 60}}{{template "a" (print . "x")}}{{template "a" (print . "x")}}{{end}}{{end}}{{template "a" "x"}}`,
		"replacing nothing": `{{$x := printf "%900d" 1}}{{replace "" $x $x}}`,
		"a wide number":     `{{printf "%[1]*d" 1000000}}`,
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := text.Parse(source, nil)
			require.NoError(t, err)
			begun := time.Now()
			_, err = parsed.Render(nil)
			require.Error(t, err)
			require.Less(t, time.Since(begun), time.Minute)
		})
	}
	for name, source := range map[string]string{
		"doubling":           `{{$x := "0123456789ä"}}` + strings.Repeat(`{{$x = print $x $x}}`, 40) + `{{$x}}`,
		"doubling by printf": `{{$x := print "0123456789ä"}}` + strings.Repeat(`{{$x = printf "%s%s" $x $x}}`, 40) + `{{$x}}{{$x}}`,
		"escapes of escapes": `{{$x := "ä\\\\"}}` + strings.Repeat(`{{$x = js $x}}`, 40) + `{{$x}}`,
		"replacing by more":  `{{$x := printf "%900d" 1}}` + strings.Repeat(`{{$x = replace " " $x $x}}`, 10) + `{{$x}}`,
	} {
		t.Run(name, func(t *testing.T) {
			out := render(t, source, nil)
			require.LessOrEqual(t, len(out), 128<<10+len("…"))
			require.True(t, strings.HasSuffix(out, "…"), "what grows too long is cut, and says so")
			require.True(t, utf8.ValidString(out))
		})
	}
	long := render(t, `{{range 4000}}0123456789 0123456789 0123456789 äöü{{end}}`, nil)
	require.LessOrEqual(t, len(long), 128<<10+len("…"))
	require.True(t, strings.HasSuffix(long, "…"), "a text that grows too long is cut, and says so")
	require.Equal(t, strings.ToValidUTF8(long, "?"), long)
}

func TestFunctions(t *testing.T) {
	at := time.Date(2026, 7, 1, 16, 30, 0, 0, time.UTC)
	data := map[string]any{
		"T": at, "Zero": time.Time{}, "D": 90 * time.Minute, "L": []string{"a", "b", "c"}, "Th": []bridge.Threshold{{Approve: 2, Deny: 1}}, "U": uint32(1),
		"R": []bridge.Resource{{Kind: "node", Name: "7d2f", Title: "db-1"}, {Kind: "app", Name: "grafana"}},
	}
	for source, want := range map[string]string{
		`{{upper "aß"}}{{lower "AÖ"}}`:       "Aßaö",
		`{{join ", " .L}}`:                   "a, b, c",
		`{{shorten 2 .L | join ", "}}`:       "a, b, and 1 more",
		`{{list .L | join ","}}`:             "a,b,c",
		`{{cut 3 "äöüß"}}|{{cut 0 "ab"}}`:    "äö…|…",
		`{{date .T}}|{{date .Zero}}`:         "2026-07-01 16:30 UTC|",
		`{{datein "Europe/Berlin" .T}}`:      "2026-07-01 18:30 CEST",
		`{{datein "Asia/Kolkata" .Zero}}`:    "",
		`{{duration .D}}`:                    "1h30m",
		`{{default "nobody" " "}}`:           "nobody",
		`{{"" | default "none"}}`:            "none",
		`{{quote "a\"b"}}`:                   `"a\"b"`,
		`{{count 2 "approval"}}`:             "2 approvals",
		`{{count .U "denial"}}`:              "1 denial",
		`{{plural (len .L) "role" "roles"}}`: "roles",
		`{{plural 1 "role" "roles"}}`:        "role",
		`{{trim " x "}}|{{oneline "a\n b"}}`: "x|a b",
		`{{replace "a" "b" "banana"}}`:       "bbnbnb",
		`{{resources 1 .R}}`:                 "node db-1, and 1 more",
		`{{thresholds .Th}}`:                 "2 approvals or 1 denial",
		`{{json .L}}`:                        `["a","b","c"]`,
		`{{clean "a\x00b\r\nc"}}`:            "ab\nc",
		`{{printf "%03d" 7}}{{html "<"}}`:    "007&lt;",
		`{{.Absent}}`:                        "<no value>",
	} {
		require.Equal(t, want, render(t, source, data), source)
	}
	_, err := text.Parse(`{{count "x" "y"}}`, nil)
	require.NoError(t, err)
	parsed, err := text.Parse(`{{count "x" "y"}}`, nil)
	require.NoError(t, err)
	_, err = parsed.Render(nil)
	require.ErrorContains(t, err, "x is not a whole number")
}
