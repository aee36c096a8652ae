package footprint

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const program = "/usr/bin/accessbridge"

const smaps = `00400000-01a00000 r-xp 00000000 fe:00 42 /usr/bin/accessbridge
Size:              22528 kB
Private_Dirty:     20000 kB
Anonymous:             0 kB
01a00000-02a00000 r--p 01600000 fe:00 42 /usr/bin/accessbridge
Anonymous:             4 kB
02a00000-02b00000 rw-p 02600000 fe:00 42 /usr/bin/accessbridge
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:             0 kB
7f0000000000-7f0000100000 r--p 00000000 fe:00 43 /usr/lib/libc.so.6
Anonymous:             0 kB
7f0000200000-7f0000300000 r--p 02000000 fe:00 42 /usr/bin/accessbridge
Anonymous:             0 kB
`

func TestOnlyUntouchedReadOnlyPagesOfTheProgramAreGivenBack(t *testing.T) {
	areas, err := clean(strings.NewReader(smaps), program)
	require.NoError(t, err)
	require.Equal(t, []area{{0x400000, 0x1a00000}, {0x7f0000200000, 0x7f0000300000}}, areas)
}

func TestDamagedMapIsAnError(t *testing.T) {
	_, err := clean(strings.NewReader("x-y r-xp 0 0 0 /usr/bin/accessbridge\n"), program)
	require.ErrorContains(t, err, "memory map")
}

// The process goes on as if nothing had happened, with less memory.
func TestTrimShrinksTheProcessAndHarmsNothing(t *testing.T) {
	for _, call := range []func() error{Trim, Trim} {
		before := resident(t)
		require.NoError(t, call())
		require.LessOrEqual(t, resident(t), before+1024)
	}
	require.Equal(t, "TRIM", strings.ToUpper("trim"))
}

// resident is the resident size in kB.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(status), "VmRSS:")
	require.True(t, found)
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return kB
}
