package alertsuite

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/conformance"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
)

// Crowd starts a simulator with a group of people, as conformance.Crowd wants it.
type Crowd func(t testing.TB, s Setup) (srv Server, group string, people []bridge.Actor)

// Conformance runs the suite that every integration passes.
func Conformance(t *testing.T, v Vendor, crowd Crowd) {
	t.Helper()
	conformance.Run(t, conformance.Suite{
		Vendor: func(t testing.TB) conformance.Vendor {
			s := standIn{vendor: v}
			s.Server, s.group, s.people = crowd(t, Setup{Account: account.Options{Clock: Ticking()}})
			return s
		},
		Settings: func(p conformance.Place) config.Settings {
			set, alerts := v.Settings(p.URL, config.NewSecret(v.Key))
			alerts.Webhook.Secrets = p.Secrets
			return set
		},
		New: func(s config.Settings, log *slog.Logger) (bridge.Ticketer, error) {
			return v.New(s, Options{Log: log})
		},
		Secrets: []string{v.Key},
		Unsupported: map[conformance.Case]string{
			"webhooks/flipped-body":  v.Name + " signs nothing: the header proves the sender, and the body is only a hint",
			"webhooks/old-timestamp": v.Name + " signs nothing, no time either",
			"oncall/first-level":     "a schedule has no levels",
		},
	})
}

// standIn is the simulator as the suite wants it. The id of an object is its alias.
type standIn struct {
	Server
	vendor Vendor
	group  string
	people []bridge.Actor
}

func (s standIn) Objects(requestID string) []string {
	var ids []string
	for _, a := range s.Alerts() {
		if a.Alias == "teleport-access-request/"+requestID {
			ids = append(ids, a.Alias)
		}
	}
	return ids
}

func (s standIn) Ended(id string) bool {
	a, ok := s.Alert(id)
	return ok && !a.Open()
}

func (s standIn) Delete(id string) error { return s.DeleteAlert("carol", id) }

// Decide writes a note as alice, who is on call.
func (s standIn) Decide(id string, v bridge.Verdict, reason string) (bridge.Actor, error) {
	u, _ := s.User("alice")
	who := s.vendor.Person(u)
	return bridge.Actor{ID: who.ID, Email: who.Email}, s.Note("alice", id, noteFor(v, reason))
}

func (s standIn) Automate(id string, v bridge.Verdict) error { return s.Note("", id, noteFor(v, "")) }

func noteFor(v bridge.Verdict, reason string) string {
	word := map[bridge.Verdict]string{bridge.Approve: "approve", bridge.Deny: "deny", bridge.Undecided: "perhaps"}[v]
	return strings.TrimSuffix(word+": "+reason, ": ")
}

func (s standIn) Subscribe(address, secret string) {
	r := account.Receiver{URL: address}
	if secret != "" {
		r.Headers = map[string]string{"Authorization": "Bearer " + secret}
	}
	s.AddReceiver(r)
}

func (s standIn) Group() (string, []bridge.Actor) { return s.group, s.people }

func (s standIn) Recipient() string { return account.SecondarySchedule }

func (s standIn) Received(id, recipient string) bool {
	a, _ := s.Alert(id)
	return slices.ContainsFunc(a.Responders, func(r account.Responder) bool { return r.Type == account.TypeSchedule && r.Name == recipient })
}

// OnCall hands the schedule over from alice to dave, so that a turn which was interrupted must not count.
func (s standIn) OnCall() (bridge.OnCallQuery, [][]bridge.Actor, error) {
	now := time.Now()
	err := s.SetOnCall(account.PrimarySchedule, "dave", now.Add(-time.Hour), now.Add(time.Hour))
	who := []bridge.Actor{{Email: "dave@example.com"}, {Email: "bob@example.com"}}
	return bridge.OnCallQuery{Schedules: []string{account.PrimarySchedule}, Teams: []string{account.DefaultTeam}}, [][]bridge.Actor{who}, err
}
