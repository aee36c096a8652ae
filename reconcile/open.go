package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// open creates the object of a pending request, at most once among all instances:
//
//  1. Claim the link by compare-and-swap, in turn. Whoever loses comes back when the claim runs out.
//  2. Take over a claim only after it has run out, and then look for the object first: its creator may have died, or may not have
//     heard the answer. A claim lasts longer than the vendor may take to carry out the call and to show the result in a search.
//  3. Create the object. When the outcome is unknown the claim stays, and the way leads to step 2 when it has run out.
//  4. Write the object's name into the link.
func (m *mirror) open(ctx context.Context, req bridge.Request, target bridge.Target, link bridge.Link) (time.Duration, error) {
	if ref, ok := m.takeCreated(req.ID, link); ok {
		return m.opened(ctx, req.ID, link, ref)
	}
	if tried, ok := m.unused(req.ID); ok && m.throttled(time.Now()) == 0 {
		return m.underOwn(ctx, req, target, link, tried)
	}
	if wait := m.mustWait(link, time.Now()); wait > 0 {
		return m.insist(ctx, req.ID, link, wait)
	}
	// Of an object that was deleted the others may not know.
	if link.Phase != bridge.PhaseOpen {
		if wait, err := m.yield(ctx, req.ID, link, false); wait > 0 || err != nil {
			return wait, err
		}
	}
	if ref, ok := m.official(req.ID); ok && link.Phase == bridge.PhaseNone {
		m.log.Info("taking over the official plugin's object", "request_id", req.ID, "external_id", ref.ID)
		m.setDue(req.ID, "")
		return m.opened(ctx, req.ID, link, ref)
	}
	claim := link.Leased(m.self, time.Now().Add(m.claimTime()))
	claim.Phase, claim.Ref, claim.PendingUntil = bridge.PhaseClaimed, bridge.Ref{}, req.PendingUntil
	claim.LastError, claim.NotBefore = "", time.Time{}
	if link.Phase == bridge.PhaseOpen {
		claim.Replaced, claim.Notes = link.Replaced+1, nil
	}
	search := link.Phase == bridge.PhaseClaimed
	m.claiming(req.ID, claim, search)
	if err := m.swap(ctx, req.ID, link, claim); err != nil {
		return 0, err
	}
	return m.underClaim(ctx, req, target, claim, search)
}

// underClaim creates the object under a claim of this process, after a search where somebody may have created it before. Whatever was in doubt
// under an earlier claim shows in that search.
func (m *mirror) underClaim(ctx context.Context, req bridge.Request, target bridge.Target, claim bridge.Link, search bool) (time.Duration, error) {
	m.certain(req.ID)
	if search {
		found, err := m.find(ctx, req.ID)
		if err != nil {
			return 0, err
		}
		if found != nil {
			m.log.Info("found the object of an earlier try", "request_id", req.ID, "external_id", found.ID)
			m.setDue(req.ID, "")
			return m.opened(ctx, req.ID, claim, *found)
		}
	}
	return m.create(ctx, req, target, claim)
}

// mustWait says how long the link may not be touched: while a claim is in force, whoever holds it, and after a terminal fault, unless
// another process met it, which may have had another configuration.
func (m *mirror) mustWait(link bridge.Link, now time.Time) time.Duration {
	switch {
	case link.Phase == bridge.PhaseClaimed && now.Before(link.Until):
		return link.Until.Sub(now) + m.queue.jitter(conflictPause)
	case link.Phase == bridge.PhaseFailed && link.Owner == m.self && now.Before(link.NotBefore):
		return link.NotBefore.Sub(now)
	}
	return m.throttled(now)
}

// throttled says how long the vendor account must rest.
func (m *mirror) throttled(now time.Time) time.Duration {
	if t, ok := m.ticketer.(bridge.Throttled); ok {
		if until := t.BusyUntil(); now.Before(until) {
			// All come back at once and are taken in the order of their places: spread, they would overtake each other.
			return until.Sub(now) + conflictPause
		}
	}
	return 0
}

// claimTime is how long a claim lasts: the call itself, the time the vendor may go on working after the bridge stopped waiting, and
// the time until the result shows in a search.
func (m *mirror) claimTime() time.Duration {
	t := m.ticketer.Traits()
	return callTime(t) + t.ApplyWithin + t.SearchLag + leaseMargin
}

func (m *mirror) create(ctx context.Context, req bridge.Request, target bridge.Target, claim bridge.Link) (time.Duration, error) {
	draft := bridge.Draft{Request: req, WebURL: m.webURL(req.ID), Settings: target.Settings, Recipients: target.Recipients}
	draft.Request.Resources = m.titled(ctx, req.Resources)
	claim, err := m.extended(ctx, req.ID, claim)
	if err != nil {
		return 0, err
	}
	m.sending(req.ID)
	return m.send(ctx, req.ID, claim, draft)
}

// send makes the create call.
func (m *mirror) send(ctx context.Context, id string, claim bridge.Link, draft bridge.Draft) (time.Duration, error) {
	var ref bridge.Ref
	err := m.call(ctx, func(ctx context.Context) (err error) {
		ref, err = m.ticketer.Open(ctx, bridge.Marker{RequestID: id}, draft)
		return err
	})
	if err != nil {
		return 0, m.notCreated(ctx, id, claim, draft, fmt.Errorf("creating the object: %w", err))
	}
	m.answered(id)
	m.mu.Lock()
	m.created[id] = ref
	m.mu.Unlock()
	m.log.Info("object created", "request_id", id, "external_id", ref.ID, "key", ref.Key)
	return m.opened(ctx, id, claim, ref)
}

// titled adds the names people know the resources by. They are not worth a long wait while the claim runs.
func (m *mirror) titled(ctx context.Context, resources []bridge.Resource) []bridge.Resource {
	ctx, cancel := context.WithTimeout(ctx, titlesLimit)
	defer cancel()
	return m.titles(ctx, resources)
}

// extended returns a claim that lasts long enough for a create call that begins now. What came before the call, such as a search, may have
// used up time that the claim needs after it.
func (m *mirror) extended(ctx context.Context, id string, claim bridge.Link) (bridge.Link, error) {
	enough := m.claimTime() - leaseMargin/2
	if time.Until(claim.Until) >= enough {
		return claim, nil
	}
	longer := claim.Leased(m.self, time.Now().Add(m.claimTime()))
	if _, sent := m.doubted(id, claim); !sent {
		m.claiming(id, longer, false)
	}
	if err := m.swap(ctx, id, claim, longer); err != nil {
		return claim, err
	}
	if time.Until(longer.Until) < enough {
		return claim, errors.New("writing the claim took too long to create the object under it")
	}
	return longer, nil
}

// notCreated gives the claim back when the vendor certainly did nothing, now and before. Otherwise the claim stays, and so does the pause until
// it runs out.
func (m *mirror) notCreated(ctx context.Context, id string, claim bridge.Link, draft bridge.Draft, err error) error {
	class, _ := bridge.ClassOf(err)
	d, doubted := m.doubted(id, claim)
	if !bridge.NoEffect(err) {
		pause := min(m.unanswered(id, draft), time.Until(claim.Until))
		return &bridge.Error{Class: bridge.ClassWait, After: pause, Err: fmt.Errorf("outcome unknown, looking for the object: %w", err)}
	}
	if doubted {
		pause := time.Second << min(d.calls, lookMost)
		d.refused, d.rest = class == bridge.ClassTerminal, time.Now().Add(pause)
		m.setDoubt(id, d)
		return &bridge.Error{Class: bridge.ClassWait, After: pause, Err: fmt.Errorf("outcome of an earlier call unknown, looking for the object: %w", err)}
	}
	next := bridge.Link{Replaced: claim.Replaced}
	if class == bridge.ClassTerminal {
		next = claim.Leased(m.self, time.Time{})
		next.Phase, next.LastError, next.NotBefore = bridge.PhaseFailed, err.Error(), time.Now().Add(terminalPause(claim.FailedSince)).UTC()
		if next.FailedSince.IsZero() {
			next.FailedSince = time.Now().UTC()
		}
	}
	if swapped := m.swap(ctx, id, claim, next); swapped != nil {
		m.log.Warn("claim not given back", "request_id", id, "error", swapped)
	}
	return err
}

// opened writes the object's name into the link. Until that has succeeded the name is kept in memory and tried again.
func (m *mirror) opened(ctx context.Context, id string, link bridge.Link, ref bridge.Ref) (time.Duration, error) {
	next := link.Released()
	next.FailedSince = time.Time{}
	next.Phase, next.Ref, next.Opened = bridge.PhaseOpen, ref, time.Now().UTC().Truncate(time.Second)
	if req, ok := m.requests.Get(id); ok {
		next.PendingUntil = req.PendingUntil
	}
	if d, ok := m.doubted(id, link); ok {
		next.Unsettled = d.until.UTC().Truncate(time.Millisecond)
	}
	if err := m.swap(ctx, id, link, next); err != nil {
		m.mu.Lock()
		m.created[id] = ref
		m.mu.Unlock()
		if errors.Is(err, bridge.ErrGone) {
			m.keepUnclosed(id, next)
			return m.closeUnrecorded(ctx, id)
		}
		return 0, err
	}
	m.claimStray(id, ref.ID)
	m.mu.Lock()
	delete(m.created, id)
	delete(m.doubts, id)
	_, due := m.due[id]
	m.mu.Unlock()
	if due || m.needsMore(id) {
		return time.Nanosecond, nil
	}
	return 0, nil
}

// needsMore reports whether the request already has something to tell at its new object, or has ended meanwhile.
func (m *mirror) needsMore(id string) bool {
	req, ok := m.requests.Get(id)
	return !ok || !req.Pending(time.Now()) || len(m.notes(req)) > 0
}

func (m *mirror) find(ctx context.Context, id string) (found *bridge.Ref, err error) {
	err = m.call(ctx, func(ctx context.Context) (err error) {
		found, err = m.ticketer.Find(ctx, bridge.Marker{RequestID: id})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for the object: %w", err)
	}
	return found, nil
}

func (m *mirror) official(id string) (bridge.Ref, bool) {
	a, ok := m.ticketer.(bridge.Adopter)
	if !ok {
		return bridge.Ref{}, false
	}
	return m.links.Official(id, a.OfficialPlugin())
}

// takeCreated returns the object that was created under this very claim. One of an earlier claim may have been linked, and deleted, since.
func (m *mirror) takeCreated(id string, claim bridge.Link) (bridge.Ref, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ref, ok := m.created[id]
	if claim.Phase == bridge.PhaseClaimed && claim.Owner == m.self {
		return ref, ok
	}
	delete(m.created, id)
	return bridge.Ref{}, false
}
