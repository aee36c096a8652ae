package config

import (
	"strings"
	"time"
	_ "time/tzdata" // The image has no zones of its own.
)

func (c *Config) routes(p *Problems) {
	c.timezone(p)
	names := names{}
	for i := range c.Routes {
		at := p.At(element("routes", i))
		names.check(at, c.Routes[i].Name)
		c.targets(at, c.Routes[i].Targets)
		c.approvers(at.At("approvers"), c.Routes[i].Approvers)
		c.Routes[i].deciding(at)
		c.onCall(at, &c.Routes[i])
		texts(at.At("texts"), c.Routes[i].Texts)
	}
	c.unreachable(p)
}

// unreachable warns of routes behind one that selects every request.
func (c *Config) unreachable(p *Problems) {
	for i, r := range c.Routes {
		if when := strings.TrimSpace(r.When); when != "" && when != "true" || r.Continue {
			continue
		}
		for n := range c.Routes[i+1:] {
			p.Warn(element("routes", i+1+n), "move it up, or give that one a condition or continue: true",
				"is never tried, because the route %q before it selects every request", r.Name)
		}
		return
	}
}

// mostAccess is the longest access that Teleport grants.
const mostAccess = 14 * 24 * time.Hour

// timezone checks that the zone exists. "Local" is not taken, because it depends on the machine.
func (c *Config) timezone(p *Problems) {
	if !p.Required("timezone", c.Timezone) {
		return
	}
	if _, err := time.LoadLocation(c.Timezone); err != nil || c.Timezone == "Local" {
		p.Add("timezone", "write a name such as UTC or Europe/Berlin", "%q is not a time zone", c.Timezone)
	}
}

// mostQuiet bounds how long people are kept from learning of a request.
const mostQuiet = 10 * time.Minute

func (c *Config) onCall(p *Problems, r *Route) {
	p.Duration("quiet", r.Quiet, 0, mostQuiet)
	switch {
	case len(r.OnCall) > 0 && r.NotifyOnly:
		p.Add("on_call", "remove it or notify_only", "approves nothing in a route with notify_only")
	case len(r.OnCall) == 0 && r.Quiet > 0:
		p.Add("quiet", "add on_call or remove it", "is used only with on_call")
	}
	for i, o := range r.OnCall {
		at := p.At(element("on_call", i))
		if at.Required("integration", o.Integration) {
			c.refersTo(at, o.Integration)
		}
		if o.Levels < 0 {
			at.Add("levels", "use 0 for every level, 1 for who is called first", "%d is not a level", o.Levels)
		}
		names := len(o.Services) + len(o.EscalationPolicies) + len(o.Schedules) + len(o.Teams)
		if names == 0 && o.ServicesFrom == "" && o.SchedulesFrom == "" && o.TeamsFrom == "" {
			at.Add("services", "name services, escalation_policies, schedules or teams, or where to read them from", "nothing is named to be on call for")
		}
	}
}

func (c *Config) targets(p *Problems, targets []Target) {
	p.Required("targets", targets)
	taken := map[string]bool{}
	for i, target := range targets {
		at := p.At(element("targets", i))
		switch {
		case !at.Required("integration", target.Integration):
		case taken[target.Integration]:
			at.Add("integration", "remove one of them, or make a second integration of the same type",
				"%q is named twice in this route", target.Integration)
		default:
			c.refersTo(at, target.Integration)
		}
		taken[target.Integration] = true
		if settings, ok := target.Settings.(TargetSettings); ok {
			settings.Validate(at)
		}
	}
}

func (c *Config) approvers(p *Problems, a Approvers) {
	if a.Empty() && p.Given("") {
		p.Add("", "name somebody, or remove it so that everybody decides whom the vendor lets", "names nobody")
	}
	for i, email := range a.Emails {
		name, domain, ok := strings.Cut(email, "@")
		if !ok || name == "" || domain == "" || strings.ContainsAny(email, " <>*,") || strings.Contains(domain, "@") {
			p.Add(element("emails", i), "write it as anna@example.com", "%q is not an e-mail address", email)
		}
	}
	for i, domain := range a.Domains {
		if domain == "" || strings.ContainsAny(domain, "@* /:") {
			p.Add(element("domains", i), "write it as example.com", "%q is not a domain", domain)
		}
	}
	for i, group := range a.Groups {
		at := p.At(element("groups", i))
		if at.Required("integration", group.Integration) {
			c.refersTo(at, group.Integration)
		}
		at.Required("group", strings.TrimSpace(group.Group))
	}
	for i, role := range a.Roles {
		roleName(p, element("roles", i), role)
	}
}

func roleName(p *Problems, path, role string) {
	if role == "" || strings.ContainsAny(role, "*?^$ ") {
		p.Add(path, "name each role", "%q is not the name of a role; patterns are not allowed here", role)
	}
}

func (r *Route) deciding(p *Problems) {
	if r.Decide == "" {
		r.Decide = DecideReview
	}
	if r.Decide == DecideOnBehalf {
		p.Add("decide", "use review; it is never replaced by another way silently",
			"on_behalf needs Teleport 18.11 or later, and the Teleport API this version is built with does not offer it")
	} else {
		p.OneOf("decide", r.Decide, DecideReview, DecideOverride)
	}
	p.Duration("max_duration", r.MaxDuration, 0, mostAccess)
	for i, verdict := range r.RequireReason {
		p.OneOf(element("require_reason", i), verdict, "approve", "deny")
	}
	switch {
	case r.Decide == DecideOverride:
		p.Required("override_roles", r.OverrideRoles)
	case len(r.OverrideRoles) > 0:
		p.Add("override_roles", "set decide: override or remove them", "are used only with decide: override")
	}
	for i, role := range r.OverrideRoles {
		roleName(p, element("override_roles", i), role)
	}
	r.notifying(p)
}

// notifying reports what has no use in a route that decides nothing.
func (r *Route) notifying(p *Problems) {
	if r.NotifyOnly && r.Decide == DecideOverride {
		p.Add("decide", "remove it or notify_only", "decides nothing in a route with notify_only")
	}
	if r.NotifyOnly && !r.Approvers.Empty() {
		p.Add("approvers", "remove them or notify_only", "decide nothing in a route with notify_only")
	}
	for _, unused := range []struct {
		key string
		set bool
	}{
		{"approve_when", r.ApproveWhen != ""},
		{"deny_when", r.DenyWhen != ""},
		{"require_reason", len(r.RequireReason) > 0},
		{"max_duration", r.MaxDuration != 0},
	} {
		if r.NotifyOnly && unused.set {
			p.Add(unused.key, "remove it or notify_only", "has no effect in a route with notify_only")
		}
	}
}
