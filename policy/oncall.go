package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// OnCall approves a request when its requester is on call.
type OnCall struct {
	Integration string
	Query       bridge.OnCallQuery
	// ServicesFrom, SchedulesFrom and TeamsFrom name system annotations of the request whose values are added to the query, as Teleport's
	// official plugins read them from roles. Users cannot set them.
	ServicesFrom, SchedulesFrom, TeamsFrom string
}

// query is what to ask for one request.
func (o OnCall) query(req bridge.Request) bridge.OnCallQuery {
	q := o.Query
	q.Services = slices.Concat(q.Services, annotated(req, o.ServicesFrom))
	q.Schedules = slices.Concat(q.Schedules, annotated(req, o.SchedulesFrom))
	q.Teams = slices.Concat(q.Teams, annotated(req, o.TeamsFrom))
	return q
}

// annotated lists the names in one annotation; none when no annotation is named.
func annotated(req bridge.Request, key string) []string {
	if key == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(req.Annotations[key]), func(name string) bool { return strings.TrimSpace(name) == "" })
}

// OnCall lists what to ask an integration about a request; nothing when no rule of the request's route names it.
func (p *Policy) OnCall(req bridge.Request, integration string) []bridge.OnCallQuery {
	route, err := p.Match(req)
	if err != nil || route == nil || route.NotifyOnly {
		return nil
	}
	var queries []bridge.OnCallQuery
	for _, rule := range route.OnCall {
		if q := rule.query(req); rule.Integration == integration && !q.Empty() {
			queries = append(queries, q)
		}
	}
	return queries
}

// JudgeDuty approves a request whose requester is on call by a rule of its route. It never denies. It is asked after Judge, so that a
// person's denial goes first.
func (p *Policy) JudgeDuty(req bridge.Request, duties []bridge.Duty) bridge.Decision {
	route, err := p.Match(req)
	if err != nil || route == nil || route.NotifyOnly {
		return bridge.Decision{}
	}
	decision := bridge.Decision{Route: route.Name, Mode: route.Mode, Rule: bridge.RuleOnCall}
	if route.Mode == bridge.ModeOverride && !subset(req.Roles, route.OverrideRoles) {
		return decision
	}
	for _, d := range duties {
		for _, s := range d.Shifts {
			if !route.asks(d.Integration) || !p.holds(d.Integration, s, req.User) {
				continue
			}
			ev := bridge.Evidence{
				Target: d.Integration, Marker: req.ID, Status: "on call", Verdict: bridge.Approve, Actor: s.Person,
				At: d.ReadAt, ReadAt: d.ReadAt, Reason: describe(s),
			}
			if decision.Verdict == bridge.Undecided || order(ev, decision.Evidence) < 0 {
				decision.Verdict, decision.Person, decision.Reason, decision.Evidence = bridge.Approve, req.User, req.User+" is "+ev.Reason, ev
			}
		}
	}
	return decision
}

// asks reports whether the route has a rule about the integration.
func (r *Route) asks(integration string) bool {
	return slices.ContainsFunc(r.OnCall, func(o OnCall) bool { return o.Integration == integration })
}

// holds reports whether the shift is the requester's own. Whoever cannot be told for certain is not on call.
func (p *Policy) holds(integration string, s bridge.Shift, user string) bool {
	if s.Person.Automated || !s.Person.Known() {
		return false
	}
	who, why := p.people.identify(integration, s.Person)
	return why == nil && who.isSurely(user)
}

// describe tells a shift to people.
func describe(s bridge.Shift) string {
	text := fmt.Sprintf("on call by %q", s.Via)
	if s.Level > 0 {
		text += fmt.Sprintf(", level %d", s.Level)
	}
	if !s.Until.IsZero() {
		text += ", until " + s.Until.UTC().Format("2006-01-02 15:04 MST")
	}
	return text
}

// order settles which of several shifts is named, whatever order they come in. The one read last goes first, so that an integration that
// does not answer any more stands in nobody's way.
func order(a, b bridge.Evidence) int {
	return cmp.Or(
		b.ReadAt.Compare(a.ReadAt),
		cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(a.Target, b.Target),
		cmp.Compare(a.Actor.ID, b.Actor.ID),
		cmp.Compare(a.Actor.Email, b.Actor.Email),
		cmp.Compare(a.Actor.Name, b.Actor.Name),
	)
}
