package process

import (
	"fmt"
	"syscall"
	"unsafe"
)

// unlimited is no limit.
const unlimited = ^uint64(0)

// limitFiles lets no file of a process grow beyond a size, which is to the process like a disk that is full. The limit can be lifted again.
func limitFiles(pid int, size uint64) error {
	limit := syscall.Rlimit{Cur: size, Max: unlimited}
	_, _, code := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if code != 0 {
		return fmt.Errorf("limiting the files of process %d: %w", pid, code)
	}
	return nil
}
