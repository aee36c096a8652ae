package policy

import (
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Approvers names the people whose decisions count. Whoever is in any of the lists is an approver.
type Approvers struct {
	// Emails are addresses or Teleport users, Domains those of addresses.
	Emails, Domains []string
	Groups          []Group
	// Roles are Teleport roles, as Teleport keeps them with the user.
	Roles []string
}

// Group is a group of people at a vendor.
type Group struct {
	Integration, Group string
}

// Groups knows who is in which group. It answers from memory.
type Groups interface {
	// Holds reports whether the actor is in the group of the integration. An actor without an ID is compared by address. The second result
	// is false when the members are not known.
	Holds(integration, group string, actor bridge.Actor) (in, known bool)
}

func (a Approvers) empty() bool {
	return len(a.Emails) == 0 && len(a.Domains) == 0 && len(a.Groups) == 0 && len(a.Roles) == 0
}

// allows reports whether the approvers include the person, and whether that is known. No list includes everybody.
func (p *Policy) allows(a Approvers, who person, ev bridge.Evidence) (in, known bool) {
	if a.empty() || a.named(who) {
		return true, true
	}
	in, known = p.hasRole(a.Roles, who)
	for _, g := range a.Groups {
		if in {
			break
		}
		holds, told := p.inGroup(g, who, ev)
		in, known = holds && told, known && told
	}
	return in, in || known
}

func (a Approvers) named(who person) bool {
	for _, e := range a.Emails {
		if sameAddress(e, who.email) || sameAddress(e, who.user) {
			return true
		}
	}
	_, domain, found := strings.Cut(who.email, "@")
	for _, d := range a.Domains {
		if found && sameAddress(strings.TrimPrefix(d, "@"), domain) {
			return true
		}
	}
	return false
}

// hasRole reports whether the person has one of the Teleport roles. Whoever is no Teleport user has none.
func (p *Policy) hasRole(roles []string, who person) (in, known bool) {
	if len(roles) == 0 {
		return false, true
	}
	if !p.people.readable() {
		return false, false
	}
	if who.user == "" {
		return false, true
	}
	has, known := p.people.directory.RolesOf(who.user)
	return known && slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(has, r) }), known
}

// inGroup asks for the account that spoke, where the group is one of its own vendor. Elsewhere the account means nothing, and the person is
// looked for by their addresses.
func (p *Policy) inGroup(g Group, who person, ev bridge.Evidence) (in, known bool) {
	if p.groups == nil {
		return false, false
	}
	if ev.Target == g.Integration {
		return p.groups.Holds(g.Integration, g.Group, ev.Actor)
	}
	addresses := []string{who.email}
	if who.user != "" {
		// An address that several Teleport users have gives none of them a right.
		addresses = slices.DeleteFunc(p.people.addressesOf(who.user), func(a string) bool { return len(p.people.usersOf(a)) > 1 })
	}
	known = true
	for _, address := range addresses {
		holds, told := p.groups.Holds(g.Integration, g.Group, bridge.Actor{Email: address})
		if holds && told {
			return true, true
		}
		known = known && told
	}
	return false, known
}
