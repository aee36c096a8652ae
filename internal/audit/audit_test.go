package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/audit"
)

func entry(id string) bridge.AuditEntry {
	return bridge.AuditEntry{RequestID: id, Requester: "alice", Verdict: bridge.Approve, Outcome: bridge.OutcomeApplied}
}

func TestFileIsAppendedToAndNeverTruncated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	require.NoError(t, os.WriteFile(path, []byte("{\"earlier\":true}\n"), 0o600))
	for _, id := range []string{"one", "two"} {
		j, err := audit.Open("file", path, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		j.Record(entry(id))
		require.NoError(t, j.Close())
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, 3)
	require.JSONEq(t, `{"earlier":true}`, lines[0])
	require.Contains(t, lines[2], `"request_id":"two"`)
}

func TestConcurrentEntriesStayWholeLines(t *testing.T) {
	var out bytes.Buffer
	j := audit.New(&out, slog.New(slog.DiscardHandler))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { j.Record(entry(strings.Repeat("x", 200))) })
	}
	all.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 50)
	for _, line := range lines {
		require.True(t, json.Valid([]byte(line)))
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestEntryThatCannotBeWrittenGoesToTheLog(t *testing.T) {
	var log bytes.Buffer
	audit.New(full{}, slog.New(slog.NewTextHandler(&log, nil))).Record(entry("r-1"))
	require.Contains(t, log.String(), "audit entry not written")
	require.Contains(t, log.String(), "r-1")
	require.Contains(t, log.String(), "alice")
}

func TestUnknownOutputIsRefused(t *testing.T) {
	_, err := audit.Open("syslog", "", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "syslog")
	_, err = audit.Open("file", filepath.Join(t.TempDir(), "absent", "audit.log"), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "opening the audit file")
}
