package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// stopWithin is how long a bridge may take to end after SIGTERM before it is killed.
	stopWithin = 15 * time.Second
	// ticksPerSecond is the unit of processor times in /proc, which Linux fixes at 100 for user programs.
	ticksPerSecond = 100
	// readyTick is how often a starting bridge is asked whether it is ready.
	readyTick = time.Millisecond
)

// process is one running bridge.
type process struct {
	cmd     *exec.Cmd
	started time.Time
	log     string
	// done is closed when it has ended, with err saying how.
	done chan struct{}
	err  error
	// stopping is set before it is told to end.
	stopping atomic.Bool
}

// startProcess runs the bridge with a configuration; its output goes to the log file. When it ends without having been told to, died
// is called. It is told to end when ctx does.
func startProcess(ctx context.Context, binary, config, log string, died func(error)) (*process, error) {
	return startProgram(ctx, log, died, binary, "serve", "--config", config)
}

// startProgram is startProcess with any program.
func startProgram(ctx context.Context, log string, died func(error), binary string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", filepath.Base(binary), err)
	}
	defer func() { _ = out.Close() }() // the child has its own
	p := &process{log: log, done: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, binary, args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Cancel = func() error { p.stopping.Store(true); return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopWithin
	p.started = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(binary), err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
		if !p.stopping.Load() {
			died(errors.Join(fmt.Errorf("%s has ended by itself", filepath.Base(binary)), p.err, errors.New(p.tail())))
		}
	}()
	return p, nil
}

// tail is the end of the log, for messages.
func (p *process) tail() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// ready waits until the bridge says that it is ready, and returns how long that took from its start.
func (p *process) ready(ctx context.Context, admin string) (time.Duration, error) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	ticker := time.NewTicker(readyTick)
	defer ticker.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/readyz", nil)
		if err != nil {
			return 0, fmt.Errorf("ask for readiness: %w", err)
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Since(p.started), nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the bridge is not ready: %w\n%s", context.Cause(ctx), p.tail())
		case <-ticker.C:
		}
	}
}

// stop tells the bridge to end, and kills it when it does not.
func (p *process) stop() error {
	p.stopping.Store(true)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the bridge: %w", err)
	}
	timer := time.NewTimer(stopWithin)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		_ = p.cmd.Process.Kill() // it may have ended by now
		<-p.done
		return fmt.Errorf("the bridge did not end within %s and was killed", stopWithin)
	}
	if p.err != nil {
		return fmt.Errorf("the bridge did not end cleanly: %w", p.err)
	}
	return nil
}

// cpu is the processor time used since the start, by user and system together.
func (p *process) cpu() (time.Duration, error) {
	data, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	return parseCPU(string(data))
}

// memory is what is resident, in MB (of 1,000,000 bytes): all of it, and the share that is the program's own and not pages of its file.
type memory struct{ all, own float64 }

func (p *process) rss() (memory, error) {
	data, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return memory{}, fmt.Errorf("read the memory in use: %w", err)
	}
	return parseRSS(string(data))
}

func (p *process) proc(file string) string {
	return "/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/" + file
}

// parseCPU adds utime and stime of /proc/<pid>/stat, the 14th and 15th field (proc_pid_stat(5)). The second field is the program's
// name in parentheses, which may itself hold spaces and parentheses.
func parseCPU(stat string) (time.Duration, error) {
	_, rest, ok := cutLast(stat, ")")
	fields := strings.Fields(rest)
	const utime, stime = 14 - 3, 15 - 3 // the rest begins with the third field
	if !ok || len(fields) <= stime {
		return 0, fmt.Errorf("not a line of /proc/<pid>/stat: %q", stat)
	}
	var ticks int64
	for _, text := range []string{fields[utime], fields[stime]} {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// parseRSS takes VmRSS and RssAnon out of /proc/<pid>/status (proc_pid_status(5)).
func parseRSS(status string) (m memory, err error) {
	if m.all, err = parseMB(status, "VmRSS:"); err != nil {
		return memory{}, err
	}
	m.own, err = parseMB(status, "RssAnon:")
	return m, err
}

// parseMB reads one line of /proc/<pid>/status, whose unit is 1,024 bytes.
func parseMB(status, name string) (float64, error) {
	for line := range strings.Lines(status) {
		text, ok := strings.CutPrefix(line, name)
		if !ok {
			continue
		}
		fields := strings.Fields(text)
		if len(fields) != 2 || fields[1] != "kB" {
			return 0, fmt.Errorf("memory in use: %q", line)
		}
		n, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return 0, fmt.Errorf("memory in use: %w", err)
		}
		return n * 1024 / 1e6, nil
	}
	return 0, fmt.Errorf("memory in use: no line %s", name)
}
