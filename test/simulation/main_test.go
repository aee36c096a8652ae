package simulation

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"testing"
	"time"
)

// hangs is how long a history may take by the real clock. One that takes longer goes round in circles, in which virtual time stands still.
const hangs = 3 * time.Minute

// memoryMost is from where on memory is collected all the same, in bytes.
const memoryMost = 1 << 30

// With one processor, what the bridge does hangs less on which of two goroutines is faster.
func TestMain(m *testing.M) {
	flag.Parse()
	runtime.GOMAXPROCS(1)
	// A collection in the midst of a history would make goroutines take turns otherwise than before. There is one after each instead.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryMost)
	os.Exit(m.Run())
}

// watch ends the program when a history does not end.
func watch(seed uint64) (stop func() bool) {
	return time.AfterFunc(hangs, func() {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		_, _ = fmt.Fprintf(os.Stdout, "seed %d broke livelock: the history does not end\n", seed)
		os.Exit(1)
	}).Stop
}
