package opsgenie

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func TestRecipientsNameSchedulesOrElseTeams(t *testing.T) {
	spare := []string{"primary"}
	teams := append(account.DefaultTeams(), account.Team{Name: "Secondary"}, account.Team{Name: "Database"})
	for name, c := range map[string]struct {
		recipients []string
		annotated  []string
		route      []string
		own        []string
		want       string
		logged     string
		err        string
	}{
		"a schedule":                    {[]string{"Secondary"}, spare, nil, spare, "schedule secondary", "", ""},
		"a team":                        {[]string{"operations"}, spare, nil, spare, "team Operations", "", ""},
		"all of them":                   {[]string{"secondary", "Database", "secondary"}, nil, nil, nil, "schedule secondary, team Database", "", ""},
		"by id":                         {[]string{"20000000-0000-4000-8000-000000000002"}, nil, nil, nil, "schedule secondary", "", ""},
		"one is unknown":                {[]string{"Gone", "", "secondary"}, nil, nil, nil, "schedule secondary", "Gone", ""},
		"none is known, an annotation":  {[]string{"Gone"}, []string{"secondary"}, nil, spare, "schedule secondary", "Gone", ""},
		"none is known, a spare":        {[]string{"Gone"}, []string{"Lost"}, nil, spare, "schedule primary", "Lost", ""},
		"none is known":                 {[]string{"Operation"}, nil, nil, nil, "", "", `recipient: team "Operation" (did you mean Operations?)`},
		"the route before":              {[]string{"Database"}, nil, []string{"secondary"}, spare, "schedule secondary", "", ""},
		"no recipient is no recipients": {[]string{" "}, nil, nil, spare, "schedule primary", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{
				sim: sim.Options{Account: account.Options{
					Teams: teams, Schedules: account.DefaultSchedules(time.Now()), Escalations: account.DefaultEscalations(),
				}},
				settings: func(s *Settings) { s.Responders.Schedules = c.own },
			})
			d := testkit.Draft()
			d.Recipients = c.recipients
			d.Request.Annotations = map[string][]string{"teleport.dev/notify-services": c.annotated}
			if c.route != nil {
				target := &Target{}
				target.Responders.Schedules = c.route
				d.Settings = target
			}
			_, err := s.Open(t.Context(), marker, d)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				class, _ := bridge.ClassOf(err)
				require.Equal(t, bridge.ClassTerminal, class)
				require.True(t, bridge.NoEffect(err))
				require.Empty(t, s.Alerts())
				return
			}
			require.NoError(t, err)
			var got []string
			for _, r := range s.shown(t).Responders {
				got = append(got, r.Type+" "+r.Name)
			}
			require.Equal(t, c.want, strings.Join(got, ", "))
			require.Contains(t, s.log.String(), c.logged)
			if c.logged == "" {
				require.NotContains(t, s.log.String(), "recipient")
			}
		})
	}
}

func TestAFaultIsNoUnknownRecipient(t *testing.T) {
	for _, path := range []string{"/v2/schedules", "/v2/teams"} {
		s := newSite(t, setup{})
		d := testkit.Draft()
		d.Recipients = []string{"Operations"}
		s.Inject(standin.Fault{PathContains: path, Status: http.StatusBadGateway, Count: 1})
		_, err := s.Open(t.Context(), marker, d)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class)
		require.True(t, bridge.NoEffect(err), "nothing was opened")
		_, err = s.Open(t.Context(), marker, d)
		require.NoError(t, err)
		require.Equal(t, "Operations", s.shown(t).Responders[0].Name)
	}
}
