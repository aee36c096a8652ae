// Package footprint gives memory back that only the start of the process needed.
package footprint

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
)

// Trim returns free heap and the pages of the program file that were touched while packages were initialised, some 30 MB. The pages are
// clean copies of the file: whatever is needed again comes back from the page cache. It is worth calling once, when the start is over.
func Trim() error {
	debug.FreeOSMemory()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("finding the program file: %w", err)
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("reading the memory map: %w", err)
	}
	defer func() { _ = maps.Close() }()
	areas, err := clean(maps, program)
	if err != nil {
		return err
	}
	for _, a := range areas {
		if _, _, fault := syscall.Syscall(syscall.SYS_MADVISE, a.start, a.end-a.start, syscall.MADV_DONTNEED); fault != 0 {
			return fmt.Errorf("giving pages back: %w", fault)
		}
	}
	return nil
}

// area is a range of addresses.
type area struct{ start, end uintptr }

// clean lists the read-only mappings of the program file in which no page differs from the file. Where the loader has written to pages, as in
// position-independent programs, they must stay.
func clean(smaps io.Reader, program string) ([]area, error) {
	var areas []area
	var current area
	wanted := false
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"):
			wanted = len(fields) == 6 && fields[5] == program && (fields[1] == "r--p" || fields[1] == "r-xp")
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &current.start, &current.end); err != nil {
				return nil, fmt.Errorf("understanding the memory map: %w", err)
			}
		case wanted && len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0":
			areas = append(areas, current)
		}
	}
	return areas, lines.Err()
}
