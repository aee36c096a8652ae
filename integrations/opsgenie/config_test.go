package opsgenie

import (
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// parse reads settings as the configuration file has them.
func parse(t *testing.T, settings, target string) (*Settings, *Target, error) {
	t.Helper()
	return testkit.Parse[Settings, Target](t, "opsgenie", Kind(), settings, target)
}

const minimal = `
api_key: k
webhook: {secrets: [s]}
`

func TestDefaults(t *testing.T) {
	s, _, err := parse(t, minimal, "")
	require.NoError(t, err)
	require.Equal(t, "https://api.opsgenie.com", s.endpoint())
	require.Equal(t, "accessbridge", s.User)
	require.Equal(t, "teleport.dev/notify-services", s.SchedulesFromAnnotation)
	require.Equal(t, "teleport.dev/teams", s.TeamsFromAnnotation)
	require.Equal(t, incident.DecideOnCall, s.DecideBy)
	require.Equal(t, alerting.ReadChanged, s.ResyncReads)
	rules := s.Decisions.Rules(s.Decisions.Close)
	require.True(t, rules.ByNote() && rules.ByAction())
	require.False(t, rules.ByStatus())

	o, err := New("oncall", s, Options{})
	require.NoError(t, err)
	require.Equal(t, "oncall", o.Name())
	require.Equal(t, ModeWebhook, o.Mode())
	require.Equal(t, 8, o.Workers())
	require.Equal(t, 5*time.Minute, o.ResyncEvery())
	require.Equal(t, 30*time.Second, o.PollEvery())
	require.Equal(t, 30*time.Second, o.OnCallEvery())
	require.Equal(t, time.Minute, o.Traits().ApplyWithin)
	require.Equal(t, 10*time.Second, o.Traits().SearchLag)
	require.Zero(t, o.BusyUntil())
	require.False(t, o.Account().Open)
}

func TestEveryRegionCanBeUsed(t *testing.T) {
	for settings, want := range map[string][2]string{
		"region: us":                             {"https://api.opsgenie.com", "https://app.opsgenie.com"},
		"region: eu":                             {"https://api.eu.opsgenie.com", "https://app.eu.opsgenie.com"},
		"endpoint: https://api.eu.opsgenie.com/": {"https://api.eu.opsgenie.com", "https://app.eu.opsgenie.com"},
		"endpoint: https://gateway.example.com/og/\nweb_url: https://acme.example/x/": {"https://gateway.example.com/og", "https://acme.example/x"},
	} {
		s, _, err := parse(t, minimal+settings, "")
		require.NoError(t, err)
		require.Equal(t, want, [2]string{s.endpoint(), s.web()})
	}
}

func TestSettingsOfARoute(t *testing.T) {
	_, target, err := parse(t, minimal, "responders: {schedules: [a], teams: [b], users: [c@example.com], escalations: [d]}\npriority: P1\ntags: [x]")
	require.NoError(t, err)
	require.Equal(t, &Target{
		Responders: alerting.Responders{Schedules: []string{"a"}, Teams: []string{"b"}, Users: []string{"c@example.com"}, Escalations: []string{"d"}},
		Priority:   "P1", Tags: []string{"x"},
	}, target)
}

func TestFaultsOfTheSettings(t *testing.T) {
	for settings, want := range map[string]string{
		"api_key: k":                                                        "webhook.secrets: nothing proves",
		"webhook: {secrets: [s]}":                                           "api_key: is required",
		minimal + "webhok: {}":                                              "did you mean webhook",
		strings.Replace(minimal, "[s]", "['']", 1):                          "empty secret",
		minimal + "user: ''":                                                "user: is required",
		minimal + "user: " + strings.Repeat("x", 101):                       "user: has more than 100 characters",
		minimal + "region: asia":                                            "region:",
		minimal + "region: eu\nendpoint: https://x.example.com":             "endpoint: is given beside region",
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
		"api_key: k\nwebhook: {secrets: [s], header: 'X Y'}":                "webhook.header:",
		"api_key: k\nwebhook: {secrets: [s], header: X-Y, user: u}":         "webhook.user: is given beside header",
		"api_key: k\nwebhook: {secrets: [s], user: 'u:v'}":                  "webhook.user:",
	} {
		_, _, err := parse(t, settings, "")
		require.ErrorContains(t, err, want, settings)
	}
	for target, want := range map[string]string{
		"priority: high":                  "priority:",
		"responder: {}":                   "did you mean responders",
		"responders: {schedule: [a]}":     "did you mean schedules",
		"tags: [' x']":                    "tags[0]:",
		"responders: {escalations: ['']}": "responders.escalations[0]:",
	} {
		_, _, err := parse(t, minimal, target)
		require.ErrorContains(t, err, want, target)
	}
}

func TestModePollNeedsNoSecret(t *testing.T) {
	s, _, err := parse(t, "api_key: k\nmode: poll\npoll_every: 10s", "")
	require.NoError(t, err)
	o, err := New("oncall", s, Options{})
	require.NoError(t, err)
	require.Equal(t, ModePoll, o.Mode())
	require.Equal(t, 10*time.Second, o.PollEvery())
}

func TestTheGuideNamesEveryOption(t *testing.T) {
	text := testkit.Guide(t, "../../docs/integrations/opsgenie.md", Settings{}, alerting.Settings{}, incident.Common{}, alerting.Responders{},
		alerting.Decisions{}, incident.Decisions{}, incident.NoteWords{}, incident.Actions{}, alerting.Webhook{}, Target{})
	for _, part := range []string{"2027-04-05", "not verified", "Authorization", "teleport.dev/schedules", alias[:len("teleport-access-request/")]} {
		require.Contains(t, text, part)
	}
}
