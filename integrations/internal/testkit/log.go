package testkit

import (
	"log/slog"
	"strings"
	"sync"
)

// Log is a buffer that several goroutines write a log to. The zero value is ready.
type Log struct {
	mu sync.Mutex
	b  strings.Builder
}

// Logger writes to the buffer, down to the debug level.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write adds to the buffer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is what was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
