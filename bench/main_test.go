package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFlags(t *testing.T) {
	f, wanted, err := parse([]string{"-json", "out.json", "-only", "resync", "-lag", "200ms"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, flags{only: "resync", json: "out.json", lag: 200 * time.Millisecond}, f)
	require.Len(t, wanted, 2)
	for _, args := range [][]string{{"-only", "nothing"}, {"-unknown"}, {"extra"}} {
		_, _, err := parse(args, io.Discard)
		require.Error(t, err, "%v", args)
	}
}

func TestUsageFaultsHaveTheirOwnExitCode(t *testing.T) {
	var errOut bytes.Buffer
	require.Equal(t, exitUsage, run(t.Context(), []string{"-only", "nothing"}, io.Discard, &errOut))
	require.Contains(t, errOut.String(), `no row begins with "nothing"`)
	require.Zero(t, run(t.Context(), []string{"-help"}, io.Discard, &errOut))
}

func TestWriteJSON(t *testing.T) {
	require.NoError(t, writeJSON("", nil))
	path := filepath.Join(t.TempDir(), "rows.json")
	require.NoError(t, writeJSON(path, evaluate(selected(specs(), "start.ms"), figures{"start.ms_to_ready": 12.5})))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.JSONEq(t, `[{"name":"start.ms_to_ready","value":12.5,"unit":"ms","limit":150,"ok":true}]`, string(data))
	require.Error(t, writeJSON(filepath.Join(path, "below-a-file"), nil))
}

func TestAFailedPartLeavesTheOthersMeasured(t *testing.T) {
	var order []string
	made := func(name string, err error) part {
		return part{rows: []string{name}, run: func(context.Context, *rig) (figures, error) {
			order = append(order, name)
			return figures{name: 1}, err
		}}
	}
	r := &rig{binary: "unused", progress: io.Discard}
	measured, err := r.measure(t.Context(), []part{
		made("a", nil), {rows: []string{"b"}, run: func(context.Context, *rig) (figures, error) { return nil, errors.New("broken") }}, made("c", nil), made("d", nil),
	}, []spec{reported("a", ""), reported("b", ""), reported("c", "")})
	require.ErrorContains(t, err, "measuring b: broken")
	require.Equal(t, figures{"a": 1, "c": 1}, measured)
	require.Equal(t, []string{"a", "c"}, order, "nobody wants d")
	require.NoDirExists(t, r.dir)
}

func TestBridgeAndFloorTakeTurns(t *testing.T) {
	var order []string
	note := func(who string) func(int) error {
		return func(int) error { order = append(order, who); return nil }
	}
	require.NoError(t, turns(3, note("bridge"), note("floor")))
	require.Equal(t, []string{"bridge", "floor", "floor", "bridge", "bridge", "floor"}, order)
	err := turns(3, note("bridge"), func(round int) error { return errors.New("gone") })
	require.ErrorContains(t, err, "round 1: gone")
}

func TestEachIsCalledOnceForEach(t *testing.T) {
	seen := make([]int, 100)
	require.NoError(t, each(t.Context(), len(seen), 7, func(_ context.Context, i int) error { seen[i]++; return nil }))
	for _, n := range seen {
		require.Equal(t, 1, n)
	}
	require.ErrorContains(t, each(t.Context(), 3, 1, func(context.Context, int) error { return errors.New("no") }), "no")
}
