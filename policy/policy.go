// Package policy says which targets a request goes to and what the evidence read back from them amounts to. It is pure: it
// does no I/O, keeps no state between calls, and gives the same answer for the same facts in any order.
package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// DefaultRoute is the name of the route that stands in when the configuration has none.
const DefaultRoute = "default"

// Route says which requests go where, and what may decide them.
type Route struct {
	Name string
	// When is a CEL expression over `request`; empty selects every request.
	When string
	// Targets are the places the route opens.
	Targets []bridge.Target
	// Approvers limits whose decisions count; the zero value lets everybody decide whom the vendor let move the object, except
	// the requester.
	Approvers Approvers
	Mode      bridge.Mode
	// OverrideRoles are the only roles that ModeOverride may decide.
	OverrideRoles []string
	// NotifyOnly keeps the route from ever deciding.
	NotifyOnly bool
	// OnCall approves requests of people who are on call.
	OnCall []OnCall
	// Quiet holds all targets back for that long after the request was made, so that nobody is told of a request that on-call approves
	// at once.
	Quiet time.Duration
}

// Approvers names people by address or by the domain of their address.
type Approvers struct {
	Emails, Domains []string
}

// Policy is the compiled set of routes.
type Policy struct {
	routes []compiled
	people *People
}

type compiled struct {
	Route
	when *condition
}

// New compiles the routes. All faults are returned at once, joined; each is an *ExpressionError. Until Using is called people are told
// apart by their addresses alone.
func New(routes []Route) (*Policy, error) {
	p := &Policy{people: NewPeople(nil, nil, false)}
	compiler, err := newCompiler()
	if err != nil {
		return nil, err
	}
	var faults []error
	for i, r := range routes {
		when, err := compiler.compile(r.When)
		if err != nil {
			faults = append(faults, &ExpressionError{Route: i, Field: "when", Err: err})
			continue
		}
		r.Targets = slices.Clone(r.Targets)
		for t := range r.Targets {
			r.Targets[t].Route, r.Targets[t].Hold = r.Name, r.Quiet
		}
		p.routes = append(p.routes, compiled{Route: r, when: when})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return p, nil
}

// Using returns the same policy with another mapping of people.
func (p *Policy) Using(people *People) *Policy { return &Policy{routes: p.routes, people: people} }

// ExpressionError is a fault in one expression of the configuration.
type ExpressionError struct {
	// Route is the index of the route in the configuration, Field the setting that holds the expression.
	Route int
	Field string
	Err   error
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("routes[%d].%s: %v", e.Route, e.Field, e.Err)
}

// Unwrap returns the compiler's own report.
func (e *ExpressionError) Unwrap() error { return e.Err }

// Match returns the first route that selects the request. The error reports conditions that could not be evaluated; the routes
// after such a condition are still tried, so that people are told of the request, but nothing may be decided by them.
func (p *Policy) Match(req bridge.Request) (*Route, error) {
	var faults []error
	for i := range p.routes {
		r := &p.routes[i]
		selected, err := r.when.selects(req)
		if err != nil {
			faults = append(faults, fmt.Errorf("route %q: %w", r.Name, err))
			continue
		}
		if selected {
			return &r.Route, errors.Join(faults...)
		}
	}
	return nil, errors.Join(faults...)
}

// Target returns the target of the named integration in the route that selects the request. The error is that of Match, and does not keep
// a target from being returned.
func (p *Policy) Target(req bridge.Request, integration string) (bridge.Target, bool, error) {
	route, err := p.Match(req)
	if route == nil {
		return bridge.Target{}, false, err
	}
	i := slices.IndexFunc(route.Targets, func(t bridge.Target) bool { return t.Integration == integration })
	if i < 0 {
		return bridge.Target{}, false, err
	}
	return route.Targets[i], true, err
}
