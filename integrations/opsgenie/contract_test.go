package opsgenie

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	"github.com/accessbridge/accessbridge/simulators/contract"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

const description = "opsgenie/opsgenie-v2.normalised.json"

// Everything the client sends must be what the vendor's own description allows, and so must what it is answered.
func TestWhatIsSentSatisfiesTheVendorsContract(t *testing.T) {
	seen := map[string]bool{}
	alertsuite.Exercise(t, vendor(nil), func(next http.RoundTripper) http.RoundTripper { return checked(t, next, seen) }, sim.DefaultTeam)
	for _, operation := range []string{
		"POST /v2/alerts", "GET /v2/alerts", "GET /v2/alerts/ID", "GET /v2/alerts/ID/notes", "POST /v2/alerts/ID/notes", "GET /v2/alerts/ID/logs",
		"POST /v2/alerts/ID/close", "GET /v2/alerts/requests/ID", "GET /v2/schedules", "GET /v2/teams", "GET /v2/teams/ID", "GET /v2/users/ID", "GET /v2/escalations/ID",
		"GET /v2/schedules/ID/on-calls",
	} {
		require.True(t, seen[operation], "%s was not exercised: %v", operation, seen)
	}
}

// checked notes the operations that are called, with ids left out. The checker's router cannot tell an escaped slash in an alias from one that
// separates, so that it is shown another character there.
func checked(t *testing.T, next http.RoundTripper, seen map[string]bool) http.RoundTripper {
	published := contract.Load(t, description).Transport(testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "|") {
			r = r.Clone(r.Context())
			r.URL.RawPath = strings.ReplaceAll(r.URL.Path, "|", "%2F")
			r.URL.Path = strings.ReplaceAll(r.URL.Path, "|", "/")
		}
		return next.RoundTrip(r)
	}))
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		path := strings.ReplaceAll(r.URL.EscapedPath(), "%2F", "|")
		parts := strings.Split(strings.TrimPrefix(path, "/v2/"), "/")
		if at := slices.Index(parts, "requests") + 1; at < len(parts) && len(parts) > 1 {
			parts[max(at, 1)] = "ID"
		}
		seen[r.Method+" /v2/"+strings.Join(parts, "/")] = true
		r = r.Clone(r.Context())
		if strings.Contains(path, "|") {
			r.URL.Path, r.URL.RawPath = path, ""
		}
		return published.RoundTrip(r)
	})
}
