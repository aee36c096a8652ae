package simulation

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mostTries bounds the histories that are played to find a shorter one, and longestSearch the time.
const (
	mostTries     = 150
	longestSearch = 3 * time.Minute
)

// shrink looks for a shorter history that breaks the same promise: it drops steps, first many at once and then one by one, and instances. It
// returns how many histories it has tried.
func shrink(h history, promise string, play func(history) string) (short history, tries int) {
	began := time.Now()
	still := func(candidate history) bool {
		if tries >= mostTries || time.Since(began) > longestSearch {
			return false
		}
		tries++
		return play(candidate) == promise
	}
	for n := 1; n < h.Setup.Instances; n++ {
		candidate := h
		candidate.Setup.Instances = n
		if still(candidate) {
			h = candidate
			break
		}
	}
	for size := max(1, len(h.Steps)/2); ; size = max(1, size/2) {
		dropped := false
		for from := 0; from < len(h.Steps); {
			candidate := h
			candidate.Steps = slices.Concat(h.Steps[:from], h.Steps[min(from+size, len(h.Steps)):])
			if still(candidate) {
				h, dropped = candidate, true
			} else {
				from += size
			}
		}
		if size == 1 && !dropped || tries >= mostTries {
			return h, tries
		}
	}
}

func TestShrinkingKeepsWhatIsNeededAndNothingElse(t *testing.T) {
	h := generate(4)
	require.Greater(t, len(h.Steps), 8)
	h.Setup.Instances = 4
	needed := map[int]bool{h.Steps[1].ID: true, h.Steps[4].ID: true, h.Steps[7].ID: true}
	short, tries := shrink(h, "P1", func(h history) string {
		found := 0
		for _, s := range h.Steps {
			if needed[s.ID] {
				found++
			}
		}
		if found == len(needed) && h.Setup.Instances > 1 {
			return "P1"
		}
		return "P2" // Something else is wrong with these.
	})
	require.Equal(t, generate(4).only(needed).Steps, short.Steps)
	require.Equal(t, 2, short.Setup.Instances)
	require.LessOrEqual(t, tries, mostTries)
}
