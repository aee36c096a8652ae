//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// takeLock makes sure that one process alone writes the file. The lock's file is removed at the end; after a crash a person has to.
func takeLock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w; if none is running, remove the lock", errTaken)
	}
	if err != nil {
		return nil, fmt.Errorf("taking the lock %s: %w", path, err)
	}
	return &lockFile{f}, nil
}

type lockFile struct{ *os.File }

// Close removes the lock.
func (l *lockFile) Close() error { return errors.Join(l.File.Close(), os.Remove(l.Name())) }
