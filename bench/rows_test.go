package main

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEvaluateComparesWithTheLimit(t *testing.T) {
	for name, c := range map[string]struct {
		spec     spec
		measured figures
		ok       bool
	}{
		"below":                 {atMost("a", "ms", 2), figures{"a": 1.9}, true},
		"at the limit":          {atMost("a", "ms", 2), figures{"a": 2}, true},
		"just above":            {atMost("a", "calls", 1), figures{"a": 1.0005}, false},
		"none allowed, none":    {atMost("a", "requests", 0), figures{"a": 0}, true},
		"none allowed, one":     {atMost("a", "requests", 0), figures{"a": 1}, false},
		"without a limit":       {reported("a", "ms"), figures{"a": 1e9}, true},
		"not measured":          {atMost("a", "ms", 2), figures{"b": 1}, false},
		"reported, not there":   {reported("a", "ms"), nil, false},
		"not a number":          {atMost("a", "ms", 2), figures{"a": math.NaN()}, false},
		"reported, no number":   {reported("a", "ms"), figures{"a": math.NaN()}, false},
		"infinitely many times": {atMost("a", "ratio", 2), figures{"a": math.Inf(1)}, false},
		"above the least":       {atLeast("a", "ratio", 0.7), figures{"a": 0.9}, true},
		"at the least":          {atLeast("a", "ratio", 0.7), figures{"a": 0.7}, true},
		"below the least":       {atLeast("a", "ratio", 0.7), figures{"a": 0.6999}, false},
		"no number, at least":   {atLeast("a", "ratio", 0.7), figures{"a": math.NaN()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			rows := evaluate([]spec{c.spec}, c.measured)
			require.Len(t, rows, 1)
			require.Equal(t, c.ok, rows[0].OK)
			require.Equal(t, c.ok, allOK(rows))
			require.Equal(t, c.spec.limited, rows[0].Limit != nil)
		})
	}
}

func TestOneRowThatIsNotOKSpoilsTheResult(t *testing.T) {
	require.True(t, allOK([]row{{OK: true}, {OK: true}}))
	require.False(t, allOK([]row{{OK: true}, {OK: false}}))
}

func TestJSONHasTheAgreedFields(t *testing.T) {
	rows := evaluate(
		[]spec{
			atMost("open.idle.p50_ratio", "ratio", 1.1), reported("cpu.ms_per_request", "ms"), atMost("rss.idle_mb", "MB", 50),
			atLeast("intake.ratio", "ratio", 0.7),
		},
		figures{"open.idle.p50_ratio": 1.23456789, "cpu.ms_per_request": 0.5, "intake.ratio": 0.8},
	)
	var out bytes.Buffer
	require.NoError(t, printJSON(&out, rows))
	require.JSONEq(t, `[
		{"name": "open.idle.p50_ratio", "value": 1.2346, "unit": "ratio", "limit": 1.1, "ok": false},
		{"name": "cpu.ms_per_request", "value": 0.5, "unit": "ms", "limit": null, "ok": true},
		{"name": "rss.idle_mb", "value": null, "unit": "MB", "limit": 50, "ok": false},
		{"name": "intake.ratio", "value": 0.8, "unit": "ratio", "limit": 0.7, "at_least": true, "ok": true}
	]`, out.String())
}

func TestJSONOfEveryRowCanBeRead(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printJSON(&out, evaluate(specs(), nil)))
	var read []struct {
		Name, Unit string
		OK         bool
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &read))
	require.Len(t, read, len(specs()))
	for i, s := range specs() {
		require.Equal(t, s.name, read[i].Name)
		require.NotEmpty(t, read[i].Unit)
		require.False(t, read[i].OK)
	}
}

func TestTableIsAlignedAndSaysWhatFails(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printTable(&out, evaluate(
		[]spec{atMost("a", "ms", 2), atMost("a.long.name", "calls", 70), reported("c", "s"), atLeast("d", "ratio", 0.7)},
		figures{"a": 3.14159, "c": 12, "d": 1},
	)))
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Len(t, lines, 5)
	for _, line := range lines {
		require.Len(t, line, len(lines[0]))
	}
	require.Equal(t, []string{"a", "3.142", "<=", "2", "ms", "FAIL"}, strings.Fields(lines[1]))
	require.Equal(t, []string{"a.long.name", "not", "measured", "<=", "70", "calls", "FAIL"}, strings.Fields(lines[2]))
	require.Equal(t, []string{"c", "12", "-", "s", "ok"}, strings.Fields(lines[3]))
	require.Equal(t, []string{"d", "1", ">=", "0.7", "ratio", "ok"}, strings.Fields(lines[4]))
}

func TestOnlySelectsByPrefix(t *testing.T) {
	names := func(list []spec) []string {
		var out []string
		for _, s := range list {
			out = append(out, s.name)
		}
		return out
	}
	require.Equal(t, names(specs()), names(selected(specs(), "")))
	require.Equal(t, []string{"rss.idle_mb", "rss.open5000_mb"}, names(selected(specs(), "rss.")))
	require.Equal(t, []string{"start.ms_to_ready"}, names(selected(specs(), "start.ms_to_ready")))
	require.Empty(t, selected(specs(), "idle"))
}

func TestEveryRowIsMeasuredByOnePart(t *testing.T) {
	measured := map[string]int{}
	for _, p := range parts() {
		for _, name := range p.rows {
			measured[name]++
		}
	}
	for _, s := range specs() {
		require.Equal(t, 1, measured[s.name], s.name)
		delete(measured, s.name)
	}
	require.Empty(t, measured)
}

func TestOnlyPartsWithAWantedRowRun(t *testing.T) {
	wanted := selected(specs(), "decide.webhook")
	running := slices.DeleteFunc(parts(), func(p part) bool { return !p.wants(wanted) })
	require.Len(t, running, 1)
	require.Contains(t, running[0].rows, "webhook.answer.p50_ms")
}
