package alerting

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

const (
	// maxResponders, maxTags and maxTagLength are what one alert takes (docs.opsgenie.com, create alert); the tag of the bridge is one of
	// them. maxAction bounds the name of an action.
	maxResponders = 50
	maxTags       = 20
	maxTagLength  = 50
	maxAction     = 50
)

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// Check reports every fault of the settings that both products have.
func (s *Settings) Check(p *config.Problems) {
	s.Common.Check(p)
	s.Rota.Check(p)
	own := Target{Responders: s.Responders, Priority: s.Priority, Tags: s.Tags, Texts: s.Texts}
	own.Validate(p)
	if s.Responders.Empty() && s.SchedulesFromAnnotation == "" && s.TeamsFromAnnotation == "" {
		p.Warn("responders", "add them", "nobody is told of an alert unless the route names somebody")
	}
	decisions := p.At("decisions")
	s.Decisions.Check(decisions, "alert", incident.Ending{Key: "close", Means: s.Decisions.Close})
	for path, name := range map[string]string{"actions.approve": s.Decisions.Actions.Approve, "actions.deny": s.Decisions.Actions.Deny} {
		if name != strings.TrimSpace(name) || utf8.RuneCountInString(name) > maxAction {
			decisions.Add(path, "use a shorter name without space around it", "%q cannot be the name of an action", name)
		}
		if builtIn(fold(name)) {
			decisions.Add(path, "use another name", "%q is the name of something the product does itself", name)
		}
	}
	if fold(s.Decisions.Actions.Approve) != "" && fold(s.Decisions.Actions.Approve) == fold(s.Decisions.Actions.Deny) {
		decisions.Add("actions.deny", "use two actions", "differs from actions.approve by spaces or case alone")
	}
	p.OneOf("decide_by", s.DecideBy, incident.DecideOnCall, incident.DecideAnyone)
	p.OneOf("resync_reads", s.ResyncReads, ReadChanged, ReadAll)
	s.Webhook.check(p.At("webhook"), s.Mode)
}

func (w *Webhook) check(p *config.Problems, mode string) {
	if !p.Secrets("secrets", w.Secrets, w.SecretsFile).IsSet() && mode == incident.ModeWebhook {
		p.Add("secrets", "add the secret that the webhook sends in its header, or secrets_file, or use mode: poll",
			"nothing proves where a delivery comes from")
	}
	if w.Header != "" && !headerName.MatchString(w.Header) {
		p.Add("header", "use a name such as X-Bridge-Secret", "%q is not the name of a header", w.Header)
	}
	if w.Header != "" && w.User != "" {
		p.Add("user", "keep one of them", "is given beside header")
	}
	if strings.Contains(w.User, ":") {
		p.Add("user", "use a name without a colon", "%q cannot be a user name", w.User)
	}
}

// Validate reports every fault of a route's own settings.
func (t *Target) Validate(p *config.Problems) {
	t.Check(p)
	p.OneOf("priority", t.Priority, "P1", "P2", "P3", "P4", "P5")
	if len(t.Tags) >= maxTags {
		p.Add("tags", "keep the ones that matter", "there are %d, an alert takes %d besides accessbridge", len(t.Tags), maxTags-1)
	}
	for i, tag := range t.Tags {
		if tag != strings.TrimSpace(tag) || tag == "" || utf8.RuneCountInString(tag) > maxTagLength {
			p.Add("tags["+strconv.Itoa(i)+"]", "use a shorter text without space around it", "%q cannot be a tag", tag)
		}
	}
	r := t.Responders
	if n := len(r.Schedules) + len(r.Teams) + len(r.Users) + len(r.Escalations); n > maxResponders {
		p.Add("responders", "name a team", "there are %d, an alert takes %d", n, maxResponders)
	}
	for key, names := range map[string][]string{
		"schedules": r.Schedules, "teams": r.Teams, "users": r.Users, "escalations": r.Escalations,
	} {
		for i, name := range names {
			if strings.TrimSpace(name) == "" {
				p.Add("responders."+key+"["+strconv.Itoa(i)+"]", "write a name or an id", "is empty")
			}
		}
	}
}
