package alerting

import (
	"context"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Check asks the product whether the key, its rights and the names in the configuration hold.
func (t *Tracker) Check(ctx context.Context) []bridge.Finding {
	var f incident.Findings
	if t.api.Check(ctx, &f) {
		t.checkNames(ctx, &f)
	}
	t.checkWebhook(&f)
	return f
}

// checkNames looks up every name in the configuration, each once.
func (t *Tracker) checkNames(ctx context.Context, f *incident.Findings) {
	seen := map[string]bool{}
	for _, target := range append([]*Target{{Responders: t.set.Responders}}, t.targets...) {
		if target == nil {
			continue
		}
		r := target.Responders
		for _, of := range []struct {
			kind, setting string
			names         []string
		}{
			{TypeSchedule, "responders.schedules", r.Schedules},
			{TypeTeam, "responders.teams", r.Teams},
			{TypeEscalation, "responders.escalations", r.Escalations},
			{TypeUser, "responders.users", r.Users},
		} {
			for _, name := range slices.Compact(slices.Sorted(slices.Values(of.names))) {
				if key := of.setting + "\x00" + name; !seen[key] {
					seen[key] = true
					t.checkName(ctx, f, of.kind, of.setting, name)
				}
			}
		}
	}
	if t.set.Responders.Empty() && t.set.DecideBy == incident.DecideOnCall {
		f.Good("responders: none of the integration's own; routes and annotations name them")
	}
}

func (t *Tracker) checkName(ctx context.Context, f *incident.Findings, kind, setting, name string) {
	o, err := t.find(ctx, kind, setting, name)
	if err != nil {
		f.Bad("correct the name, or use the id", "%s %q: %v", setting, name, err)
		return
	}
	if kind == TypeTeam && t.set.DecideBy == incident.DecideOnCall {
		owned, err := t.schedulesOf(ctx, o.ID)
		switch {
		case err != nil:
			f.Bad("the key must be allowed to read schedules", "%s %q: %v", setting, name, err)
			return
		case len(owned) == 0:
			f.Bad("give the team a schedule, or set decide_by: anyone", "%s: team %s has no schedule, so that nobody of it is on call", setting, o.Name)
			return
		}
	}
	f.Good("%s: %s (%s)", setting, o.Name, o.ID)
}

// checkWebhook looks at what proves deliveries. How the product's side is set up cannot be read.
func (t *Tracker) checkWebhook(f *incident.Findings) {
	if t.set.Mode == incident.ModePoll {
		f.Good("webhook: not used, alerts are listed every %s", t.set.PollEvery)
		return
	}
	secrets, err := t.secrets.Reveal()
	switch {
	case err != nil:
		f.Bad("put the secret that the webhook sends there", "webhook: %v", err)
	case len(secrets) == 0:
		f.Bad("add webhook.secrets", "webhook: no secret")
	default:
		f.Good("webhook: deliveries are proven by a header; whether %s sends them cannot be read", t.product.Name)
	}
}
