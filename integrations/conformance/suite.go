package conformance

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/stretchr/testify/require"
)

// Case names one case of the suite, such as "webhooks/rotation", or a whole theme, such as "oncall".
type Case string

// theme is the part before the slash: what the case is about.
func (c Case) theme() Case {
	theme, _, _ := strings.Cut(string(c), "/")
	return Case(theme)
}

// Place is where an integration under test finds its vendor.
type Place struct {
	// URL is the plain HTTP address to work with, with the path of Vendor.URL. The suite listens there.
	URL string
	// Secrets are the webhook secrets to accept. A case may give none, or an empty one, to see it refused.
	Secrets config.Secrets
}

// Suite is one integration under test.
type Suite struct {
	// Vendor starts a fresh stand-in, which ends with the test.
	Vendor func(t testing.TB) Vendor
	// Settings are those of an integration that works with the stand-in, without a limit of calls per second. They are validated by
	// the suite.
	Settings func(p Place) config.Settings
	// New makes the integration from validated settings, as the server does.
	New func(s config.Settings, log *slog.Logger) (bridge.Ticketer, error)
	// Secrets are the credentials that Settings holds, besides those of Place. They must show up nowhere but in calls to the vendor.
	Secrets []string
	// Unsupported names the cases, or themes, that cannot be passed, each with the reason. A theme whose capability the integration
	// has cannot be named.
	Unsupported map[Case]string
}

// Run runs every case. Those named as unsupported are skipped with their reason.
func Run(t *testing.T, s Suite) {
	t.Helper()
	vet(t, s)
	for _, c := range trials() {
		t.Run(string(c.name), func(t *testing.T) {
			if why, gap := s.gap(c.name); gap {
				t.Skip("unsupported: " + why)
			}
			c.run(t, s)
		})
	}
}

// Cases lists the names of all cases, for those who write a new integration.
func Cases() []Case {
	var names []Case
	for _, c := range trials() {
		names = append(names, c.name)
	}
	return names
}

// trial is one case.
type trial struct {
	name Case
	run  func(t testing.TB, s Suite)
}

func trials() []trial {
	return slices.Concat(checkTrials(), objectTrials(), noteTrials(), textTrials(), errorTrials(), evidenceTrials(), listingTrials(),
		webhookTrials(), proofTrials(), onCallTrials(), groupTrials(), recipientTrials(), secretTrials())
}

// gap returns the reason why a case is not run.
func (s Suite) gap(c Case) (string, bool) {
	if why, named := s.Unsupported[c]; named {
		return why, true
	}
	why, named := s.Unsupported[c.theme()]
	return why, named
}

// vet refuses gaps that are none: unknown, without a reason, or of a capability the integration has.
func vet(t testing.TB, s Suite) {
	t.Helper()
	known := map[Case]bool{}
	for _, name := range Cases() {
		known[name], known[name.theme()] = true, true
	}
	b := s.lay(t)
	for _, name := range slices.Sorted(maps.Keys(s.Unsupported)) {
		require.True(t, known[name], "Unsupported names %q, which is no case", name)
		require.NotEmpty(t, strings.TrimSpace(s.Unsupported[name]), "%q is unsupported without a reason", name)
		if name == name.theme() {
			require.False(t, b.can(name), "%q is named as unsupported, but the integration has the capability", name)
		}
	}
	if b.it.Traits().Keyed {
		_, gap := s.gap("objects/native-key")
		require.False(t, gap, "the traits say that the vendor's key rules out a second object, so objects/native-key has to show it")
	}
	require.NotEmpty(t, s.Secrets, "Secrets must name the credentials that Settings holds")
}

// can reports whether the integration has what a theme is about. What every integration has cannot be named as a whole.
func (b *bed) can(theme Case) bool {
	var has bool
	switch theme {
	case "evidence":
		_, has = b.it.(bridge.DecisionSource)
	case "listing":
		_, has = b.it.(bridge.BulkDecisionSource)
	case "webhooks":
		_, has = b.it.(bridge.WebhookSource)
	case "oncall":
		_, has = b.it.(bridge.OnCallSource)
	case "groups":
		_, has = b.it.(bridge.GroupSource)
	default:
		has = true
	}
	return has
}
