package reconcile

import (
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
	// callLimit bounds every call to a vendor.
	callLimit = 40 * time.Second
	// titlesLimit bounds the look-up of the names of resources.
	titlesLimit = 3 * time.Second
	// leaseMargin covers what lies between taking a lease and the call it protects, and clocks that differ between instances.
	leaseMargin = 10 * time.Second
	// updateLease protects comments and closing, which are found again by reading the object itself.
	updateLease = 2*callLimit + leaseMargin
	// mostReplacements is how often an object that somebody deletes is created again.
	mostReplacements = 3
	// unsettledPause is kept when Teleport still shows a request whose time has run out.
	unsettledPause = 5 * time.Second
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
	webURL    func(requestID string) string
	titles    func(context.Context, []bridge.Resource) []bridge.Resource
	queue     *queue
	// slots bounds the calls made to the vendor at once.
	slots chan struct{}
	log   *slog.Logger

	mu sync.Mutex
	// due holds the requests whose object is worth reading.
	due map[string]bool
	// created holds objects whose link could not be written yet.
	created map[string]bridge.Ref
	// unknown holds the requests whose create call went unanswered, and how often the object was looked for since.
	unknown map[string]int
	// witnessed holds the requests this process has seen pending, so that the cause of their disappearance is known.
	witnessed map[string]bool
	// endings holds how requests ended whose object is not closed yet.
	endings map[string]bridge.Outcome
}

// look asks for the object of a request to be read again.
func (m *mirror) look(id string) {
	m.mu.Lock()
	m.due[id] = true
	m.mu.Unlock()
	m.queue.add(id)
}

// reconcile brings one object a step nearer to its request. It is safe to run at any time and any number of times.
func (m *mirror) reconcile(ctx context.Context, id string) (time.Duration, error) {
	link := m.links.Link(id, m.name)
	seen := m.isDue(id) && link.Phase != bridge.PhaseOpen && link.Phase != bridge.PhaseClosed
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
		m.forget(id)
		m.links.Forget(id)
		return 0, nil
	}
	now := time.Now()
	if link.Phase != bridge.PhaseClaimed && link.Held(m.self, now) {
		return link.Until.Sub(now) + jitter(conflictPause), nil
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
	target, selected := m.target(req)
	if !selected && link.Phase == bridge.PhaseNone {
		return 0, nil
	}
	if quiet := target.Hold - time.Since(req.Created); quiet > 0 && link.Phase == bridge.PhaseNone {
		return quiet, nil
	}
	return m.open(ctx, req, target, link)
}

// target asks the policy where the request goes here. A condition that fails keeps nobody from being told, so it is only logged.
func (m *mirror) target(req bridge.Request) (bridge.Target, bool) {
	target, selected, err := m.policy.Target(req, m.name)
	if err != nil {
		m.log.Warn("a route's condition could not be evaluated", "request_id", req.ID, "error", err)
	}
	return target, selected
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
	if m.decisions == nil || !m.takeDue(id) {
		return nil
	}
	var evidence []bridge.Evidence
	err := m.call(ctx, func(ctx context.Context) (err error) {
		evidence, err = m.decisions.Evidence(ctx, link.Ref)
		return err
	})
	if err != nil {
		m.setDue(id)
		return fmt.Errorf("reading the object: %w", err)
	}
	m.judge.observe(id, m.name, evidence)
	return nil
}

// replace creates an object anew that somebody has deleted, because the people who decide could otherwise not see the request any
// more.
func (m *mirror) replace(ctx context.Context, req bridge.Request, link bridge.Link) (time.Duration, error) {
	m.judge.observe(req.ID, m.name, nil)
	if link.Replaced >= mostReplacements {
		return 0, bridge.Terminal(fmt.Errorf("object %s was deleted, as were %d before it; it is not created again", link.Ref.Key, link.Replaced))
	}
	target, selected := m.target(req)
	if !selected {
		return 0, m.swap(ctx, req.ID, link, bridge.Link{})
	}
	m.log.Warn("object was deleted, creating it again", "request_id", req.ID, "external_id", link.Ref.ID)
	return m.open(ctx, req, target, link)
}

// notes lists everything an open object should show beside its description: the reviews made in Teleport and what the judge has to
// say. The bridge's own review is told as what it is, a decision taken over.
func (m *mirror) notes(req bridge.Request) []bridge.Note {
	var notes []bridge.Note
	for _, r := range req.Reviews {
		notes = append(notes, reviewNote(req, r, r.Author == m.judge.reviewer.Self()))
	}
	return append(notes, m.judge.notesFor(req.ID, m.name)...)
}

// lease makes sure that no other instance comments on or closes the object at the same time.
func (m *mirror) lease(ctx context.Context, id string, link bridge.Link) (bridge.Link, error) {
	if link.Owner == m.self && time.Now().Add(callLimit+leaseMargin).Before(link.Until) {
		return link, nil
	}
	leased := link.Leased(m.self, time.Now().Add(updateLease))
	return leased, m.swap(ctx, id, link, leased)
}

func (m *mirror) swap(ctx context.Context, id string, old, next bridge.Link) error {
	if err := m.links.Swap(ctx, id, m.name, old, next); err != nil {
		return fmt.Errorf("writing the link: %w", err)
	}
	return nil
}

// call bounds one vendor call, in time and in company. Waiting for a slot is part of the time, which claims and leases are made for.
func (m *mirror) call(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
		return f(ctx)
	case <-ctx.Done():
		return bridge.Unsent(fmt.Errorf("waiting for other calls to end: %w", ctx.Err()))
	}
}

func (m *mirror) setDue(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.due[id] = true
}

func (m *mirror) isDue(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.due[id]
}

func (m *mirror) takeDue(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	due := m.due[id]
	delete(m.due, id)
	return due
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
	delete(m.unknown, id)
	delete(m.witnessed, id)
	delete(m.endings, id)
	m.mu.Unlock()
	m.judge.forget(id, m.name)
}
