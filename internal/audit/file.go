package audit

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// file appends lines to a file, and begins a new one when it is large enough.
type file struct {
	path     string
	maxSize  int64
	keep     int
	instance string
	log      *slog.Logger
	lock     io.Closer

	// f is nil after a fault, until it is opened again with the next entry. info and size are what it was when last touched.
	f    *os.File
	info os.FileInfo
	size int64
	// limit is the size at which the next file is begun.
	limit int64
	// at is the last line that was written, safe the last that is on the disk; known is false before the file was read for the first
	// time.
	at, safe position
	known    bool
	// unfinished is true when the file does not end with a line break.
	unfinished bool
	// unsure are the lines after safe, doubt is why some of them may not have come to the disk.
	unsure []unsure
	doubt  error
	// missed counts entries that are not in the record.
	missed uint64
}

// unsure is a line that may or may not be on the disk.
type unsure struct {
	at position
	// covers is how many entries are in the record, or accounted for, by the line.
	covers uint64
	// missed is true when they are counted as missed all the same.
	missed bool
}

var errTaken = errors.New("another process writes this audit file; give each instance a file of its own")

// openFile takes a file for this process alone and continues its chain.
func openFile(o Options) (*file, error) {
	path, err := filepath.Abs(o.File)
	if err != nil {
		return nil, err
	}
	s := &file{path: path, maxSize: o.MaxSize, keep: o.Keep, instance: o.Instance, log: o.Log}
	if s.lock, err = takeLock(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	if err := s.sync(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	tellHead(s.log, OutputFile, s.path, s.at)
	return s, nil
}

func (s *file) name() string { return OutputFile }

func (s *file) miss() { s.missed++ }

func (s *file) append(entry bridge.AuditEntry) error {
	err := s.ready()
	if err == nil {
		err = s.put(Line{Time: entry.Time, Kind: KindEntry, AuditEntry: &entry})
	}
	if err != nil {
		s.missed++
	}
	return err
}

// ready makes sure that the file is open, still the one at its path, and not too large.
func (s *file) ready() error {
	if s.f != nil {
		now, err := os.Stat(s.path)
		switch {
		case err == nil && os.SameFile(now, s.info) && now.Size() == s.size:
		case err == nil || errors.Is(err, os.ErrNotExist):
			s.log.Warn("the audit file was moved or changed by somebody else", "file", s.path)
			s.release()
		default:
			return err
		}
	}
	if s.f == nil {
		return s.open()
	}
	if s.limit > 0 && s.size >= s.limit && s.at.seq > 0 {
		return s.rotate()
	}
	if s.missed > 0 {
		return s.put(Line{Time: time.Now().UTC(), Kind: KindRecovery, Missed: s.missed})
	}
	return nil
}

// put writes one line. After a fault the file is closed: what is on the disk then is read again before anything is added.
func (s *file) put(l Line) error {
	l.Instance = s.instance
	text, next, err := s.at.seal(l)
	if err != nil {
		return err
	}
	if s.unfinished {
		text = append([]byte{'\n'}, text...)
	}
	line := unsure{at: next, covers: l.Missed}
	if l.Kind == KindEntry {
		line.covers = 1
	}
	n, err := s.f.Write(text)
	s.size += int64(n)
	if err != nil {
		s.release()
		line.missed = true
		s.unsure = append(s.unsure, line)
		return err
	}
	s.unsure = append(s.unsure, line)
	s.at, s.unfinished = next, false
	s.missed -= min(l.Missed, s.missed)
	return nil
}

// sync brings what was written to the disk, all lines since the last time at once.
func (s *file) sync() error {
	if s.f != nil {
		err := s.f.Sync()
		s.settle(err)
		if err != nil {
			_ = s.f.Close() // Sync has reported what matters.
			s.f = nil
		}
	}
	err := s.doubt
	s.doubt = nil
	if err != nil {
		return fmt.Errorf("bringing the audit file to the disk: %w", err)
	}
	return nil
}

// settle takes the result of a sync. After a fault only the file itself can tell which lines it has.
func (s *file) settle(err error) {
	if err == nil || len(s.unsure) == 0 {
		s.safe, s.unsure = s.at, nil
		return
	}
	s.doubt, s.at = err, s.safe
	for n := range s.unsure {
		if !s.unsure[n].missed {
			s.unsure[n].missed = true
			s.missed += s.unsure[n].covers
		}
	}
}

// release closes the file, with all that was written before on the disk if possible.
func (s *file) release() {
	s.settle(s.f.Sync())
	_ = s.f.Close() // Sync has reported what matters.
	s.f = nil
}

// open opens the file and continues the chain.
func (s *file) open() error {
	_, missing := os.Stat(s.path)
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if errors.Is(missing, os.ErrNotExist) {
		// Otherwise a crash of the machine may take the whole file away again.
		if err := syncFolder(filepath.Dir(s.path)); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if s.info, err = f.Stat(); err != nil {
		return errors.Join(err, f.Close())
	}
	s.size, s.limit = s.info.Size(), s.maxSize
	before, err := s.before()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	end, err := readTail(f, s.size, before)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.f = f
	return s.resume(before, end)
}

// before is the position that the first line of the file continues.
func (s *file) before() (position, error) {
	if s.known {
		return s.at, nil
	}
	return lastRotated(s.path)
}

// resume takes up the chain where the file ends, and writes what has to be said about its end.
func (s *file) resume(before position, end tail) error {
	at, say := before, Line{Time: time.Now().UTC(), Kind: KindRecovery}
	switch {
	case end.last != nil:
		at = s.accept(*end.last)
	case before.seq > 0:
		say.Kind = KindRotation
	default:
		at = origin()
	}
	switch gap := &end.gap; {
	case gap.empty():
	case gap.tornAtEnd():
		s.log.Warn("the audit file ends with an unfinished line", "file", s.path, "bytes", gap.bytes)
		say.Torn = &Torn{Bytes: gap.bytes, SHA256: gap.hash()}
	case at.seq == 0:
		s.log.Info("the audit file has lines without a chain, which begins after them", "file", s.path, "lines", gap.lines)
		at.hash = gap.hash()
	default:
		s.log.Warn("the audit file has lines that are not of the audit record", "file", s.path, "lines", gap.lines)
	}
	say.Missed = s.missed
	s.at, s.safe, s.known, s.unfinished, s.unsure = at, at, true, !end.ended, nil
	if say.Kind == KindRotation || say.Torn != nil || say.Missed > 0 {
		return s.put(say)
	}
	return nil
}

// accept decides between what the file says and what this process remembers.
func (s *file) accept(last position) position {
	if !s.known || last == s.at {
		return last
	}
	if i := slices.IndexFunc(s.unsure, func(u unsure) bool { return u.at == last }); i >= 0 {
		for _, u := range s.unsure[:i+1] {
			s.missed -= min(u.covers, s.missed)
		}
		return last
	}
	s.log.Warn("the audit file does not end as it was left", "file", s.path, "seq", s.at.seq, "found_seq", last.seq)
	return s.at
}

func (s *file) close() error {
	var err error
	if s.f != nil {
		err = errors.Join(s.f.Sync(), s.f.Close())
		s.f = nil
	}
	tellHead(s.log, OutputFile, s.path, s.at)
	if err = errors.Join(err, s.lock.Close()); err != nil {
		return fmt.Errorf("closing the audit file: %w", err)
	}
	return nil
}
