package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/test/harness"
)

// drainWithin is the configured limit for finishing work on SIGTERM, stopWithin what the whole end may take: listeners and connections are
// closed besides. A process that is not held up needs a small part of it, on the slowest machine too.
const (
	drainWithin = time.Minute
	stopWithin  = 2 * drainWithin
)

// instance is one configuration that processes are started with, one after the other. It keeps its files.
type instance struct {
	w                  *world
	config, audit, log string
	*process
}

// process is one run of the binary.
type process struct {
	cmd *exec.Cmd
	// from is where its lines begin in the log.
	from int64
	// ended is closed when it has ended, with err saying how.
	ended chan struct{}
	err   error
	// name is its name in claims, public and admin are its addresses.
	name, public, admin string
}

// started is the line of the log that tells where a process listens.
type started struct{ Msg, Listen, Admin, Instance string }

// configure writes the configuration of one more instance.
func (w *world) configure() *instance {
	w.T.Helper()
	// The folder with the credentials is watched, so what is written all the time goes elsewhere.
	folder := w.Path("instance-" + strconv.Itoa(len(w.instances)))
	require.NoError(w.T, os.Mkdir(folder, 0o700))
	i := &instance{w: w, audit: filepath.Join(folder, "audit.log"), log: filepath.Join(folder, "process.log")}
	w.Settings.Top["audit"] = harness.Section{"output": "file", "file": i.audit}
	i.config = w.WriteConfig()
	w.instances = append(w.instances, i)
	return i
}

// launch starts a process and waits until it listens.
func (i *instance) launch() {
	w := i.w
	w.T.Helper()
	out, err := os.OpenFile(i.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(w.T, err)
	from, err := out.Seek(0, io.SeekEnd)
	require.NoError(w.T, err)
	p := &process{from: from, ended: make(chan struct{})}
	p.cmd = exec.Command(os.Getenv(binaryVariable), "serve", "--config", i.config)
	// The log goes through a pipe, so that no limit on files of the process concerns it.
	log := struct{ io.Writer }{out}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	require.NoError(w.T, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		_ = out.Close() // Nothing rests on the log but what was read from it.
		close(p.ended)
	}()
	i.process = p
	w.Eventually("the process to listen", func() bool {
		i.requireRunning()
		return p.listens(i.lines())
	})
	w.balance()
}

// listens finds out where it listens.
func (p *process) listens(lines []string) bool {
	for _, line := range lines {
		var s started
		if json.Unmarshal([]byte(line), &s) == nil && s.Msg == "accessbridge started" {
			p.name, p.public, p.admin = s.Instance, s.Listen, s.Admin
			return true
		}
	}
	return false
}

// start is launch, and waits until it is ready.
func (i *instance) start() {
	i.w.T.Helper()
	i.launch()
	i.w.Eventually("the process to be ready", func() bool {
		i.requireRunning()
		return i.ready() == http.StatusOK
	})
}

func (i *instance) running() bool {
	if i.process == nil {
		return false
	}
	select {
	case <-i.ended:
		return false
	default:
		return true
	}
}

// requireRunning says why the process has ended, if it has.
func (i *instance) requireRunning() {
	i.w.T.Helper()
	if !i.running() {
		require.FailNow(i.w.T, "the process has ended", "%v\n%s", i.err, i.tail(20))
	}
}

// kill ends the process as a crash does, at once and without a word.
func (i *instance) kill() {
	i.w.T.Helper()
	require.NoError(i.w.T, i.cmd.Process.Kill())
	<-i.ended
}

// terminate sends SIGTERM and does not wait.
func (i *instance) terminate() {
	i.w.T.Helper()
	require.NoError(i.w.T, i.cmd.Process.Signal(syscall.SIGTERM))
}

// stop sends SIGTERM and waits for an end in order.
func (i *instance) stop() {
	i.w.T.Helper()
	i.terminate()
	i.requireCleanEnd()
}

// requireCleanEnd waits until the process has ended and asserts that it did so in time and with exit status 0.
func (i *instance) requireCleanEnd() {
	i.w.T.Helper()
	i.w.Within(stopWithin, "the process to end", func() bool { return !i.running() })
	require.NoError(i.w.T, i.err, i.tail(20))
}

// discard puts an end to it, whatever happened before.
func (i *instance) discard() {
	t := i.w.T
	if i.running() {
		_ = i.cmd.Process.Signal(syscall.SIGTERM)
		limit := time.NewTimer(stopWithin)
		defer limit.Stop()
		select {
		case <-i.ended:
			if i.err != nil {
				t.Errorf("the process ended with an error: %v", i.err)
			}
		case <-limit.C:
			t.Error("the process did not end")
			_ = i.cmd.Process.Kill()
			<-i.ended
		}
	}
	all, _ := os.ReadFile(i.log)
	for _, sign := range []string{"DATA RACE", "panicked", "panic:", "fatal error:"} {
		if bytes.Contains(all, []byte(sign)) {
			t.Errorf("the log tells of a %q", sign)
		}
	}
	if t.Failed() {
		t.Logf("the last warnings of %s:\n%s", i.log, i.tail(100, `"level":"WARN"`, `"level":"ERROR"`))
	}
}

// lines are what the process has logged so far.
func (i *instance) lines() []string {
	i.w.T.Helper()
	text, err := os.ReadFile(i.log)
	require.NoError(i.w.T, err)
	return strings.Split(string(text[i.from:]), "\n")
}

// tail is the last lines of the log, of those that contain one of the words.
func (i *instance) tail(n int, words ...string) string {
	text, _ := os.ReadFile(i.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return len(words) > 0 && !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) })
	})
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// logged counts the lines of the process that contain all the texts.
func (i *instance) logged(texts ...string) int {
	n := 0
	for _, line := range i.lines() {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			n++
		}
	}
	return n
}

// page gets a page of the private listener; code 0 is no answer.
func (i *instance) page(path string) (code int, body string) {
	request, err := http.NewRequestWithContext(i.w.T.Context(), http.MethodGet, "http://"+i.admin+path, nil)
	require.NoError(i.w.T, err)
	response, err := i.w.Client.Do(request)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(text)
}

// ready is what /readyz answers.
func (i *instance) ready() int {
	code, _ := i.page("/readyz")
	return code
}

// status is what /status shows.
func (i *instance) status() (status server.Status) {
	i.w.T.Helper()
	code, body := i.page("/status")
	require.Equal(i.w.T, http.StatusOK, code)
	require.NoError(i.w.T, json.Unmarshal([]byte(body), &status))
	return status
}

// metric sums the samples of a metric whose labels include all the pairs, each written as name="value".
func (i *instance) metric(name string, pairs ...string) float64 {
	i.w.T.Helper()
	code, body := i.page("/metrics")
	require.Equal(i.w.T, http.StatusOK, code)
	sum := 0.0
	for line := range strings.Lines(body) {
		rest, ours := strings.CutPrefix(strings.TrimSpace(line), name)
		if !ours || !strings.HasPrefix(rest, "{") && !strings.HasPrefix(rest, " ") {
			continue
		}
		fits := true
		for _, pair := range pairs {
			fits = fits && strings.Contains(rest, pair)
		}
		if value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64); fits && err == nil {
			sum += value
		}
	}
	return sum
}

// audited are the audit lines of all processes of the instance. A process that was killed may have left an unfinished one.
func (i *instance) audited() []bridge.AuditEntry {
	i.w.T.Helper()
	text, err := os.ReadFile(i.audit)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(i.w.T, err)
	var entries []bridge.AuditEntry
	for line := range bytes.Lines(text) {
		var entry struct {
			Kind string
			bridge.AuditEntry
		}
		if json.Unmarshal(line, &entry) == nil && entry.Kind == "entry" {
			entries = append(entries, entry.AuditEntry)
		}
	}
	return entries
}

// verify runs `accessbridge audit verify` on the record and returns whether it is whole, and what it says.
func (i *instance) verify() (whole bool, report string) {
	i.w.T.Helper()
	out, err := exec.CommandContext(i.w.T.Context(), os.Getenv(binaryVariable), "audit", "verify", i.audit).CombinedOutput()
	return err == nil, string(out)
}
