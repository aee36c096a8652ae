package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/policy"
)

// LoadConfig loads the configuration for the built-in integrations, the conditions of the routes included.
func LoadConfig(path string, options ...config.Option) (*config.Config, error) {
	kinds := integrations.Builtin()
	return config.Load(path, integrations.Kinds(kinds),
		append(options, config.Check(checkRoutes), config.Check(checkOnCall), config.Check(checkApprovers(kinds)))...)
}

// checkRoutes reports every fault in the expressions of the routes at its place in the file.
func checkRoutes(cfg *config.Config, problems *config.Problems) {
	_, err := policy.New(routes(cfg))
	for _, fault := range each(err) {
		expression, ok := errors.AsType[*policy.ExpressionError](fault)
		if !ok {
			continue
		}
		path := fmt.Sprintf("routes[%d].%s", expression.Route, expression.Field)
		for _, one := range each(expression.Err) {
			reportExpression(problems, path, expression.Text, one)
		}
	}
}

// reportExpression reports one fault in an expression, at its own place where it has one.
func reportExpression(problems *config.Problems, path, text string, err error) {
	const mend = "docs/configuration.md lists what expressions see"
	fault, placed := errors.AsType[*policy.Fault](err)
	if !placed {
		problems.Add(path, mend, "%v", err)
		return
	}
	meant := mend
	if word := config.Nearest(fault.Name, fault.Known); word != "" {
		meant = "did you mean " + word + "?"
	}
	problems.AddInside(path, text, fault.Line, fault.Column, meant, "%s", fault.Message)
}

// each takes joined errors apart.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func approvers(a config.Approvers) policy.Approvers {
	out := policy.Approvers{Emails: a.Emails, Domains: a.Domains, Roles: a.Roles}
	for _, g := range a.Groups {
		out.Groups = append(out.Groups, policy.Group{Integration: g.Integration, Group: g.Group})
	}
	return out
}

// compilePolicy compiles the configured routes, in the configured time zone, with the sources that are asked where requests go.
func compilePolicy(cfg *config.Config) (*policy.Policy, error) {
	compiled, err := policy.New(routes(cfg))
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(cfg.Timezone)
	if err != nil {
		return nil, fmt.Errorf("time zone: %w", err)
	}
	return compiled.In(zone).From(sources(cfg)), nil
}

// NeedsLabels reports whether expressions of the routes use the labels of resources. Access Monitoring Rules may at any time.
func NeedsLabels(cfg *config.Config) bool {
	compiled, err := policy.New(routes(cfg))
	return err == nil && compiled.NeedsLabels()
}

// sources lists who is asked where requests go.
func sources(cfg *config.Config) policy.Sources {
	var s policy.Sources
	for _, name := range cfg.Sources() {
		s.Order = append(s.Order, policy.Source(name))
	}
	for _, i := range cfg.Integrations {
		if len(i.RoleToRecipients) > 0 {
			s.Roles = append(s.Roles, policy.Roles{Integration: i.Name, Recipients: i.RoleToRecipients})
		}
	}
	return s
}

func onCall(o config.OnCall) policy.OnCall {
	return policy.OnCall{
		Integration: o.Integration,
		Query: bridge.OnCallQuery{
			Services: o.Services, Policies: o.EscalationPolicies, Schedules: o.Schedules, Teams: o.Teams, Levels: o.Levels,
		},
		ServicesFrom: o.ServicesFrom, SchedulesFrom: o.SchedulesFrom, TeamsFrom: o.TeamsFrom,
	}
}

// checkOnCall reports rules about integrations that do not know who is on call.
func checkOnCall(cfg *config.Config, problems *config.Problems) {
	knows := map[string]bool{}
	kinds := integrations.Builtin()
	for _, i := range cfg.Integrations {
		if kind, exists := kinds[i.Type]; exists {
			knows[i.Name] = kind.OnCall
		}
	}
	for r, route := range cfg.Routes {
		for n, o := range route.OnCall {
			if able, exists := knows[o.Integration]; exists && !able {
				problems.Add(fmt.Sprintf("routes[%d].on_call[%d].integration", r, n), "name an integration with schedules",
					"%q does not know who is on call", o.Integration)
			}
		}
	}
}

// checkApprovers reports groups of integrations that do not know who is in a group.
func checkApprovers(kinds map[string]integrations.Kind) func(*config.Config, *config.Problems) {
	return func(cfg *config.Config, problems *config.Problems) {
		knows := map[string]bool{}
		for _, i := range cfg.Integrations {
			if kind, exists := kinds[i.Type]; exists {
				knows[i.Name] = kind.Groups
			}
		}
		for r, route := range cfg.Routes {
			for n, g := range route.Approvers.Groups {
				if able, exists := knows[g.Integration]; exists && !able {
					problems.Add(fmt.Sprintf("routes[%d].approvers.groups[%d].integration", r, n), "name an integration with groups, or use emails, domains or roles",
						"%q does not know who is in a group", g.Integration)
				}
			}
		}
	}
}

// targets lists the settings that routes give for one integration.
func targets(cfg *config.Config, integration string) []any {
	var list []any
	for _, r := range cfg.Routes {
		for _, t := range r.Targets {
			if t.Integration == integration && t.Settings != nil {
				list = append(list, t.Settings)
			}
		}
	}
	return list
}

// routes turns the configured routes into the policy's. Without any, every request goes to every integration.
func routes(cfg *config.Config) []policy.Route {
	if len(cfg.Routes) == 0 {
		all := policy.Route{Name: policy.DefaultRoute, Mode: bridge.ModeReview}
		for _, i := range cfg.Integrations {
			all.Targets = append(all.Targets, bridge.Target{Integration: i.Name})
		}
		return []policy.Route{all}
	}
	list := make([]policy.Route, 0, len(cfg.Routes))
	for _, r := range cfg.Routes {
		route := policy.Route{
			Name: r.Name, When: r.When, Mode: bridge.Mode(r.Decide), OverrideRoles: r.OverrideRoles, NotifyOnly: r.NotifyOnly,
			Approvers: approvers(r.Approvers), Quiet: r.Quiet.Std(), Continue: r.Continue,
			ApproveWhen: r.ApproveWhen, DenyWhen: r.DenyWhen, MaxDuration: r.MaxDuration.Std(),
		}
		for _, verdict := range r.RequireReason {
			route.RequireReason = append(route.RequireReason, bridge.Verdict(verdict))
		}
		for _, o := range r.OnCall {
			route.OnCall = append(route.OnCall, onCall(o))
		}
		for _, t := range r.Targets {
			route.Targets = append(route.Targets, bridge.Target{Integration: t.Integration, Settings: t.Settings})
		}
		list = append(list, route)
	}
	return list
}
