package casebook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/predicate"
)

// none is how the absence of a decision is written.
const none = "none"

func element(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

// validate checks what can be seen without a configuration.
func (b *Book) validate() {
	p := b.problems
	p.Required("cases", b.Cases)
	users(p, b.Users)
	groups(p, b.Groups)
	for i, r := range b.Rules {
		r.validate(p.At(element("access_monitoring_rules", i)))
	}
	first := map[string]int{}
	for i, c := range b.Cases {
		at := p.At(element("cases", i))
		if at.Required("name", strings.TrimSpace(c.Name)) {
			if before, taken := first[c.Name]; taken {
				at.Add("name", "give each case its own", "is the name of the case in line %d, too", p.Line(element("cases", before)))
			} else {
				first[c.Name] = i
			}
		}
		c.validate(at)
	}
}

func (r Rule) validate(p *config.Problems) {
	p.Required("name", r.Name)
	p.Required("integration", r.Integration)
	if !p.Required("condition", r.Condition) {
		return
	}
	if _, err := predicate.Compile(r.Condition); err != nil {
		const mend = "it would select nothing in Teleport's rules either"
		if fault, ok := errors.AsType[*predicate.Error](err); ok {
			p.AddInside("condition", r.Condition, fault.Line, fault.Column, mend, "%s", strings.TrimSuffix(fault.Problem+"; "+fault.Mend, "; "))
			return
		}
		p.Add("condition", mend, "%v", err)
	}
}

func (c Case) validate(p *config.Problems) {
	c.Request.validate(p.At("request"))
	users(p, c.Users)
	groups(p, c.Groups)
	for i, e := range c.Evidence {
		at := p.At(element("evidence", i))
		at.Required("target", e.Target)
		at.OneOf("verdict", e.Verdict, string(bridge.Approve), string(bridge.Deny))
		if e.Status == "" && e.Verdict == "" {
			at.Add("status", "say what the object says", "there is neither status nor verdict")
		}
	}
	for i, s := range c.OnCall {
		at := p.At(element("on_call", i))
		at.Required("integration", s.Integration)
		switch {
		case s.Unread && s.Person != (Person{}):
			at.Add("person", "remove it or unread", "is given together with unread")
		case !s.Unread && s.Person.Email == "" && s.Person.ID == "":
			at.Add("person", "give email or id", "nobody is named")
		}
	}
	c.Expect.validate(p.At("expect"))
}

func (e Expect) validate(p *config.Problems) {
	if e.empty() {
		p.Add("", "say at least what the decision is: approve, deny or none", "nothing is expected, so the case could not fail")
	}
	p.OneOf("source", e.Source, string(policy.SourceRules), string(policy.SourceRoles), string(policy.SourceRoutes))
	p.OneOf("decision", e.Decision, string(bridge.Approve), string(bridge.Deny), none)
	p.OneOf("rule", e.Rule, bridge.RuleStatus, bridge.RuleOnCall, bridge.RuleApproveWhen, bridge.RuleDenyWhen)
	if e.Decision == none && e.By != "" {
		p.Add("by", "remove it", "nobody decides where the decision is none")
	}
	if e.Decision == none && e.Rule != "" {
		p.Add("rule", "remove it", "no rule decides where the decision is none")
	}
}

func users(p *config.Problems, list []User) {
	for i, u := range list {
		p.Required(element("users", i)+".name", u.Name)
	}
}

func groups(p *config.Problems, list []Group) {
	for i, g := range list {
		p.Required(element("groups", i)+".integration", g.Integration)
		p.Required(element("groups", i)+".group", g.Group)
	}
}

// refer reports every integration and route that the configuration does not have, for it would make a case mean nothing.
func (b *Book) refer(r Rules) error {
	check := func(p *config.Problems, path, what, name string, known []string) {
		if name != "" && !slices.Contains(known, name) {
			p.Add(path, "use one of: "+strings.Join(known, ", "), "the configuration has no %s %q", what, name)
		}
	}
	integration := func(p *config.Problems, path, name string) { check(p, path, "integration", name, r.Integrations) }
	of := func(p *config.Problems, list []Group) {
		for i, g := range list {
			integration(p, element("groups", i)+".integration", g.Integration)
		}
	}
	of(b.problems, b.Groups)
	for i, c := range b.Cases {
		p := b.problems.At(element("cases", i))
		of(p, c.Groups)
		for n, e := range c.Evidence {
			integration(p, element("evidence", n)+".target", e.Target)
		}
		for n, s := range c.OnCall {
			integration(p, element("on_call", n)+".integration", s.Integration)
		}
		for n, name := range c.Expect.Targets {
			integration(p, element("expect.targets", n), name)
		}
		for name := range c.Expect.Recipients {
			integration(p, "expect.recipients."+config.Key(name), name)
		}
		check(p, "expect.route", "route", c.Expect.Route, r.Routes)
		for n, name := range c.Expect.Routes {
			check(p, element("expect.routes", n), "route", name, r.Routes)
		}
	}
	return b.problems.Err()
}
