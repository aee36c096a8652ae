package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"github.com/accessbridge/accessbridge/config"
)

// full has every key there is; each secret is planted and unlike any other.
const full = `
teleport:
  addr: tele.example.com:443
  identity_file: identity
  web_url: https://tele.example.com
  resync: 10m
  people: {email_traits: [email, mail], require_user: true, table: [{integration: itsm, id: "1:a", user: anna}, {email: b@example.com, user: bob}]}
server:
  listen: ":443"
  public_url: https://bridge.example.com
  tls: {min_version: "1.3", acme: {domains: [bridge.example.com], email: ops@example.com, directory: "https://acme.example.com/dir", cache_dir: acme, agree_tos: true}}
  trusted_proxies: [10.0.0.0/8]
  rate_limit: {per_second: 1.5, burst: 2}
  shutdown_timeout: 30s
admin: {listen: "[::1]:8081"}
integrations:
  - name: itsm
    type: tracker
    config:
      url: https://tracker.example.com
      token: planted-1
      basic: {user: anna, password: planted-2}
      webhook: {secrets: [planted-3, planted-4]}
      priority: High
  - name: files
    type: tracker
    config: {url: "https://tracker.example.com", token_file: TOKEN, webhook: {secrets_file: TOKEN}}
  - {name: pager, type: beeper, config: {key: "${BEEPER_KEY}"}}
routes:
  - name: prod
    when: request.roles.exists(r, r == "prod")
    targets: [{integration: itsm, project: OPS, labels: [a]}, {integration: pager}]
    approvers: {emails: [anna@example.com], domains: [example.org]}
    decide: override
    override_roles: [prod]
    on_call:
      - {integration: pager, services: [Production], escalation_policies: [Default], schedules: [primary], teams: [core], levels: 2}
      - {integration: pager, services_from: pagerduty_services, schedules_from: teleport.dev/schedules, teams_from: teleport.dev/teams}
    quiet: 10s
  - {name: rest, notify_only: true, targets: [{integration: files}]}
audit: {output: both, file: audit.log, max_size: 50MB, keep: 20}
`

func loadFull(t *testing.T) *config.Config {
	t.Helper()
	t.Setenv("BEEPER_KEY", "planted-env")
	c, err := config.Parse("config.yaml", []byte(full), kinds(), config.Offline())
	require.NoError(t, err)
	return c
}

func TestDump(t *testing.T) {
	out, err := config.Dump(loadFull(t))
	require.NoError(t, err)
	golden.Assert(t, string(out), "dump.golden")
}

func TestP7_ConfigurationIsPrintedWithoutSecrets(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("planted-file"), 0o600))
	t.Setenv("BEEPER_KEY", "planted-env")
	c, err := config.Parse("config.yaml", []byte(strings.ReplaceAll(full, "TOKEN", token)), kinds(), config.Offline())
	require.NoError(t, err)
	for _, i := range c.Integrations { // every secret has been read, so that nothing is hidden only by being absent
		if settings, ok := i.Config.(*tracker); ok {
			_, err := settings.Token.Reveal()
			require.NoError(t, err)
		}
	}
	dump, err := config.Dump(c)
	require.NoError(t, err)
	require.NotContains(t, string(dump), "planted")
	require.Contains(t, string(dump), "(secret)")
	require.Contains(t, string(dump), "token_file: "+token)
	for _, v := range []any{c, *c, c.Integrations, c.Integrations[0].Config, c.Integrations[1].Config, c.Integrations[2].Config} {
		requireHidden(t, v)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", v, v, v, v), "planted")
	}
}

func TestP7_MistakesAreReportedWithoutSecrets(t *testing.T) {
	for name, change := range map[string][2]string{
		"twice":      {"token: planted-1", "token: planted-1\n      token: planted-1b"},
		"twin":       {"token: planted-1", "token: planted-1\n      token_file: x"},
		"list":       {"token: planted-1", "token: [planted-1]"},
		"group":      {"token: planted-1", "token: {planted-1: planted-1}"},
		"misspelt":   {"token: planted-1", "tokens: planted-1"},
		"other type": {"type: tracker", "type: beeper"},
		"not a list": {"[planted-3, planted-4]", "planted-3"},
		"number":     {"token: planted-1", "workers: planted-1"},
		"bool":       {"token: planted-1", "strict: planted-1"},
		"in a url":   {"https://tracker.example.com", "https://u:planted-1@tracker.example.com:x"},
		"syntax":     {"token: planted-1", "token: 'planted-1"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, full, change[0])
			_, err := config.Parse("config.yaml", []byte(strings.Replace(full, change[0], change[1], 1)), kinds(), config.Offline())
			require.Error(t, err)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "planted")
		})
	}
}
