// Package audit writes the audit record: one JSON line per decision and per refusal.
package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/accessbridge/accessbridge/bridge"
)

// Journal writes audit entries to one sink. It implements bridge.Journal.
type Journal struct {
	mu   sync.Mutex
	sink io.Writer
	file *os.File
	log  *slog.Logger
}

// Open returns the journal for an output: "stdout", "stderr", or "file" with a path. A file is appended to, never truncated.
func Open(output, path string, log *slog.Logger) (*Journal, error) {
	switch output {
	case "stdout":
		return New(os.Stdout, log), nil
	case "stderr":
		return New(os.Stderr, log), nil
	case "file":
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening the audit file: %w", err)
		}
		return &Journal{sink: f, file: f, log: log}, nil
	default:
		return nil, fmt.Errorf("unknown audit output %q", output)
	}
}

// New returns a journal on any writer.
func New(sink io.Writer, log *slog.Logger) *Journal { return &Journal{sink: sink, log: log} }

// Record writes one entry. An entry that the sink does not take goes to the log instead, whole, so that it is never lost without a
// trace.
func (j *Journal) Record(entry bridge.AuditEntry) {
	line, err := json.Marshal(entry)
	if err == nil {
		j.mu.Lock()
		_, err = j.sink.Write(append(line, '\n'))
		j.mu.Unlock()
	}
	if err != nil {
		j.log.Error("audit entry not written", "request_id", entry.RequestID, "error", err, "entry", string(line))
	}
}

// Close brings a file to the disk and closes it.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing the audit file to the disk: %w", err)
	}
	return j.file.Close()
}
