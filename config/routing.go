package config

import (
	"maps"
	"slices"
)

// The values of Config.Routing: who is asked where a request goes.
const (
	// RoutingRules are Teleport's Access Monitoring Rules.
	RoutingRules = "access_monitoring_rules"
	// RoutingRoles are the integrations' role_to_recipients.
	RoutingRoles = "role_to_recipients"
	// RoutingRoutes are the routes; the one to every integration where none are configured.
	RoutingRoutes = "routes"
)

// Sources lists who is asked where a request goes, in order. Where the file does not say it, routes are asked alone where there are any;
// without them Teleport's own routing comes first, as with Teleport's plugins.
func (c *Config) Sources() []string {
	switch {
	case c.Routing != nil:
		return c.Routing
	case len(c.Routes) > 0:
		return []string{RoutingRoutes}
	default:
		return []string{RoutingRules, RoutingRoles, RoutingRoutes}
	}
}

// Heeds reports whether a source is asked where a request goes.
func (c *Config) Heeds(source string) bool { return slices.Contains(c.Sources(), source) }

func (c *Config) routing(p *Problems) {
	if c.Routing != nil && len(c.Routing) == 0 {
		p.Add("routing", "name the sources, or remove it for the default", "names nothing, so no request would go anywhere")
	}
	for i, source := range c.Routing {
		p.OneOf(element("routing", i), source, RoutingRules, RoutingRoles, RoutingRoutes)
		p.Required(element("routing", i), source)
		if slices.Contains(c.Routing[:i], source) {
			p.Add(element("routing", i), "remove one of them", "%q is named twice", source)
		}
	}
	mapped := false
	for i, integration := range c.Integrations {
		mapped = mapped || len(integration.RoleToRecipients) > 0
		c.roleToRecipients(p.At(element("integrations", i)+".role_to_recipients"), integration.RoleToRecipients)
	}
	if at := slices.Index(c.Routing, RoutingRoles); at >= 0 && !mapped {
		p.Add(element("routing", at), "add role_to_recipients to an integration, or remove it here", "no integration has role_to_recipients")
	}
	c.Routing = c.Sources()
}

func (c *Config) roleToRecipients(p *Problems, roles map[string][]string) {
	if len(roles) > 0 && !c.Heeds(RoutingRoles) {
		p.Add("", "add role_to_recipients to routing, or remove it", "has no effect, because routing does not name it")
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		at := p.At(Key(role))
		if role == "" {
			at.Add("", "name a role, or * for every other one", "is not the name of a role")
		}
		for i, name := range roles[role] {
			at.Required(element("", i), name)
		}
	}
}
