package config

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// maxSecret is the most a secret file may hold; anything longer is another file, named by mistake.
	maxSecret = 64 << 10
	// settled is the age from which a modification time proves that a file has not changed since. File systems keep time in
	// steps, so two writes in a short time may carry the same one.
	settled = 2 * time.Second
)

// secretFile is the content of a file, kept as long as the file stays the same.
type secretFile struct {
	path string

	mu   sync.Mutex
	seen os.FileInfo // nil while nothing is kept
	text string
}

// read returns the content of the file, from memory if modification time, size and inode are unchanged.
func (f *secretFile) read() (string, error) {
	// Every delivery asks: they must not wait for each other while the file is looked at.
	now, err := os.Stat(f.path)
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen != nil && os.SameFile(f.seen, now) && f.seen.ModTime().Equal(now.ModTime()) && f.seen.Size() == now.Size() {
		return f.text, nil
	}
	return f.load()
}

func (f *secretFile) load() (string, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	if len(content) > maxSecret {
		return "", fmt.Errorf("secret file %s is longer than %d bytes", f.path, maxSecret)
	}
	f.seen, f.text = nil, string(content)
	if time.Since(info.ModTime()) > settled {
		f.seen = info
	}
	return f.text, nil
}
