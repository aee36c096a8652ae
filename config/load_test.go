package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"github.com/accessbridge/accessbridge/config"
)

// least is the smallest file that is right.
const least = `
teleport: {addr: "tele.example.com:443", identity_file: identity}
server: {tls: {cert_file: tls.crt, key_file: tls.key}}
integrations:
  - {name: itsm, type: tracker, config: {url: "https://tracker.example.com", token: t0ken}}
routes:
  - {name: all, targets: [{integration: itsm}]}
`

func TestLeastFileGetsDefaults(t *testing.T) {
	c, err := config.Parse("config.yaml", []byte(least), kinds(), config.Offline())
	require.NoError(t, err)
	require.Equal(t, 5*time.Minute, c.Teleport.Resync.Std())
	require.Equal(t, []string{"email"}, c.Teleport.People.EmailTraits)
	require.Equal(t, ":8443", c.Server.Listen)
	require.Equal(t, "1.2", c.Server.TLS.MinVersion)
	require.Equal(t, config.RateLimit{PerSecond: 100, Burst: 1000}, c.Server.RateLimit)
	require.Equal(t, 20*time.Second, c.Server.ShutdownTimeout.Std())
	require.Equal(t, "127.0.0.1:8081", c.Admin.Listen)
	require.Equal(t, config.Audit{Output: config.AuditStdout, MaxSize: 100 * config.Megabyte, Keep: 10}, c.Audit)
	require.Equal(t, config.DecideReview, c.Routes[0].Decide)
	require.Empty(t, c.Warnings)
	itsm, ok := c.Integrations[0].Config.(*tracker)
	require.True(t, ok)
	require.Equal(t, "webhook", itsm.Mode, "the kind's default stays")
	require.True(t, itsm.Token.Matches("t0ken"))
	require.IsType(t, &trackerTarget{}, c.Routes[0].Targets[0].Settings)
}

func TestEveryFormOfValueIsDecoded(t *testing.T) {
	file := least + `
audit: {output: stderr}
admin:
  listen: "0.0.0.0:8081"
`
	file = strings.Replace(file, "token: t0ken}", `
      token: t0ken, project: 007, labels: &labels [one, 2, true], priority: High, every: 90s, workers: 101, share: 1, small: 255,
      strict: true, fields: {a.b: x, c: "2"}, extra: {list: [1, 2.5, yes, null], on: true}, basic: {user: anna, password: p4ss},
      webhook: {secrets: [old, new]}}`, 1)
	file = strings.Replace(file, "{integration: itsm}", "{integration: itsm, project: OPS, labels: *labels}", 1)
	c, err := config.Parse("config.yaml", []byte(file), kinds(), config.Offline())
	require.NoError(t, err)
	got, ok := c.Integrations[0].Config.(*tracker)
	require.True(t, ok)
	require.Equal(t, "007", got.Project, "text is kept as it is written")
	require.Equal(t, []string{"one", "2", "true"}, got.Labels)
	require.Equal(t, "High", got.Priority)
	require.Equal(t, 90*time.Second, got.Every.Std())
	require.Equal(t, 101, got.Workers)
	require.InDelta(t, 1.0, got.Share, 0)
	require.Equal(t, uint8(255), got.Small)
	require.True(t, got.Strict)
	require.Equal(t, map[string]string{"a.b": "x", "c": "2"}, got.Fields)
	require.Equal(t, map[string]any{"list": []any{int64(1), 2.5, "yes", nil}, "on": true}, got.Extra)
	require.Equal(t, "anna", got.Basic.User)
	require.True(t, got.Webhook.Secrets.Matches("old"))
	require.True(t, got.Webhook.Secrets.Matches("new"))
	require.Equal(t, &trackerTarget{Project: "OPS", Labels: []string{"one", "2", "true"}}, c.Routes[0].Targets[0].Settings)
	require.Len(t, c.Warnings, 2)
	require.Equal(t, "admin.listen", c.Warnings[1].Path)
	require.Equal(t, "integrations[0].config.workers", c.Warnings[0].Path)
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	data, err := os.ReadFile("testdata/mistakes.yaml")
	require.NoError(t, err)
	_, err = config.Parse("config.yaml", data, kinds(), config.Offline())
	var mistakes config.Error
	require.ErrorAs(t, err, &mistakes)
	require.NotContains(t, err.Error(), "hunter2", "P7: a password in an address is not repeated")
	golden.Assert(t, err.Error()+"\n", "mistakes.golden")
	for i := 1; i < len(mistakes); i++ {
		require.LessOrEqual(t, mistakes[i-1].Line, mistakes[i].Line, "sorted by position")
	}
}

func TestEachMistake(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"misspelt key":       {"identity_file:", "identity_fil:", `config.yaml:2:42: teleport.identity_fil: there is no such key (did you mean identity_file?)`},
		"unknown key":        {"addr:", "zzzzzzzzz: 1, addr:", `there is no such key (use one of: addr, identity_file`},
		"no teleport":        {`teleport: {addr: "tele.example.com:443", identity_file: identity}`, "", `config.yaml:1:1: teleport.addr: is required (add it)`},
		"no credentials":     {", identity_file: identity", "", `config.yaml:2:1: teleport.identity_file: there are no credentials`},
		"half a pair":        {"identity_file: identity", "cert_file: a", `teleport.ca_file: is required`},
		"port":               {"tele.example.com:443", "tele.example.com:x", `"tele.example.com:x" has no valid port`},
		"no tls":             {"server: {tls: {cert_file: tls.crt, key_file: tls.key}}", "", `server.tls: there is no certificate`},
		"tls twice":          {"key_file: tls.key", "key_file: tls.key, acme: {domains: [a.example.com], cache_dir: c, agree_tos: true}", `server.tls.acme: is given together with cert_file or key_file`},
		"acme terms":         {"cert_file: tls.crt, key_file: tls.key", "acme: {domains: [a.example.com], cache_dir: c}", `server.tls.acme.agree_tos: must be true`},
		"acme wildcard":      {"cert_file: tls.crt, key_file: tls.key", `acme: {domains: ["*.example.com"], cache_dir: c, agree_tos: true}`, `server.tls.acme.domains[0]: "*.example.com" is not a host name`},
		"acme nothing":       {"cert_file: tls.crt, key_file: tls.key", "acme: {domains: [], agree_tos: true}", `server.tls.acme.cache_dir: is required`},
		"text for a group":   {"{cert_file: tls.crt, key_file: tls.key}", "files", `server.tls: must be a group of keys, not text`},
		"null for text":      {"addr: \"tele.example.com:443\"", "addr: ", `teleport.addr: has no value (give one or remove the line)`},
		"null in a list":     {"[{integration: itsm}]", "[null]", `routes[0].targets[0]: has no value`},
		"list for text":      {"addr: \"tele.example.com:443\"", "addr: [a]", `teleport.addr: must be text, not a list`},
		"no integrations":    {"integrations:\n  - {name: itsm, type: tracker, config: {url: \"https://tracker.example.com\", token: t0ken}}", "", `integrations: is required`},
		"tag":                {"name: all", "name: !!str all", `routes[0].name: tags and other special forms of YAML are not supported`},
		"unknown alias":      {"name: all", "name: *all", `routes[0].name: there is no such anchor`},
		"network":            {"{tls:", "{trusted_proxies: [10.0.0.1], tls:", `server.trusted_proxies[0]: "10.0.0.1" is not a network`},
		"unused audit file":  {"server:", "audit: {file: x}\nserver:", `audit.file: is used only with output: file or both`},
		"both but no file":   {"server:", "audit: {output: both}\nserver:", `audit.file: is required`},
		"audit output":       {"server:", "audit: {output: syslog}\nserver:", `audit.output: "syslog" is not a value it can have (use one of: stdout, stderr, file, both)`},
		"small audit files":  {"server:", "audit: {max_size: 10KB}\nserver:", `audit.max_size: 10KB is too small (use at least 1MB, or 0 for no limit)`},
		"size of what":       {"server:", "audit: {max_size: 10}\nserver:", `audit.max_size: "10" is not a size`},
		"negative keep":      {"server:", "audit: {keep: -1}\nserver:", `audit.keep: -1 is not a number of files`},
		"query in address":   {"https://tracker.example.com", "https://tracker.example.com?a=b", `must not have a query or fragment`},
		"no scheme":          {"https://tracker.example.com", "tracker.example.com", `integrations[0].config.url: is not an address`},
		"empty secret":       {"token: t0ken", `token: ""`, `integrations[0].config.token: is an empty secret`},
		"blank secret":       {"token: t0ken", `token: "  "`, `integrations[0].config.token: is an empty secret`},
		"unused roles":       {"name: all,", "name: all, override_roles: [a],", `routes[0].override_roles: are used only with decide: override`},
		"notify and people":  {"name: all,", "name: all, notify_only: true, approvers: {emails: [a@example.com]},", `routes[0].approvers: decide nothing in a route with notify_only`},
		"both keys of entry": {"addr:", "people: {table: [{id: a, email: b@example.com, user: c}]}, addr:", `teleport.people.table[0].email: is given together with id`},
		"notify and on call": {"name: all,", "name: all, notify_only: true, on_call: [{integration: itsm, services: [a]}],", `routes[0].on_call: approves nothing in a route with notify_only`},
		"on call for what":   {"name: all,", "name: all, on_call: [{integration: itsm, levels: 1}],", `routes[0].on_call[0].services: nothing is named to be on call for`},
		"on call where":      {"name: all,", "name: all, on_call: [{services: [a]}],", `routes[0].on_call[0].integration: is required`},
		"on call of nobody":  {"name: all,", "name: all, on_call: [{integration: itsn, services: [a]}],", `routes[0].on_call[0].integration: there is no integration "itsn" (did you mean itsm?)`},
		"negative level":     {"name: all,", "name: all, on_call: [{integration: itsm, teams: [a], levels: -1}],", `routes[0].on_call[0].levels: -1 is not a level`},
		"misspelt on call":   {"name: all,", "name: all, on_call: [{integration: itsm, schedule: [a]}],", `routes[0].on_call[0].schedule: there is no such key (did you mean schedules?)`},
		"quiet alone":        {"name: all,", "name: all, quiet: 10s,", `routes[0].quiet: is used only with on_call`},
		"quiet too long":     {"name: all,", "name: all, on_call: [{integration: itsm, teams: [a]}], quiet: 11m,", `routes[0].quiet: 11m is too long (use at most 10m)`},
		"quiet in the past":  {"name: all,", "name: all, on_call: [{integration: itsm, teams: [a]}], quiet: -1s,", `routes[0].quiet: "-1s" is negative`},
		"too short":          {"addr:", "resync: 1s, addr:", `teleport.resync: 1s is too short (use at least 10s)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, least, tt.old)
			_, err := config.Parse("config.yaml", []byte(strings.Replace(least, tt.old, tt.new, 1)), kinds(), config.Offline())
			var mistakes config.Error
			require.ErrorAs(t, err, &mistakes)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestOnCallAndQuietAreTakenAsWritten(t *testing.T) {
	for name, rule := range map[string]config.OnCall{
		"services: [Production], levels: 1":      {Services: []string{"Production"}, Levels: 1},
		"escalation_policies: [007]":             {EscalationPolicies: []string{"007"}},
		"services_from: pagerduty_services":      {ServicesFrom: "pagerduty_services"},
		"schedules_from: teleport.dev/schedules": {SchedulesFrom: "teleport.dev/schedules"},
		"teams_from: teleport.dev/teams":         {TeamsFrom: "teleport.dev/teams"},
	} {
		file := strings.Replace(least, "name: all,", "name: all, quiet: 10m, on_call: [{integration: itsm, "+name+"}],", 1)
		c, err := config.Parse("config.yaml", []byte(file), kinds(), config.Offline())
		require.NoError(t, err, name)
		rule.Integration = "itsm"
		require.Equal(t, []config.OnCall{rule}, c.Routes[0].OnCall)
		require.Equal(t, 10*time.Minute, c.Routes[0].Quiet.Std())
	}
}

func TestMisspeltKeyIsReportedOnce(t *testing.T) {
	file := strings.NewReplacer("teleport:", "telepor:", "url:", "ulr:", "integration:", "integraton:").Replace(least)
	_, err := config.Parse("config.yaml", []byte(file), kinds(), config.Offline())
	require.EqualError(t, err, "config.yaml:2:1: telepor: there is no such key (did you mean teleport?)\n"+
		"config.yaml:5:42: integrations[0].config.ulr: there is no such key (did you mean url?)\n"+
		"config.yaml:7:28: routes[0].targets[0].integraton: there is no such key (did you mean integration?)")
}

func TestFilesThatAreNotYAML(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"syntax":        {"teleport:\n  addr: [a\nserver: x: y\n", "config.yaml:"},
		"a list":        {"- a\n- b\n", "config.yaml:1:1: the file must be a group of keys, not a list"},
		"two documents": {"teleport: {}\n---\nserver: {}\n", "config.yaml:3:1: the file holds more than one document"},
		"binary":        {"\x00\x01\x02", "config.yaml:1:1: "},
		"too long":      {strings.Repeat("#\n", 1<<20), "is longer than"},
		"bomb":          {bomb(), "expands to more than"},
		"empty":         {"", "config.yaml:1:1: teleport.addr: is required"},
		"loop":          {"teleport: &a {people: *a}\n", `there is no such anchor`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("config.yaml", []byte(tt.file), kinds())
			var mistakes config.Error
			require.ErrorAs(t, err, &mistakes)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// bomb is a small file whose aliases expand to ten million values.
func bomb() string {
	file := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i, before := 1, "a0"; i < 7; i++ {
		name := "a" + string(rune('0'+i))
		file += name + ": &" + name + " [" + strings.Repeat("*"+before+", ", 9) + "*" + before + "]\n"
		before = name
	}
	return file
}

func TestFilesMustExistUnlessOffline(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	file := strings.NewReplacer("identity_file: identity", "identity_file: "+write("identity", "x"), "tls.crt", write("tls.crt", "x"),
		"tls.key", write("tls.key", "x"), "token: t0ken", "token_file: "+write("token", "t0ken\n")).Replace(least)
	path := write("config.yaml", file)
	c, err := config.Load(path, kinds())
	require.NoError(t, err)
	got, ok := c.Integrations[0].Config.(*tracker)
	require.True(t, ok)
	require.True(t, got.Token.Matches("t0ken"), "the line end of the file is not part of the secret")

	write("token", "\n")
	require.NoError(t, os.Remove(filepath.Join(dir, "identity")))
	require.NoError(t, os.Remove(filepath.Join(dir, "tls.key")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "tls.key"), 0o700))
	_, err = config.Load(path, kinds())
	var mistakes config.Error
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes, 3)
	require.ErrorContains(t, err, "teleport.identity_file: open "+filepath.Join(dir, "identity"))
	require.ErrorContains(t, err, "server.tls.key_file: "+filepath.Join(dir, "tls.key")+" is a folder")
	require.ErrorContains(t, err, "integrations[0].config.token_file: secret file "+filepath.Join(dir, "token")+" is empty")

	_, err = config.Load(path, kinds(), config.Offline())
	require.NoError(t, err)
}

func TestEnvironmentMustBeSetUnlessOffline(t *testing.T) {
	file := []byte(strings.Replace(least, "token: t0ken", `token: "${TRACKER_TOKEN}"`, 1))
	_, err := config.Parse("config.yaml", file, kinds())
	require.ErrorContains(t, err, "integrations[0].config.token: environment variable TRACKER_TOKEN is not set or empty")
	c, err := config.Parse("config.yaml", file, kinds(), config.Offline())
	require.NoError(t, err)
	got, ok := c.Integrations[0].Config.(*tracker)
	require.True(t, ok)
	t.Setenv("TRACKER_TOKEN", "later")
	require.True(t, got.Token.Matches("later"))
}

func TestChecksOfOthersAreReportedTogether(t *testing.T) {
	file := strings.Replace(least, "{name: all,", "{name: all, when: nonsense,", 1)
	check := config.Check(func(c *config.Config, p *config.Problems) {
		p.At("routes[0]").Add("when", "", "%q cannot be compiled", c.Routes[0].When)
	})
	_, err := config.Parse("config.yaml", []byte(strings.Replace(file, "token: t0ken", "toke: a", 1)), kinds(), check, config.Offline())
	require.EqualError(t, err, "config.yaml:5:78: integrations[0].config.toke: there is no such key (did you mean token?)\n"+
		"config.yaml:7:23: routes[0].when: \"nonsense\" cannot be compiled")
}

func TestByteOrderMarkIsNoMistake(t *testing.T) {
	_, err := config.Parse("config.yaml", []byte("\ufeff"+least), kinds(), config.Offline())
	require.NoError(t, err)
}

func TestMissingFileIsNotAMistakeInIt(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "config.yaml"), kinds())
	require.ErrorIs(t, err, os.ErrNotExist)
	var mistakes config.Error
	require.NotErrorAs(t, err, &mistakes)
}

func TestValidateByItself(t *testing.T) {
	p := config.NewProblems("jira", config.Offline())
	(&tracker{URL: "ftp://x", Mode: "webhook", Every: config.Duration(time.Minute)}).Validate(p)
	require.True(t, p.Offline())
	require.EqualError(t, p.Err(), "jira:1:1: token: is required (add it)\n"+
		"jira:1:1: url: must begin with https://, not ftp:// (write it as https://host/path)")
	require.NoError(t, config.NewProblems("jira").Err())
}
