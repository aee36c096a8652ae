package jsm

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit/alertsuite"
	"github.com/accessbridge/accessbridge/simulators/contract"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

const description = "jsm-ops/jsm-ops.normalised.json"

// Everything the client sends must be what the vendor's own description allows, and so must what it is answered.
func TestWhatIsSentSatisfiesTheVendorsContract(t *testing.T) {
	seen := map[string]bool{}
	alertsuite.Exercise(t, setup{}.vendor(), func(next http.RoundTripper) http.RoundTripper { return checked(t, next, seen) }, sim.DefaultGroup)
	for _, operation := range []string{
		"POST /alerts", "GET /alerts", "GET /alerts/alias", "GET /alerts/ID", "GET /alerts/ID/notes", "POST /alerts/ID/notes", "GET /alerts/ID/logs",
		"POST /alerts/ID/close", "GET /schedules", "GET /schedules/ID/on-calls", "GET /teams", "GET /teams/ID/escalations",
		"GET /_edge/tenant_info", "GET /rest/api/3/myself", "GET /rest/api/3/user", "GET /rest/api/3/user/search",
	} {
		require.True(t, seen[operation], "%s was not exercised: %v", operation, seen)
	}
}

// checked notes the operations that are called, with ids left out.
func checked(t *testing.T, next http.RoundTripper, seen map[string]bool) http.RoundTripper {
	operations := contract.Load(t, description).Except(contract.Exception{
		Operation: "GET /api/{cloudId}/v1/schedules/{scheduleId}/on-calls", Contains: "more than one",
		Why: "the two forms of the answer, of which there must be one, have no required field: every object is both",
	}).Transport(next)
	jira := contract.Load(t, "jira/jira-cloud-v3.json").Transport(next)
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		path := ids.ReplaceAllString(strings.TrimPrefix(r.URL.Path, "/jsm/ops/api/"+sim.DefaultCloudID+"/v1"), "/ID")
		seen[r.Method+" "+path] = true
		switch {
		case strings.HasPrefix(r.URL.Path, "/_edge/"), strings.HasSuffix(r.URL.Path, "/escalations"), strings.HasSuffix(r.URL.Path, "/group/member"):
			return next.RoundTrip(r) // described elsewhere
		case strings.HasPrefix(r.URL.Path, "/rest/"):
			return jira.RoundTrip(r)
		}
		return operations.RoundTrip(r)
	})
}

var ids = regexp.MustCompile(`/[0-9a-f]{8}-[0-9a-f-]{27}(-[0-9]{13})?`)
