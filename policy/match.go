package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
)

// matched are the routes of one request, in their order, and what kept conditions from being evaluated.
type matched struct {
	routes []*compiled
	err    error
}

// match finds the routes of a request: the first that selects it, and as long as those say so, further ones. The routes after a condition
// that could not be evaluated are still tried, so that people are told of the request, but nothing may be decided by them.
func (p *Policy) match(req bridge.Request) matched {
	var m matched
	f := &facts{policy: p, req: req, now: req.Created}
	for i := range p.routes {
		r := &p.routes[i]
		if r.when != nil {
			selects, err := r.when.holds(f)
			if err != nil {
				m.err = errors.Join(m.err, fmt.Errorf("route %q: %w", r.Name, err))
				continue
			}
			if !selects {
				continue
			}
		}
		m.routes = append(m.routes, r)
		if !r.Continue {
			break
		}
	}
	return m
}

// deciding lists the routes that may decide. The first of them may approve and deny, the others may only deny.
func (m matched) deciding() []*compiled {
	return slices.DeleteFunc(slices.Clone(m.routes), func(r *compiled) bool { return r.NotifyOnly })
}

// Match returns the first route that selects the request. The error reports conditions that could not be evaluated; the routes
// after such a condition are still tried, so that people are told of the request, but nothing may be decided by them.
func (p *Policy) Match(req bridge.Request) (*Route, error) {
	m := p.match(req)
	if len(m.routes) == 0 {
		return nil, m.err
	}
	return &m.routes[0].Route, m.err
}

// Routes returns all routes of the request in their order. The error is that of Match.
func (p *Policy) Routes(req bridge.Request) ([]*Route, error) {
	m := p.match(req)
	routes := make([]*Route, len(m.routes))
	for i, r := range m.routes {
		routes[i] = &r.Route
	}
	return routes, m.err
}

func (r *Route) target(integration string) int {
	return slices.IndexFunc(r.Targets, func(t bridge.Target) bool { return t.Integration == integration })
}

// owner returns which of the deciding routes an integration's statements belong to: the first that has a target there; -1 for none.
func owner(deciding []*compiled, integration string) int {
	return slices.IndexFunc(deciding, func(r *compiled) bool { return r.target(integration) >= 0 })
}
