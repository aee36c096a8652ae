package reconcile

import (
	"context"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// lookMost bounds the pause before an object whose creation went unanswered is looked for again, as a power of two in seconds.
const lookMost = 6

// mostRepeated is how many calls are made under one claim, with each of the pauses once. Then the claim runs out, and another process, which may
// reach the vendor where this one does not, can have it first for yieldFor.
const (
	mostRepeated = lookMost + 2
	yieldFor     = 5 * time.Second
)

// doubt is what is remembered of create calls of unknown outcome, all under one claim of this process.
type doubt struct {
	// draft is what the calls said.
	draft bridge.Draft
	// calls is how many went unanswered, until when the last of them may still be carried out.
	calls int
	until time.Time
	// rest is when the creation may be repeated at the earliest, whatever else brings the request up meanwhile.
	rest time.Time
	// looks is how often the object was looked for since.
	looks int
	// refused is true once the vendor has refused a repetition for good.
	refused bool
}

// doubted returns what is in doubt under a claim.
func (m *mirror) doubted(id string, link bridge.Link) (doubt, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.doubts[id]
	return d, ok && link.Owner == m.self && link.Phase == bridge.PhaseClaimed
}

func (m *mirror) setDoubt(id string, d doubt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubts[id] = d
}

// certain forgets what was in doubt, because it has been found, or can no longer be carried out.
func (m *mirror) certain(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.doubts, id)
}

// lookEarly uses the time until a claim of unknown outcome runs out. That the object is found settles the matter at any time; only that it is
// not found means nothing before.
func (m *mirror) lookEarly(ctx context.Context, id string, link bridge.Link, wait time.Duration) (time.Duration, error) {
	d, ok := m.doubted(id, link)
	if !ok || m.throttled(time.Now()) > 0 {
		return wait, nil
	}
	settled, after, err := m.lookAgain(ctx, id, link, d)
	if settled || err != nil {
		return after, err
	}
	return min(wait, m.queue.jitter(time.Second<<min(d.looks, lookMost))), nil
}

// lookAgain looks for the object of an unanswered creation, and opens the link if it is there. Of several calls the others may still come.
func (m *mirror) lookAgain(ctx context.Context, id string, link bridge.Link, d doubt) (settled bool, after time.Duration, err error) {
	d.looks++
	m.setDoubt(id, d)
	found, err := m.find(ctx, id)
	if err != nil || found == nil {
		return false, 0, err
	}
	if d.calls == 1 {
		m.certain(id)
	}
	m.log.Info("found the object whose creation went unanswered", "request_id", id, "external_id", found.ID)
	m.setDue(id, "")
	after, err = m.opened(ctx, id, link, *found)
	return true, after, err
}

// insist waits out a claim of unknown outcome, or repeats the creation under it, where the vendor's key keeps that from making a second object
// while the first is open. The object is looked for first, for it may have been closed meanwhile. The same words go to the same place, because
// some keys hold in one place only.
func (m *mirror) insist(ctx context.Context, id string, link bridge.Link, wait time.Duration) (time.Duration, error) {
	d, ok := m.doubted(id, link)
	if !ok || d.refused || !m.ticketer.Traits().Keyed {
		return m.lookEarly(ctx, id, link, wait)
	}
	if d.calls >= mostRepeated {
		return m.lookEarly(ctx, id, link, wait+yieldFor)
	}
	if pause := max(m.throttled(time.Now()), time.Until(d.rest)); pause > 0 {
		return min(wait, pause), nil
	}
	settled, after, err := m.lookAgain(ctx, id, link, d)
	if settled || err != nil {
		return after, err
	}
	claim, err := m.extended(ctx, id, link)
	if err != nil {
		return 0, err
	}
	return m.send(ctx, id, claim, d.draft)
}

// unanswered keeps a create call in doubt and returns how long to leave the vendor alone.
func (m *mirror) unanswered(id string, draft bridge.Draft) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.doubts[id]
	pause, now := time.Second<<min(d.calls, lookMost), time.Now()
	m.doubts[id] = doubt{draft: draft, calls: d.calls + 1, until: now.Add(m.ticketer.Traits().ApplyWithin), rest: now.Add(pause)}
	return pause
}

// answered notes that a repetition was carried out. The calls before it may still be.
func (m *mirror) answered(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d, ok := m.doubts[id]; ok {
		d.until = time.Now().Add(m.ticketer.Traits().ApplyWithin)
		m.doubts[id] = d
	}
}
