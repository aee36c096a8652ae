package server

import (
	"errors"
	"fmt"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/policy"
)

// LoadConfig loads the configuration for the built-in integrations, the conditions of the routes included.
func LoadConfig(path string, options ...config.Option) (*config.Config, error) {
	return config.Load(path, integrations.Kinds(integrations.Builtin()), append(options, config.Check(checkRoutes), config.Check(checkOnCall))...)
}

// checkRoutes reports every fault in the expressions of the routes at its place in the file.
func checkRoutes(cfg *config.Config, problems *config.Problems) {
	_, err := policy.New(routes(cfg))
	for _, fault := range each(err) {
		if expression, ok := errors.AsType[*policy.ExpressionError](fault); ok {
			for _, one := range each(expression.Err) {
				problems.Add(fmt.Sprintf("routes[%d].%s", expression.Route, expression.Field),
					"see the variables of request in docs/configuration.md", "%v", one)
			}
		}
	}
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
		knows[i.Name] = kinds[i.Type].OnCall
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
			Approvers: policy.Approvers{Emails: r.Approvers.Emails, Domains: r.Approvers.Domains}, Quiet: r.Quiet.Std(),
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
