package jira

import (
	"net/http"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

func twoProjects(f sim.Flavour) setup {
	return setup{sim: sim.Options{Flavour: f, Projects: []sim.Project{sim.DefaultProject("ACC"), sim.DefaultProject("SEC")}}}
}

// A rule of Teleport could not say which project a request goes to.
func TestRecipientsNameTheProject(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		for name, c := range map[string]struct {
			recipients []string
			route      *Target
			want       string
			logged     string
		}{
			"none":                      {nil, nil, "ACC", ""},
			"named":                     {[]string{"SEC"}, nil, "SEC", ""},
			"in another case":           {[]string{" sec "}, nil, "SEC", ""},
			"first known":               {[]string{"", "NOPE", "SEC", "ACC"}, nil, "SEC", "NOPE"},
			"none known":                {[]string{"NOPE", "#channel", "bob@example.com", "../myself"}, nil, "ACC", "#channel"},
			"route before":              {[]string{"SEC"}, &Target{Project: "ACC"}, "ACC", ""},
			"route of another property": {[]string{"SEC"}, &Target{Priority: "High"}, "SEC", ""},
		} {
			t.Run(name, func(t *testing.T) {
				s := newSite(t, twoProjects(f))
				d := draft()
				d.Recipients = c.recipients
				if c.route != nil {
					d.Settings = c.route
				}
				ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
				require.NoError(t, err)
				require.Equal(t, c.want, s.issueOf(t, ref).Project)
				require.Contains(t, s.log.String(), c.logged)
				if c.logged == "" {
					require.NotContains(t, s.log.String(), "recipient")
				}
				require.LessOrEqual(t, s.Calls()["GET /project/{project}"], 2, "what is no key is not asked for")
			})
		}
	})
}

func TestProjectsOfRecipientsAreRemembered(t *testing.T) {
	s := newSite(t, twoProjects(sim.Cloud))
	d := draft()
	d.Recipients = []string{"NOPE", "sec"}
	for range 3 {
		_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
		require.NoError(t, err)
	}
	require.Equal(t, 2, s.Calls()["GET /project/{project}"])
}

func TestAFaultIsNoUnknownProject(t *testing.T) {
	s := newSite(t, twoProjects(sim.Cloud))
	d := draft()
	d.Recipients = []string{"SEC"}
	s.Inject(sim.Fault{PathContains: "/project/", Status: http.StatusBadGateway, Count: 1})
	_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
	require.True(t, bridge.NoEffect(err), "nothing was created")
	require.Empty(t, s.Issues())
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
	require.NoError(t, err)
	require.Equal(t, "SEC", s.Issues()[0].Project)
}
