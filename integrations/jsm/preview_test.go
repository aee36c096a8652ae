package jsm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
)

// What a preview shows is what the product is sent, for the integration's templates and a route's.
func TestPreviewShowsWhatIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		target *Target
		title  string
	}{
		"the integration's": {nil, "For dave@example.com"},
		"the route's":       {&Target{Texts: incident.Texts{Title: "{{.Object}} of {{upper .Request.User}}"}}, "alert of DAVE@EXAMPLE.COM"},
		"a failing one":     {&Target{Texts: incident.Texts{Title: "{{index .Request.Roles 99}}"}}, "Access request: dave@example.com asks for 2 resources (node db-1, app grafana)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Title, s.Body = "For {{.Request.User}}", "Body: {{.HowToDecide}}" }})
			d := testkit.Draft()
			if c.target != nil {
				d.Settings = c.target
			}
			seen, err := s.Preview(t.Context(), d, []bridge.Note{{ID: "n", Text: "a\x00\r\nb"}})
			require.NoError(t, err)
			_, err = s.Open(t.Context(), marker, d)
			require.NoError(t, err)
			a := s.shown(t)
			require.Equal(t, c.title, a.Message)
			require.Contains(t, a.Description, "Body: To decide, ")
			require.Equal(t, bridge.Preview{Title: a.Message, Body: a.Description, Notes: []string{"a\nb"}}, seen)
		})
	}
	s := newSite(t, setup{})
	_, err := s.Preview(t.Context(), bridge.Draft{Settings: "of another vendor"}, nil)
	require.ErrorContains(t, err, "the settings of the route are string")
}
