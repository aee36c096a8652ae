package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/accessbridge/accessbridge/bridge"
)

// mostTries bounds how often one reconciler takes the claim.
const mostTries = 20

// claim is a link of one request that is changed by compare-and-swap, as plugin data is.
type claim struct {
	mu   sync.Mutex
	link link
	// changed is closed and replaced at each change.
	changed chan struct{}
}

// link is what a reconciler needs to know. In PhaseClaimed, tried says that a create call may have been carried out.
type link struct {
	phase   bridge.Phase
	working bool
	tried   bool
	ref     bridge.Ref
}

func newClaim() *claim { return &claim{changed: make(chan struct{})} }

func (c *claim) load() (link, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link, c.changed
}

func (c *claim) swap(old, next link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != old {
		return false
	}
	c.link = next
	close(c.changed)
	c.changed = make(chan struct{})
	return true
}

// reconcile brings the claim to an open object, together with any number of others that do the same. It keeps the order of the real
// reconciler: claim, look for the object where an earlier create call may have worked, create, write down.
func (c *claim) reconcile(ctx context.Context, it bridge.Ticketer, n int) (bridge.Ref, error) {
	var faults []error
	for len(faults) < mostTries {
		now, changed := c.load()
		if now.phase == bridge.PhaseOpen {
			return now.ref, nil
		}
		if now.working {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return bridge.Ref{}, ctx.Err()
			}
		}
		mine := link{phase: bridge.PhaseClaimed, working: true, tried: now.tried}
		if !c.swap(now, mine) {
			continue
		}
		next, err := create(ctx, it, n, mine)
		if err != nil {
			faults = append(faults, err)
		}
		c.swap(mine, next)
	}
	return bridge.Ref{}, fmt.Errorf("no object after %d tries: %w", mostTries, errors.Join(faults...))
}

// create makes one try under the claim and returns what to write down.
func create(ctx context.Context, it bridge.Ticketer, n int, mine link) (link, error) {
	free := link{phase: bridge.PhaseClaimed, tried: mine.tried}
	if mine.tried {
		found, err := it.Find(ctx, marker(n))
		if err != nil {
			return free, err
		}
		if found != nil {
			return link{phase: bridge.PhaseOpen, ref: *found}, nil
		}
	}
	ref, err := it.Open(ctx, marker(n), draft(n))
	if err != nil {
		free.tried = mine.tried || !bridge.NoEffect(err)
		return free, err
	}
	return link{phase: bridge.PhaseOpen, ref: ref}, nil
}
