package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

func quiet() Options { return Options{Instance: "bridge-1", Log: slog.New(slog.DiscardHandler)} }

func TestConcurrentEntriesStayWholeLinesOfOneChain(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	j, err := Open(r.options())
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() { j.Record(entry(fmt.Sprintf("r-%d-%s", i, strings.Repeat("x", 3*i)))) })
	}
	all.Wait()
	require.Contains(t, r.text(), "r-199-", "it is in the file when Record returns")
	require.NoError(t, j.Close())
	require.NoError(t, j.Close(), "closing twice does no harm")
	r.whole(200)
	require.Contains(t, r.log.String(), `head of the audit chain" output=file file=`+r.path+" seq=200 hash="+r.verify().Head)
}

func TestStandardOutputHasAChainOfItsOwn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	j := New(&out, quiet())
	for _, id := range []string{"one", "two"} {
		j.Record(entry(id))
	}
	require.NoError(t, j.Close())
	report := check(t, out.String())
	require.True(t, report.OK, texts(report.Faults))
	require.Equal(t, 2, report.Entries)
}

func TestBothOutputsGetEveryEntry(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	var out bytes.Buffer
	o := r.options()
	j := newJournal(o, newStream(OutputStdout, &out, o), r.sink())
	require.Equal(t, []string{"stdout", "file"}, j.Outputs())
	j.Record(entry("one"))
	require.NoError(t, j.Close())
	r.whole(1)
	require.True(t, check(t, out.String()).OK)
	require.Contains(t, out.String(), `"request_id":"one"`)
}

type full struct{ took, most int }

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.most-f.took)
	f.took += n
	if n < len(p) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

func TestEntryThatCannotBeWrittenGoesToTheLogWhole(t *testing.T) {
	t.Parallel()
	var log logtest.Log
	failed := map[string]int{}
	o := Options{Log: log.Logger(), Failed: func(output string) { failed[output]++ }}
	j := New(&full{}, o)
	j.Record(entry("r-1"))
	require.Contains(t, log.String(), "audit entry not written")
	require.Contains(t, log.String(), "no space left on device")
	for _, part := range []string{"r-1", "alice", "bob", "itsm", "2026-10-02T09:30:00.123456789Z"} {
		require.Contains(t, log.String(), part)
	}
	require.Equal(t, map[string]int{"writer": 1}, failed)
	require.NoError(t, j.Close())
	j.Record(entry("r-2"))
	require.Contains(t, log.String(), "r-2", "also when the journal is closed")
	require.Contains(t, log.String(), errShut.Error())
}

// The output recovers: what was missed is said in the chain, and the part of a line that was written spoils nothing.
func TestStreamThatRecoversGoesOnWithItsChain(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 1, 100, 500} {
		var out bytes.Buffer
		limit := &full{most: room}
		s := newStream(OutputStdout, nil, quiet())
		s.out = io.MultiWriter(&out, limit)
		s.out = writerFunc(func(p []byte) (int, error) {
			n, err := limit.Write(p)
			out.Write(p[:n])
			return n, err
		})
		require.Error(t, s.append(entry("one")))
		require.Error(t, s.append(entry("two")))
		limit.most = 1 << 20
		require.NoError(t, s.append(entry("three")))
		require.NoError(t, s.append(entry("four")))
		v := newVerification(VerifyOptions{Collected: true})
		require.NoError(t, v.read("stdout", &out, true))
		report := v.finish()
		require.Empty(t, report.Faults)
		require.Equal(t, uint64(2), report.Missed)
		require.Equal(t, 2, report.Entries)
		require.Equal(t, 3, report.Lines)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A disk or a pipe that hangs must not stop decisions: the entry is in the log after some seconds, the next ones at once.
func TestOutputThatHangsDoesNotStopDecisions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := &logtest.Log{}
		hang := make(chan struct{})
		j := New(writerFunc(func(p []byte) (int, error) {
			<-hang
			return out.Write(p)
		}), Options{Instance: "bridge-1", Log: log.Logger()})
		start := time.Now()
		j.Record(entry("first"))
		require.Equal(t, patience, time.Since(start))
		require.Contains(t, log.String(), "first")
		start = time.Now()
		for i := range 2 * mostWaiting {
			j.Record(entry(fmt.Sprintf("next-%d.", i)))
		}
		require.Zero(t, time.Since(start))
		for i := range 2 * mostWaiting {
			require.Contains(t, log.String(), fmt.Sprintf("next-%d.", i))
		}
		close(hang)
		synctest.Wait()
		j.Record(entry("last"))
		require.NotContains(t, log.String(), `request_id=last`, "it is written again as usual")
		require.NoError(t, j.Close())
		report := check(t, out.String())
		require.Empty(t, report.Faults)
		require.Equal(t, mostWaiting+2, report.Entries, "what waited is written after all")
		require.Equal(t, uint64(mostWaiting), report.Missed, "the rest is only in the log, and the record says so")
	})
}

func TestJournalThatHangsIsClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		j := New(writerFunc(func(p []byte) (int, error) {
			<-hang
			return len(p), nil
		}), quiet())
		j.Record(entry("one"))
		start := time.Now()
		require.ErrorIs(t, j.Close(), errLate)
		require.Equal(t, patience, time.Since(start))
		close(hang)
	})
}

// slowSink counts how often it is synced.
type slowSink struct {
	sync.Mutex
	entries, syncs int
	gate           chan struct{}
	fault          error
}

func (s *slowSink) name() string { return "slow" }
func (s *slowSink) append(bridge.AuditEntry) error {
	<-s.gate
	s.entries++
	return nil
}

func (s *slowSink) sync() error {
	s.syncs++
	return s.fault
}
func (s *slowSink) miss()        {}
func (s *slowSink) close() error { return nil }

func TestEntriesOfTheSameMomentShareOneWriteToTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowSink{gate: make(chan struct{})}
		j := newJournal(quiet(), s)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { j.Record(entry("r")) })
		}
		synctest.Wait()
		close(s.gate)
		all.Wait()
		require.NoError(t, j.Close())
		require.Equal(t, 16, s.entries)
		require.LessOrEqual(t, s.syncs, 2)
	})
}

func TestFaultOfTheDiskConcernsAllWhoWaitForIt(t *testing.T) {
	t.Parallel()
	log := &logtest.Log{}
	s := &slowSink{gate: make(chan struct{}), fault: errors.New("planted")}
	close(s.gate)
	j := newJournal(Options{Log: log.Logger()}, s)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { j.Record(entry(fmt.Sprintf("r-%d.", i))) })
	}
	all.Wait()
	for i := range 20 {
		require.Contains(t, log.String(), fmt.Sprintf("r-%d.", i))
	}
	require.NoError(t, j.Close())
}

func TestOutputsThatCannotBeOpenedAreRefused(t *testing.T) {
	t.Parallel()
	o := quiet()
	o.Output = "syslog"
	_, err := Open(o)
	require.ErrorContains(t, err, "syslog")
	o.Output, o.File = OutputBoth, t.TempDir()+"/absent/audit.log"
	_, err = Open(o)
	require.ErrorContains(t, err, "opening the audit file")
	o.File = t.TempDir()
	_, err = Open(o)
	require.ErrorContains(t, err, "opening the audit file", "a folder")
	for _, output := range []string{OutputStdout, OutputStderr} {
		o.Output = output
		j, err := Open(o)
		require.NoError(t, err)
		require.Equal(t, []string{output}, j.Outputs())
		require.NoError(t, j.Close())
	}
}
