package pagerduty

import (
	"cmp"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/config"
)

// The service regions.
const (
	RegionUS = "us"
	RegionEU = "eu"
)

// The ways decisions come in.
const (
	ModeWebhook = "webhook"
	ModePoll    = "poll"
)

// Who may decide at an incident.
const (
	DecideOnCall = "on_call"
	DecideAnyone = "anyone"
)

// What a change of status may mean.
const (
	meansNothing = "none"
	meansApprove = "approve"
	meansDeny    = "deny"
)

// Settings are the settings of one PagerDuty account in config.yaml.
type Settings struct {
	Region       string        `yaml:"region" jsonschema:"enum=us,enum=eu" jsonschema_description:"Service region of the account: us or eu. Default us."`
	Endpoint     string        `yaml:"endpoint" jsonschema_description:"Address of the REST API, instead of region. Default https://api.pagerduty.com."`
	APIToken     config.Secret `yaml:"api_token" jsonschema_description:"REST API key with write access."`
	APITokenFile string        `yaml:"api_token_file" jsonschema_description:"File that holds api_token."`
	From         string        `yaml:"from" jsonschema:"required" jsonschema_description:"E-mail address of the account's user that incidents and notes are made as. What this user says never counts."`
	CAFile       string        `yaml:"ca_file" jsonschema_description:"PEM file of certificate authorities to trust besides the system's."`
	Proxy        string        `yaml:"proxy" jsonschema_description:"Outbound proxy. Without it the environment decides (HTTPS_PROXY, NO_PROXY)."`

	Service               string   `yaml:"service" jsonschema_description:"Name or id of the service incidents are opened on, where neither the route nor the annotation names one."`
	ServiceFromAnnotation string   `yaml:"service_from_annotation" jsonschema_description:"Annotation of the requester's roles that names the service. Of several values the first that names a service is taken. Default pagerduty_notify_service."`
	Urgency               string   `yaml:"urgency" jsonschema:"enum=high,enum=low" jsonschema_description:"high or low. Without it the service's own rule."`
	Priority              string   `yaml:"priority" jsonschema_description:"Name or id of the priority."`
	EscalationPolicy      string   `yaml:"escalation_policy" jsonschema_description:"Name or id of the escalation policy, instead of the service's own."`
	Assignees             []string `yaml:"assignees" jsonschema_description:"Users to assign, by e-mail address or id, instead of an escalation policy."`

	Decisions Decisions `yaml:"decisions" jsonschema_description:"What people do at an incident to decide."`
	DecideBy  string    `yaml:"decide_by" jsonschema:"enum=on_call,enum=anyone" jsonschema_description:"on_call: only people on call for the incident's service may decide; anyone: everybody the route allows. Default on_call."`

	Mode        string          `yaml:"mode" jsonschema:"enum=webhook,enum=poll" jsonschema_description:"webhook or poll. Default webhook."`
	PollEvery   config.Duration `yaml:"poll_every" jsonschema_description:"How often incidents are listed in mode poll. Default 30s."`
	ResyncEvery config.Duration `yaml:"resync_every" jsonschema_description:"How often incidents are listed in mode webhook, to find lost deliveries. Default 5m."`
	SearchLag   config.Duration `yaml:"search_lag" jsonschema_description:"How long a new incident may be missing from a listing. Default 10s."`
	ApplyWithin config.Duration `yaml:"apply_within" jsonschema_description:"How long PagerDuty may still carry out a call after its caller has given up. Default 1m."`
	Webhook     Webhook         `yaml:"webhook" jsonschema_description:"How deliveries are proven. Needed in mode webhook."`

	Workers   int             `yaml:"workers" jsonschema_description:"How many calls are made at once. Default 8."`
	RateLimit float64         `yaml:"rate_limit" jsonschema_description:"Most calls per second; 0 for no limit. Default 15, a little under PagerDuty's 960 a minute."`
	Timeout   config.Duration `yaml:"timeout" jsonschema_description:"Longest time for one call. Default 30s."`
}

// Decisions say what people do at an incident to approve or deny.
type Decisions struct {
	Notes       NoteWords `yaml:"notes" jsonschema_description:"Words a note begins with."`
	Actions     Actions   `yaml:"actions" jsonschema_description:"Custom incident actions."`
	Acknowledge string    `yaml:"acknowledge" jsonschema:"enum=none,enum=approve,enum=deny" jsonschema_description:"What acknowledging means: none, approve or deny. Default none."`
	Resolve     string    `yaml:"resolve" jsonschema:"enum=none,enum=approve,enum=deny" jsonschema_description:"What resolving means: none, approve or deny. Default none."`
}

// NoteWords are the words at the beginning of a note that decide. The note ends after the word, or goes on with a colon or a space
// and the reason. They are compared without regard to case.
type NoteWords struct {
	Approve []string `yaml:"approve" jsonschema_description:"Words that approve. Default [approve]; [] for none."`
	Deny    []string `yaml:"deny" jsonschema_description:"Words that deny. Default [deny]; [] for none."`
}

// Actions are the names of custom incident actions that decide.
type Actions struct {
	Approve string `yaml:"approve" jsonschema_description:"Name of the action that approves."`
	Deny    string `yaml:"deny" jsonschema_description:"Name of the action that denies."`
}

// Webhook says how deliveries prove where they come from.
type Webhook struct {
	Secrets     config.Secrets `yaml:"secrets" jsonschema_description:"Secrets of webhook subscriptions. Each is good: the old and the new one during a change."`
	SecretsFile string         `yaml:"secrets_file" jsonschema_description:"File that holds secrets, one on each line."`
}

// Target are the settings a route may give for its own incidents. What is not given is taken from the integration.
type Target struct {
	Service          string   `yaml:"service" jsonschema_description:"Name or id of the service. It goes before the annotation."`
	Urgency          string   `yaml:"urgency" jsonschema:"enum=high,enum=low" jsonschema_description:"high or low."`
	Priority         string   `yaml:"priority" jsonschema_description:"Name or id of the priority."`
	EscalationPolicy string   `yaml:"escalation_policy" jsonschema_description:"Name or id of the escalation policy."`
	Assignees        []string `yaml:"assignees" jsonschema_description:"Users to assign, by e-mail address or id, instead of an escalation policy."`
}

// Kind describes PagerDuty to the loader of the configuration.
func Kind() config.Kind {
	return config.Kind{
		Settings: func() config.Settings { return defaults() },
		Target:   func() any { return new(Target) },
	}
}

func defaults() *Settings {
	return &Settings{
		ServiceFromAnnotation: "pagerduty_notify_service",
		Decisions: Decisions{
			Notes:       NoteWords{Approve: []string{"approve"}, Deny: []string{"deny"}},
			Acknowledge: meansNothing,
			Resolve:     meansNothing,
		},
		DecideBy:    DecideOnCall,
		Mode:        ModeWebhook,
		PollEvery:   config.Duration(30 * time.Second),
		ResyncEvery: config.Duration(5 * time.Minute),
		SearchLag:   config.Duration(10 * time.Second),
		ApplyWithin: config.Duration(time.Minute),
		Workers:     8,
		RateLimit:   15,
		Timeout:     config.Duration(30 * time.Second),
	}
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
	if t.EscalationPolicy == "" && len(t.Assignees) == 0 {
		out.EscalationPolicy, out.Assignees = s.EscalationPolicy, s.Assignees
	}
	return out
}

// readsLog reports whether decisions are made in a way that only an incident's log tells.
func (d Decisions) readsLog() bool {
	return d.Actions.Approve != "" || d.Actions.Deny != "" || decides(d.Acknowledge) || decides(d.Resolve)
}

func decides(meaning string) bool { return meaning == meansApprove || meaning == meansDeny }
