package pagerduty

import (
	"strconv"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Validate reports every fault of the settings.
func (s *Settings) Validate(p *config.Problems) {
	s.validateAccess(p)
	target := Target{Urgency: s.Urgency, EscalationPolicy: s.EscalationPolicy, Assignees: s.Assignees, Texts: s.Texts}
	target.Validate(p)
	if s.Service == "" && s.ServiceFromAnnotation == "" {
		p.Warn("service", "add it, or service_from_annotation", "only routes that name a service can open incidents")
	}
	s.Decisions.Check(p.At("decisions"), "incident", incident.Ending{Key: "resolve", Means: s.Decisions.Resolve})
	p.OneOf("decide_by", s.DecideBy, incident.DecideOnCall, incident.DecideAnyone)
	s.Common.Check(p)
	s.Rota.Check(p)
	hooks := p.At("webhook")
	if !hooks.Secrets("secrets", s.Webhook.Secrets, s.Webhook.SecretsFile).IsSet() && s.Mode == incident.ModeWebhook {
		hooks.Add("secrets", "add the secret of the webhook subscription, or secrets_file, or use mode: poll",
			"nothing proves that a delivery comes from PagerDuty")
	}
}

func (s *Settings) validateAccess(p *config.Problems) {
	p.OneOf("region", s.Region, RegionUS, RegionEU)
	if s.Endpoint != "" && s.Region != "" {
		p.Add("endpoint", "keep one of them", "is given beside region")
	}
	incident.CheckAddress(p, "endpoint", s.Endpoint, "the token is")
	if !p.Secret("api_token", s.APIToken, s.APITokenFile).IsSet() {
		p.Add("api_token", "add it, or api_token_file", "is required")
	}
	if p.Required("from", s.From) && !incident.IsAddress(s.From) {
		p.Add("from", "use the e-mail address of a user of the PagerDuty account", "%q is not an e-mail address", s.From)
	}
}

// Validate reports every fault of a route's own settings.
func (t *Target) Validate(p *config.Problems) {
	t.Check(p)
	p.OneOf("urgency", t.Urgency, "high", "low")
	if t.EscalationPolicy != "" && len(t.Assignees) > 0 {
		p.Add("assignees", "keep one of them", "cannot be given beside escalation_policy")
	}
	for i, who := range t.Assignees {
		if !incident.IsAddress(who) && !objectID.MatchString(who) {
			p.Add("assignees["+strconv.Itoa(i)+"]", "use an e-mail address, or an id such as PABC123", "%q is not a user", who)
		}
	}
}
