package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// rotated is a file that was full. Its name is that of the audit file, the time it was put aside, and the number of its last line.
type rotated struct {
	path string
	seq  uint64
}

var rotatedSuffix = regexp.MustCompile(`^\.\d{8}T\d{6}Z-(\d{1,20})$`)

func rotatedName(path string, now time.Time, seq uint64) string {
	return path + "." + now.UTC().Format("20060102T150405Z") + "-" + strconv.FormatUint(seq, 10)
}

// listRotated finds the files put aside earlier, oldest first.
func listRotated(path string) ([]rotated, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("listing earlier audit files: %w", err)
	}
	var all []rotated
	base := filepath.Base(path)
	for _, e := range entries {
		name := e.Name()
		if len(name) <= len(base) || name[:len(base)] != base || !e.Type().IsRegular() {
			continue
		}
		match := rotatedSuffix.FindStringSubmatch(name[len(base):])
		if match == nil {
			continue
		}
		if seq, err := strconv.ParseUint(match[1], 10, 64); err == nil {
			all = append(all, rotated{path: filepath.Join(filepath.Dir(path), name), seq: seq})
		}
	}
	slices.SortFunc(all, func(a, b rotated) int { return cmp.Compare(a.seq, b.seq) })
	return all, nil
}

// lastRotated is the position that the newest file put aside ends with; the origin when there is none.
func lastRotated(path string) (position, error) {
	all, err := listRotated(path)
	if err != nil || len(all) == 0 {
		return origin(), err
	}
	newest := all[len(all)-1].path
	f, err := os.Open(newest)
	if err != nil {
		return position{}, fmt.Errorf("continuing the chain of an earlier audit file: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return position{}, fmt.Errorf("continuing the chain of an earlier audit file: %w", err)
	}
	end, err := readTail(f, info.Size(), origin())
	if err != nil {
		return position{}, fmt.Errorf("continuing the chain of %s: %w", newest, err)
	}
	if end.last == nil {
		return position{}, fmt.Errorf("continuing the chain of %s: it has no audit lines; move it away if it is none of the record", newest)
	}
	return *end.last, nil
}

// rotate puts the file aside and begins the next one. When that fails, the file is used on.
func (s *file) rotate() error {
	s.release()
	if s.doubt == nil {
		name := rotatedName(s.path, time.Now(), s.at.seq)
		if err := putAside(s.path, name); err != nil {
			s.log.Warn("the audit file could not be put aside and grows on", "file", s.path, "error", err)
		} else {
			tellHead(s.log, OutputFile, name, s.at)
		}
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.limit > 0 && s.size >= s.limit {
		s.limit = s.size + s.maxSize
	}
	s.prune()
	return nil
}

// putAside renames the file. A name that is taken is never overwritten.
func putAside(path, name string) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s exists", name), err)
	}
	if err := os.Rename(path, name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// prune removes the oldest files beyond those that are kept.
func (s *file) prune() {
	if s.keep <= 0 {
		return
	}
	all, err := listRotated(s.path)
	if err != nil {
		s.log.Warn("old audit files not removed", "error", err)
		return
	}
	for _, old := range all[:max(len(all)-s.keep, 0)] {
		if err := os.Remove(old.path); err != nil {
			s.log.Warn("old audit file not removed", "file", old.path, "error", err)
			continue
		}
		s.log.Info("old audit file removed", "file", old.path, "last_seq", old.seq)
	}
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrPermission) {
		err = nil // Not every file system lets folders be synced.
	}
	return errors.Join(err, dir.Close())
}
