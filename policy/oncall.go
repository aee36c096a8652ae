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

// OnCall lists what to ask an integration about a request; nothing when no rule of the route that decides names it.
func (p *Policy) OnCall(req bridge.Request, integration string) []bridge.OnCallQuery {
	m := p.match(req)
	deciding := m.deciding()
	if m.err != nil || len(deciding) == 0 {
		return nil
	}
	return deciding[0].queries(req, integration)
}

func (r *Route) queries(req bridge.Request, integration string) []bridge.OnCallQuery {
	var queries []bridge.OnCallQuery
	for _, rule := range r.OnCall {
		if rule.Integration != integration {
			continue
		}
		if q := rule.query(req); !q.Empty() {
			queries = append(queries, q)
		}
	}
	return queries
}

// ownShift is a shift of the requester's own, and the same as evidence.
type ownShift struct {
	ev    bridge.Evidence
	shift bridge.Shift
}

// attend finds the requester's own shifts among those that the route asks for. None count for roles that may not be overridden.
func (h *hearing) attend(p *Policy, route *compiled, req bridge.Request, duties []bridge.Duty) {
	if len(route.OnCall) == 0 {
		return
	}
	barred := route.Mode == bridge.ModeOverride && !subset(req.Roles, route.OverrideRoles)
	read := map[string]bool{}
	for _, d := range duties {
		if !route.asks(d.Integration) {
			continue
		}
		h.duties, read[d.Integration] = append(h.duties, d), true
		for _, s := range d.Shifts {
			if barred || !p.holds(d.Integration, s, req.User) {
				continue
			}
			h.shifts = append(h.shifts, ownShift{shift: s, ev: bridge.Evidence{
				Target: d.Integration, Marker: req.ID, Status: bridge.StatusOnCall, Verdict: bridge.Approve, Actor: s.Person,
				At: d.ReadAt, ReadAt: d.ReadAt, Reason: describe(s),
			}})
		}
	}
	slices.SortFunc(h.duties, func(a, b bridge.Duty) int {
		return cmp.Or(cmp.Compare(a.Integration, b.Integration), b.ReadAt.Compare(a.ReadAt))
	})
	slices.SortFunc(h.shifts, func(a, b ownShift) int {
		return cmp.Or(order(a.ev, b.ev), cmp.Compare(a.shift.Level, b.shift.Level), a.shift.Until.Compare(b.shift.Until))
	})
	h.shifts = slices.CompactFunc(h.shifts, func(a, b ownShift) bool { return a.ev == b.ev })
	h.shiftsKnown = !slices.ContainsFunc(route.OnCall, func(o OnCall) bool { return !o.query(req).Empty() && !read[o.Integration] })
}

func shiftsOf(list []ownShift) []Shift {
	out := make([]Shift, len(list))
	for i, s := range list {
		out[i] = Shift{Integration: s.ev.Target, Via: s.shift.Via, Level: int64(s.shift.Level), Until: s.shift.Until}
		if s.shift.Until.IsZero() {
			out[i].Until = never()
		}
	}
	return out
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
