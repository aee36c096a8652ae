package teleport

import (
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// recent is how fresh an event must be for its request to be looked up before a list without it removes it. Teleport answers
	// lists from a cache that may lag behind its own events.
	recent = 30 * time.Second
	// tombLife is how long a deletion is remembered, so that no lagging list brings the request back.
	tombLife = time.Minute
	// lapseEvery is the longest pause between two looks for requests whose time has run out.
	lapseEvery = time.Minute
)

// cache holds the last known state of every request. It does no I/O. The methods that change it return the ids of the requests
// that are different now.
type cache struct {
	mu      sync.RWMutex
	entries map[string]*entry
	// tombs are the deletions seen lately.
	tombs map[string]time.Time
	// seq numbers everything learnt from events and answers, to tell what is newer than the start of a list.
	seq uint64
	// next is when the earliest pending request runs out; zero for none.
	next time.Time
	// wake is signalled when next has moved forward.
	wake chan struct{}
}

type entry struct {
	request bridge.Request
	seq     uint64
	at      time.Time
	// lapsed is true once the end of the pending time has been told.
	lapsed bool
}

func newCache() *cache {
	return &cache{entries: map[string]*entry{}, tombs: map[string]time.Time{}, wake: make(chan struct{}, 1)}
}

// put takes over what an event or an answer says about a request.
func (c *cache) put(r bridge.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, dead := c.tombs[r.ID]; dead {
		return false
	}
	c.seq++
	return c.store(r, c.seq, time.Now())
}

// store must be called with the lock held.
func (c *cache) store(r bridge.Request, seq uint64, now time.Time) bool {
	old, known := c.entries[r.ID]
	if known {
		old.seq, old.at = seq, now
		if !r.Newer(old.request) || reflect.DeepEqual(old.request, r) {
			return false
		}
		// A request that got more time has to lapse once more.
		old.lapsed = old.lapsed && old.request.PendingUntil.Equal(r.PendingUntil)
		old.request = r
	} else {
		c.entries[r.ID] = &entry{request: r, seq: seq, at: now}
	}
	if ends(r) && (c.next.IsZero() || r.PendingUntil.Before(c.next)) {
		c.next = r.PendingUntil
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// ends reports whether the request will run out by itself.
func ends(r bridge.Request) bool { return r.State == bridge.StatePending && !r.PendingUntil.IsZero() }

// remove takes note that a request is gone.
func (c *cache) remove(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tombs[id] = time.Now()
	_, known := c.entries[id]
	delete(c.entries, id)
	return known
}

// mark is the moment a list was begun.
type mark struct {
	seq uint64
	at  time.Time
}

func (c *cache) mark() mark {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return mark{seq: c.seq, at: time.Now()}
}

// merge takes over a complete list that was begun at the mark. It returns what has changed and which requests are missing from the
// list although an event spoke of them shortly before: those must be looked up one by one.
func (c *cache) merge(list []bridge.Request, begun mark) (changed, doubtful []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	listed := make(map[string]struct{}, len(list))
	for _, r := range list {
		listed[r.ID] = struct{}{}
		if _, dead := c.tombs[r.ID]; dead {
			continue
		}
		old, known := c.entries[r.ID]
		if known && old.seq > begun.seq && old.request.Newer(r) {
			continue
		}
		seq, at := begun.seq, begun.at.Add(-recent)
		if known {
			seq, at = old.seq, old.at
		}
		if c.store(r, seq, at) {
			changed = append(changed, r.ID)
		}
	}
	for id, e := range c.entries {
		if _, ok := listed[id]; ok || e.seq > begun.seq {
			continue
		}
		if begun.at.Sub(e.at) < recent {
			doubtful = append(doubtful, id)
			continue
		}
		delete(c.entries, id)
		changed = append(changed, id)
	}
	maps.DeleteFunc(c.tombs, func(_ string, at time.Time) bool { return begun.at.Sub(at) > tombLife })
	return changed, doubtful
}

// lapse returns the pending requests whose time has run out since the last call, and how long to wait until the next look.
func (c *cache) lapse(now time.Time) (ids []string, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = time.Time{}
	for id, e := range c.entries {
		switch {
		case e.lapsed || !ends(e.request):
		case !now.Before(e.request.PendingUntil):
			e.lapsed = true
			ids = append(ids, id)
		case c.next.IsZero() || e.request.PendingUntil.Before(c.next):
			c.next = e.request.PendingUntil
		}
	}
	pause = lapseEvery
	if !c.next.IsZero() {
		pause = min(pause, c.next.Sub(now))
	}
	return ids, pause
}

func (c *cache) get(id string) (bridge.Request, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.entries[id]
	if !ok {
		return bridge.Request{}, false
	}
	return e.request, true
}

func (c *cache) all() []bridge.Request {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]bridge.Request, 0, len(c.entries))
	for _, e := range c.entries {
		out = append(out, e.request)
	}
	slices.SortFunc(out, func(a, b bridge.Request) int { return a.Created.Compare(b.Created) })
	return out
}

func (c *cache) count() map[bridge.State]int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := map[bridge.State]int{bridge.StatePending: 0, bridge.StateApproved: 0, bridge.StateDenied: 0, bridge.StatePromoted: 0}
	for _, e := range c.entries {
		out[e.request.State]++
	}
	return out
}
