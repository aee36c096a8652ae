package opsgenie

import (
	"cmp"
	"strings"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// The service regions.
const (
	RegionUS = "us"
	RegionEU = "eu"
)

// The ways decisions come in.
const (
	ModeWebhook = incident.ModeWebhook
	ModePoll    = incident.ModePoll
)

// Settings are the settings of one Opsgenie account in config.yaml.
type Settings struct {
	Region     string        `yaml:"region" jsonschema:"enum=us,enum=eu" jsonschema_description:"Service region of the account: us or eu. Default us."`
	Endpoint   string        `yaml:"endpoint" jsonschema_description:"Address of the REST API, instead of region. Default https://api.opsgenie.com."`
	WebURL     string        `yaml:"web_url" jsonschema_description:"Address of the web application, for links. Default https://app.opsgenie.com, or https://app.eu.opsgenie.com."`
	APIKey     config.Secret `yaml:"api_key" jsonschema_description:"API key with read, create and update access, and access to the configuration."`
	APIKeyFile string        `yaml:"api_key_file" jsonschema_description:"File that holds api_key."`
	User       string        `yaml:"user" jsonschema_description:"Name that alerts and notes are made under. What is said under it never counts. Default accessbridge."`

	alerting.Settings `yaml:",inline"`
}

// Target are the settings a route may give for its own alerts.
type Target = alerting.Target

// Kind describes Opsgenie to the loader of the configuration.
func Kind() config.Kind {
	return config.Kind{
		Settings: func() config.Settings { return defaults() },
		Target:   func() any { return new(Target) },
	}
}

func defaults() *Settings {
	return &Settings{User: "accessbridge", Settings: alerting.DefaultSettings()}
}

// Validate reports every fault of the settings.
func (s *Settings) Validate(p *config.Problems) {
	p.OneOf("region", s.Region, RegionUS, RegionEU)
	if s.Endpoint != "" && s.Region != "" {
		p.Add("endpoint", "keep one of them", "is given beside region")
	}
	incident.CheckAddress(p, "endpoint", s.Endpoint, "the key is")
	p.URL("web_url", s.WebURL, "https", "http")
	if !p.Secret("api_key", s.APIKey, s.APIKeyFile).IsSet() {
		p.Add("api_key", "add it, or api_key_file", "is required")
	}
	if p.Required("user", s.User) && len([]rune(s.User)) > maxUser {
		p.Add("user", "use a shorter name", "has more than %d characters", maxUser)
	}
	s.Check(p)
}

// endpoint is the address of the REST API, without a slash at its end.
func (s *Settings) endpoint() string {
	region := "https://api.opsgenie.com"
	if s.Region == RegionEU {
		region = "https://api.eu.opsgenie.com"
	}
	return strings.TrimRight(cmp.Or(s.Endpoint, region), "/")
}

// web is the address of the web application, without a slash at its end.
func (s *Settings) web() string {
	region := "https://app.opsgenie.com"
	if s.Region == RegionEU || strings.Contains(s.Endpoint, ".eu.opsgenie.com") {
		region = "https://app.eu.opsgenie.com"
	}
	return strings.TrimRight(cmp.Or(s.WebURL, region), "/")
}
