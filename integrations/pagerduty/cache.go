package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"golang.org/x/sync/singleflight"
)

const (
	// maxLookups bounds the answers of one kind that are remembered, lookupsFor how long.
	maxLookups = 1000
	lookupsFor = 10 * time.Minute
	// unknownFor is how long it is remembered that a name is not known: people mend such things while the bridge runs.
	unknownFor = time.Minute
	// lookupLimit ends a look-up whose askers have all gone.
	lookupLimit = 2 * time.Minute
)

// errUnknown means that PagerDuty knows nothing of a name or id.
var errUnknown = errors.New("not found in PagerDuty")

// cache remembers answers, and asks only once for what several need at the same time.
type cache[V any] struct {
	flight singleflight.Group
	mu     sync.Mutex
	known  map[string]remembered[V]
}

type remembered[V any] struct {
	value V
	err   error
	at    time.Time
}

// get returns the answer for a key that is no older than maxAge, or asks for it. A caller that gives up does not end the question for
// the others.
func (c *cache[V]) get(ctx context.Context, key string, maxAge time.Duration, ask func(context.Context) (V, error)) (V, error) {
	if found, ok := c.fresh(key, maxAge); ok {
		return found.value, found.err
	}
	answer := c.flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupLimit)
		defer cancel()
		at := time.Now() // the answer is at least as fresh as its question
		value, err := ask(ctx)
		if err == nil || errors.Is(err, errUnknown) {
			c.put(key, remembered[V]{value: value, err: err, at: at})
		}
		return value, err
	})
	select {
	case <-ctx.Done():
		var none V
		return none, bridge.Unsent(fmt.Errorf("pagerduty: look-up: %w", ctx.Err()))
	case r := <-answer:
		value, _ := r.Val.(V)
		return value, r.Err
	}
}

func (c *cache[V]) fresh(key string, maxAge time.Duration) (remembered[V], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.known[key]
	if found.err != nil {
		maxAge = min(maxAge, unknownFor)
	}
	return found, ok && time.Since(found.at) < maxAge
}

func (c *cache[V]) put(key string, r remembered[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[string]remembered[V])
	}
	if len(c.known) >= maxLookups {
		c.evict()
	}
	c.known[key] = r
}

// evict drops what has expired, or anything where nothing has.
func (c *cache[V]) evict() {
	for key, found := range c.known {
		if time.Since(found.at) >= lookupsFor {
			delete(c.known, key)
		}
	}
	for key := range c.known {
		if len(c.known) < maxLookups {
			return
		}
		delete(c.known, key)
	}
}
