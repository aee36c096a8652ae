package alertsuite

import (
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/stretchr/testify/require"
)

// Parser reads the settings of an integration, and of a route, as the configuration file has them.
type Parser func(t *testing.T, settings, target string) (all config.Settings, alerts *alerting.Settings, of *alerting.Target, err error)

// Configuration checks the settings that products have in common. Access are settings that lack nothing but how deliveries are proven.
func Configuration(t *testing.T, v Vendor, access string, parse Parser) {
	t.Helper()
	minimal := access + "webhook: {secrets: [s]}\n"
	t.Run("Defaults", func(t *testing.T) {
		all, s, _, err := parse(t, minimal, "")
		require.NoError(t, err)
		defaults(t, s)
		it, err := v.New(all, Options{})
		require.NoError(t, err)
		require.Equal(t, paces{
			Name: "oncall", Mode: incident.ModeWebhook, Workers: 8, ResyncEvery: 5 * time.Minute, PollEvery: 30 * time.Second,
			OnCallEvery: 30 * time.Second, ApplyWithin: time.Minute, SearchLag: 10 * time.Second,
		}, pacesOf(t, it))
		require.Zero(t, it.BusyUntil())
		require.False(t, it.Account().Open)
	})
	t.Run("ModePollNeedsNoSecret", func(t *testing.T) {
		all, _, _, err := parse(t, access+"mode: poll\npoll_every: 10s", "")
		require.NoError(t, err)
		it, err := v.New(all, Options{})
		require.NoError(t, err)
		require.Equal(t, incident.ModePoll, pacesOf(t, it).Mode)
		require.Equal(t, 10*time.Second, pacesOf(t, it).PollEvery)
	})
	t.Run("SettingsOfARoute", func(t *testing.T) {
		_, _, target, err := parse(t, minimal, "responders: {schedules: [a], teams: [b], users: [c@example.com], escalations: [d]}\npriority: P1\ntags: [x]")
		require.NoError(t, err)
		require.Equal(t, &alerting.Target{
			Responders: alerting.Responders{Schedules: []string{"a"}, Teams: []string{"b"}, Users: []string{"c@example.com"}, Escalations: []string{"d"}},
			Priority:   "P1", Tags: []string{"x"},
		}, target)
	})
	t.Run("FaultsOfTheSettings", func(t *testing.T) { faultsOfTheSettings(t, access, parse) })
}

func defaults(t *testing.T, s *alerting.Settings) {
	t.Helper()
	require.Equal(t, "teleport.dev/notify-services", s.SchedulesFromAnnotation)
	require.Equal(t, "teleport.dev/teams", s.TeamsFromAnnotation)
	require.Equal(t, incident.DecideOnCall, s.DecideBy)
	require.Equal(t, alerting.ReadChanged, s.ResyncReads)
	rules := s.Decisions.Rules(s.Decisions.Close)
	require.True(t, rules.ByNote() && rules.ByAction())
	require.False(t, rules.ByStatus())
}

// paces are how often and how much at once an integration works.
type paces struct {
	Name, Mode                                                  string
	Workers                                                     int
	ResyncEvery, PollEvery, OnCallEvery, ApplyWithin, SearchLag time.Duration
}

func pacesOf(t *testing.T, it Integration) paces {
	t.Helper()
	p, ok := it.(interface {
		Mode() string
		Workers() int
		ResyncEvery() time.Duration
		PollEvery() time.Duration
		OnCallEvery() time.Duration
	})
	require.True(t, ok)
	return paces{
		Name: it.Name(), Mode: p.Mode(), Workers: p.Workers(), ResyncEvery: p.ResyncEvery(), PollEvery: p.PollEvery(), OnCallEvery: p.OnCallEvery(),
		ApplyWithin: it.Traits().ApplyWithin, SearchLag: it.Traits().SearchLag,
	}
}

func faultsOfTheSettings(t *testing.T, access string, parse Parser) {
	t.Helper()
	minimal := access + "webhook: {secrets: [s]}\n"
	for settings, want := range map[string]string{
		access:                              "webhook.secrets: nothing proves",
		access + "webhook: {secrets: ['']}": "empty secret",
		access + "webhook: {secrets: [s], header: 'X Y'}":                   "webhook.header:",
		access + "webhook: {secrets: [s], header: X-Y, user: u}":            "webhook.user: is given beside header",
		access + "webhook: {secrets: [s], user: 'u:v'}":                     "webhook.user:",
		minimal + "webhok: {}":                                              "did you mean webhook",
		minimal + "endpoint: ftp://x.example.com":                           "endpoint: must begin with",
		minimal + "web_url: x":                                              "web_url:",
		minimal + "proxy: http://u:p@proxy:1":                               "proxy: must not carry",
		minimal + "on_call_every: 11m":                                      "on_call_every: 11m is too long",
		minimal + "priority: P6":                                            "priority:",
		minimal + "tags: ['']":                                              "tags[0]:",
		minimal + "tags: [" + strings.Repeat("x,", 20) + "]":                "tags: there are 20",
		minimal + "responders: {teams: [' ']}":                              "responders.teams[0]: is empty",
		minimal + "responders: {users: [" + strings.Repeat("x,", 51) + "]}": "responders: there are 51",
		minimal + "decide_by: luck":                                         "decide_by:",
		minimal + "resync_reads: some":                                      "resync_reads:",
		minimal + "mode: push":                                              "mode:",
		minimal + "decisions: {close: maybe}":                               "decisions.close:",
		minimal + "decisions: {acknowledge: yes}":                           "decisions.acknowledge:",
		minimal + "decisions: {actions: {approve: Ja, deny: ' ja'}}":        "decisions.actions.deny:",
		minimal + "decisions: {actions: {approve: Say Yes, deny: sayyes}}":  "differs from actions.approve by spaces or case alone",
		minimal + "decisions: {actions: {approve: Close}}":                  "is the name of something the product does itself",
		minimal + "decisions: {notes: {approve: [ok], deny: [OK]}}":         "also in notes.approve",
	} {
		_, _, _, err := parse(t, settings, "")
		require.ErrorContains(t, err, want, settings)
	}
	for target, want := range map[string]string{
		"priority: high":                  "priority:",
		"responder: {}":                   "did you mean responders",
		"responders: {schedule: [a]}":     "did you mean schedules",
		"tags: [' x']":                    "tags[0]:",
		"responders: {escalations: ['']}": "responders.escalations[0]:",
	} {
		_, _, _, err := parse(t, minimal, target)
		require.ErrorContains(t, err, want, target)
	}
}
