package jira

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// The products.
const (
	Cloud      = "cloud"
	DataCenter = "datacenter"
)

// ModePoll is the mode without webhooks.
const ModePoll = incident.ModePoll

// The words of reporter and assignee that are not accounts.
const (
	nobody    = "none"
	requester = "requester"
	suggested = "suggested"
)

// Settings are the settings of one Jira account in config.yaml.
type Settings struct {
	URL          string        `yaml:"url" jsonschema:"required" jsonschema_description:"Address of Jira, with its path if it has one, such as https://example.atlassian.net."`
	Flavour      string        `yaml:"flavour" jsonschema:"enum=cloud,enum=datacenter" jsonschema_description:"cloud or datacenter. Default cloud."`
	User         string        `yaml:"user" jsonschema_description:"Account of the bridge: its e-mail address on Cloud, its user name on Data Center. Together with api_token."`
	APIToken     config.Secret `yaml:"api_token" jsonschema_description:"API token of the account on Cloud, its password on Data Center."`
	APITokenFile string        `yaml:"api_token_file" jsonschema_description:"File that holds api_token."`
	Token        config.Secret `yaml:"token" jsonschema_description:"Personal access token, instead of user and api_token."`
	TokenFile    string        `yaml:"token_file" jsonschema_description:"File that holds token."`

	Project    string            `yaml:"project" jsonschema:"required" jsonschema_description:"Key of the project issues are created in, where neither the route nor recipients of Teleport's own routing name one."`
	IssueType  string            `yaml:"issue_type" jsonschema_description:"Name or id of the issue type. Default Task."`
	Labels     []string          `yaml:"labels" jsonschema_description:"Labels to set besides the bridge's own."`
	Priority   string            `yaml:"priority" jsonschema_description:"Name or id of the priority. Without it Jira's default."`
	Components []string          `yaml:"components" jsonschema_description:"Names or ids of components."`
	Reporter   string            `yaml:"reporter" jsonschema_description:"none (the bridge's account), requester, or an account (account id or user name, or e-mail address). Default none."`
	Assignee   string            `yaml:"assignee" jsonschema_description:"none, suggested (the first suggested reviewer with an account), requester, or an account. Default none."`
	Fields     map[string]string `yaml:"fields" jsonschema_description:"Further fields by id, each a template. A result that is a JSON object, list or number is sent as such."`

	Summary     string `yaml:"summary" jsonschema_description:"Template of the summary. Default: who asks for what."`
	Description string `yaml:"description" jsonschema_description:"Template of the description, in Jira's wiki markup."`

	Statuses Statuses `yaml:"statuses" jsonschema_description:"The statuses of the workflow, by name or id."`

	Webhook Webhook `yaml:"webhook" jsonschema_description:"How a delivery proves where it comes from. At least one form in mode webhook."`

	incident.Common `yaml:",inline"`
}

// Statuses name the statuses of the workflow that mean something to the bridge. Names are compared without regard to case.
type Statuses struct {
	Pending  []string `yaml:"pending" jsonschema_description:"Where a new issue belongs. It is moved there if its workflow starts elsewhere; empty to leave it. Default [Pending]."`
	Approved []string `yaml:"approved" jsonschema_description:"Approves the request. Default [Approved]."`
	Denied   []string `yaml:"denied" jsonschema_description:"Denies the request. Default [Denied]."`
	Expired  []string `yaml:"expired" jsonschema_description:"Where issues of requests that ended undecided go; empty to leave them. Default [Expired]."`
	Promoted []string `yaml:"promoted" jsonschema_description:"Where issues of promoted requests go. Without it, or where it cannot be reached, as approved."`
}

// Webhook says how deliveries prove where they come from. One form is enough; each that is present must be right.
type Webhook struct {
	Secrets     config.Secrets `yaml:"secrets" jsonschema_description:"Secrets of the webhook (X-Hub-Signature). Each is good: the old and the new one during a change."`
	SecretsFile string         `yaml:"secrets_file" jsonschema_description:"File that holds secrets, one on each line."`
	Basic       *BasicAuth     `yaml:"basic" jsonschema_description:"User and password in the webhook's address (Data Center)."`
	Header      *HeaderAuth    `yaml:"header" jsonschema_description:"A header with a secret, as an Automation rule sends it."`
}

// BasicAuth is a user and password that Jira sends along.
type BasicAuth struct {
	User         string        `yaml:"user" jsonschema:"required" jsonschema_description:"User name."`
	Password     config.Secret `yaml:"password" jsonschema_description:"Password."`
	PasswordFile string        `yaml:"password_file" jsonschema_description:"File that holds password."`
}

// HeaderAuth is a header with a secret value that an Automation rule sends along.
type HeaderAuth struct {
	Name       string         `yaml:"name" jsonschema:"required" jsonschema_description:"Name of the header, such as X-Accessbridge-Secret."`
	Values     config.Secrets `yaml:"values" jsonschema_description:"Values of the header. Each is good."`
	ValuesFile string         `yaml:"values_file" jsonschema_description:"File that holds values, one on each line."`
}

// Target are the settings a route may give for its own issues. What is not given is taken from the integration.
type Target struct {
	Project    string            `yaml:"project" jsonschema_description:"Key of the project. It goes before recipients of Teleport's own routing."`
	IssueType  string            `yaml:"issue_type" jsonschema_description:"Name or id of the issue type."`
	Labels     []string          `yaml:"labels" jsonschema_description:"Labels, in addition to the integration's."`
	Priority   string            `yaml:"priority" jsonschema_description:"Name or id of the priority."`
	Components []string          `yaml:"components" jsonschema_description:"Names or ids of components, instead of the integration's."`
	Assignee   string            `yaml:"assignee" jsonschema_description:"none, suggested, requester, or an account."`
	Fields     map[string]string `yaml:"fields" jsonschema_description:"Further fields by id, in addition to the integration's."`

	Summary     string `yaml:"summary" jsonschema_description:"Template of the summary."`
	Description string `yaml:"description" jsonschema_description:"Template of the description, in Jira's wiki markup."`
}

// Kind describes Jira to the loader of the configuration.
func Kind() config.Kind {
	return config.Kind{
		Settings: func() config.Settings { return defaults() },
		Target:   func() any { return new(Target) },
	}
}

func defaults() *Settings {
	s := &Settings{
		Flavour:   Cloud,
		IssueType: "Task",
		Reporter:  nobody,
		Assignee:  nobody,
		Statuses: Statuses{
			Pending:  []string{"Pending"},
			Approved: []string{"Approved"},
			Denied:   []string{"Denied"},
			Expired:  []string{"Expired"},
		},
		Common: incident.DefaultCommon(),
	}
	s.Workers, s.RateLimit = 16, 90
	return s
}

func (s *Settings) cloud() bool { return s.Flavour != DataCenter }

// searchLag is how long a new issue may stay invisible to a search. Atlassian calls the search of Cloud eventually consistent
// without naming a time (developer.atlassian.com, "Search and reconcile"); Data Center's index follows within seconds.
func (s *Settings) searchLag() time.Duration {
	switch {
	case s.SearchLag > 0:
		return s.SearchLag.Std()
	case s.cloud():
		return 5 * time.Minute
	default:
		return 30 * time.Second
	}
}

// merged returns the settings of one target: the route's own before the integration's. Summary and description are the route's own only.
func (s *Settings) merged(t *Target) Target {
	if t == nil {
		t = new(Target)
	}
	out := Target{
		Project:    cmp.Or(t.Project, s.Project),
		IssueType:  cmp.Or(t.IssueType, s.IssueType),
		Labels:     slices.Concat(s.Labels, t.Labels),
		Priority:   cmp.Or(t.Priority, s.Priority),
		Components: t.Components,
		Assignee:   cmp.Or(t.Assignee, s.Assignee),
		Fields:     map[string]string{},

		Summary:     t.Summary,
		Description: t.Description,
	}
	if len(out.Components) == 0 {
		out.Components = s.Components
	}
	maps.Copy(out.Fields, s.Fields)
	maps.Copy(out.Fields, t.Fields)
	return out
}

// has reports whether a list of names or ids has the status.
func has(list []string, id, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		s = strings.TrimSpace(s)
		return s != "" && (s == id || strings.EqualFold(s, strings.TrimSpace(name)))
	})
}
