package audit

import (
	"io"
	"log/slog"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// stream writes lines to an output that cannot be read back. Its chain begins anew with each process.
type stream struct {
	label    string
	out      io.Writer
	instance string
	log      *slog.Logger

	at     position
	missed uint64
	// torn is true when part of a line was written.
	torn bool
}

func newStream(label string, out io.Writer, o Options) *stream {
	return &stream{label: label, out: out, instance: o.Instance, log: o.Log, at: origin()}
}

func (s *stream) name() string { return s.label }

func (s *stream) append(entry bridge.AuditEntry) error {
	err := s.recovered()
	if err == nil {
		err = s.put(Line{Time: entry.Time, Instance: s.instance, Kind: KindEntry, AuditEntry: &entry})
	}
	if err != nil {
		s.missed++
	}
	return err
}

// recovered says what was missed, when something was.
func (s *stream) recovered() error {
	if s.missed == 0 {
		return nil
	}
	err := s.put(Line{Time: time.Now().UTC(), Instance: s.instance, Kind: KindRecovery, Missed: s.missed})
	if err == nil {
		s.missed = 0
	}
	return err
}

func (s *stream) put(l Line) error {
	text, next, err := s.at.seal(l)
	if err != nil {
		return err
	}
	if s.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := s.out.Write(text)
	if n >= len(text)-1 {
		// At most the line break is missing, and comes with the next line.
		s.at, s.torn = next, n < len(text)
		return nil
	}
	s.torn = s.torn || n > 0
	return err
}

func (s *stream) sync() error { return nil }

func (s *stream) miss() { s.missed++ }

func (s *stream) close() error {
	tellHead(s.log, s.label, "", s.at)
	return nil
}

// tellHead puts the head of a chain into the log, where it can be compared with the lines later.
func tellHead(log *slog.Logger, output, file string, at position) {
	if at.seq > 0 {
		log.Info("head of the audit chain", "output", output, "file", file, "seq", at.seq, "hash", at.hash)
	}
}
