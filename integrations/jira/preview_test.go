package jira

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
)

// What a preview shows is what Jira is sent, for the integration's templates, a route's, and one that fails.
func TestPreviewShowsWhatIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		target                     *Target
		wantSummary, inDescription string
	}{
		"the integration's": {nil, "For alice@example.com", `*R* alice\@example.com`},
		"the route's":       {&Target{Summary: "Route: {{upper .Request.User}}", Description: "{{.Approved}}"}, "Route: ALICE@EXAMPLE.COM", "Approved"},
		"a failing one": {
			&Target{Summary: `{{index .Request.Roles 99}}`, Description: `{{index .Request.Roles 99}}`},
			"alice@example.com asks for ", "To decide, move this issue to",
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachFlavour(t, func(t *testing.T, f sim.Flavour) {
				s := newSite(t, setup{sim: sim.Options{Flavour: f}, settings: func(s *Settings) {
					s.Summary, s.Description = "For {{.Request.User}}", "*R* {{.Request.User}}"
				}})
				d := draft()
				if c.target != nil {
					d.Settings = c.target
				}
				notes := []bridge.Note{{ID: "n", Text: "*bold* and [~admin]"}}
				seen, err := s.Preview(t.Context(), d, notes)
				require.NoError(t, err)
				require.Empty(t, s.Calls(), "without asking Jira")
				ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
				require.NoError(t, err)
				require.NoError(t, s.Update(t.Context(), ref, notes))
				i := s.issueOf(t, ref)
				require.Contains(t, i.Summary, c.wantSummary)
				require.Contains(t, i.Description, c.inDescription)
				require.Equal(t, seen.Title, i.Summary)
				require.Equal(t, seen.Body, i.Description)
				require.Equal(t, []string{i.Comments[0].Body}, seen.Notes)
			})
		})
	}
	s := newSite(t, setup{})
	d := draft()
	d.Settings = "of another vendor"
	_, err := s.Preview(t.Context(), d, nil)
	require.ErrorContains(t, err, "are not for this integration")
}
