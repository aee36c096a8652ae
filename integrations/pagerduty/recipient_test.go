package pagerduty

import (
	"net/http"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

func TestRecipientsNameTheService(t *testing.T) {
	for name, c := range map[string]struct {
		recipients, annotated []string
		route                 *Target
		own                   string
		want                  string
		logged, err           string
	}{
		"named":                         {[]string{"service 1"}, []string{"Service 2"}, nil, "Service 0", "PSERV1", "", ""},
		"by id":                         {[]string{"PSERV1"}, nil, nil, "", "PSERV1", "", ""},
		"first known":                   {[]string{" ", "Gone", "Service 2", "Service 1"}, nil, nil, "", "PSERV2", "Gone", ""},
		"none known, an annotation":     {[]string{"Gone"}, []string{"Lost", "Service 2"}, nil, "Service 0", "PSERV2", "Lost", ""},
		"none known, a default":         {[]string{"Gone"}, []string{"Lost"}, nil, "Service 0", "PSERV0", "Lost", ""},
		"none known":                    {[]string{"Servise 1"}, nil, nil, "", "", "", `recipient: service "Servise 1" (did you mean Service`},
		"route before":                  {[]string{"Service 1"}, nil, &Target{Service: "Service 2"}, "", "PSERV2", "", ""},
		"route of another property":     {[]string{"Service 1"}, nil, &Target{Urgency: "low"}, "", "PSERV1", "", ""},
		"a route that names nothing":    {[]string{"Service 1"}, nil, nil, "", "PSERV1", "", ""},
		"no recipient is no recipients": {[]string{""}, nil, nil, "Service 0", "PSERV0", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: accounts(3), settings: func(s *Settings) { s.Service = c.own }})
			d := testkit.Draft()
			d.Recipients = c.recipients
			d.Request.Annotations = map[string][]string{"pagerduty_notify_service": c.annotated}
			if c.route != nil {
				d.Settings = c.route
			}
			ref, err := s.Open(t.Context(), marker, d)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				class, _ := bridge.ClassOf(err)
				require.Equal(t, bridge.ClassTerminal, class)
				require.True(t, bridge.NoEffect(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, s.shown(t, ref).Service)
			require.Contains(t, s.log.String(), c.logged)
			if c.logged == "" {
				require.NotContains(t, s.log.String(), "recipient")
			}
		})
	}
}

func TestAFaultIsNoUnknownService(t *testing.T) {
	s := newSite(t, setup{sim: accounts(3), settings: func(s *Settings) { s.Service = "Service 0" }})
	d := testkit.Draft()
	d.Recipients = []string{"Service 1"}
	s.Inject(sim.Fault{PathContains: "/services", Status: http.StatusBadGateway, Count: 1})
	_, err := s.Open(t.Context(), marker, d)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
	require.True(t, bridge.NoEffect(err), "nothing was opened")
	ref, err := s.Open(t.Context(), marker, d)
	require.NoError(t, err)
	require.Equal(t, "PSERV1", s.shown(t, ref).Service)
}
