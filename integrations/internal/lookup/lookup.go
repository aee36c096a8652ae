// Package lookup remembers what a vendor answers to questions that come again and again: ids of names, people, who is on call.
package lookup

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
	// Most is how many answers one Cache remembers.
	Most = 1000
	// For is how long the answer to a look-up of a name or a person is good.
	For = 10 * time.Minute
	// UnknownFor is how long it is remembered that a name is not known: people mend such things while the bridge runs.
	UnknownFor = time.Minute
	// limit ends a look-up whose askers have all gone.
	limit = 2 * time.Minute
)

// Cache remembers answers, at most Most, and asks only once for what several need at the same time. Errors are not remembered, except
// ErrUnknown for UnknownFor. It is ready with its zero value, may be used by several goroutines, and must not be copied.
type Cache[V any] struct {
	// Vendor begins the text of the error of a caller that gave up, such as "pagerduty".
	Vendor string
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	known  map[string]remembered[V]
}

type remembered[V any] struct {
	value V
	err   error
	at    time.Time
}

// Get returns the answer for a key that is no older than maxAge, or asks for it. The answer is shared and must not be changed. A caller
// that gives up does not end the question for the others; its error is one without an effect (bridge.Unsent). The errors of ask are
// returned as they are.
func (c *Cache[V]) Get(ctx context.Context, key string, maxAge time.Duration, ask func(context.Context) (V, error)) (V, error) {
	if found, ok := c.fresh(key, maxAge); ok {
		return found.value, found.err
	}
	// Askers who want it fresher do not share a question, whose answer may be found here after all.
	question := key + "\x00" + maxAge.String()
	answer := c.flight.DoChan(question, func() (any, error) {
		if found, ok := c.fresh(key, maxAge); ok {
			return found.value, found.err // another question has ended just now
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		at := c.now() // the answer is at least as fresh as its question
		value, err := ask(ctx)
		if err == nil || errors.Is(err, ErrUnknown) {
			c.put(key, remembered[V]{value: value, err: err, at: at})
		}
		return value, err
	})
	select {
	case <-ctx.Done():
		var none V
		return none, bridge.Unsent(fmt.Errorf("%s: look-up: %w", c.Vendor, ctx.Err()))
	case r := <-answer:
		value, _ := r.Val.(V)
		return value, r.Err
	}
}

func (c *Cache[V]) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Cache[V]) fresh(key string, maxAge time.Duration) (remembered[V], bool) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.known[key]
	if found.err != nil {
		maxAge = min(maxAge, UnknownFor)
	}
	return found, ok && now.Sub(found.at) < maxAge
}

func (c *Cache[V]) put(key string, r remembered[V]) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[string]remembered[V])
	}
	if len(c.known) >= Most {
		c.evict(now)
	}
	c.known[key] = r
}

// evict drops what is older than For, or anything where nothing is.
func (c *Cache[V]) evict(now time.Time) {
	for key, found := range c.known {
		if now.Sub(found.at) >= For {
			delete(c.known, key)
		}
	}
	for key := range c.known {
		if len(c.known) < Most {
			return
		}
		delete(c.known, key)
	}
}
