package jira

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// store holds the issues. A stored *Issue is never changed: a write replaces it by a changed copy, so readers render
// theirs without holding the lock, and the search index can keep answering from an older one.
type store struct {
	lag     time.Duration
	version atomic.Int64 // grows with every change; the board page polls it

	mu       sync.RWMutex
	byID     map[string]*record
	byKey    map[string]*record
	byLabel  map[string][]*record // every record that ever had the label
	order    []*record            // in order of creation
	perKey   map[string]int       // highest issue number by project key
	comments int
	changes  int
}

// record is one issue and what the search index still shows of it.
type record struct {
	seq     int
	current *Issue // nil once deleted
	stale   []version
}

// version is what the index shows from a moment on; issue is nil when it shows nothing.
type version struct {
	at    time.Time
	issue *Issue
}

func newStore(lag time.Duration) *store {
	return &store{
		lag: lag, byID: map[string]*record{}, byKey: map[string]*record{}, byLabel: map[string][]*record{},
		perKey: map[string]int{}, comments: 10500, changes: 20000,
	}
}

// create gives the issue its id and key and keeps it.
func (st *store) create(issue *Issue, now time.Time) *Issue {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.perKey[issue.Project]++
	issue.seq = len(st.order)
	issue.ID = strconv.Itoa(10001 + issue.seq)
	issue.Key = fmt.Sprintf("%s-%d", issue.Project, st.perKey[issue.Project])
	issue.Created, issue.Updated = now, now
	rec := &record{seq: issue.seq}
	st.order = append(st.order, rec)
	st.byID[issue.ID], st.byKey[issue.Key] = rec, rec
	st.put(rec, issue, now)
	return issue
}

// update replaces the issue by what change makes of a copy. The copy shares nothing that change may write to: appending
// to a slice and replacing a map are fine, writing into either is not.
func (st *store) update(keyOrID string, now time.Time, change func(*Issue) error) (*Issue, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	rec := st.find(keyOrID)
	if rec == nil {
		return nil, errIssueNotFound()
	}
	next := *rec.current
	if err := change(&next); err != nil {
		return nil, err
	}
	next.Updated = now
	st.put(rec, &next, now)
	return &next, nil
}

func (st *store) remove(keyOrID string, now time.Time) (*Issue, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	rec := st.find(keyOrID)
	if rec == nil {
		return nil, errIssueNotFound()
	}
	old := rec.current
	delete(st.byID, old.ID)
	delete(st.byKey, old.Key)
	st.put(rec, nil, now)
	return old, nil
}

// put makes issue the current one and, when the index lags, remembers what the index shows until then.
func (st *store) put(rec *record, issue *Issue, now time.Time) {
	if st.lag > 0 {
		cutoff := now.Add(-st.lag)
		for len(rec.stale) > 1 && !rec.stale[1].at.After(cutoff) {
			rec.stale = rec.stale[1:]
		}
		rec.stale = append(slices.Clip(rec.stale), version{at: now, issue: issue})
	}
	if issue != nil {
		for _, label := range issue.Labels {
			if recs := st.byLabel[label]; !slices.Contains(recs, rec) {
				st.byLabel[label] = append(recs, rec)
			}
		}
	}
	rec.current = issue
	st.version.Add(1)
}

// indexed is what the search index shows of the record at the given moment; nil when nothing.
func (st *store) indexed(rec *record, now time.Time) *Issue {
	if st.lag <= 0 {
		return rec.current
	}
	cutoff := now.Add(-st.lag)
	for _, v := range slices.Backward(rec.stale) {
		if !v.at.After(cutoff) {
			return v.issue
		}
	}
	return nil
}

func (st *store) find(keyOrID string) *record {
	if rec := st.byID[keyOrID]; rec != nil {
		return rec
	}
	return st.byKey[strings.ToUpper(keyOrID)]
}

func (st *store) get(keyOrID string) *Issue {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if rec := st.find(keyOrID); rec != nil {
		return rec.current
	}
	return nil
}

func (st *store) all() []*Issue {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]*Issue, 0, len(st.byID))
	for _, rec := range st.order {
		if rec.current != nil {
			out = append(out, rec.current)
		}
	}
	return out
}

// rename gives the statuses a new name in every issue, also in what the index shows, without touching the history.
func (st *store) rename(statusIDs []string, name string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	swap := func(issue *Issue) *Issue {
		if issue == nil || !slices.Contains(statusIDs, issue.statusID) {
			return issue
		}
		next := *issue
		next.Status = name
		return &next
	}
	for _, rec := range st.order {
		rec.current = swap(rec.current)
		rec.stale = slices.Clone(rec.stale)
		for i := range rec.stale {
			rec.stale[i].issue = swap(rec.stale[i].issue)
		}
	}
	st.version.Add(1)
}

// commentID and changeID number comments and history entries; they are called with the lock held, from within update.
func (st *store) commentID() string { st.comments++; return strconv.Itoa(st.comments) }

func (st *store) changeID() string { st.changes++; return strconv.Itoa(st.changes) }

// with is a copy of the map with one more entry.
func with[V any](m map[string]V, key string, value V) map[string]V {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]V{}
	}
	out[key] = value
	return out
}
