package pagerduty

import (
	"cmp"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// The service regions.
const (
	RegionUS = "us"
	RegionEU = "eu"
)

// ModePoll is the mode without webhooks.
const ModePoll = incident.ModePoll

// Settings are the settings of one PagerDuty account in config.yaml.
type Settings struct {
	Region       string        `yaml:"region" jsonschema:"enum=us,enum=eu" jsonschema_description:"Service region of the account: us or eu. Default us."`
	Endpoint     string        `yaml:"endpoint" jsonschema_description:"Address of the REST API, instead of region. Default https://api.pagerduty.com."`
	APIToken     config.Secret `yaml:"api_token" jsonschema_description:"REST API key with write access."`
	APITokenFile string        `yaml:"api_token_file" jsonschema_description:"File that holds api_token."`
	From         string        `yaml:"from" jsonschema:"required" jsonschema_description:"E-mail address of the account's user that incidents and notes are made as. What this user says never counts."`

	Service               string   `yaml:"service" jsonschema_description:"Name or id of the service incidents are opened on, where neither the route, nor recipients of Teleport's own routing, nor the annotation names one."`
	ServiceFromAnnotation string   `yaml:"service_from_annotation" jsonschema_description:"Annotation of the requester's roles that names the service. Of several values the first that names a service is taken. Default pagerduty_notify_service."`
	Urgency               string   `yaml:"urgency" jsonschema:"enum=high,enum=low" jsonschema_description:"high or low. Without it the service's own rule."`
	Priority              string   `yaml:"priority" jsonschema_description:"Name or id of the priority."`
	EscalationPolicy      string   `yaml:"escalation_policy" jsonschema_description:"Name or id of the escalation policy, instead of the service's own."`
	Assignees             []string `yaml:"assignees" jsonschema_description:"Users to assign, by e-mail address or id, instead of an escalation policy."`

	incident.Texts `yaml:",inline"`

	Decisions Decisions `yaml:"decisions" jsonschema_description:"What people do at an incident to decide."`
	DecideBy  string    `yaml:"decide_by" jsonschema:"enum=on_call,enum=anyone" jsonschema_description:"on_call: only people on call for the incident's service may decide; anyone: everybody the route allows. Default on_call."`

	Webhook Webhook `yaml:"webhook" jsonschema_description:"How deliveries are proven. Needed in mode webhook."`

	incident.Rota   `yaml:",inline"`
	incident.Common `yaml:",inline"`
}

// Decisions say what people do at an incident to approve or deny.
type Decisions struct {
	incident.Decisions `yaml:",inline"`

	Resolve string `yaml:"resolve" jsonschema:"enum=none,enum=approve,enum=deny" jsonschema_description:"What resolving means: none, approve or deny. Default none."`
}

// Webhook says how deliveries prove where they come from.
type Webhook struct {
	Secrets     config.Secrets `yaml:"secrets" jsonschema_description:"Secrets of webhook subscriptions. Each is good: the old and the new one during a change."`
	SecretsFile string         `yaml:"secrets_file" jsonschema_description:"File that holds secrets, one on each line."`
}

// Target are the settings a route may give for its own incidents. What is not given is taken from the integration.
type Target struct {
	Service          string   `yaml:"service" jsonschema_description:"Name or id of the service. It goes before recipients of Teleport's own routing, and before the annotation."`
	Urgency          string   `yaml:"urgency" jsonschema:"enum=high,enum=low" jsonschema_description:"high or low."`
	Priority         string   `yaml:"priority" jsonschema_description:"Name or id of the priority."`
	EscalationPolicy string   `yaml:"escalation_policy" jsonschema_description:"Name or id of the escalation policy."`
	Assignees        []string `yaml:"assignees" jsonschema_description:"Users to assign, by e-mail address or id, instead of an escalation policy."`

	incident.Texts `yaml:",inline"`
}

// Kind describes PagerDuty to the loader of the configuration.
func Kind() config.Kind {
	return config.Kind{
		Settings: func() config.Settings { return defaults() },
		Target:   func() any { return new(Target) },
	}
}

func defaults() *Settings {
	s := &Settings{
		ServiceFromAnnotation: "pagerduty_notify_service",
		Decisions:             Decisions{Decisions: incident.DefaultDecisions(), Resolve: incident.MeansNothing},
		DecideBy:              incident.DecideOnCall,
		Rota:                  incident.DefaultRota(),
		Common:                incident.DefaultCommon(),
	}
	s.SearchLag = config.Duration(10 * time.Second)
	s.Workers = 8
	s.RateLimit = 15 // a little under PagerDuty's 960 a minute
	return s
}

// endpoint is the address of the REST API, without a slash at its end.
func (s *Settings) endpoint() string {
	region := "https://api.pagerduty.com"
	if s.Region == RegionEU {
		region = "https://api.eu.pagerduty.com"
	}
	return strings.TrimRight(cmp.Or(s.Endpoint, region), "/")
}

// merged are a route's settings, completed from the integration's. Assignees and an escalation policy exclude each other, so what the
// route gives drops what the integration has. The service is the route's own only.
func (s *Settings) merged(t *Target) Target {
	if t == nil {
		t = new(Target)
	}
	out := *t
	out.Urgency = cmp.Or(t.Urgency, s.Urgency)
	out.Priority = cmp.Or(t.Priority, s.Priority)
	out.Texts = t.Or(s.Texts)
	if t.EscalationPolicy == "" && len(t.Assignees) == 0 {
		out.EscalationPolicy, out.Assignees = s.EscalationPolicy, s.Assignees
	}
	return out
}
