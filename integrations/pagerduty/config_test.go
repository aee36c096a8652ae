package pagerduty

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// parse reads settings as the configuration file has them.
func parse(t *testing.T, settings, target string) (*Settings, *Target, error) {
	t.Helper()
	return testkit.Parse[Settings, Target](t, "pagerduty", Kind(), settings, target)
}

const minimal = `
api_token: t
from: bot@example.com
webhook: {secrets: [s]}
`

func TestDefaults(t *testing.T) {
	s, _, err := parse(t, minimal, "")
	require.NoError(t, err)
	require.Equal(t, "https://api.pagerduty.com", s.endpoint())
	require.Equal(t, "pagerduty_notify_service", s.ServiceFromAnnotation)
	require.Equal(t, incident.DecideOnCall, s.DecideBy)
	rules := s.Decisions.Rules(s.Decisions.Resolve)
	require.True(t, rules.ByNote())
	require.False(t, rules.ByAction() || rules.ByStatus())

	p, err := New("oncall", s, Options{})
	require.NoError(t, err)
	require.Equal(t, "oncall", p.Name())
	require.Equal(t, incident.ModeWebhook, p.Mode())
	require.Equal(t, 8, p.Workers())
	require.Equal(t, 5*time.Minute, p.ResyncEvery())
	require.Equal(t, 30*time.Second, p.PollEvery())
	require.Equal(t, 30*time.Second, p.OnCallEvery())
	require.Equal(t, time.Minute, p.Traits().ApplyWithin)
	require.Equal(t, 10*time.Second, p.Traits().SearchLag)
	require.True(t, p.Traits().Keyed)
	require.Zero(t, p.BusyUntil())
	require.False(t, p.Account().Open)
}

func TestW11_EveryRegionCanBeUsed(t *testing.T) {
	for settings, want := range map[string]string{
		"region: us": "https://api.pagerduty.com",
		"region: eu": "https://api.eu.pagerduty.com",
		"endpoint: https://pagerduty.example.com/api/": "https://pagerduty.example.com/api",
	} {
		s, _, err := parse(t, minimal+settings, "")
		require.NoError(t, err)
		require.Equal(t, want, s.endpoint())
	}
}

func TestSettingsOfARoute(t *testing.T) {
	_, target, err := parse(t, minimal, "service: Ops\nurgency: low\npriority: P1\nassignees: [a@example.com, PABC123]")
	require.NoError(t, err)
	require.Equal(t, &Target{Service: "Ops", Urgency: "low", Priority: "P1", Assignees: []string{"a@example.com", "PABC123"}}, target)
}

func TestFaultsOfTheSettings(t *testing.T) {
	for settings, want := range map[string]string{
		"api_token: t\nfrom: bot@example.com":                        "webhook.secrets: nothing proves",
		"api_token: t\nwebhook: {secrets: [s]}":                      "from: is required",
		"from: bot@example.com\nwebhook: {secrets: [s]}":             "api_token: is required",
		minimal + "webhok: {}":                                       "did you mean webhook",
		strings.Replace(minimal, "bot@example.com", "bot", 1):        `from: "bot" is not an e-mail address`,
		strings.Replace(minimal, "[s]", "['']", 1):                   "empty secret",
		minimal + "region: asia":                                     "region:",
		minimal + "region: eu\nendpoint: https://x.example.com":      "endpoint: is given beside region",
		minimal + "endpoint: ftp://x.example.com":                    "endpoint: must begin with",
		minimal + "proxy: http://u:p@proxy:1":                        "proxy: must not carry",
		minimal + "urgency: extreme":                                 "urgency:",
		minimal + "escalation_policy: X\nassignees: [a@example.com]": "assignees: cannot be given beside",
		minimal + "assignees: ['a b']":                               "assignees[0]:",
		minimal + "decisions: {acknowledge: maybe}":                  "decisions.acknowledge:",
		minimal + "decisions: {notes: {approve: [ok], deny: [OK]}}":  `"OK" is also in notes.approve`,
		minimal + "decisions: {notes: {approve: [' ok']}}":           "notes.approve[0]:",
		minimal + "decisions: {actions: {approve: Go, deny: go}}":    "actions.deny: is the same",
		minimal + "decide_by: nobody":                                "decide_by:",
		minimal + "mode: push":                                       "mode:",
		minimal + "poll_every: 10ms":                                 "poll_every:",
		minimal + "on_call_every: 11m":                               "on_call_every: 11m is too long",
		minimal + "workers: 0":                                       "workers:",
		minimal + "rate_limit: -1":                                   "rate_limit:",
	} {
		t.Run(want, func(t *testing.T) {
			_, _, err := parse(t, settings, "")
			require.ErrorContains(t, err, want)
			require.Contains(t, err.Error(), "config.yaml:")
		})
	}
	_, _, err := parse(t, minimal, "urgency: extreme")
	require.ErrorContains(t, err, "targets[0].urgency")
}

func TestModePollNeedsNoSecret(t *testing.T) {
	_, _, err := parse(t, "api_token: t\nfrom: bot@example.com\nmode: poll", "")
	require.NoError(t, err)
}

func TestP7_SecretsAreNotPrinted(t *testing.T) {
	s, _, err := parse(t, strings.NewReplacer("token: t", "token: tok-en", "[s]", "[hook-se]").Replace(minimal), "")
	require.NoError(t, err)
	text := fmt.Sprintf("%v %+v %#v", s, s, *s)
	require.NotContains(t, text, "tok-en")
	require.NotContains(t, text, "hook-se")
}

func TestTheGuideNamesEverySetting(t *testing.T) {
	testkit.Guide(t, "../../docs/integrations/pagerduty.md", Settings{}, Decisions{}, incident.NoteWords{}, incident.Actions{}, Webhook{}, Target{})
}
