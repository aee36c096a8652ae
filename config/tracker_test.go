package config_test

import (
	"time"

	"github.com/accessbridge/accessbridge/config"
)

// tracker is a made-up vendor: the loader knows none.
type tracker struct {
	URL       string            `yaml:"url" jsonschema:"required" jsonschema_description:"Address of the tracker."`
	Token     config.Secret     `yaml:"token"`
	TokenFile string            `yaml:"token_file"`
	Project   string            `yaml:"project"`
	Labels    []string          `yaml:"labels"`
	Fields    map[string]string `yaml:"fields"`
	Every     config.Duration   `yaml:"every"`
	Workers   int               `yaml:"workers"`
	Share     float64           `yaml:"share"`
	Small     uint8             `yaml:"small"`
	Strict    bool              `yaml:"strict"`
	Mode      string            `yaml:"mode"`
	Extra     any               `yaml:"extra"`
	Webhook   trackerHook       `yaml:"webhook"`
	Basic     *trackerBasic     `yaml:"basic"`
	Common    `yaml:",inline"`
}

// Common is embedded, as settings shared by an integration and its targets are.
type Common struct {
	Priority string `yaml:"priority"`
}

type trackerHook struct {
	Secrets     config.Secrets `yaml:"secrets"`
	SecretsFile string         `yaml:"secrets_file"`
}

type trackerBasic struct {
	User         string        `yaml:"user"`
	Password     config.Secret `yaml:"password"`
	PasswordFile string        `yaml:"password_file"`
}

func (t *tracker) Validate(p *config.Problems) {
	if p.Required("url", t.URL) {
		p.URL("url", t.URL)
	}
	t.Token = p.Secret("token", t.Token, t.TokenFile)
	p.Required("token", t.Token)
	p.OneOf("mode", t.Mode, "webhook", "poll")
	p.Duration("every", t.Every, time.Second, time.Hour)
	t.Webhook.Secrets = p.Secrets("webhook.secrets", t.Webhook.Secrets, t.Webhook.SecretsFile)
	for name, text := range t.Fields {
		if text == "bad" {
			p.At("fields").Add(config.Key(name), "write a good one", "%q is bad", text)
		}
	}
	if t.Workers > 100 {
		p.Warn("workers", "use fewer", "%d workers are many", t.Workers)
	}
}

type trackerTarget struct {
	Project string   `yaml:"project"`
	Labels  []string `yaml:"labels"`
}

func (t *trackerTarget) Validate(p *config.Problems) {
	if t.Project == "lower" {
		p.Add("project", "use capitals", "%q is not a project", t.Project)
	}
}

// beeper is a second made-up vendor, without per-target settings.
type beeper struct {
	Key config.Secret `yaml:"key" jsonschema:"required"`
}

func (b *beeper) Validate(p *config.Problems) { p.Required("key", b.Key) }

func kinds() map[string]config.Kind {
	return map[string]config.Kind{
		"tracker": {
			Settings: func() config.Settings {
				return &tracker{Mode: "webhook", Every: config.Duration(time.Minute), Workers: 4}
			},
			Target: func() any { return &trackerTarget{} },
		},
		"beeper": {Settings: func() config.Settings { return &beeper{} }},
	}
}
