package jira

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// parse reads settings as the configuration file has them.
func parse(t *testing.T, settings, target string) (*Settings, *Target, error) {
	t.Helper()
	return testkit.Parse[Settings, Target](t, "jira", Kind(), settings, target)
}

const minimal = `
url: https://example.atlassian.net
user: bot@example.com
api_token: t
project: OPS
webhook: {secrets: [s]}
`

func TestDefaults(t *testing.T) {
	s, _, err := parse(t, minimal, "")
	require.NoError(t, err)
	require.Equal(t, Cloud, s.Flavour)
	require.Equal(t, "Task", s.IssueType)
	require.Equal(t, Statuses{Pending: []string{"Pending"}, Approved: []string{"Approved"}, Denied: []string{"Denied"}, Expired: []string{"Expired"}}, s.Statuses)
	require.Equal(t, 5*time.Minute, s.searchLag())
	s.Flavour = DataCenter
	require.Equal(t, 30*time.Second, s.searchLag())
	s.SearchLag = config.Duration(time.Second)
	require.Equal(t, time.Second, s.searchLag())

	j, err := New("itsm", s, Options{})
	require.NoError(t, err)
	require.Equal(t, "itsm", j.Name())
	require.Equal(t, incident.ModeWebhook, j.Mode())
	require.Equal(t, 16, j.Workers())
	require.Equal(t, 30*time.Second, j.PollEvery())
	require.Equal(t, 5*time.Minute, j.ResyncEvery())
	require.False(t, j.Account().Open)
}

func TestEverySettingIsRead(t *testing.T) {
	s, target, err := parse(t, `
url: https://jira.example.com/jira
flavour: datacenter
token_file: /run/secrets/jira
ca_file: /etc/ca.pem
proxy: http://proxy:3128
project: OPS
issue_type: Access
labels: [a, b]
priority: High
components: [x]
reporter: requester
assignee: suggested
fields: {customfield_1: '{{.Request.User}}'}
summary: '{{.Request.User}}'
description: x
statuses: {pending: [], approved: [Done, "7"], denied: [No], expired: [Old], promoted: [Up]}
mode: poll
poll_every: 10s
resync_every: 1m
search_lag: 2s
apply_within: 3s
webhook: {secrets_file: /run/secrets/hooks, basic: {user: u, password_file: /p}, header: {name: X-S, values: [v]}}
workers: 3
rate_limit: 5
timeout: 4s
`, `
project: SEC
issue_type: Other
labels: [c]
priority: Low
components: [y]
assignee: none
fields: {customfield_2: z}
`)
	require.NoError(t, err)
	for _, set := range []reflect.Value{reflect.ValueOf(*s), reflect.ValueOf(s.Common)} {
		for i := range set.NumField() {
			switch name := set.Type().Field(i).Name; name {
			case "User", "APIToken", "APITokenFile", "Token":
			default:
				require.False(t, set.Field(i).IsZero(), "%s is not read", name)
			}
		}
	}
	require.Empty(t, s.Statuses.Pending)
	require.Equal(t, []string{"Done", "7"}, s.Statuses.Approved)
	require.Equal(t, Target{
		Project: "SEC", IssueType: "Other", Labels: []string{"a", "b", "c"}, Priority: "Low", Components: []string{"y"}, Assignee: nobody,
		Fields: map[string]string{"customfield_1": "{{.Request.User}}", "customfield_2": "z"},
	}, s.merged(target))
	require.Equal(t, "OPS", s.merged(nil).Project)
	require.Equal(t, []string{"x"}, s.merged(&Target{}).Components)
}

func TestEveryMistakeIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ settings, target, want string }{
		"nothing":         {"flavour: cloud", "", "url: is required"},
		"no project":      {"flavour: cloud", "", "project: is required"},
		"no credentials":  {"flavour: cloud", "", "no credentials for Jira are given"},
		"typo":            {minimal + "projekt: X", "", "projekt"},
		"scheme":          {strings.Replace(minimal, "https", "ftp", 1), "", "config.url: must begin with https"},
		"user in url":     {strings.Replace(minimal, "//", "//u:p4ss@", 1), "", "config.url: must not carry a user"},
		"flavour":         {minimal + "flavour: server", "", `config.flavour: "server"`},
		"two credentials": {minimal + "token: x", "", "config.token: is given here and as api_token"},
		"both forms":      {minimal + "api_token_file: /x", "", "is given here and in api_token_file"},
		"no user":         {strings.Replace(minimal, "user: bot@example.com\n", "", 1), "", "config.user: is required"},
		"user and token":  {strings.Replace(minimal, "api_token", "token", 1), "", "config.user: has no meaning"},
		"project key":     {strings.Replace(minimal, "OPS", "'OPS-1 x'", 1), "", "config.project: \"OPS-1 x\" is not a project key"},
		"label":           {minimal + "labels: [a, 'b c']", "", "config.labels[1]"},
		"own field":       {minimal + "fields: {labels: x}", "", "config.fields.labels: is set by the bridge itself"},
		"field template":  {minimal + "fields: {customfield_1: '{{nope}}'}", "", "config.fields.customfield_1"},
		"summary":         {minimal + "summary: '{{'", "", "config.summary"},
		"description":     {minimal + "description: '{{env \"HOME\"}}'", "", "config.description"},
		"reporter":        {minimal + "reporter: suggested", "", "config.reporter"},
		"no approved":     {minimal + "statuses: {approved: []}", "", "statuses.approved: is required"},
		"same status":     {minimal + "statuses: {approved: [Done], denied: [done]}", "", `statuses.denied: "done" is also in approved`},
		"pending decides": {minimal + "statuses: {approved: [pending]}", "", "statuses.approved"},
		"empty status":    {minimal + "statuses: {denied: ['']}", "", "statuses.denied: holds an empty name"},
		"promoted":        {minimal + "statuses: {promoted: [Denied]}", "", "statuses.promoted"},
		"mode":            {minimal + "mode: push", "", "config.mode"},
		"duration":        {minimal + "poll_every: 10ms", "", "config.poll_every"},
		"workers":         {minimal + "workers: 0", "", "config.workers"},
		"rate":            {minimal + "rate_limit: -1", "", "config.rate_limit"},
		"proxy":           {minimal + "proxy: 'http://u:p4ss@proxy'", "", "config.proxy: must not carry"},
		"proxy form":      {minimal + "proxy: proxy:3128", "", "config.proxy"},
		"no proof":        {strings.Replace(minimal, "webhook: {secrets: [s]}\n", "", 1), "", "config.webhook: nothing proves"},
		"empty secret":    {strings.Replace(minimal, "[s]", "['']", 1), "", "secrets[0]"},
		"basic":           {minimal + "# x\n" + "", "project: '1'", "targets[0].project"},
		"basic user":      {strings.Replace(minimal, "secrets: [s]", "basic: {password: x}", 1), "", "webhook.basic.user: is required"},
		"basic password":  {strings.Replace(minimal, "secrets: [s]", "basic: {user: x}", 1), "", "webhook.basic.password: is required"},
		"header name":     {strings.Replace(minimal, "secrets: [s]", "header: {name: 'X Y', values: [v]}", 1), "", "webhook.header.name"},
		"header values":   {strings.Replace(minimal, "secrets: [s]", "header: {name: X}", 1), "", "webhook.header.values: is required"},
		"target template": {minimal, "fields: {a: '{{'}", "targets[0].fields.a"},
		"target typo":     {minimal, "labls: [a]", "labls"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := parse(t, c.settings, c.target)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "p4ss")
		})
	}
}

func TestPollingNeedsNoProof(t *testing.T) {
	_, _, err := parse(t, strings.Replace(minimal, "webhook: {secrets: [s]}", "mode: poll", 1), "")
	require.NoError(t, err)
}

func TestP7_SettingsPrintNoSecret(t *testing.T) {
	s, _, err := parse(t, strings.ReplaceAll(minimal, "api_token: t", "api_token: s3cr3t"), "")
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", s, s, *s), "s3cr3t")
}

func TestNewRefusesWhatValidateDoes(t *testing.T) {
	for _, change := range []func(*Settings){
		func(s *Settings) { s.Summary = "{{" },
		func(s *Settings) { s.Description = "{{" },
		func(s *Settings) { s.Fields = map[string]string{"a": "{{"} },
		func(s *Settings) { s.CAFile = "does-not-exist" },
		func(s *Settings) { s.URL = "://" },
	} {
		s := defaults()
		s.URL = "https://example.com"
		change(s)
		_, err := New("itsm", s, Options{})
		require.Error(t, err)
	}
}
