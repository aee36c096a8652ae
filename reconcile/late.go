package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// latePause is kept before the object of a request that has ended is read, so that many webhooks about it, such as those that tell of its
// being closed by the bridge itself, cost one reading.
const latePause = time.Minute

// heardLate asks for the object of a request that has ended to be read once more, in a while; false where nobody decides at objects.
func (m *mirror) heardLate(id, delivery string) bool {
	if m.decisions == nil {
		return false
	}
	m.mu.Lock()
	_, waits := m.late[id]
	m.late[id] = delivery
	m.mu.Unlock()
	if !waits {
		m.queue.later(id, m.queue.jitter(latePause))
	}
	return true
}

func (m *mirror) takeLate(id string) (delivery string, late bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delivery, late = m.late[id]
	delete(m.late, id)
	return delivery, late
}

// over forgets a request whose object is closed. If the object was heard of since, it is looked at first, or soon.
func (m *mirror) over(ctx context.Context, id string, link bridge.Link, delivery string, late bool) error {
	if late {
		if err := m.revisit(ctx, id, link, delivery); err != nil {
			m.mu.Lock()
			m.late[id] = delivery
			m.mu.Unlock()
			return err
		}
	}
	heard, due := m.takeDue(id)
	m.forget(id)
	m.links.Forget(id)
	if due {
		m.heardLate(id, heard)
	}
	return nil
}

// revisit reports, once for each change, that an object says something else since its request was decided and it was closed. Nothing is
// decided by that.
func (m *mirror) revisit(ctx context.Context, id string, link bridge.Link, delivery string) error {
	req, known := m.requests.Get(id)
	was := verdictOf(link.Outcome)
	if !known || was == bridge.Undecided || link.Closed.IsZero() {
		return nil
	}
	var said []bridge.Evidence
	err := m.call(ctx, func(ctx context.Context) (err error) {
		said, err = m.decisions.Evidence(ctx, link.Ref)
		return err
	})
	if errors.Is(err, bridge.ErrGone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the object: %w", err)
	}
	said = slices.DeleteFunc(said, func(ev bridge.Evidence) bool {
		return !saidOtherwise(ev, id, was, link.Closed) || link.Shows(driftID(was, ev))
	})
	if len(said) == 0 {
		return nil
	}
	var notes []bridge.Note
	for _, ev := range said {
		notes = append(notes, m.judge.words.late(req, was, ev))
	}
	if err := m.tellLate(ctx, id, link, notes); err != nil {
		return err
	}
	for _, ev := range said {
		text := changed(req, was, ev, true)
		ev.DeliveryID = delivery
		entry := entryFor(req, ev, bridge.Decision{})
		entry.Verdict, entry.Outcome, entry.Detail = was, bridge.OutcomeDrift, text
		m.judge.recordDrift(entry)
	}
	return nil
}

// saidOtherwise reports whether the evidence was given since the object was closed, and says something else than how the request was decided.
// A state that means nothing counts as well, but only when a person has chosen it.
func saidOtherwise(ev bridge.Evidence, id string, was bridge.Verdict, closed time.Time) bool {
	person := ev.Actor.Known() && !ev.Actor.Automated
	return ev.Marker == id && ev.Verdict != was && ev.At.After(closed) && (ev.Verdict != bridge.Undecided || person)
}

// tellLate adds notes to a closed object and writes down that it shows them. An object or a record that is gone need not be told.
func (m *mirror) tellLate(ctx context.Context, id string, link bridge.Link, notes []bridge.Note) error {
	leased, err := m.lease(ctx, id, link)
	if err != nil {
		return gone(err)
	}
	err = m.call(ctx, func(ctx context.Context) error { return m.ticketer.Update(ctx, leased.Ref, notes) })
	if err != nil && !errors.Is(err, bridge.ErrGone) {
		return fmt.Errorf("adding notes: %w", err)
	}
	next := leased.Released()
	for _, n := range notes {
		next.Notes = append(slices.Clip(next.Notes), n.ID)
	}
	return gone(m.swap(ctx, id, leased, next))
}

// verdictOf is the decision that an ending stands for.
func verdictOf(e bridge.Ending) bridge.Verdict {
	return map[bridge.Ending]bridge.Verdict{bridge.EndApproved: bridge.Approve, bridge.EndDenied: bridge.Deny}[e]
}
