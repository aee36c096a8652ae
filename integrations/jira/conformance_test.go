package jira

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/conformance"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestConformance(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		gaps := map[conformance.Case]string{
			"objects/native-key":     "Jira takes no key of the caller's own; the claim and the search keep it at one issue",
			"webhooks/old-timestamp": "X-Hub-Signature covers the body and no time",
			"oncall":                 "Jira has no schedules",
		}
		if f == sim.DataCenter {
			gaps["evidence/automated"] = "on Data Center a rule acts as a person; its account is kept out of the approvers"
		}
		conformance.Run(t, conformance.Suite{
			Vendor: func(t testing.TB) conformance.Vendor {
				opt := sim.Options{Flavour: f, Projects: []sim.Project{sim.DefaultProject("ACC"), sim.DefaultProject("SEC")}}
				var people []bridge.Actor
				opt.Users, opt.Groups, people = crowd(f, 120)
				srv := standintest.Started(sim.New(opt))(t)
				return standIn{srv, f, people}
			},
			Settings: func(p conformance.Place) config.Settings {
				set := defaults()
				set.URL, set.Project, set.RateLimit, set.Webhook.Secrets = p.URL, "ACC", 0, p.Secrets
				if f == sim.DataCenter {
					set.Flavour, set.Token = DataCenter, config.NewSecret(sim.BotToken)
				} else {
					set.User, set.APIToken = sim.BotEmail, config.NewSecret(sim.BotToken)
				}
				return set
			},
			New: func(s config.Settings, log *slog.Logger) (bridge.Ticketer, error) {
				return New("itsm", s.(*Settings), Options{Log: log})
			},
			Secrets:     []string{sim.BotToken},
			Unsupported: gaps,
		})
	})
}

// standIn is the simulator as the suite wants it.
type standIn struct {
	*sim.Server
	flavour sim.Flavour
	people  []bridge.Actor
}

func (s standIn) Group() (string, []bridge.Actor) { return sim.DefaultGroup, s.people }

func (s standIn) Recipient() string { return "SEC" }

func (s standIn) Received(id, recipient string) bool {
	i, ok := s.Issue(id)
	return ok && i.Project == recipient
}

func (s standIn) Objects(requestID string) []string {
	var ids []string
	for _, i := range s.Issues() {
		if slices.Contains(i.Labels, labelOne+requestID) {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func (s standIn) Ended(id string) bool {
	i, ok := s.Issue(id)
	return ok && i.Status != "Pending" && i.Status != "In Review"
}

func (s standIn) Delete(id string) error { return s.DeleteIssue("bob", id) }

func (s standIn) Decide(id string, v bridge.Verdict, reason string) (bridge.Actor, error) {
	bob := bridge.Actor{ID: who(s.flavour, "bob"), Email: "bob@example.com"}
	if reason != "" {
		if err := s.Comment("bob", id, reason); err != nil {
			return bob, err
		}
	}
	return bob, s.Move("bob", id, statusFor(v))
}

func (s standIn) Automate(id string, v bridge.Verdict) error {
	return s.Move(sim.AutomationAccountID, id, statusFor(v))
}

func statusFor(v bridge.Verdict) string {
	return map[bridge.Verdict]string{bridge.Approve: "Approved", bridge.Deny: "Denied", bridge.Undecided: "In Review"}[v]
}

func (s standIn) Subscribe(address, secret string) {
	s.AddWebhook(sim.Webhook{URL: address, Secret: secret})
}
