package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// record is an audit file and the log beside it.
type record struct {
	t    *testing.T
	path string
	log  *logtest.Log
	// made counts the instances.
	made int
}

func newRecord(t *testing.T) *record {
	t.Helper()
	return &record{t: t, path: filepath.Join(t.TempDir(), "audit.log"), log: &logtest.Log{}}
}

func (r *record) options() Options {
	r.made++
	return Options{Output: OutputFile, File: r.path, Instance: fmt.Sprintf("bridge-%d", r.made), Log: r.log.Logger()}
}

// sink opens the file without the goroutine of a Journal.
func (r *record) sink(change ...func(*Options)) *file {
	r.t.Helper()
	o := r.options()
	for _, c := range change {
		c(&o)
	}
	s, err := openFile(o)
	require.NoError(r.t, err)
	return s
}

// add is one run of an instance that writes some entries.
func (r *record) add(ids ...string) {
	r.t.Helper()
	s := r.sink()
	put(r.t, s, ids...)
	require.NoError(r.t, s.close())
}

func put(t *testing.T, s *file, ids ...string) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, s.append(entry(id)))
	}
	require.NoError(t, s.sync())
}

func (r *record) text() string { return read(r.t, r.path) }

func (r *record) lines() []string {
	return strings.SplitAfter(strings.TrimSuffix(r.text(), "\n"), "\n")
}

func (r *record) write(text string) { require.NoError(r.t, os.WriteFile(r.path, []byte(text), 0o600)) }

// files are all files of the record.
func (r *record) files() []string {
	r.t.Helper()
	all, err := filepath.Glob(r.path + "*")
	require.NoError(r.t, err)
	return all
}

func (r *record) verify(expect ...string) *Report {
	r.t.Helper()
	report, err := Verify(r.files(), VerifyOptions{Expect: expect})
	require.NoError(r.t, err)
	return report
}

// whole requires a record without faults, and returns its notes.
func (r *record) whole(entries int) string {
	r.t.Helper()
	report := r.verify()
	require.Empty(r.t, report.Faults)
	require.True(r.t, report.OK)
	require.Equal(r.t, entries, report.Entries)
	return texts(report.Notes)
}

func texts(list []Finding) string {
	var all []string
	for _, f := range list {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func entry(id string) bridge.AuditEntry {
	at := time.Date(2026, 10, 2, 9, 30, 0, 123456789, time.UTC)
	return bridge.AuditEntry{
		Time: at, RequestID: id, Requester: "alice", Verdict: bridge.Approve, Outcome: bridge.OutcomeApplied, Person: "bob",
		Reason: "fine, \"go\"\n<b>&\u2028", Evidence: bridge.Evidence{Target: "itsm", Object: bridge.Ref{ID: "1"}, Marker: id, Status: "Approved", Verdict: bridge.Approve, At: at, ReadAt: at},
	}
}

// check verifies texts as the files of one record.
func check(t *testing.T, files ...string) *Report {
	t.Helper()
	v := newVerification(VerifyOptions{})
	for i, text := range files {
		require.NoError(t, v.read(fmt.Sprintf("file-%d", i+1), strings.NewReader(text), i == len(files)-1))
	}
	return v.finish()
}
