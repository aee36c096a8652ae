// Package logtest keeps what is logged in a test, for the test to look at. Only tests and what serves them import it.
package logtest

import (
	"log/slog"
	"strings"
	"sync"
)

// Log is a log that can be read while several goroutines write to it. The zero value is ready.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// New returns a logger and what it logs.
func New() (*slog.Logger, *Log) {
	l := &Log{}
	return l.Logger(), l
}

// Logger writes into the log, a line of text for each entry, down to the debug level.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Count is how often a part of a line was logged so far.
func (l *Log) Count(part string) int { return strings.Count(l.String(), part) }

// Reset forgets what was logged so far.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}
