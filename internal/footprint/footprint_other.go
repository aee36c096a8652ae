//go:build !linux

// Package footprint gives memory back that only the start of the process needed.
package footprint

import "runtime/debug"

// Trim returns free heap.
func Trim() error {
	debug.FreeOSMemory()
	return nil
}
