package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// clockSkew is how far the vendor's clock may run behind Teleport's before evidence counts as older than the request.
const clockSkew = time.Minute

// fault is a reason why a piece of evidence does not count.
type fault struct {
	code, text string
}

// The faults. The texts are written on the object, for the people who look at it.
var (
	faultPolicy    = &fault{"policy_error", "a condition of the routing policy could not be evaluated, so nothing is decided. An administrator of accessbridge finds the error in its log."}
	faultMarker    = &fault{"wrong_marker", "this object no longer carries the request's own id; somebody has changed it. Decide the request in Teleport."}
	faultNoActor   = &fault{"no_actor", "it is not known who brought the object into this state. Move it back and let a person move it again."}
	faultAutomated = &fault{"automation", "automation and bots cannot decide Access Requests. A person has to."}
	faultBarred    = &fault{"barred", ""}
	faultTooOld    = &fault{"too_old", "this state is older than the Access Request itself. Move it back and decide it again."}
	faultUnmapped  = &fault{"unmapped", "the e-mail address of the person is hidden or absent, or has unusual characters, so they cannot be told from others. An administrator can add the account to teleport.people.table."}
	faultAmbiguous = &fault{"ambiguous", "more than one Teleport user matches the person. An administrator can settle it in teleport.people.table."}
	faultNotAUser  = &fault{"not_a_user", "no Teleport user matches the person, and only Teleport users may decide here."}
	faultRequester = &fault{"requester", "nobody can decide their own Access Request. Move it back and let another person decide."}
	faultNobody    = &fault{"requester_unknown", "the requester's e-mail address is not known, so it cannot be ruled out that the requester made this decision. An administrator can add the requester to teleport.people.table."}
	faultApprover  = &fault{"not_approver", "the person is not among the approvers for such requests. Move it back and let an approver decide."}
	faultGroup     = &fault{"group_unknown", "it is not known at the moment whether the person is among the approvers, because the members of a group or the users of Teleport could not be read. It counts as soon as they are read, if the person is."}
	faultOverride  = &fault{"override_not_allowed", "the request asks for a role that may not be decided without a review in Teleport. Review it in Teleport."}
	faultNoReason  = &fault{"no_reason", "such a decision needs a reason. Write it as a comment at the object, or decide again with one."}
)

func faultTooLong(limit time.Duration, req bridge.Request) *fault {
	asked := "for a time that is not known"
	if length, known := accessLength(req); known {
		asked = "for " + bridge.FormatDuration(length)
	}
	return &fault{"too_long", fmt.Sprintf("the request asks for access %s, and at most %s can be approved from here. Review it in Teleport, or ask for less.",
		asked, bridge.FormatDuration(limit))}
}

func faultOtherRoute(decides string) *fault {
	return &fault{"other_route", fmt.Sprintf("approvals for this request count only where the route %q asks for them. It can be denied here.", decides)}
}

// accept runs every rule that a piece of evidence has to pass before it may count in a route.
func (p *Policy) accept(route *Route, req bridge.Request, ev bridge.Evidence) (person, *fault) {
	switch {
	case ev.Marker != req.ID:
		return person{}, faultMarker
	case ev.Actor.Automated:
		return person{}, faultAutomated
	case !ev.Actor.Known():
		return person{}, faultNoActor
	case ev.Barred != "":
		return person{}, faultBarred
	case ev.At.Before(req.Created.Add(-clockSkew)):
		return person{}, faultTooOld
	}
	who, why := p.people.identify(ev.Target, ev.Actor)
	if why != nil {
		return person{}, why
	}
	same, told := p.people.isRequester(who, req.User)
	switch {
	case same:
		return person{}, faultRequester
	case !told:
		return person{}, faultNobody
	}
	in, known := p.allows(route.Approvers, who, ev)
	switch {
	case !known:
		return person{}, faultGroup
	case !in:
		return person{}, faultApprover
	case route.Mode == bridge.ModeOverride && !subset(req.Roles, route.OverrideRoles):
		return person{}, faultOverride
	case route.unreasoned(ev.Verdict, ev):
		return person{}, faultNoReason
	case ev.Verdict == bridge.Approve && route.tooLong(req):
		return person{}, faultTooLong(route.MaxDuration, req)
	}
	return who, nil
}

// unreasoned reports whether the verdict needs a reason here that the statement does not give.
func (r *Route) unreasoned(v bridge.Verdict, ev bridge.Evidence) bool {
	return slices.Contains(r.RequireReason, v) && strings.TrimSpace(ev.Reason) == ""
}

// tooLong reports whether the access that is asked for lasts longer than may be approved here. An unknown length is too long.
func (r *Route) tooLong(req bridge.Request) bool {
	length, known := accessLength(req)
	return r.MaxDuration > 0 && (!known || length > r.MaxDuration)
}

func refuse(ev bridge.Evidence, why *fault) bridge.Refusal {
	return bridge.Refusal{Evidence: ev, Code: why.code, Text: cmp.Or(why.text, ev.Barred)}
}

func subset(roles, allowed []string) bool {
	return len(roles) > 0 && !slices.ContainsFunc(roles, func(r string) bool { return !slices.Contains(allowed, r) })
}

// sorted puts denials first, then the earlier evidence, so that the outcome never depends on the order of arrival.
func sorted(evidence []bridge.Evidence) []bridge.Evidence {
	return slices.SortedFunc(slices.Values(evidence), func(a, b bridge.Evidence) int {
		return cmp.Or(
			cmp.Compare(precedence(a.Verdict), precedence(b.Verdict)),
			a.At.Compare(b.At),
			cmp.Compare(a.Target, b.Target),
			cmp.Compare(a.Actor.ID, b.Actor.ID),
			cmp.Compare(a.Actor.Email, b.Actor.Email),
			cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Object.ID, b.Object.ID),
			cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Actor.Name, b.Actor.Name),
			cmp.Compare(a.Object.Key, b.Object.Key),
			cmp.Compare(a.Object.URL, b.Object.URL),
			cmp.Compare(a.Verdict, b.Verdict),
			b.ReadAt.Compare(a.ReadAt),
			cmp.Compare(a.DeliveryID, b.DeliveryID),
		)
	})
}

func precedence(v bridge.Verdict) int {
	if v == bridge.Deny {
		return 0
	}
	return 1
}
