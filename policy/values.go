package policy

import (
	"fmt"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Value is what one expression of a route yields for a request.
type Value struct {
	// Route is the name of the route, Field the setting that holds the expression.
	Route, Field string
	Holds        bool
	// Parts are the conditions inside the expression and what they compare, in the order they are written.
	Parts []Part
	// Err says why the expression could not be evaluated.
	Err error
}

// String writes the value on one line, with its parts.
func (v Value) String() string {
	parts := make([]string, len(v.Parts))
	for i, part := range v.Parts {
		parts[i] = part.Text + " is " + part.Value
	}
	text := fmt.Sprintf("%s of route %s is %t", v.Field, v.Route, v.Holds)
	if v.Err != nil {
		text = fmt.Sprintf("%s of route %s cannot be evaluated: %v", v.Field, v.Route, v.Err)
	}
	if len(parts) == 0 {
		return text
	}
	return text + ": " + strings.Join(parts, "; ")
}

// Values evaluates the expressions that Judge looks at, and those of the routes that do not select the request, for people who want to know
// why.
func (p *Policy) Values(req bridge.Request, evidence []bridge.Evidence, duties []bridge.Duty) []Value {
	var values []Value
	add := func(route, field string, c *condition, f *facts) {
		if c != nil {
			holds, err := c.holds(f)
			values = append(values, Value{Route: route, Field: field, Holds: holds, Parts: c.parts(f), Err: err})
		}
	}
	for i := range p.routes {
		add(p.routes[i].Name, "when", p.routes[i].when, &facts{policy: p, req: req, now: req.Created})
	}
	j := &judgement{policy: p, req: req, deciding: p.match(req).deciding()}
	for range j.deciding {
		j.heard = append(j.heard, &hearing{people: p.people})
	}
	j.hear(evidence)
	for n, route := range j.deciding {
		h := j.heard[n]
		if n == 0 {
			h.attend(p, route, req, duties)
		}
		f := &facts{policy: p, req: req, now: h.moment(route.seesOnCall()), heard: h}
		add(route.Name, "deny_when", route.denyWhen, f)
		if n == 0 {
			add(route.Name, "approve_when", route.approveWhen, f)
		}
	}
	return values
}
