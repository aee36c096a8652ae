package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/gravitational/teleport/api/types"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

// marker is the issue property that names the request an issue is for.
const marker = "teleportAccessRequestId"

// entry is what happened to one request, as the simulators saw it.
type entry struct {
	// issues are the ids of all issues made for the request, openedAt is when the first one came into being.
	issues     []string
	openedAt   time.Time
	approvedAt time.Time
	opened     chan struct{}
	approved   chan struct{}
}

// ledger notes when issues come into being and requests get approved, at the moment the simulators do it.
type ledger struct {
	mu       sync.Mutex
	requests map[string]*entry
	known    map[string]bool // issues, incidents and alerts already counted
}

func newLedger() *ledger {
	return &ledger{requests: map[string]*entry{}, known: map[string]bool{}}
}

// entry returns the request's entry; the lock must be held.
func (l *ledger) entry(id string) *entry {
	e := l.requests[id]
	if e == nil {
		e = &entry{opened: make(chan struct{}), approved: make(chan struct{})}
		l.requests[id] = e
	}
	return e
}

// issue is told of each creation and each transition of an issue.
func (l *ledger) issue(i jirasim.Issue) {
	var id string
	if err := json.Unmarshal(i.Properties[marker], &id); err != nil {
		return
	}
	l.made(id, i.ID)
}

// made is told, any number of times, that a request has an object, which has a name that no other object of any vendor has.
func (l *ledger) made(request, object string) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[object] {
		return
	}
	l.known[object] = true
	e := l.entry(request)
	e.issues = append(e.issues, object)
	if len(e.issues) == 1 {
		e.openedAt = now
		close(e.opened)
	}
}

// change is told of each change of a request.
func (l *ledger) change(r types.AccessRequest) {
	now := time.Now()
	if !r.GetState().IsApproved() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entry(r.GetName()); e.approvedAt.IsZero() {
		e.approvedAt = now
		close(e.approved)
	}
}

// waitOpened returns the first issue of a request and when it came into being.
func (l *ledger) waitOpened(ctx context.Context, id string) (issue string, at time.Time, err error) {
	l.mu.Lock()
	e := l.entry(id)
	l.mu.Unlock()
	select {
	case <-e.opened:
	case <-ctx.Done():
		return "", time.Time{}, fmt.Errorf("no issue for request %s: %w", id, context.Cause(ctx))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return e.issues[0], e.openedAt, nil
}

// waitApproved returns when a request was approved.
func (l *ledger) waitApproved(ctx context.Context, id string) (time.Time, error) {
	l.mu.Lock()
	e := l.entry(id)
	l.mu.Unlock()
	select {
	case <-e.approved:
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("request %s is not approved: %w", id, context.Cause(ctx))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return e.approvedAt, nil
}

// count returns how many of the requests have no issue, and how many have more than one.
func (l *ledger) count(ids []string) (missing, doubled int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		switch n := len(l.entry(id).issues); {
		case n == 0:
			missing++
		case n > 1:
			doubled++
		}
	}
	return missing, doubled
}
