package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Reroute asks the policy again where the pending requests go, because what it goes by may have changed. A request keeps the objects it has.
func (e *Engine) Reroute() {
	for req := range e.requests.All() {
		if req.State != bridge.StatePending {
			continue
		}
		for name, m := range sorted(e.mirrors) {
			switch e.links.Link(req.ID, name).Phase {
			case bridge.PhaseOpen, bridge.PhaseClosed:
			case bridge.PhaseFailed:
				m.setRerouted(req.ID)
				m.queue.add(req.ID)
			default:
				m.queue.add(req.ID)
			}
		}
	}
}

// linkedBeside lists the integrations, but for one, where the request has an object or is just getting one. A closed one tells that the request
// has ended, which this process may not have heard yet.
func (e *Engine) linkedBeside(integration, id string) []string {
	var list []string
	for name := range sorted(e.mirrors) {
		switch e.links.Link(id, name).Phase {
		case bridge.PhaseClaimed, bridge.PhaseOpen, bridge.PhaseClosed:
			if name != integration {
				list = append(list, name)
			}
		case bridge.PhaseNone, bridge.PhaseFailed:
		}
	}
	return list
}

// tellBeside asks all mirrors but one to look at a request.
func (e *Engine) tellBeside(integration, id string) {
	for name, m := range sorted(e.mirrors) {
		if name != integration {
			m.queue.add(id)
		}
	}
}

// stays reports whether a request that has no object here keeps to those it has elsewhere, because it goes here only by what was changed since
// they were opened. Another instance may have opened them, so the links are read.
func (m *mirror) stays(ctx context.Context, req bridge.Request) (bool, error) {
	if !m.policy.Reroutes() {
		return false, nil
	}
	if err := m.links.Refresh(ctx, req.ID); err != nil && !errors.Is(err, bridge.ErrGone) {
		return false, fmt.Errorf("reading the links: %w", err)
	}
	return m.policy.Stays(req, m.linkedElsewhere(req.ID)), nil
}

// unselected ends what was begun for a request that does not go here any more. An object that exists, or may exist, stays the request's.
func (m *mirror) unselected(ctx context.Context, id string, link bridge.Link, wait time.Duration) (time.Duration, error) {
	switch {
	case link.Phase == bridge.PhaseClaimed:
		after, err := m.finishClaim(ctx, id, link)
		if after > 0 || err != nil {
			return after, err
		}
		if m.links.Link(id, m.name).Phase == bridge.PhaseNone {
			m.elsewhere(id)
		}
		return wait, nil
	case link.Phase == bridge.PhaseFailed && wait == 0:
		return 0, m.unlink(ctx, id, link)
	}
	return wait, nil
}

// unlink removes a link without an object. The request may go elsewhere from now on.
func (m *mirror) unlink(ctx context.Context, id string, link bridge.Link) error {
	if err := m.swap(ctx, id, link, bridge.Link{}); err != nil {
		return err
	}
	m.elsewhere(id)
	return nil
}

func (m *mirror) setRerouted(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rerouted[id] = true
}

// takeRerouted reports, once, whether a request that the vendor refused may go elsewhere at the vendor now.
func (m *mirror) takeRerouted(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	rerouted := m.rerouted[id]
	delete(m.rerouted, id)
	return rerouted
}
