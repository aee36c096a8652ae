package pagerduty

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// store holds the incidents. A stored *Incident is never changed: a write replaces it by a changed copy, so readers render
// theirs without holding the lock.
type store struct {
	version atomic.Int64 // grows with every change; the page polls it

	mu    sync.RWMutex
	byID  map[string]int   // position in order
	byKey map[string][]int // every incident that ever had the key
	order []*Incident      // in order of creation
	log   []logged         // every log entry, oldest first
	notes int
	calls int // invocations
}

// logged is a log entry and the incident that it belongs to.
type logged struct {
	incident int
	entry    LogEntry
}

func newStore() *store { return &store{byID: map[string]int{}, byKey: map[string][]int{}} }

// create gives the incident its id and number and keeps it, unless an open one of the same service has the key.
func (st *store) create(in *Incident, now time.Time) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	in.seq = len(st.order)
	in.Number = in.seq + 1
	in.ID = fmt.Sprintf("Q%013d", in.Number)
	if in.Key == "" {
		in.Key = fmt.Sprintf("%032x", in.Number)
	}
	for _, i := range st.byKey[in.Key] {
		if other := st.order[i]; other.Open() && other.Service == in.Service {
			return badArguments("Open incident with matching dedup key already exists on this service")
		}
	}
	in.Created, in.Updated, in.StatusChanged, in.assignedAt = now, now, now, now
	st.order = append(st.order, in)
	st.byID[in.ID] = in.seq
	st.byKey[in.Key] = append(st.byKey[in.Key], in.seq)
	st.number(in, 0)
	st.version.Add(1)
	return nil
}

// update replaces the incident by what change makes of a copy, and returns the old and the new one. The copy shares nothing
// that change may write to: appending to a slice and replacing one are fine, writing into one is not.
func (st *store) update(idOrNumber string, now time.Time, change func(*Incident) error) (old, next *Incident, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	old = st.find(idOrNumber)
	if old == nil {
		return nil, nil, notFound()
	}
	copied := *old
	copied.Log = slices.Clip(copied.Log)
	copied.Notes = slices.Clip(copied.Notes)
	copied.Invocations = slices.Clip(copied.Invocations)
	copied.Acknowledgements = slices.Clip(copied.Acknowledgements)
	if err := change(&copied); err != nil {
		return nil, nil, err
	}
	copied.Updated = now
	st.order[copied.seq] = &copied
	st.number(&copied, len(old.Log))
	st.version.Add(1)
	return old, &copied, nil
}

// number gives the log entries from the n-th on their ids and keeps them in the account's log.
func (st *store) number(in *Incident, n int) {
	for i := n; i < len(in.Log); i++ {
		in.Log[i].seq = len(st.log)
		in.Log[i].ID = fmt.Sprintf("R%013d", len(st.log)+1)
		st.log = append(st.log, logged{incident: in.seq, entry: in.Log[i]})
	}
}

func (st *store) find(idOrNumber string) *Incident {
	if i, ok := st.byID[idOrNumber]; ok {
		return st.order[i]
	}
	if n, err := strconv.Atoi(idOrNumber); err == nil && n > 0 && n <= len(st.order) {
		return st.order[n-1]
	}
	return nil
}

func (st *store) get(idOrNumber string) *Incident {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.find(idOrNumber)
}

// all lists the incidents, oldest first.
func (st *store) all() []*Incident {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return slices.Clone(st.order)
}

// withKey lists the incidents that have the key, oldest first.
func (st *store) withKey(key string) []*Incident {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]*Incident, 0, len(st.byKey[key]))
	for _, i := range st.byKey[key] {
		out = append(out, st.order[i])
	}
	return out
}

// entries lists the account's log entries that were made within the range, newest first, with their incidents as they are
// now.
func (st *store) entries(within span) (entries []LogEntry, incidents []*Incident) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, l := range slices.Backward(st.log) {
		if within.has(l.entry.At) {
			entries = append(entries, l.entry)
			incidents = append(incidents, st.order[l.incident])
		}
	}
	return entries, incidents
}

// noteID and invocationID are called with the lock held, from within update.
func (st *store) noteID() string { st.notes++; return fmt.Sprintf("PN%011d", st.notes) }

func (st *store) invocationID() string { st.calls++; return fmt.Sprintf("01INVOKE%018d", st.calls) }
