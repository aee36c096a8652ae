package alerting

import (
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// What a listing reads at each alert, the values of the setting resync_reads.
const (
	ReadChanged = "changed"
	ReadAll     = "all"
)

// Settings are the settings that both products have. A product embeds them inline.
type Settings struct {
	Responders              Responders `yaml:"responders" jsonschema_description:"Who is told of an alert, where neither the route, nor recipients of Teleport's own routing, nor an annotation names anybody."`
	SchedulesFromAnnotation string     `yaml:"schedules_from_annotation" jsonschema_description:"Annotation of the requester's roles that names schedules that get the alert. Default teleport.dev/notify-services."`
	TeamsFromAnnotation     string     `yaml:"teams_from_annotation" jsonschema_description:"Annotation of the requester's roles that names teams that get the alert. Default teleport.dev/teams."`
	Priority                string     `yaml:"priority" jsonschema:"enum=P1,enum=P2,enum=P3,enum=P4,enum=P5" jsonschema_description:"Priority of alerts, P1 to P5. Without it the product's own default."`
	Tags                    []string   `yaml:"tags" jsonschema_description:"Tags of alerts, besides accessbridge."`

	incident.Texts `yaml:",inline"`

	Decisions   Decisions `yaml:"decisions" jsonschema_description:"What people do at an alert to decide."`
	DecideBy    string    `yaml:"decide_by" jsonschema:"enum=on_call,enum=anyone" jsonschema_description:"on_call: only people on call for the alert's responders may decide; anyone: everybody the route allows. Default on_call."`
	ResyncReads string    `yaml:"resync_reads" jsonschema:"enum=changed,enum=all" jsonschema_description:"Which open alerts are read after a listing: changed ones, as their time of update says, or all. Default changed."`
	Webhook     Webhook   `yaml:"webhook" jsonschema_description:"How deliveries are proven. Needed in mode webhook."`

	incident.Rota   `yaml:",inline"`
	incident.Common `yaml:",inline"`
}

// Responders are names or ids of who is told of an alert. Names are compared without regard to case.
type Responders struct {
	Schedules   []string `yaml:"schedules" jsonschema_description:"Schedules, by name or id."`
	Teams       []string `yaml:"teams" jsonschema_description:"Teams, by name or id."`
	Users       []string `yaml:"users" jsonschema_description:"Users, by e-mail address or id."`
	Escalations []string `yaml:"escalations" jsonschema_description:"Escalation policies, by name as it is written, or id."`
}

// Decisions say what people do at an alert to approve or deny.
type Decisions struct {
	incident.Decisions `yaml:",inline"`
	Close              string `yaml:"close" jsonschema:"enum=none,enum=approve,enum=deny" jsonschema_description:"What closing means: none, approve or deny. Default none."`
}

// Webhook says how deliveries prove where they come from. Nothing is signed: the proof is a header that the sender was told.
type Webhook struct {
	Header      string         `yaml:"header" jsonschema_description:"Header that holds the secret. In Authorization it stands after the word Bearer, in any other alone. Default Authorization."`
	User        string         `yaml:"user" jsonschema_description:"User name of HTTP basic authentication; the secrets are then its passwords. It excludes header."`
	Secrets     config.Secrets `yaml:"secrets" jsonschema_description:"Secrets. Each is good: the old and the new one during a change."`
	SecretsFile string         `yaml:"secrets_file" jsonschema_description:"File that holds secrets, one on each line."`
}

// Target are the settings a route may give for its own alerts. What is not given is taken from the integration.
type Target struct {
	Responders Responders `yaml:"responders" jsonschema_description:"Who is told of an alert. It goes before recipients of Teleport's own routing, and before annotations."`
	Priority   string     `yaml:"priority" jsonschema:"enum=P1,enum=P2,enum=P3,enum=P4,enum=P5" jsonschema_description:"Priority of alerts, P1 to P5."`
	Tags       []string   `yaml:"tags" jsonschema_description:"Tags of alerts, besides accessbridge."`

	incident.Texts `yaml:",inline"`
}

// DefaultSettings are the defaults of both products.
func DefaultSettings() Settings {
	s := Settings{
		SchedulesFromAnnotation: "teleport.dev/notify-services",
		TeamsFromAnnotation:     "teleport.dev/teams",
		Decisions:               Decisions{Decisions: incident.DefaultDecisions(), Close: incident.MeansNothing},
		DecideBy:                incident.DecideOnCall,
		ResyncReads:             ReadChanged,
		Rota:                    incident.DefaultRota(),
		Common:                  incident.DefaultCommon(),
	}
	s.Decisions.Actions = incident.Actions{Approve: "Approve", Deny: "Deny"}
	s.SearchLag = config.Duration(10 * time.Second)
	s.Workers, s.RateLimit = 8, 10
	return s
}

// Empty reports whether nobody is named.
func (r Responders) Empty() bool {
	return len(r.Schedules)+len(r.Teams)+len(r.Users)+len(r.Escalations) == 0
}

// merged are a route's settings, completed from the integration's. The responders are the route's own only.
func (s *Settings) merged(t *Target) Target {
	if t == nil {
		t = new(Target)
	}
	out := *t
	out.Priority = incident.Or(t.Priority, s.Priority)
	out.Texts = t.Or(s.Texts)
	if len(t.Tags) == 0 {
		out.Tags = s.Tags
	}
	return out
}

func (s *Settings) rules() incident.Rules { return s.Decisions.Rules(s.Decisions.Close) }
