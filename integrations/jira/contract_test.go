package jira

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/simulators/contract"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

// Everything the client sends must be what the vendor's own description allows.
func TestWhatIsSentSatisfiesTheVendorsContract(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		project := sim.DefaultProject("ACC")
		project.Workflow = sim.BacklogWorkflow()
		s := newSite(t, setup{
			sim: sim.Options{Flavour: f, Projects: []sim.Project{project}},
			settings: func(s *Settings) {
				s.Reporter, s.Assignee, s.Priority, s.Components = requester, suggested, "High", []string{"Database"}
			},
			transport: func(next http.RoundTripper) http.RoundTripper { return checked(t, f, next) },
		})
		d := draft()
		d.Recipients = []string{"acc"}
		ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
		require.NoError(t, err)
		require.NoError(t, s.Update(t.Context(), ref, twoNotes))
		require.NoError(t, s.Move("bob", ref.ID, "Approved"))
		require.Equal(t, bridge.Approve, s.evidence(t, ref).Verdict)
		_, err = s.Find(t.Context(), bridge.Marker{RequestID: reqID})
		require.NoError(t, err)
		for _, err := range s.Changed(t.Context(), time.Now().Add(-time.Hour)) {
			require.NoError(t, err)
		}
		require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndDenied, Note: bridge.Note{ID: "e", Text: "e"}}))
		for _, finding := range s.Check(t.Context()) {
			require.True(t, finding.OK, finding.What)
		}
		if f == sim.Cloud {
			_, err = s.history(t.Context(), ref, changePage{Total: 1})
			require.NoError(t, err)
		}
		require.NoError(t, s.DeleteIssue("bob", ref.ID))
		_, err = s.Evidence(t.Context(), ref)
		require.ErrorIs(t, err, bridge.ErrGone)
	})
}

func checked(t *testing.T, f sim.Flavour, next http.RoundTripper) http.RoundTripper {
	if f == sim.DataCenter {
		return contract.Load(t, "jira-dc/jira-dc-10.3.normalised.json").Except(contract.Exception{
			Contains: "schema has non primitive type object", Why: "fields of a search is a list of names, which the description calls objects",
		}).Transport(next)
	}
	v2 := contract.Load(t, "jira/jira-cloud-v2.json").Transport(next)
	v3 := contract.Load(t, "jira/jira-cloud-v3.json").Transport(next)
	return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/rest/api/3/") {
			return v3.RoundTrip(r)
		}
		return v2.RoundTrip(r)
	})
}
