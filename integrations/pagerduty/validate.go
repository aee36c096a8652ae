package pagerduty

import (
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/config"
)

// Validate reports every fault of the settings.
func (s *Settings) Validate(p *config.Problems) {
	s.validateAccess(p)
	target := Target{Urgency: s.Urgency, EscalationPolicy: s.EscalationPolicy, Assignees: s.Assignees}
	target.Validate(p)
	if s.Service == "" && s.ServiceFromAnnotation == "" {
		p.Warn("service", "add it, or service_from_annotation", "only routes that name a service can open incidents")
	}
	s.Decisions.validate(p.At("decisions"))
	p.OneOf("decide_by", s.DecideBy, DecideOnCall, DecideAnyone)
	p.OneOf("mode", s.Mode, ModeWebhook, ModePoll)
	p.Duration("poll_every", s.PollEvery, time.Second, time.Hour)
	p.Duration("resync_every", s.ResyncEvery, 10*time.Second, time.Hour)
	p.Duration("search_lag", s.SearchLag, 0, time.Hour)
	p.Duration("apply_within", s.ApplyWithin, time.Second, time.Hour)
	p.Duration("timeout", s.Timeout, time.Second, 5*time.Minute)
	if s.Workers < 1 || s.Workers > 256 {
		p.Add("workers", "use a number from 1 to 256", "%d is out of bounds", s.Workers)
	}
	if s.RateLimit < 0 {
		p.Add("rate_limit", "use 0 for no limit", "is negative")
	}
	hooks := p.At("webhook")
	if !hooks.Secrets("secrets", s.Webhook.Secrets, s.Webhook.SecretsFile).IsSet() && s.Mode == ModeWebhook {
		hooks.Add("secrets", "add the secret of the webhook subscription, or secrets_file, or use mode: poll",
			"nothing proves that a delivery comes from PagerDuty")
	}
}

func (s *Settings) validateAccess(p *config.Problems) {
	p.OneOf("region", s.Region, RegionUS, RegionEU)
	if s.Endpoint != "" && s.Region != "" {
		p.Add("endpoint", "keep one of them", "is given beside region")
	}
	if u := p.URL("endpoint", s.Endpoint, "https", "http"); u != nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		p.Warn("endpoint", "use https", "the token is sent without encryption")
	}
	if !p.Secret("api_token", s.APIToken, s.APITokenFile).IsSet() {
		p.Add("api_token", "add it, or api_token_file", "is required")
	}
	if p.Required("from", s.From) && !isAddress(s.From) {
		p.Add("from", "use the e-mail address of a user of the PagerDuty account", "%q is not an e-mail address", s.From)
	}
	p.File("ca_file", s.CAFile)
	if strings.Contains(s.Proxy, "@") {
		p.Add("proxy", "set HTTPS_PROXY in the environment instead", "must not carry a user or password")
	} else {
		p.URL("proxy", s.Proxy, "http", "https", "socks5")
	}
}

// isAddress reports whether a text is an e-mail address and nothing else.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (d *Decisions) validate(p *config.Problems) {
	p.OneOf("acknowledge", d.Acknowledge, meansNothing, meansApprove, meansDeny)
	p.OneOf("resolve", d.Resolve, meansNothing, meansApprove, meansDeny)
	for path, words := range map[string][]string{"notes.approve": d.Notes.Approve, "notes.deny": d.Notes.Deny} {
		for i, word := range words {
			if strings.TrimSpace(word) == "" || word != strings.TrimSpace(word) {
				p.Add(path+"["+strconv.Itoa(i)+"]", "write the word without space around it", "%q is not a word", word)
			}
		}
	}
	for _, word := range d.Notes.Deny {
		if slices.ContainsFunc(d.Notes.Approve, func(s string) bool { return strings.EqualFold(s, word) }) {
			p.Add("notes.deny", "give each meaning its own words", "%q is also in notes.approve", word)
		}
	}
	if d.Actions.Approve != "" && strings.EqualFold(d.Actions.Approve, d.Actions.Deny) {
		p.Add("actions.deny", "use two actions", "is the same action as actions.approve")
	}
	if !d.readsLog() && len(d.Notes.Approve)+len(d.Notes.Deny) == 0 {
		p.Warn("", "add notes or actions", "nobody can decide at an incident")
	}
}

// Validate reports every fault of a route's own settings.
func (t *Target) Validate(p *config.Problems) {
	p.OneOf("urgency", t.Urgency, "high", "low")
	if t.EscalationPolicy != "" && len(t.Assignees) > 0 {
		p.Add("assignees", "keep one of them", "cannot be given beside escalation_policy")
	}
	for i, who := range t.Assignees {
		if !isAddress(who) && !objectID.MatchString(who) {
			p.Add("assignees["+strconv.Itoa(i)+"]", "use an e-mail address, or an id such as PABC123", "%q is not a user", who)
		}
	}
}
