package jsm

import (
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/conformance"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Suite{
		Vendor: func(t testing.TB) conformance.Vendor {
			opt := sim.Options{Account: account.Options{Clock: ticking()}}
			opt.Account.Users, opt.Groups = crowd(120)
			srv, err := sim.New(opt)
			require.NoError(t, err)
			require.NoError(t, srv.Start())
			t.Cleanup(srv.Close)
			return standIn{srv}
		},
		Settings: func(p conformance.Place) config.Settings {
			set := working(p.URL)
			set.Webhook.Secrets = p.Secrets
			return set
		},
		New: func(s config.Settings, log *slog.Logger) (bridge.Ticketer, error) {
			return New("oncall", s.(*Settings), Options{Log: log})
		},
		Secrets: []string{sim.DefaultAPIToken},
		Unsupported: map[conformance.Case]string{
			"webhooks/flipped-body":  "Jira Service Management signs nothing: the header proves the sender, and the body is only a hint",
			"webhooks/old-timestamp": "Jira Service Management signs nothing, no time either",
			"oncall/first-level":     "a schedule has no levels",
		},
	})
}

// ticking is a clock that shows another millisecond each time: times of alerts have no finer ones, and nobody writes a note within the
// millisecond in which an alert is made.
func ticking() func() time.Time {
	var ticks atomic.Int64
	return func() time.Time { return time.Now().Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
}

// standIn is the simulator as the suite wants it. The id of an object is its alias.
type standIn struct{ *sim.Server }

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
	return bridge.Actor{ID: u.AccountID, Email: u.Username}, s.Note("alice", id, noteFor(v, reason))
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

func (s standIn) Group() (string, []bridge.Actor) { return sim.DefaultGroup, peopleOf(s.Server) }

func (s standIn) Recipient() string { return sim.SecondarySchedule }

func (s standIn) Received(id, recipient string) bool {
	a, _ := s.Alert(id)
	return slices.ContainsFunc(a.Responders, func(r account.Responder) bool { return r.Type == account.TypeSchedule && r.Name == recipient })
}

// OnCall hands the schedule over from alice to dave, so that a turn which was interrupted must not count.
func (s standIn) OnCall() (bridge.OnCallQuery, [][]bridge.Actor, error) {
	now := time.Now()
	err := s.SetOnCall(sim.DefaultSchedule, "dave", now.Add(-time.Hour), now.Add(time.Hour))
	who := []bridge.Actor{{Email: "dave@example.com"}, {Email: "bob@example.com"}}
	return bridge.OnCallQuery{Schedules: []string{sim.DefaultSchedule}, Teams: []string{sim.DefaultTeam}}, [][]bridge.Actor{who}, err
}
