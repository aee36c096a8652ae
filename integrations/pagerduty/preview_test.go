package pagerduty

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
)

// What a preview shows is what PagerDuty is sent, for the integration's templates, a route's, and one that fails.
func TestPreviewShowsWhatIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		target            *Target
		wantTitle, inBody string
	}{
		"the integration's": {nil, "For dave@example.com", "Body: To decide, add a note"},
		"the route's":       {&Target{Texts: incident.Texts{Title: "{{.Object}} of {{upper .Request.User}}"}}, "incident of DAVE@EXAMPLE.COM", "Body: "},
		"a failing one":     {&Target{Texts: incident.Texts{Title: `{{index .Request.Roles 99}}`}}, "Access request: dave@example.com asks for", "Body: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Title, s.Body = "For {{.Request.User}}", "Body: {{.HowToDecide}}" }})
			d := testkit.Draft()
			if c.target != nil {
				d.Settings = c.target
			}
			notes := []bridge.Note{{ID: "n", Text: "long" + strings.Repeat("🔥", form.MaxText)}}
			seen, err := s.Preview(t.Context(), d, notes)
			require.NoError(t, err)
			ref, err := s.Open(t.Context(), marker, d)
			require.NoError(t, err)
			require.NoError(t, s.Update(t.Context(), ref, notes))
			i := s.shown(t, ref)
			var body string
			require.NoError(t, json.Unmarshal(i.Body, &body))
			require.Contains(t, i.Title, c.wantTitle)
			require.Contains(t, body, c.inBody)
			require.Equal(t, bridge.Preview{Title: i.Title, Body: body, Notes: s.noteTexts(t, ref)}, seen)
		})
	}
	s := newSite(t, setup{})
	_, err := s.Preview(t.Context(), bridge.Draft{Settings: "of another vendor"}, nil)
	require.ErrorContains(t, err, "not PagerDuty's")
}
