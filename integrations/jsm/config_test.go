package jsm

import (
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
	return testkit.Parse[Settings, Target](t, "jsm", Kind(), settings, target)
}

const (
	access = `
site: https://example.atlassian.net
user: accessbridge@example.com
api_token: k
`
	minimal = access + "webhook: {secrets: [s]}\n"
)

func TestDefaultAddresses(t *testing.T) {
	s, _, err := parse(t, minimal, "")
	require.NoError(t, err)
	require.Equal(t, "https://api.atlassian.com", s.gateway())
	require.Equal(t, "https://example.atlassian.net", s.site())
	require.Equal(t, "https://example.atlassian.net", s.jira())
	require.Equal(t, "https://example.atlassian.net/jira/ops/alerts", s.web())
	require.Equal(t, "teleport.dev/notify-services", s.SchedulesFromAnnotation)
	require.Equal(t, "teleport.dev/teams", s.TeamsFromAnnotation)
	require.Equal(t, incident.DecideOnCall, s.DecideBy)

	j, err := New("oncall", s, Options{})
	require.NoError(t, err)
	require.Equal(t, "oncall", j.Name())
	require.Equal(t, ModeWebhook, j.Mode())
	require.Equal(t, 8, j.Workers())
	require.Equal(t, 5*time.Minute, j.ResyncEvery())
	require.Equal(t, time.Minute, j.Traits().ApplyWithin)
	require.Equal(t, 10*time.Second, j.Traits().SearchLag)
	require.True(t, j.Traits().Keyed)
	require.False(t, j.Account().Open)
}

// What Atlassian does not describe decides nothing before somebody has looked and switched it on.
func TestP3_WhatIsNotVerifiedIsOff(t *testing.T) {
	for settings, want := range map[string]struct{ note, action, status bool }{
		"":                            {false, false, false},
		"unverified: {owners: none}":  {false, false, false},
		"unverified: {owners: email}": {true, false, false},
		"unverified: {owners: account_id, log: true}":                                            {true, true, false},
		"unverified: {owners: email, log: true}\ndecisions: {acknowledge: approve, close: deny}": {true, true, true},
	} {
		s, _, err := parse(t, minimal+settings, "")
		require.NoError(t, err, settings)
		allowed := s.allowed()
		rules := allowed.Decisions.Rules(allowed.Decisions.Close)
		require.Equal(t, want.note, rules.ByNote(), settings)
		require.Equal(t, want.action, rules.ByAction(), settings)
		require.Equal(t, want.status, rules.ByStatus(), settings)
	}
	s, _, err := parse(t, minimal, "")
	require.NoError(t, err)
	require.Equal(t, Unverified{Owners: OwnersNone}, s.Unverified)
}

func TestAddresses(t *testing.T) {
	for settings, want := range map[string][3]string{
		"endpoint: https://gw.example.com/x/":                            {"https://gw.example.com/x", "https://example.atlassian.net", "https://example.atlassian.net/jira/ops/alerts"},
		"jira_endpoint: https://api.atlassian.com/ex/jira/c0/":           {"https://api.atlassian.com", "https://api.atlassian.com/ex/jira/c0", "https://example.atlassian.net/jira/ops/alerts"},
		"web_url: https://example.atlassian.net/alerts/\ncloud_id: c0-1": {"https://api.atlassian.com", "https://example.atlassian.net", "https://example.atlassian.net/alerts"},
	} {
		s, _, err := parse(t, minimal+settings, "")
		require.NoError(t, err)
		require.Equal(t, want, [3]string{s.gateway(), s.jira(), s.web()})
	}
}

func TestFaultsOfTheSettingsOfASite(t *testing.T) {
	for settings, want := range map[string]string{
		strings.Replace(minimal, "site: https://example.atlassian.net", "", 1): "site: is required",
		strings.Replace(minimal, "https://example", "ftp://example", 1):        "site: must begin with",
		strings.Replace(minimal, "user: accessbridge@example.com", "", 1):      "user: is required",
		strings.Replace(minimal, "accessbridge@example.com", "bridge", 1):      `user: "bridge" is not an e-mail address`,
		strings.Replace(minimal, "api_token: k", "", 1):                        "api_token: is required",
		minimal + "sites: x":                           "did you mean site",
		minimal + "jira_endpoint: x":                   "jira_endpoint:",
		minimal + "cloud_id: a/../b":                   "cloud_id:",
		minimal + "unverified: {owners: display_name}": "unverified.owners:",
		minimal + "unverified: {log: true}":            "unverified.log: is of no use",
		minimal + "unverified: {logs: true}":           "did you mean log",
		minimal + "decisions: {acknowledge: approve}":  "decisions.acknowledge: is read from texts",
		minimal + "decisions: {close: deny}":           "decisions.close: is read from texts",
		minimal + "region: eu":                         "region",
	} {
		_, _, err := parse(t, settings, "")
		require.ErrorContains(t, err, want, settings)
	}
}
