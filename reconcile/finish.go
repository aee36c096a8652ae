package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// finish closes the object of a request that is resolved, has run out of time, or is gone.
func (m *mirror) finish(ctx context.Context, id string, link bridge.Link) (time.Duration, error) {
	switch link.Phase {
	case bridge.PhaseNone:
		if m.turns.waits(m.key(id)) {
			// Somebody else may have opened it meanwhile.
			if wait, err := m.yield(ctx, id, link, true); wait > 0 || err != nil {
				return wait, err
			}
		}
		return m.closeUnrecorded(ctx, id)
	case bridge.PhaseClaimed:
		return m.finishClaim(ctx, id, link)
	case bridge.PhaseFailed:
		outcome, wait, err := m.outcome(ctx, id, link)
		if err != nil || wait > 0 {
			return wait, err
		}
		if wait, err := m.yield(ctx, id, link, true); wait > 0 || err != nil {
			return wait, err
		}
		return 0, m.closed(ctx, id, link, outcome.Ending)
	default:
		return m.close(ctx, id, link)
	}
}

// finishClaim settles a claim whose request has ended before the object's name was known.
func (m *mirror) finishClaim(ctx context.Context, id string, link bridge.Link) (time.Duration, error) {
	if ref, ok := m.takeCreated(id, link); ok {
		return m.opened(ctx, id, link, ref)
	}
	if wait := m.mustWait(link, time.Now()); wait > 0 {
		return m.lookEarly(ctx, id, link, wait)
	}
	if wait, err := m.yield(ctx, id, link, true); wait > 0 || err != nil {
		return wait, err
	}
	claim := link.Leased(m.self, time.Now().Add(m.claimTime()))
	err := m.swap(ctx, id, link, claim)
	if errors.Is(err, bridge.ErrGone) {
		// The record is gone, but there may be an object all the same.
		claim, err = link, nil
	}
	if err != nil {
		return 0, err
	}
	m.certain(id)
	found, err := m.find(ctx, id)
	if err != nil {
		return 0, err
	}
	if found == nil {
		if err := gone(m.swap(ctx, id, claim, bridge.Link{})); err != nil {
			return 0, err
		}
		m.forget(id)
		return 0, nil
	}
	return m.opened(ctx, id, claim, *found)
}

func (m *mirror) close(ctx context.Context, id string, link bridge.Link) (time.Duration, error) {
	outcome, wait, err := m.outcome(ctx, id, link)
	if err != nil || wait > 0 {
		return wait, err
	}
	if m.judge.shows(id, m.name, outcome.Ending) {
		// The decision came from this very object, which is therefore where it should be.
		return 0, m.closed(ctx, id, link, outcome.Ending)
	}
	if rest := time.Until(link.Unsettled); rest > 0 {
		return rest, nil
	}
	if wait, err := m.yield(ctx, id, link, true); wait > 0 || err != nil {
		return wait, err
	}
	// Without a record there is no lease, but the object is closed all the same; Close may be repeated.
	leased, err := m.lease(ctx, id, link)
	if err == nil {
		link = leased
	} else if !errors.Is(err, bridge.ErrGone) {
		return 0, err
	}
	if err := m.closeObject(ctx, id, link, outcome); err != nil {
		m.keepUnclosed(id, link)
		return 0, err
	}
	return 0, m.closed(ctx, id, link, outcome.Ending)
}

// closeUnlinked closes an object that could not be linked, because the request and its records are gone.
func (m *mirror) closeUnlinked(ctx context.Context, id string, link bridge.Link) (time.Duration, error) {
	outcome, wait, err := m.outcome(ctx, id, link)
	if err != nil || wait > 0 {
		return wait, err
	}
	if rest := time.Until(link.Unsettled); rest > 0 {
		return rest, nil
	}
	if err := m.closeObject(ctx, id, link, outcome); err != nil {
		return 0, err
	}
	if err := m.links.Refresh(ctx, id); err != nil {
		return 0, fmt.Errorf("reading the link: %w", err)
	}
	m.forget(id)
	return 0, nil
}

// closeObject closes an object. One that is gone needs no closing, unless it is still to come.
func (m *mirror) closeObject(ctx context.Context, id string, link bridge.Link, outcome bridge.Outcome) error {
	ref := link.Ref
	err := m.call(ctx, func(ctx context.Context) error { return m.ticketer.Close(ctx, ref, outcome) })
	if errors.Is(err, bridge.ErrGone) {
		err = m.toCome(link)
	}
	if err != nil {
		return fmt.Errorf("closing the object: %w", err)
	}
	m.log.Info("object closed", "request_id", id, "external_id", ref.ID, "ending", string(outcome.Ending))
	return nil
}

// toCome is the error of a call for an object that seems to be gone, and may not have been made yet; nil for one that is too old for that. Some
// vendors accept a creation and carry it out later, and only the process that asked for it knows that it is to come.
func (m *mirror) toCome(link bridge.Link) error {
	traits := m.ticketer.Traits()
	if rest := traits.ApplyWithin + traits.SearchLag - time.Since(link.Opened); traits.MadeLater && rest > 0 {
		return bridge.RetryAfter(min(rest, youngPause), fmt.Errorf("object %s is not there, but may still be in the making", link.Ref.Key))
	}
	return nil
}

// closed writes down that nothing is left to do. Plugin data that no longer exists needs no such note.
func (m *mirror) closed(ctx context.Context, id string, link bridge.Link, ending bridge.Ending) error {
	next := link.Released()
	next.Phase, next.Outcome, next.Notes, next.Closed = bridge.PhaseClosed, ending, nil, time.Now().UTC().Truncate(time.Millisecond)
	next.LastError, next.NotBefore, next.FailedSince = "", time.Time{}, time.Time{}
	if err := gone(m.swap(ctx, id, link, next)); err != nil {
		return err
	}
	m.watch(id, link)
	m.forget(id)
	m.links.Forget(id)
	return nil
}

// gone lets a link be forgotten whose record Teleport has already removed.
func gone(err error) error {
	if errors.Is(err, bridge.ErrGone) {
		return nil
	}
	return err
}

// outcome says how the request ended. A request that seems to be gone, or out of time, is asked for once more, because lists and
// clocks may lag.
func (m *mirror) outcome(ctx context.Context, id string, link bridge.Link) (bridge.Outcome, time.Duration, error) {
	req, known := m.requests.Get(id)
	if !known || req.State == bridge.StatePending {
		fresh, err := m.requests.Fresh(ctx, id)
		switch {
		case errors.Is(err, bridge.ErrGone):
			return m.ended(id, m.judge.words.vanished(id, link, m.hasWitnessed(id), time.Now())), 0, nil
		case err != nil:
			return bridge.Outcome{}, 0, fmt.Errorf("reading the request: %w", err)
		case fresh.State == bridge.StatePending:
			return bridge.Outcome{}, unsettledPause, nil
		}
		req = fresh
	}
	outcome := m.judge.words.resolved(req, m.name, m.judge.reviewer.Self())
	m.mu.Lock()
	m.endings[id] = outcome
	m.mu.Unlock()
	return outcome, 0, nil
}

// ended keeps the first outcome that was seen of a request that is gone now: its object may take long to close, and an approved request goes
// when its access ends.
func (m *mirror) ended(id string, now bridge.Outcome) bridge.Outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	if first, ok := m.endings[id]; ok {
		return first
	}
	m.endings[id] = now
	return now
}
