package simulation

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"
)

// chance decides by what is asked and by nothing else: which goroutine comes first makes no difference, and dropping a step changes nothing
// about the others.
type chance struct {
	seed  uint64
	begun time.Time

	mu    sync.Mutex
	asked map[string]int
	names *strings.Replacer
	known []string
}

func newChance(seed uint64) *chance {
	return &chance{seed: seed, begun: time.Now(), asked: map[string]int{}, names: strings.NewReplacer()}
}

// call gives an identifier a name. The identifiers of requests depend on those that were made before in the same process.
func (c *chance) call(id, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, _, _ := strings.Cut(id, "-")
	c.known = append(c.known, id, name)
	// The first part, by which people are told of a request, is mostly the same for all.
	c.names = strings.NewReplacer(append(slices.Clip(c.known), first, "r")...)
}

// plain is a text with names for identifiers.
func (c *chance) plain(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names.Replace(text)
}

// number is a number that stands for the key, the same whenever it is asked.
func (c *chance) number(key string) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s", c.seed, key)
	// The last bytes have hardly been mixed.
	n := h.Sum64()
	n = (n ^ n>>33) * 0xff51afd7ed558ccd
	n = (n ^ n>>33) * 0xc4ceb9fe1a85ec53
	return n ^ n>>33
}

// now adds the time to a key, and tells apart what is asked with the same key at the same moment.
func (c *chance) now(key string) string {
	key = fmt.Sprintf("%s@%d", c.plain(key), time.Since(c.begun))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[key]++
	return fmt.Sprintf("%s#%d", key, c.asked[key])
}

// percent is true in so many cases of a hundred.
func (c *chance) percent(share int, key string) bool {
	return c.number(key)%100 < uint64(max(share, 0))
}

// between is a time between two others, to the nanosecond, so that hardly ever two things that differ happen at the same moment.
func (c *chance) between(least, most time.Duration, key string) time.Duration {
	return least + time.Duration(c.number(key)%uint64(max(most-least, 1)))
}
