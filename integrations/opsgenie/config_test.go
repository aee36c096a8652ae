package opsgenie

import (
	"strings"
	"testing"

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

const (
	access  = "api_key: k\n"
	minimal = access + "webhook: {secrets: [s]}\n"
)

func TestDefaultAddresses(t *testing.T) {
	s, _, err := parse(t, minimal, "")
	require.NoError(t, err)
	require.Equal(t, "https://api.opsgenie.com", s.endpoint())
	require.Equal(t, "accessbridge", s.User)
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

func TestFaultsOfTheSettingsOfAnAccount(t *testing.T) {
	for settings, want := range map[string]string{
		"webhook: {secrets: [s]}":                               "api_key: is required",
		minimal + "user: ''":                                    "user: is required",
		minimal + "user: " + strings.Repeat("x", 101):           "user: has more than 100 characters",
		minimal + "region: asia":                                "region:",
		minimal + "region: eu\nendpoint: https://x.example.com": "endpoint: is given beside region",
	} {
		_, _, err := parse(t, settings, "")
		require.ErrorContains(t, err, want, settings)
	}
}

func TestTheGuideNamesEveryOption(t *testing.T) {
	text := testkit.Guide(t, "../../docs/integrations/opsgenie.md", Settings{}, alerting.Settings{}, incident.Common{}, alerting.Responders{},
		alerting.Decisions{}, incident.Decisions{}, incident.NoteWords{}, incident.Actions{}, alerting.Webhook{}, Target{})
	for _, part := range []string{"2027-04-05", "not verified", "Authorization", "teleport.dev/schedules", "teleport-access-request/"} {
		require.Contains(t, text, part)
	}
}
