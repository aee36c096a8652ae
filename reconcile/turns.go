package reconcile

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// turnPause is how much later than the one before it each instance acts.
	turnPause = 2 * time.Second
	// turnPatience is how long an instance that is behind is waited for, as long as the others get on with their work.
	turnPatience = 5 * turnPause
	// knownFor is how long an instance is known of after a claim was last lost to it.
	knownFor = 10 * time.Minute
	// manyTurns is from how many requests on, beside a share of all links, reading all links costs less than reading those of each request.
	manyTurns      = 16
	manyTurnsShare = 50
	// readAllEvery is the pause between two readings of all links.
	readAllEvery = time.Second
)

// turns says which of several instances acts first on a request. Claims and leases keep two from acting at once, but a claim that is lost costs
// calls as well, so the others let the first one act and look afterwards. Of each other an instance knows by the claims it has lost of late; one
// that does not act when it is its turn counts as gone until the next.
type turns struct {
	self  string
	links Links
	// readAll reads all links.
	readAll func(context.Context) error

	mu     sync.Mutex
	others map[string]time.Time
	// waiting holds what others are left to act on.
	waiting map[bridge.LinkKey]expected
	// moved is when one of the others was last found to have acted.
	moved time.Time
	// read is when the last reading of all links began, of which there were size; reading is true while there is another.
	read    time.Time
	size    int
	reading bool
}

// expected is what is waited for: that somebody changes the link of a request from this phase, or after the request's end.
type expected struct {
	phase      bridge.Phase
	ended      bool
	since, due time.Time
}

func newTurns(self string, links Links, readAll func(context.Context) error) *turns {
	return &turns{self: self, links: links, readAll: readAll, others: map[string]time.Time{}, waiting: map[bridge.LinkKey]expected{}}
}

// lost tells who holds the link of a claim or lease that this instance did not get.
func (t *turns) lost(owner string) {
	if owner == "" || owner == t.self {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.others[owner] = time.Now()
}

// shared reports whether there are other instances.
func (t *turns) shared() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.others) > 0
}

// before is how many instances act earlier on a request. The order differs from request to request, so that all have a share of the work.
func (t *turns) before(id string) int { return len(t.earlier(id)) }

func (t *turns) earlier(id string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.others) == 0 {
		return nil
	}
	own := place(t.self, id)
	var names []string
	for name, seen := range t.others {
		if time.Since(seen) > knownFor {
			delete(t.others, name)
			continue
		}
		if c := cmp.Compare(place(name, id), own); c < 0 || c == 0 && name < t.self {
			names = append(names, name)
		}
	}
	return names
}

// place is where an instance stands in the order of a request.
func place(name, id string) uint64 {
	sum := sha256.Sum256([]byte(name + "\x00" + id))
	return binary.BigEndian.Uint64(sum[:])
}

// wait returns how long others are left to act, from the first time it is asked about this turn on; false once that is over.
func (t *turns) wait(key bridge.LinkKey, now expected, pause time.Duration) (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, ok := t.waiting[key]
	if !ok || w.phase != now.phase || w.ended != now.ended {
		w = now
		w.since = time.Now()
		w.due = w.since.Add(pause)
		t.waiting[key] = w
	}
	rest := time.Until(w.due)
	return rest, rest > 0
}

// waits reports whether others were left to act on the request.
func (t *turns) waits(key bridge.LinkKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.waiting[key]
	return ok
}

// done ends the waiting, because the request is settled here.
func (t *turns) done(key bridge.LinkKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, key)
}

// acted notes that somebody else has acted on a request.
func (t *turns) acted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moved = time.Now()
}

// absent decides what it means that nobody has acted on a request: the others are behind while they act on other requests, and are waited for
// one more pause. Otherwise those whose turn it was count as gone.
func (t *turns) absent(key bridge.LinkKey, pause time.Duration) time.Duration {
	names := t.earlier(key.RequestID)
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.waiting[key]
	if len(names) > 0 && time.Since(t.moved) < turnPause && time.Since(w.since) < turnPatience {
		w.due = time.Now().Add(pause)
		t.waiting[key] = w
		return pause
	}
	for _, name := range names {
		delete(t.others, name)
	}
	delete(t.waiting, key)
	return 0
}

// look reads what others have made of the links of a request. Where many requests wait, one reading serves all whose turn had come before; the
// pause is how long the next one is still to come.
func (t *turns) look(ctx context.Context, key bridge.LinkKey) (pause time.Duration, err error) {
	t.mu.Lock()
	many := len(t.waiting) >= manyTurns+t.size/manyTurnsShare
	served := t.read.After(t.waiting[key].due)
	rest := readAllEvery - time.Since(t.read)
	if t.reading {
		rest = readAllEvery
	}
	t.reading = t.reading || many && !served && rest <= 0
	t.mu.Unlock()
	switch {
	case !many:
		if err := t.links.Refresh(ctx, key.RequestID); err != nil && !errors.Is(err, bridge.ErrGone) {
			return 0, fmt.Errorf("reading the links: %w", err)
		}
		return 0, nil
	case served:
		return 0, nil
	case rest > 0:
		return rest, nil
	}
	return 0, t.lookAtAll(ctx)
}

// lookAtAll reads all links.
func (t *turns) lookAtAll(ctx context.Context) error {
	begun := time.Now()
	err := t.readAll(ctx)
	size := 0
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, link := range t.links.Links() {
		size++
		if w, waits := t.waiting[key]; waits && w.phase != link.Phase {
			t.moved = time.Now()
		}
	}
	t.reading = false
	if err != nil {
		return fmt.Errorf("reading all links: %w", err)
	}
	t.read, t.size = begun, size
	return nil
}

// yield leaves the link of a request to the instances that come first, and then looks what they have made of it. It returns how long to wait
// before everything begins anew, and zero once it is for this instance to act.
func (m *mirror) yield(ctx context.Context, id string, link bridge.Link, ended bool) (time.Duration, error) {
	// Whoever holds, or held, the claim of another looks what has become of it, which costs less than to be refused a claim.
	foreign := link.Phase == bridge.PhaseClaimed && link.Owner != m.self
	pauses := m.behind(id, link, ended)
	if pauses == 0 && !foreign {
		return 0, nil
	}
	key := m.key(id)
	if rest, waits := m.turns.wait(key, expected{phase: link.Phase, ended: ended}, m.queue.jitter(time.Duration(pauses)*turnPause)); waits {
		return rest, nil
	}
	if pause, err := m.turns.look(ctx, key); pause > 0 || err != nil {
		return m.queue.jitter(pause), err
	}
	if differs(m.links.Link(id, m.name), link) {
		m.turns.acted()
		return time.Nanosecond, nil
	}
	return m.turns.absent(key, m.queue.jitter(turnPause)), nil
}

func (m *mirror) key(id string) bridge.LinkKey { return bridge.LinkKey{RequestID: id, Target: m.name} }

// behind is how many instances come first. In closing the object, the one that had the request decided knows most of it and comes before all
// others; an object that is not known of here was left to somebody else.
func (m *mirror) behind(id string, link bridge.Link, ended bool) int {
	before := m.turns.before(id)
	if !ended {
		return before
	}
	req, _ := m.requests.Get(id)
	_, bridged := req.ReviewBy(m.judge.reviewer.Self())
	switch {
	case m.judge.submitted(id):
		before = 0
	case bridged && m.turns.shared():
		before++
	}
	if link.Phase == bridge.PhaseNone {
		return max(before, 1)
	}
	return before
}

// differs reports whether somebody has acted on a link since it was read.
func differs(now, before bridge.Link) bool {
	return now.Phase != before.Phase || now.Ref != before.Ref || now.Owner != before.Owner || !now.Until.Equal(before.Until) || len(now.Notes) != len(before.Notes)
}
