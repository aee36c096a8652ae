package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// judgement is the state of one call of Judge.
type judgement struct {
	policy *Policy
	req    bridge.Request
	// deciding are the routes that may decide, heard what counts in each.
	deciding []*compiled
	heard    []*hearing
	decision bridge.Decision
	// blocked says why nothing is approved: somebody who may deny has, but in a way that does not count yet.
	blocked string
}

// Judge weighs all evidence on a request, and who is on call for it. The first of the request's routes that is not there for notifying
// alone may approve and deny, the others may only deny. A denial goes before everything else, a person's approval before being on call. It
// decides only by a statement that was accepted, or a shift of the requester's own; everything else, and every error, leaves the request
// undecided. The order of evidence and duties does not matter.
func (p *Policy) Judge(req bridge.Request, evidence []bridge.Evidence, duties []bridge.Duty) bridge.Decision {
	m := p.match(req)
	j := &judgement{policy: p, req: req, deciding: m.deciding()}
	if len(j.deciding) == 0 {
		return bridge.Decision{}
	}
	first := j.deciding[0]
	j.decision = bridge.Decision{Route: first.Name, Mode: first.Mode}
	if m.err != nil {
		j.refuseAll(evidence, m.err)
		return j.decision
	}
	for range j.deciding {
		j.heard = append(j.heard, &hearing{people: p.people})
	}
	j.hear(evidence)
	j.heard[0].attend(p, first, req, duties)
	if denied, err := j.deny(); denied || err != nil {
		j.failed(err)
		return j.decision
	}
	j.failed(j.approve())
	return j.decision
}

// refuseAll refuses every decision at the targets of the deciding routes, because it cannot be told which routes the request has.
func (j *judgement) refuseAll(evidence []bridge.Evidence, err error) {
	j.decision.Detail, j.decision.Unknown = err.Error(), errors.Is(err, bridge.ErrUnknown)
	for _, ev := range sorted(evidence) {
		if ev.Verdict != bridge.Undecided && owner(j.deciding, ev.Target) >= 0 {
			j.refuse(ev, faultPolicy, err.Error())
		}
	}
}

func (j *judgement) refuse(ev bridge.Evidence, why *fault, detail string) {
	refusal := refuse(ev, why)
	refusal.Detail = detail
	j.decision.Refusals = append(j.decision.Refusals, refusal)
}

// hear gives each piece of evidence to the route it belongs to, or refuses it. A state that says nothing by itself is nothing to refuse.
func (j *judgement) hear(evidence []bridge.Evidence) {
	for _, ev := range sorted(evidence) {
		n := owner(j.deciding, ev.Target)
		if n < 0 {
			continue
		}
		who, why := j.policy.accept(&j.deciding[n].Route, j.req, ev)
		if why == nil && n > 0 && ev.Verdict == bridge.Approve {
			why = faultOtherRoute(j.deciding[0].Name)
		}
		switch {
		case why == nil:
			j.heard[n].hear(statement{who: who, ev: ev})
		case ev.Verdict != bridge.Undecided:
			j.refuse(ev, why, "")
			j.decision.Unknown = j.decision.Unknown || why == faultGroup
			if ev.Verdict == bridge.Deny && (why == faultNoReason || why == faultGroup) {
				j.blocked = fmt.Sprintf("nothing is approved while there is a denial at %s that may come to count (%s)", ev.Target, why.code)
			}
		}
	}
}

// deny asks each route whether it denies.
func (j *judgement) deny() (bool, error) {
	for n, route := range j.deciding {
		h := j.heard[n]
		by := h.newest(is(bridge.Deny))
		rule := bridge.RuleStatus
		if route.denyWhen != nil {
			if len(h.accepted) == 0 {
				continue
			}
			denies, err := j.holds(route.denyWhen, route, h)
			if err != nil {
				return false, fmt.Errorf("route %q: deny_when: %w", route.Name, err)
			}
			if !denies {
				continue
			}
			rule = bridge.RuleDenyWhen
			if by == nil {
				by = h.newest(isNot(bridge.Undecided))
			}
			if by == nil {
				by = h.newest(is(bridge.Undecided))
			}
		}
		if by != nil {
			return j.decide(n, bridge.Deny, rule, *by), nil
		}
	}
	return false, nil
}

// approve asks the first route whether it approves.
func (j *judgement) approve() error {
	route, h := j.deciding[0], j.heard[0]
	if j.blocked != "" {
		j.decision.Detail = j.blocked
		return nil
	}
	if route.tooLong(j.req) {
		if len(h.shifts) > 0 || route.approveWhen != nil && len(h.accepted) > 0 {
			j.decision.Detail = faultTooLong(route.MaxDuration, j.req).text
		}
		return nil
	}
	by := h.newest(is(bridge.Approve))
	if route.approveWhen == nil {
		switch {
		case by != nil:
			j.decide(0, bridge.Approve, bridge.RuleStatus, *by)
		case len(h.shifts) > 0:
			j.approveShift(bridge.RuleOnCall)
		}
		return nil
	}
	if len(h.accepted) == 0 && len(h.shifts) == 0 {
		return nil
	}
	approves, err := j.holds(route.approveWhen, route, h)
	if err != nil {
		return fmt.Errorf("route %q: approve_when: %w", route.Name, err)
	}
	if by == nil {
		by = h.newest(is(bridge.Undecided))
	}
	switch {
	case !approves:
	case by != nil:
		j.decide(0, bridge.Approve, bridge.RuleApproveWhen, *by)
	case len(h.shifts) > 0:
		j.approveShift(bridge.RuleApproveWhen)
	default:
		j.decision.Detail = "approve_when is true, but nobody has approved and the requester is not on call"
	}
	return nil
}

func is(v bridge.Verdict) func(bridge.Verdict) bool {
	return func(o bridge.Verdict) bool { return o == v }
}

func isNot(v bridge.Verdict) func(bridge.Verdict) bool {
	return func(o bridge.Verdict) bool { return o != v }
}

func (j *judgement) holds(c *condition, route *compiled, h *hearing) (bool, error) {
	return c.holds(&facts{policy: j.policy, req: j.req, now: h.moment(route.seesOnCall()), heard: h})
}

// seesOnCall reports whether a decision of the route may rest on who is on call by an expression.
func (r *compiled) seesOnCall() bool {
	return r.denyWhen != nil && r.denyWhen.needs[needOnCall] || r.approveWhen != nil && r.approveWhen.needs[needOnCall]
}

// failed leaves the request undecided because of an error. Every statement that could have decided is refused, so that people see it; that
// it has not been read yet who is on call is no fault, and passes.
func (j *judgement) failed(err error) {
	if err == nil {
		return
	}
	j.decision.Detail, j.decision.Unknown = err.Error(), j.decision.Unknown || errors.Is(err, bridge.ErrUnknown)
	if unknown, ok := errors.AsType[*unknownError](err); ok && unknown.need == needOnCall && j.awaited() {
		return
	}
	for _, h := range j.heard {
		for _, s := range h.accepted {
			if s.ev.Verdict != bridge.Undecided {
				j.refuse(s.ev, faultPolicy, err.Error())
			}
		}
	}
}

// awaited reports whether an answer is still to come to what the first route asks about who is on call.
func (j *judgement) awaited() bool { return len(j.deciding[0].OnCall) > 0 && !j.heard[0].shiftsKnown }

// decide settles the decision by a statement of a route; false when the statement lacks the reason that such a decision needs.
func (j *judgement) decide(n int, v bridge.Verdict, rule string, by statement) bool {
	route, h, d := j.deciding[n], j.heard[n], &j.decision
	if route.unreasoned(v, by.ev) {
		j.refuse(by.ev, faultNoReason, "")
		// Denying is not given up in favour of approving.
		return v == bridge.Deny
	}
	d.Verdict, d.Route, d.Mode, d.Rule = v, route.Name, route.Mode, rule
	d.Evidence, d.Person, d.Reason = by.ev, by.who.name(), by.ev.Reason
	if rule == bridge.RuleStatus && route.denyWhen == nil {
		return true
	}
	words := []string{strings.TrimSpace(by.ev.Reason)}
	for _, s := range h.accepted {
		if s.ev != by.ev {
			d.Support = append(d.Support, s.ev)
			words = append(words, fmt.Sprintf("%s: %q at %s", s.who.name(), s.ev.Status, s.ev.Target))
		}
	}
	words = append(words, j.supportShifts(route, h)...)
	d.Reason = strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "; ")
	return true
}

// supportShifts adds what an expression saw of who is on call to what the decision rests on.
func (j *judgement) supportShifts(route *compiled, h *hearing) (words []string) {
	if !route.seesOnCall() {
		return nil
	}
	for _, d := range h.duties {
		j.decision.Duties = append(j.decision.Duties, bridge.Duty{Integration: d.Integration, ReadAt: d.ReadAt})
	}
	for _, s := range h.shifts {
		if s.ev != j.decision.Evidence {
			j.decision.Support = append(j.decision.Support, s.ev)
			words = append(words, j.req.User+" is "+s.ev.Reason)
		}
	}
	return words
}

// approveShift settles the decision by the requester's own shift. Nobody has to give a reason for it.
func (j *judgement) approveShift(rule string) {
	route, h, d := j.deciding[0], j.heard[0], &j.decision
	by := h.shifts[0]
	d.Verdict, d.Rule, d.Evidence, d.Person = bridge.Approve, rule, by.ev, j.req.User
	d.Reason = j.req.User + " is " + by.ev.Reason
	if words := j.supportShifts(route, h); len(words) > 0 {
		d.Reason += "; " + strings.Join(words, "; ")
	}
}
