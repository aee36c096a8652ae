package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseCPU(t *testing.T) {
	// As Linux 6.1 writes it: 212 ticks for the program, 38 for the system.
	const stat = "4242 (accessbridge) S 1 4242 4242 0 -1 4194560 5301 0 0 0 212 38 0 0 20 0 9 0 100 1279152128 12345 184467"
	for name, line := range map[string]string{
		"plain name":             stat,
		"name with spaces":       strings.Replace(stat, "(accessbridge)", "(a b c)", 1),
		"name with parentheses":  strings.Replace(stat, "(accessbridge)", "(a) R 1 (b)", 1),
		"newline at the end":     stat + "\n",
		"name that is no number": strings.Replace(stat, "(accessbridge)", "()", 1),
	} {
		t.Run(name, func(t *testing.T) {
			used, err := parseCPU(line)
			require.NoError(t, err)
			require.Equal(t, 2500*time.Millisecond, used)
		})
	}
	for name, line := range map[string]string{
		"empty":     "",
		"cut":       "4242 (accessbridge) S 1 4242 4242",
		"no name":   "4242 S 1 4242",
		"no number": strings.Replace(stat, " 212 ", " many ", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseCPU(line)
			require.Error(t, err)
		})
	}
}

func TestParseRSS(t *testing.T) {
	used, err := parseRSS("Name:\taccessbridge\nVmHWM:\t   99999 kB\nVmRSS:\t   48828 kB\nRssAnon:\t   10000 kB\n")
	require.NoError(t, err)
	require.InDelta(t, 49.999872, used.all, 1e-9)
	require.InDelta(t, 10.24, used.own, 1e-9)
	for _, status := range []string{
		"", "VmHWM:\t 1 kB\n", "VmRSS:\t1 MB\n", "VmRSS:\tmuch kB\n", "VmRSS:\n", "VmRSS:\t1 kB\n", "RssAnon:\t1 kB\n",
	} {
		_, err := parseRSS(status)
		require.Error(t, err, "%q", status)
	}
}

// program writes a shell script to be run in the bridge's place.
func program(t *testing.T, script string) string {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh")
	}
	path := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	return path
}

func launch(ctx context.Context, t *testing.T, script string) (*process, <-chan error) {
	t.Helper()
	died := make(chan error, 1)
	p, err := startProcess(ctx, program(t, script), "config.yaml", filepath.Join(t.TempDir(), "log"), func(err error) { died <- err })
	require.NoError(t, err)
	return p, died
}

func TestStopEndsTheProcess(t *testing.T) {
	p, died := launch(t.Context(), t, "trap 'exit 0' TERM\nwhile :; do sleep 0.01; done\n")
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		_, err := p.cpu()
		require.NoError(t, err)
		used, err := p.rss()
		require.NoError(t, err)
		require.Positive(t, used.all)
		require.LessOrEqual(t, used.own, used.all)
	}
	// The script may not have set its trap yet, which only shows in how it ends.
	_ = p.stop()
	require.NotNil(t, p.cmd.ProcessState)
	require.Empty(t, died, "it was told to")
}

func TestAProcessThatEndsByItselfIsReportedWithItsLog(t *testing.T) {
	p, died := launch(t.Context(), t, "echo arguments: $@\necho cannot listen >&2\nexit 3\n")
	err := <-died
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "arguments: serve --config config.yaml")
	require.ErrorContains(t, err, "cannot listen")
	require.ErrorContains(t, p.stop(), "exit status 3")
}

func TestTheEndOfTheRunEndsTheProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, died := launch(ctx, t, "exec sleep 60\n")
	cancel()
	<-p.done
	require.Empty(t, died)
}

func TestReadyWaitsForTheAnswer(t *testing.T) {
	asked := 0
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked < 3 || r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer admin.Close()
	start := time.Now()
	took, err := (&process{started: start}).ready(t.Context(), admin.Listener.Addr().String())
	require.NoError(t, err)
	require.Equal(t, 3, asked)
	require.Positive(t, took)
	require.LessOrEqual(t, took, time.Since(start))
}

func TestReadyGivesUpWithTheLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(log, []byte("still connecting\n"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	addresses, err := freePorts(1)
	require.NoError(t, err)
	_, err = (&process{started: time.Now(), log: log}).ready(ctx, addresses[0])
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "still connecting")
}
