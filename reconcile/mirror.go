package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// callLimit bounds every call to a vendor whose timeout is not known.
	callLimit = 40 * time.Second
	// callMargin is what a call may take beside the longest wait for an answer, such as for a slot, or for a second answer.
	callMargin = 10 * time.Second
	// titlesLimit bounds the look-up of the names of resources.
	titlesLimit = 3 * time.Second
	// leaseMargin covers what lies between taking a lease and the call it protects, and clocks that differ between instances.
	leaseMargin = 10 * time.Second
	// mostReplacements is how often an object that somebody deletes is created again.
	mostReplacements = 3
	// unsettledPause is kept when Teleport still shows a request whose time has run out.
	unsettledPause = 5 * time.Second
	// youngPause is kept before an object that may still be in the making is looked for again.
	youngPause = 5 * time.Second
)

// mirror keeps the objects of one integration in agreement with their requests.
type mirror struct {
	name     string
	self     string
	ticketer bridge.Ticketer
	// decisions is nil for an integration that only notifies.
	decisions bridge.DecisionSource
	requests  Requests
	links     Links
	policy    Policy
	judge     *judge
	turns     *turns
	webURL    func(requestID string) string
	titles    func(context.Context, []bridge.Resource) []bridge.Resource
	queue     *queue
	// linkedElsewhere lists the other integrations where the request has an object, elsewhere asks their mirrors to look at it again.
	linkedElsewhere func(requestID string) []string
	elsewhere       func(requestID string)
	// polls is true where no webhook tells what people do.
	polls bool
	// slots bounds the calls made to the vendor at once.
	slots chan struct{}
	log   *slog.Logger

	mu sync.Mutex
	// due holds the requests whose object is worth reading, and the id of the webhook delivery that said so, if one did.
	due map[string]string
	// late holds the requests that have ended, but whose object was heard of since, like due.
	late map[string]string
	// created holds objects whose link could not be written yet.
	created map[string]bridge.Ref
	// doubts holds the requests with create calls of unknown outcome.
	doubts map[string]doubt
	// unusedClaims holds the claims under which nothing was sent to the vendor yet.
	unusedClaims map[string]unusedClaim
	// strays holds hints about objects that no known link names, by the object's id.
	strays map[string]stray
	// witnessed holds the requests this process has seen pending, so that the cause of their disappearance is known.
	witnessed map[string]bool
	// endings holds how requests ended whose object is not closed yet.
	endings map[string]bridge.Outcome
	// unclosed holds the objects that could not be closed yet.
	unclosed map[string]unclosed
	// watched holds the requests of closed objects whose changes are looked for, by the object's id.
	watched map[string]string
	// rerouted holds the requests whose routing may have changed since the vendor refused them for good.
	rerouted map[string]bool
}

// look asks for the object of a request to be read again.
func (m *mirror) look(id string) { m.hinted(id, "") }

// hinted is look because of a webhook delivery.
func (m *mirror) hinted(id, delivery string) {
	m.setDue(id, delivery)
	m.queue.add(id)
}

// step is reconcile for the queue. Once nothing is left to do, nothing is expected of other instances either.
func (m *mirror) step(ctx context.Context, id string) (time.Duration, error) {
	after, err := m.reconcile(ctx, id)
	if after == 0 && err == nil {
		m.turns.done(m.key(id))
	}
	return after, err
}

// reconcile brings one object a step nearer to its request. It is safe to run at any time and any number of times.
func (m *mirror) reconcile(ctx context.Context, id string) (time.Duration, error) {
	link := m.links.Link(id, m.name)
	delivery, late := m.takeLate(id)
	seen := (late || m.isDue(id)) && link.Phase != bridge.PhaseOpen && link.Phase != bridge.PhaseClosed
	held := link.Phase != bridge.PhaseClaimed && link.Held(m.self, time.Now())
	if seen || held {
		// Somebody saw the object, so another instance may have opened it since this one last looked. A lease of another instance has
		// mostly been given back since.
		if err := m.links.Refresh(ctx, id); err != nil && !errors.Is(err, bridge.ErrGone) {
			return 0, fmt.Errorf("reading the link: %w", err)
		}
		link = m.links.Link(id, m.name)
	}
	if link.Phase == bridge.PhaseClosed {
		return 0, m.over(ctx, id, link, delivery, late)
	}
	if link.Phase == bridge.PhaseOpen {
		m.claimStray(id, link.Ref.ID)
	}
	now := time.Now()
	if link.Phase != bridge.PhaseClaimed && link.Held(m.self, now) {
		return link.Until.Sub(now) + m.queue.jitter(conflictPause), nil
	}
	req, known := m.requests.Get(id)
	if known && req.Pending(now) {
		m.witness(id)
		return m.reconcilePending(ctx, req, link)
	}
	return m.finish(ctx, id, link)
}

func (m *mirror) reconcilePending(ctx context.Context, req bridge.Request, link bridge.Link) (time.Duration, error) {
	if link.Phase == bridge.PhaseOpen {
		return m.maintain(ctx, req, link)
	}
	placed := m.judge.labelled(ctx, req)
	target, selected, wait := m.target(placed)
	if !selected {
		return m.unselected(ctx, req.ID, link, wait)
	}
	if link.Phase == bridge.PhaseFailed && m.takeRerouted(req.ID) {
		// What the vendor refused may be asked otherwise now.
		if err := m.swap(ctx, req.ID, link, bridge.Link{}); err != nil {
			return 0, err
		}
		link = bridge.Link{}
	}
	if link.Phase != bridge.PhaseNone {
		return m.open(ctx, req, target, link)
	}
	// By Teleport's clock, which may be ahead, the request may be made in the future. Where nothing is held back it does not wait for that.
	if quiet := target.Hold - time.Since(req.Created); target.Hold > 0 && quiet > 0 {
		return quiet, nil
	}
	stays, err := m.stays(ctx, placed)
	if stays || err != nil {
		return 0, err
	}
	if link = m.links.Link(req.ID, m.name); link.Phase != bridge.PhaseNone {
		return time.Nanosecond, nil
	}
	return m.open(ctx, req, target, link)
}

// target asks the policy where the request goes here. A condition that fails keeps nobody from being told, so it is only logged; one that
// fails because something is not known is worth another try after a while.
func (m *mirror) target(req bridge.Request) (target bridge.Target, selected bool, wait time.Duration) {
	target, selected, err := m.policy.Target(req, m.name)
	unknown := errors.Is(err, bridge.ErrUnknown)
	if unknown {
		wait = m.queue.jitter(unknownPause)
	}
	switch {
	case unknown && !selected:
		m.log.Info("it is not known yet whether the request goes here", "request_id", req.ID, "error", err)
	case err != nil:
		m.log.Warn("a route's condition could not be evaluated", "request_id", req.ID, "error", err)
	}
	return target, selected, wait
}

// maintain reads the object when that is due and adds the notes it does not show yet.
func (m *mirror) maintain(ctx context.Context, req bridge.Request, link bridge.Link) (time.Duration, error) {
	err := m.gather(ctx, req.ID, link)
	if errors.Is(err, bridge.ErrGone) {
		return m.replace(ctx, req, link)
	}
	if err != nil {
		return 0, err
	}
	missing := slices.DeleteFunc(m.notes(req), func(n bridge.Note) bool { return link.Shows(n.ID) })
	if len(missing) == 0 {
		return 0, nil
	}
	if !m.judge.hasNote(req.ID, m.name, missing) {
		if wait, err := m.yield(ctx, req.ID, link, false); wait > 0 || err != nil {
			return wait, err
		}
	}
	link, err = m.lease(ctx, req.ID, link)
	if err != nil {
		return 0, err
	}
	err = m.call(ctx, func(ctx context.Context) error { return m.ticketer.Update(ctx, link.Ref, missing) })
	if errors.Is(err, bridge.ErrGone) {
		return m.replace(ctx, req, link)
	}
	if err != nil {
		return 0, fmt.Errorf("adding notes: %w", err)
	}
	next := link.Released()
	for _, n := range missing {
		next.Notes = append(slices.Clip(next.Notes), n.ID)
	}
	return 0, m.swap(ctx, req.ID, link, next)
}

// gather reads the evidence at the object if somebody asked for it.
func (m *mirror) gather(ctx context.Context, id string, link bridge.Link) error {
	delivery, due := "", false
	if m.decisions != nil {
		delivery, due = m.takeDue(id)
	}
	if !due {
		return nil
	}
	var evidence []bridge.Evidence
	err := m.call(ctx, func(ctx context.Context) (err error) {
		evidence, err = m.decisions.Evidence(ctx, link.Ref)
		return err
	})
	if err != nil {
		m.giveBack(id, delivery)
		return fmt.Errorf("reading the object: %w", err)
	}
	for n := range evidence {
		evidence[n].DeliveryID = delivery
	}
	m.judge.observe(id, m.name, evidence)
	return nil
}

// replace creates an object anew that somebody has deleted, because the people who decide could otherwise not see the request any
// more. One that is still to come is waited for.
func (m *mirror) replace(ctx context.Context, req bridge.Request, link bridge.Link) (time.Duration, error) {
	if err := m.toCome(link); err != nil {
		return 0, err
	}
	m.judge.observe(req.ID, m.name, nil)
	if link.Replaced >= mostReplacements {
		return 0, bridge.Terminal(fmt.Errorf("object %s was deleted, as were %d before it; it is not created again", link.Ref.Key, link.Replaced))
	}
	target, selected, wait := m.target(m.judge.labelled(ctx, req))
	if !selected {
		return wait, m.unlink(ctx, req.ID, link)
	}
	m.log.Warn("object was deleted, creating it again", "request_id", req.ID, "external_id", link.Ref.ID)
	return m.open(ctx, req, target, link)
}

// notes lists everything an open object should show beside its description: the reviews made in Teleport and what the judge has to
// say. The bridge's own review is told as what it is, a decision taken over.
func (m *mirror) notes(req bridge.Request) []bridge.Note {
	var notes []bridge.Note
	for _, r := range req.Reviews {
		notes = append(notes, m.judge.words.review(req, m.name, r, r.Author == m.judge.reviewer.Self()))
	}
	return append(notes, m.judge.notesFor(req.ID, m.name)...)
}

// lease makes sure that no other instance comments on or closes the object at the same time.
func (m *mirror) lease(ctx context.Context, id string, link bridge.Link) (bridge.Link, error) {
	if link.Owner == m.self && time.Now().Add(callTime(m.ticketer.Traits())+leaseMargin).Before(link.Until) {
		return link, nil
	}
	leased := link.Leased(m.self, time.Now().Add(m.updateLease()))
	return leased, m.swap(ctx, id, link, leased)
}

// updateLease is how long comments and closing are protected. They are found again by reading the object itself.
func (m *mirror) updateLease() time.Duration { return 2*callTime(m.ticketer.Traits()) + leaseMargin }

func (m *mirror) swap(ctx context.Context, id string, old, next bridge.Link) error {
	err := m.links.Swap(ctx, id, m.name, old, next)
	if err == nil {
		return nil
	}
	if now := m.links.Link(id, m.name); errors.Is(err, bridge.ErrConflict) && now.Held(m.self, time.Now()) {
		m.turns.lost(now.Owner)
	}
	return fmt.Errorf("writing the link: %w", err)
}

// callTime bounds a call to a vendor.
func callTime(t bridge.Traits) time.Duration {
	if t.Timeout <= 0 {
		return callLimit
	}
	return t.Timeout + callMargin
}

// call bounds one vendor call, in time and in company. Waiting for a slot is part of the time, which claims and leases are made for.
func (m *mirror) call(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTime(m.ticketer.Traits()))
	defer cancel()
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
		return f(ctx)
	case <-ctx.Done():
		return bridge.Unsent(fmt.Errorf("waiting for other calls to end: %w", ctx.Err()))
	}
}

// setDue keeps the newest delivery that asked for the reading; whoever asks without one takes none away.
func (m *mirror) setDue(id, delivery string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.due[id] = cmp.Or(delivery, m.due[id])
}

// giveBack is setDue after a reading that failed. A delivery that came meanwhile is newer.
func (m *mirror) giveBack(id, delivery string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.due[id] = cmp.Or(m.due[id], delivery)
}

func (m *mirror) isDue(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, due := m.due[id]
	return due
}

func (m *mirror) takeDue(id string) (delivery string, due bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delivery, due = m.due[id]
	delete(m.due, id)
	return delivery, due
}

func (m *mirror) witness(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.witnessed[id] = true
}

func (m *mirror) hasWitnessed(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.witnessed[id]
}

// forget drops what was remembered of a request that has ended.
func (m *mirror) forget(id string) {
	m.mu.Lock()
	delete(m.due, id)
	delete(m.created, id)
	delete(m.doubts, id)
	delete(m.unusedClaims, id)
	delete(m.witnessed, id)
	delete(m.endings, id)
	delete(m.unclosed, id)
	delete(m.rerouted, id)
	m.mu.Unlock()
	m.judge.forget(id, m.name)
}
