// Package policy says which targets a request goes to and what the evidence read back from them amounts to. It is pure: it
// does no I/O, keeps no state between calls, and gives the same answer for the same facts in any order.
package policy

import (
	"errors"
	"slices"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/accessbridge/accessbridge/bridge"
)

// DefaultRoute is the name of the route that stands in when the configuration has none.
const DefaultRoute = "default"

// Route says which requests go where, and what may decide them.
type Route struct {
	Name string
	// When is a CEL expression over the request; empty selects every request.
	When string
	// Continue lets the routes after this one be tried too when this one selects a request.
	Continue bool
	// Targets are the places the route opens.
	Targets []bridge.Target
	// ApproveWhen and DenyWhen are CEL expressions over what people said; empty lets any accepted approval, or else being on call,
	// approve, and any accepted denial deny.
	ApproveWhen, DenyWhen string
	// Approvers limits whose decisions count; the zero value lets everybody decide whom the vendor let move the object, except
	// the requester.
	Approvers Approvers
	// RequireReason lists the verdicts that need a reason.
	RequireReason []bridge.Verdict
	// MaxDuration is the longest access that may be approved from outside; zero for no limit.
	MaxDuration time.Duration
	Mode        bridge.Mode
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

// Policy is the compiled set of routes.
type Policy struct {
	routes []compiled
	// labels and states say whether any expression uses labels, or states that mean nothing by themselves.
	labels, states bool
	people         *People
	groups         Groups
	zone           *time.Location
	sources        Sources
	// monitoring is nil until it is known who knows the Access Monitoring Rules.
	monitoring Monitoring
}

type compiled struct {
	Route
	when, approveWhen, denyWhen *condition
}

// New compiles the routes. All faults are returned at once, joined; each is an *ExpressionError. Until Using is called people are told
// apart by their addresses alone, until Asking is called nobody is known to be in a group, and until In is called the time is UTC.
func New(routes []Route) (*Policy, error) {
	p := &Policy{people: NewPeople(nil, nil, false), zone: time.UTC}
	compiler, err := newCompiler()
	if err != nil {
		return nil, err
	}
	var faults []error
	for i, r := range routes {
		one, err := compiler.route(i, r)
		faults = append(faults, err)
		p.labels, p.states = p.labels || one.needs(needLabels), p.states || one.needs(needEvidence)
		p.routes = append(p.routes, one)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, flat(faults)
	}
	return p, nil
}

// SeesStates reports whether any expression may go by states that mean nothing by themselves, so that every change of an object is worth a
// reading.
func (p *Policy) SeesStates() bool { return p.states }

// flat joins faults of which some are joined themselves.
func flat(faults []error) error {
	var all []error
	for _, f := range faults {
		if joined, ok := f.(interface{ Unwrap() []error }); ok {
			all = append(all, joined.Unwrap()...)
		} else if f != nil {
			all = append(all, f)
		}
	}
	return errors.Join(all...)
}

// route compiles the expressions of one route. The targets are copied, because they are given what they have from the route.
func (c *compiler) route(index int, r Route) (compiled, error) {
	r.Targets = slices.Clone(r.Targets)
	for t := range r.Targets {
		r.Targets[t].Route, r.Targets[t].Hold = r.Name, r.Quiet
	}
	out := compiled{Route: r}
	var faults []error
	for _, e := range []struct {
		field, text string
		env         *cel.Env
		into        **condition
	}{
		{"when", r.When, c.routing, &out.when},
		{"approve_when", r.ApproveWhen, c.deciding, &out.approveWhen},
		{"deny_when", r.DenyWhen, c.deciding, &out.denyWhen},
	} {
		made, err := compile(e.env, e.text)
		if err == nil && made != nil && made.onCall != 0 && len(r.OnCall) == 0 {
			err = at(made.checked.NativeRep(), made.onCall, "on_call is always empty in a route without on_call rules")
		}
		if err == nil && made != nil {
			err = errors.Join(r.strangers(made.checked.NativeRep())...)
		}
		if err != nil {
			faults = append(faults, &ExpressionError{Route: index, Field: e.field, Text: e.text, Err: err})
			continue
		}
		*e.into = made
	}
	return out, errors.Join(faults...)
}

// needs reports whether any expression of the route needs the fact.
func (c *compiled) needs(fact string) bool {
	for _, e := range []*condition{c.when, c.approveWhen, c.denyWhen} {
		if e != nil && e.needs[fact] {
			return true
		}
	}
	return false
}

// Using returns the same policy with another mapping of people.
func (p *Policy) Using(people *People) *Policy {
	other := *p
	other.people = people
	return &other
}

// Asking returns the same policy with the given knowledge of groups.
func (p *Policy) Asking(groups Groups) *Policy {
	other := *p
	other.groups = groups
	return &other
}

// In returns the same policy whose expressions see the time in the given zone.
func (p *Policy) In(zone *time.Location) *Policy {
	other := *p
	other.zone = zone
	return &other
}
