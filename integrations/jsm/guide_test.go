package jsm

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/opsgenie"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/stretchr/testify/require"
)

const (
	guideFile = "../../docs/integrations/jsm.md"
	moveFile  = "../../docs/integrations/moving-from-opsgenie.md"
)

func TestTheGuideNamesEveryOption(t *testing.T) {
	text := testkit.Guide(t, guideFile, Settings{}, Unverified{}, alerting.Settings{}, incident.Common{},
		alerting.Responders{}, alerting.Decisions{}, incident.Decisions{}, incident.NoteWords{}, incident.Actions{}, alerting.Webhook{}, Target{})
	for _, part := range []string{
		"tenant_info", "Browse users and groups", "teleport.dev/schedules", "teleport.people.table", "What was not verified", alias[:len("teleport-access-request/")],
	} {
		require.Contains(t, text, part)
	}
}

func TestTheGuideForMovingNamesEveryOptionOfOpsgenie(t *testing.T) {
	text := testkit.Guide(t, moveFile, opsgenie.Settings{}, alerting.Responders{}, alerting.Decisions{}, incident.NoteWords{}, incident.Actions{},
		alerting.Webhook{}, Unverified{})
	for _, part := range []string{"2027-04-05", "teleport.dev/notify-services", "teleport.dev/teams", "teleport.dev/schedules", "120 days", "Rolling back"} {
		require.Contains(t, text, part)
	}
}

var firstName = regexp.MustCompile(`- name: (\S+)`)

// shown are the configurations of a guide. Each is completed by the integrations of the one before, or by a route, and with what every
// configuration has.
func shown(t *testing.T, file string) []*config.Config {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	identity := filepath.Join(t.TempDir(), "identity")
	require.NoError(t, os.WriteFile(identity, []byte("x"), 0o600))
	head := "server: {listen: '127.0.0.1:8443', tls: {cert_file: c.pem, key_file: k.pem}}\n" +
		"teleport: {addr: 'tele.example.com:443', identity_file: '" + identity + "'}\n"
	var out []*config.Config
	given := ""
	for _, block := range strings.Split(string(raw), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		before, _, routed := strings.Cut(block, "routes:\n")
		switch {
		case !strings.Contains(block, "integrations:\n"):
			block = given + block
		case !routed:
			given = block
			block += "routes:\n  - name: all\n    targets: [{integration: " + firstName.FindStringSubmatch(block)[1] + "}]\n"
		default:
			given = before
		}
		c, err := config.Parse(file, []byte(head+block), map[string]config.Kind{"jsm": Kind(), "opsgenie": opsgenie.Kind()}, config.Offline())
		require.NoError(t, err, block)
		out = append(out, c)
	}
	return out
}

func TestTheConfigurationsOfTheGuidesLoad(t *testing.T) {
	require.Len(t, shown(t, guideFile), 2)
	require.Len(t, shown(t, moveFile), 7)
}

// Whatever is asked for, and whenever: exactly one of the two opens an alert, and it stays the same one.
func TestP2_MovingNeverOpensTwoAlerts(t *testing.T) {
	cut, back := time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC), time.Date(2027, 1, 12, 9, 0, 0, 0, time.UTC)
	moments := []time.Time{cut.AddDate(0, -1, 0), cut.Add(-time.Second), cut, cut.Add(time.Second), back.Add(-time.Second), back, back.AddDate(0, 1, 0)}
	want := [][]string{ // by configuration, for a request that is no rehearsal
		{"opsgenie", "opsgenie", "opsgenie", "opsgenie", "opsgenie", "opsgenie", "opsgenie"},
		{"opsgenie", "opsgenie", "opsgenie", "opsgenie", "opsgenie", "opsgenie", "opsgenie"},
		{"opsgenie", "opsgenie", "jsm", "jsm", "jsm", "jsm", "jsm"},
		{"opsgenie", "opsgenie", "jsm", "jsm", "jsm", "jsm", "jsm"},
		{"opsgenie", "opsgenie", "jsm", "jsm", "jsm", "jsm", "jsm"},
		{"opsgenie", "opsgenie", "jsm", "jsm", "jsm", "opsgenie", "opsgenie"},
		{"jsm", "jsm", "jsm", "jsm", "jsm", "jsm", "jsm"},
	}
	for i, c := range shown(t, moveFile) {
		var routes []policy.Route
		for _, r := range c.Routes {
			route := policy.Route{Name: r.Name, When: r.When, Continue: r.Continue, NotifyOnly: r.NotifyOnly}
			for _, target := range r.Targets {
				route.Targets = append(route.Targets, bridge.Target{Integration: target.Integration})
			}
			routes = append(routes, route)
		}
		p, err := policy.New(routes)
		require.NoError(t, err)
		for n, created := range moments {
			require.Equal(t, []string{want[i][n]}, opened(t, p, bridge.Request{ID: reqID, Roles: []string{"prod-db"}, Created: created}), "%d: %s", i, created)
			rehearsed := opened(t, p, bridge.Request{ID: reqID, Roles: []string{"rehearsal"}, Created: created})
			require.Len(t, rehearsed, 1, "%d: %s", i, created)
			if i == 1 {
				require.Equal(t, "jsm", rehearsed[0])
			}
		}
	}
}

// opened are the integrations that open an alert for a request.
func opened(t *testing.T, p *policy.Policy, r bridge.Request) []string {
	t.Helper()
	var out []string
	for _, name := range []string{"opsgenie", "jsm"} {
		_, selected, err := p.Target(r, name)
		require.NoError(t, err)
		if selected {
			out = append(out, name)
		}
	}
	return out
}
