package jsm

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// What notes and logs call people, the values of the setting unverified.owners.
const (
	OwnersNone      = "none"
	OwnersAccountID = "account_id"
	OwnersEmail     = "email"
)

// The ways decisions come in.
const (
	ModeWebhook = incident.ModeWebhook
	ModePoll    = incident.ModePoll
)

// Settings are the settings of one site in config.yaml.
type Settings struct {
	Site         string        `yaml:"site" jsonschema_description:"Address of the site, such as https://example.atlassian.net."`
	CloudID      string        `yaml:"cloud_id" jsonschema_description:"Id of the site. Without it the site is asked for it."`
	Endpoint     string        `yaml:"endpoint" jsonschema_description:"Address of Atlassian's API gateway. Default https://api.atlassian.com."`
	JiraEndpoint string        `yaml:"jira_endpoint" jsonschema_description:"Address of Jira's REST API, without /rest. Default the site."`
	WebURL       string        `yaml:"web_url" jsonschema_description:"Address of the page that lists alerts, for links. Default /jira/ops/alerts at the site."`
	User         string        `yaml:"user" jsonschema_description:"E-mail address of the account that the API token belongs to. What it says never counts."`
	APIToken     config.Secret `yaml:"api_token" jsonschema_description:"API token of that account."`
	APITokenFile string        `yaml:"api_token_file" jsonschema_description:"File that holds api_token."`
	Unverified   Unverified    `yaml:"unverified" jsonschema_description:"What Atlassian does not describe, and is not used before it was seen to be so at the site."`

	alerting.Settings `yaml:",inline"`
}

// Unverified switches on what rests on something that Atlassian does not describe.
type Unverified struct {
	Owners      string `yaml:"owners" jsonschema:"enum=none,enum=account_id,enum=email" jsonschema_description:"What notes and logs call people: account_id or email. With none nobody decides at an alert. Default none."`
	Log         bool   `yaml:"log" jsonschema_description:"Take the texts of an alert's log for what they say, so that actions, acknowledging and closing may decide. Default false."`
	Teams       bool   `yaml:"teams" jsonschema_description:"List teams, so that they may be given by name and not by id only. Default false."`
	Escalations bool   `yaml:"escalations" jsonschema_description:"List escalation policies, so that they may be given by name, and tell whom they call. Default false."`
}

// Target are the settings a route may give for its own alerts.
type Target = alerting.Target

// Kind describes Jira Service Management operations to the loader of the configuration.
func Kind() config.Kind {
	return config.Kind{
		Settings: func() config.Settings { return defaults() },
		Target:   func() any { return new(Target) },
	}
}

func defaults() *Settings {
	return &Settings{Unverified: Unverified{Owners: OwnersNone}, Settings: alerting.DefaultSettings()}
}

// cloudID is the form of a site's id, which becomes a part of addresses.
var cloudID = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// Validate reports every fault of the settings.
func (s *Settings) Validate(p *config.Problems) {
	if p.Required("site", s.Site) {
		incident.CheckAddress(p, "site", s.Site, "the token is")
	}
	incident.CheckAddress(p, "endpoint", s.Endpoint, "the token is")
	incident.CheckAddress(p, "jira_endpoint", s.JiraEndpoint, "the token is")
	p.URL("web_url", s.WebURL, "https", "http")
	if s.CloudID != "" && !cloudID.MatchString(s.CloudID) {
		p.Add("cloud_id", "copy it from /_edge/tenant_info at the site", "%q is not the id of a site", s.CloudID)
	}
	if p.Required("user", s.User) && !incident.IsAddress(s.User) {
		p.Add("user", "use the address of the account", "%q is not an e-mail address", s.User)
	}
	if !p.Secret("api_token", s.APIToken, s.APITokenFile).IsSet() {
		p.Add("api_token", "add it, or api_token_file", "is required")
	}
	s.Unverified.check(p, s.Decisions)
	s.Check(p)
}

// check reports decisions that what is switched on does not allow.
func (u Unverified) check(p *config.Problems, d alerting.Decisions) {
	p.OneOf("unverified.owners", u.Owners, OwnersNone, OwnersAccountID, OwnersEmail)
	if u.Owners == OwnersNone {
		p.Warn("unverified.owners", "set it to what accessbridge check finds",
			"nobody decides at an alert before it says what notes and logs call people")
	}
	for path, means := range map[string]string{"decisions.acknowledge": d.Acknowledge, "decisions.close": d.Close} {
		if incident.VerdictOf(means) == bridge.Undecided || u.Log && u.Owners != OwnersNone {
			continue
		}
		p.Add(path, "set unverified.log and unverified.owners, or use none", "is read from texts that Atlassian does not describe")
	}
	if u.Log && u.Owners == OwnersNone {
		p.Add("unverified.log", "set unverified.owners", "is of no use while it is not known who did what")
	}
}

// allowed are the settings of alerts, without the decisions that what is switched on does not allow.
func (s *Settings) allowed() alerting.Settings {
	out := s.Settings
	if !s.Unverified.Log {
		out.Decisions.Actions = incident.Actions{}
		out.Decisions.Acknowledge, out.Decisions.Close = incident.MeansNothing, incident.MeansNothing
	}
	if s.Unverified.Owners == OwnersNone {
		out.Decisions.Notes = incident.NoteWords{}
	}
	return out
}

// site, gateway, jira and web are addresses without a slash at the end.
func (s *Settings) site() string { return strings.TrimRight(s.Site, "/") }

func (s *Settings) gateway() string {
	return strings.TrimRight(cmp.Or(s.Endpoint, "https://api.atlassian.com"), "/")
}

func (s *Settings) jira() string { return strings.TrimRight(cmp.Or(s.JiraEndpoint, s.Site), "/") }

func (s *Settings) web() string {
	return strings.TrimRight(cmp.Or(s.WebURL, s.site()+"/jira/ops/alerts"), "/")
}
