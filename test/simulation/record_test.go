package simulation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// record is all that has happened, line by line.
type record struct {
	begun time.Time
	// keepLogs adds what the instances log.
	keepLogs bool

	mu    sync.Mutex
	lines []line
}

type line struct {
	at   time.Duration
	text string
	log  bool
}

func (r *record) add(log bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line{time.Since(r.begun), text, log})
}

// text is all but the logs. What happened at the same moment has no order, so it is sorted.
func (r *record) text() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, l := range r.lines {
		if !l.log {
			lines = append(lines, fmt.Sprintf("%020d %s", l.at, l.text))
		}
	}
	slices.Sort(lines)
	return lines
}

// digest tells two courses of events apart.
func (r *record) digest() string {
	sum := sha256.Sum256([]byte(strings.Join(r.text(), "\n")))
	return hex.EncodeToString(sum[:8])
}

// String is the whole record.
func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	for _, l := range r.lines {
		fmt.Fprintf(&out, "%12s %s\n", l.at.Round(time.Microsecond), l.text)
	}
	return out.String()
}

// logger is the log of one instance.
func (r *record) logger(name string) *slog.Logger {
	if !r.keepLogs {
		return slog.New(slog.DiscardHandler)
	}
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewTextHandler(logged{r, name}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: drop}))
}

// logged takes the lines of a log.
type logged struct {
	r    *record
	name string
}

// Write implements io.Writer.
func (l logged) Write(p []byte) (int, error) {
	l.r.add(true, "      "+l.name+" "+string(bytes.TrimSpace(p)))
	return len(p), nil
}
