package pagerduty

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/conformance"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Suite{
		Vendor: func(t testing.TB) conformance.Vendor {
			opt := sim.Options{
				Webhooks: sim.Sending{Attempts: 1}, Policies: sim.DefaultPolicies(), Schedules: sim.DefaultSchedules(time.Now()),
				Services: append(sim.DefaultServices(), sim.Service{ID: "PANNEX1", Name: annex, Policy: sim.DefaultPolicy}),
			}
			var people []bridge.Actor
			opt.Users, opt.Teams, people = crowd(120)
			srv := standintest.Started(sim.New(opt))(t)
			// Check wants a subscription that leads to the bridge; nothing listens there.
			srv.AddSubscription(sim.Subscription{URL: "http://127.0.0.1:1/webhooks/oncall"})
			return standIn{srv, people}
		},
		Settings: func(p conformance.Place) config.Settings {
			set := defaults()
			set.Endpoint, set.From, set.RateLimit = p.URL, sim.DefaultBotEmail, 0
			set.APIToken, set.Service, set.Webhook.Secrets = config.NewSecret(sim.DefaultToken), sim.DefaultService, p.Secrets
			return set
		},
		New: func(s config.Settings, log *slog.Logger) (bridge.Ticketer, error) {
			return New("oncall", s.(*Settings), Options{Log: log})
		},
		Secrets: []string{sim.DefaultToken},
		Unsupported: map[conformance.Case]string{
			"webhooks/old-timestamp":  "X-PagerDuty-Signature covers the body and no time",
			"objects/find-deleted":    "PagerDuty does not let anybody delete an incident",
			"objects/deleted-is-gone": "PagerDuty does not let anybody delete an incident",
			"evidence/deleted":        "PagerDuty does not let anybody delete an incident",
		},
	})
}

// standIn is the simulator as the suite wants it.
type standIn struct {
	*sim.Server
	people []bridge.Actor
}

// annex is a service that the settings do not name.
const annex = "Annex"

func (s standIn) Group() (string, []bridge.Actor) { return sim.DefaultTeam, s.people }

func (s standIn) Recipient() string { return annex }

func (s standIn) Received(id, _ string) bool {
	i, ok := s.Incident(id)
	return ok && i.Service == "PANNEX1"
}

func (s standIn) Objects(requestID string) []string {
	var ids []string
	for _, i := range s.Incidents() {
		if i.Key == keyPrefix+requestID {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func (s standIn) Ended(id string) bool {
	i, ok := s.Incident(id)
	return ok && !i.Open()
}

func (s standIn) Delete(id string) error {
	return fmt.Errorf("PagerDuty has no way to delete incident %s", id)
}

// Decide writes a note as alice, who is on call at the first level.
func (s standIn) Decide(id string, v bridge.Verdict, reason string) (bridge.Actor, error) {
	return bridge.Actor{ID: "PALICE1", Email: "alice@example.com"}, s.AddNote("alice", id, noteFor(v, reason))
}

func (s standIn) Automate(id string, v bridge.Verdict) error {
	return s.AddNote("", id, noteFor(v, ""))
}

func noteFor(v bridge.Verdict, reason string) string {
	word := map[bridge.Verdict]string{bridge.Approve: "approve", bridge.Deny: "deny", bridge.Undecided: "perhaps"}[v]
	if reason == "" {
		return word
	}
	return word + ": " + reason
}

// Subscribe signs with the empty key where the secret is empty: PagerDuty sends nothing without a signature.
func (s standIn) Subscribe(address, secret string) {
	s.AddSubscription(sim.Subscription{URL: address, Secrets: []string{secret}})
}

// OnCall hands the first level over from alice to dave, so that a turn which was interrupted must not count. Carol, at the third level, is
// on call without a schedule.
func (s standIn) OnCall() (bridge.OnCallQuery, [][]bridge.Actor, error) {
	now := time.Now()
	err := s.SetOnCall(sim.PrimarySchedule, "dave", now.Add(-time.Hour), now.Add(time.Hour))
	who := func(name string) []bridge.Actor { return []bridge.Actor{{Email: name + "@example.com"}} }
	return bridge.OnCallQuery{Services: []string{sim.DefaultService}}, [][]bridge.Actor{who("dave"), who("bob"), who("carol")}, err
}
