package jira

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

var (
	projectKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
)

// Validate reports every fault of the settings.
func (s *Settings) Validate(p *config.Problems) {
	p.Required("url", s.URL)
	incident.CheckAddress(p, "url", s.URL, "credentials are")
	p.OneOf("flavour", s.Flavour, Cloud, DataCenter)
	s.validateAuth(p)
	s.Check(p)
	p.Required("project", s.Project)
	target := Target{Project: s.Project, Labels: s.Labels, Fields: s.Fields, Summary: s.Summary, Description: s.Description}
	target.Validate(p)
	p.Required("issue_type", s.IssueType)
	if s.Reporter == suggested {
		p.Add("reporter", "use none, requester or an account", "cannot be a suggested reviewer")
	}
	s.Statuses.validate(p.At("statuses"))
	s.Webhook.validate(p.At("webhook"), s.Mode)
}

func (s *Settings) validateAuth(p *config.Problems) {
	basic := p.Secret("api_token", s.APIToken, s.APITokenFile)
	bearer := p.Secret("token", s.Token, s.TokenFile)
	switch {
	case basic.IsSet() && bearer.IsSet():
		p.Add("token", "keep token, or user and api_token", "is given here and as api_token")
	case !basic.IsSet() && !bearer.IsSet():
		p.Add("", "add user and api_token, or token; each also from a file, with _file added", "no credentials for Jira are given")
	case basic.IsSet() && s.User == "":
		p.Add("user", "add the e-mail address (Cloud) or the user name (Data Center) of the account", "is required with api_token")
	case bearer.IsSet() && s.User != "":
		p.Add("user", "remove it, or use api_token instead of token", "has no meaning with token")
	}
}

func (s *Statuses) validate(p *config.Problems) {
	p.Required("approved", s.Approved)
	p.Required("denied", s.Denied)
	lists := []struct {
		path  string
		names []string
	}{{"pending", s.Pending}, {"approved", s.Approved}, {"denied", s.Denied}, {"expired", s.Expired}}
	for i, a := range lists {
		for _, name := range a.names {
			if strings.TrimSpace(name) == "" {
				p.Add(a.path, "remove it", "holds an empty name")
				continue
			}
			for _, b := range lists[:i] {
				if has(b.names, name, name) {
					p.Add(a.path, "give each meaning its own status", "%q is also in %s", name, b.path)
				}
			}
		}
	}
	for _, name := range s.Promoted {
		if has(s.Denied, name, name) || has(s.Pending, name, name) {
			p.Add("promoted", "give each meaning its own status", "%q is also in denied or pending", name)
		}
	}
}

func (w *Webhook) validate(p *config.Problems, mode string) {
	secrets := p.Secrets("secrets", w.Secrets, w.SecretsFile)
	if b := w.Basic; b != nil {
		p.Required("basic.user", b.User)
		if !p.Secret("basic.password", b.Password, b.PasswordFile).IsSet() {
			p.Add("basic.password", "add it, or password_file", "is required")
		}
	}
	if h := w.Header; h != nil {
		if p.Required("header.name", h.Name) && !headerName.MatchString(h.Name) {
			p.Add("header.name", "use letters, digits and -", "%q is not the name of a header", h.Name)
		}
		if !p.Secrets("header.values", h.Values, h.ValuesFile).IsSet() {
			p.Add("header.values", "add at least one, or values_file", "is required")
		}
	}
	if mode == incident.ModeWebhook && !secrets.IsSet() && w.Basic == nil && w.Header == nil {
		p.Add("", "add secrets, basic or header, or use mode: poll", "nothing proves that a delivery comes from Jira")
	}
}

// Validate reports every fault of a route's own settings.
func (t *Target) Validate(p *config.Problems) {
	if t.Project != "" && !projectKey.MatchString(t.Project) {
		p.Add("project", "use the letters before the number of an issue, such as OPS", "%q is not a project key", t.Project)
	}
	for i, label := range t.Labels {
		if label == "" || strings.ContainsFunc(label, unicode.IsSpace) {
			p.Add(fmt.Sprintf("labels[%d]", i), "use - or _ instead", "a label is not empty and has no space")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Fields)) {
		path := "fields." + config.Key(id)
		if slices.Contains(ownFields, id) {
			p.Add(path, "use the setting of that name", "is set by the bridge itself")
		}
		validateField(p, path, t.Fields[id])
	}
	p.Template("summary", t.Summary, parseTemplate, samples()...)
	p.Template("description", t.Description, parseTemplate, samples()...)
}

// samples are what templates see of a request with everything, and of one with as little as there can be.
func samples() []any {
	full := text.SampleRequest()
	return []any{
		view{Request: full, WebURL: "https://teleport.example.com/web/requests/1", Approved: "Approved", Denied: "Denied"},
		view{Request: bridge.Request{ID: full.ID, User: full.User, Roles: []string{"dev"}}},
	}
}

// validateField checks the template of a field. It may write nothing; then the field is not set.
func validateField(p *config.Problems, path, source string) {
	parsed, err := parseTemplate(source)
	if err == nil {
		err = parsed.Try(samples()...)
	}
	if err != nil {
		p.Add(path, "see the guide for the names and functions a template has", "%s", err)
	}
}
