package pagerduty

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// Check asks PagerDuty whether the token, the user, the names in the configuration and the webhook subscription hold.
func (p *PagerDuty) Check(ctx context.Context) []bridge.Finding {
	var f incident.Findings
	from, err := p.userByEmail(ctx, "from", p.set.From)
	switch {
	case errors.Is(err, lookup.ErrUnknown):
		f.Good("token: accepted by %s", p.base)
		f.Bad("set from to the e-mail address of a user of this account", "from: no user has the address %s", p.set.From)
	case err != nil:
		f.Bad("check api_token, region or endpoint, and whether PagerDuty is up", "token: %v", err)
		return f
	default:
		f.Good("token: accepted by %s", p.base)
		f.Good("from: incidents are made as %s", incident.Or(from.Name, from.Email))
	}
	p.checkNames(ctx, &f)
	p.checkWebhook(ctx, &f)
	return f
}

// checkNames looks up every name in the configuration, each once.
func (p *PagerDuty) checkNames(ctx context.Context, f *incident.Findings) {
	seen := map[string]bool{}
	look := func(in directory, setting, name string) {
		if name == "" || seen[setting+name] {
			return
		}
		seen[setting+name] = true
		o, err := p.find(ctx, in, setting, name)
		if err != nil {
			f.Bad("correct the name, or use the id", "%s %q: %v", setting, name, err)
			return
		}
		f.Good("%s: %s (%s)", setting, o.label(), o.ID)
	}
	own := &Target{Service: p.set.Service, Priority: p.set.Priority, EscalationPolicy: p.set.EscalationPolicy, Assignees: p.set.Assignees}
	for _, t := range append([]*Target{own}, p.targets...) {
		if t == nil {
			continue
		}
		look(services, "service", t.Service)
		look(priorities, "priority", t.Priority)
		look(policies, "escalation_policy", t.EscalationPolicy)
		for _, who := range t.Assignees {
			if !strings.Contains(who, "@") || seen[who] {
				continue
			}
			seen[who] = true
			if _, err := p.userByEmail(ctx, "assignees", who); err != nil {
				f.Bad("use the e-mail address of a user of this account", "assignees: %v", err)
				continue
			}
			f.Good("assignees: %s", who)
		}
	}
}

// checkWebhook looks for a subscription whose address ends as this integration's path does: the public address is not known here.
func (p *PagerDuty) checkWebhook(ctx context.Context, f *incident.Findings) {
	if p.set.Mode == incident.ModePoll {
		f.Good("webhook: not used, incidents are listed every %s", p.set.PollEvery)
		return
	}
	if _, err := p.secrets.Reveal(); err != nil {
		f.Bad("put the secret of the subscription there; accessbridge webhooks ensure "+p.Name()+" makes one", "webhook: %v", err)
		return
	}
	found, err := p.subscriptions(ctx, func(s subscription) bool {
		u, err := url.Parse(s.Method.URL)
		return err == nil && strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/webhooks/"+p.Name())
	})
	mend := "run accessbridge webhooks ensure " + p.Name()
	if err != nil {
		f.Bad("the token must be allowed to read webhook subscriptions", "webhook: %v", err)
		return
	}
	if len(found) == 0 {
		f.Bad(mend, "webhook: no subscription sends to an address that ends in /webhooks/%s", p.Name())
		return
	}
	slices.SortFunc(found, func(a, b subscription) int { return strings.Compare(a.ID, b.ID) })
	for _, s := range found {
		missing := s.lacks(p.events())
		switch {
		case !s.on():
			f.Bad(mend, "webhook: subscription %s is switched off", s.ID)
		case s.Method.Disabled:
			f.Bad(mend, "webhook: PagerDuty has turned subscription %s off for a while, because deliveries were refused", s.ID)
		case len(missing) > 0:
			f.Bad(mend, "webhook: subscription %s does not send %s", s.ID, strings.Join(missing, ", "))
		default:
			f.Good("webhook: subscription %s sends here", s.ID)
		}
	}
}
