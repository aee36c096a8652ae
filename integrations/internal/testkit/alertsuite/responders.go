package alertsuite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func responderCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"RouteSettingsGoBeforeAnnotationsAndTheIntegrations": routeSettingsGoBeforeAnnotationsAndTheIntegrations,
		"EveryValueOfTheAnnotationsIsTried":                  everyValueOfTheAnnotationsIsTried,
		"TheAnnotationsCanBeRenamed":                         theAnnotationsCanBeRenamed,
		"UnknownNamesAreTerminalAndNameTheSetting":           unknownNamesAreTerminalAndNameTheSetting,
		"NamesThatDifferByCaseAloneAreToldApart":             namesThatDifferByCaseAloneAreToldApart,
		"RecipientsNameSchedulesOrElseTeams":                 recipientsNameSchedulesOrElseTeams,
		"AFaultIsNoUnknownRecipient":                         aFaultIsNoUnknownRecipient,
	}
}

func routeSettingsGoBeforeAnnotationsAndTheIntegrations(t *testing.T, v Vendor) {
	named := map[string][]string{"teleport.dev/notify-services": {"Secondary"}, "teleport.dev/teams": {"OPERATIONS"}}
	for name, c := range map[string]struct {
		target     *alerting.Target
		annotated  map[string][]string
		responders []string
		priority   string
		tags       []string
	}{
		"the integration's": {nil, nil, []string{"schedule primary"}, "P4", []string{"accessbridge", "own"}},
		"annotations":       {nil, named, []string{"schedule secondary", "team Operations"}, "P4", []string{"accessbridge", "own"}},
		"the route's": {
			&alerting.Target{Responders: alerting.Responders{Users: []string{"carol@example.com"}}, Priority: "P1", Tags: []string{"route"}}, named,
			[]string{"user carol@example.com"},
			"P1",
			[]string{"accessbridge", "route"},
		},
		"an empty route": {&alerting.Target{}, named, []string{"schedule secondary", "team Operations"}, "P4", []string{"accessbridge", "own"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Priority, s.Tags = "P4", []string{"own"} }})
			d := testkit.Draft()
			if c.target != nil {
				d.Settings = c.target
			}
			d.Request.Annotations = c.annotated
			_, err := s.Open(t.Context(), testkit.Marker(), d)
			require.NoError(t, err)
			require.Equal(t, c.responders, s.Responders(t))
			require.Equal(t, c.priority, s.Shown(t).Priority)
			require.Equal(t, c.tags, s.Shown(t).Tags)
		})
	}
}

// tells reports whether an alert is opened, which then has the wanted responders. With the text of an error it must be refused.
func (s *Site) tells(t *testing.T, d bridge.Draft, responders, refused string) bool {
	t.Helper()
	_, err := s.Open(t.Context(), testkit.Marker(), d)
	if refused != "" {
		require.ErrorContains(t, err, refused)
		Terminal(t, err)
		require.True(t, bridge.NoEffect(err))
		require.Empty(t, s.Alerts())
		return false
	}
	require.NoError(t, err)
	require.Equal(t, responders, strings.Join(s.Responders(t), ", "))
	return true
}

func everyValueOfTheAnnotationsIsTried(t *testing.T, v Vendor) {
	for name, c := range map[string]struct {
		schedules, teams []string
		own              []string
		want             string
		err, logged      string
	}{
		"several":                  {[]string{"primary", "Secondary", "primary"}, nil, nil, "schedule primary, schedule secondary", "", ""},
		"by id":                    {[]string{"20000000-0000-4000-8000-000000000002"}, nil, nil, "schedule secondary", "", ""},
		"one is unknown":           {[]string{"Gone", " ", "secondary"}, nil, nil, "schedule secondary", "", "Gone"},
		"none is known":            {[]string{"primry"}, nil, nil, "", `annotation teleport.dev/notify-services: schedule "primry" (did you mean primary?)`, ""},
		"no team is known":         {nil, []string{"Operation"}, nil, "", `annotation teleport.dev/teams: team "Operation" (did you mean Operations?)`, ""},
		"none is known, a spare":   {[]string{"Gone"}, nil, []string{"primary"}, "schedule primary", "", "Gone"},
		"an unknown team beside":   {[]string{"primary"}, []string{"Gone"}, nil, "schedule primary", "", "Gone"},
		"nobody is named at all":   {nil, nil, nil, "", "", ""},
		"both, and a spare unused": {[]string{"secondary"}, []string{"operations"}, []string{"primary"}, "schedule secondary, team Operations", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Responders = alerting.Responders{Schedules: c.own} }})
			d := testkit.Draft()
			d.Request.Annotations = map[string][]string{"teleport.dev/notify-services": c.schedules, "teleport.dev/teams": c.teams}
			if !s.tells(t, d, c.want, c.err) {
				return
			}
			require.Equal(t, c.logged != "", strings.Contains(s.Log.String(), "an annotation names what is not known"))
			require.Contains(t, s.Log.String(), c.logged)
		})
	}
}

func theAnnotationsCanBeRenamed(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.SchedulesFromAnnotation, s.TeamsFromAnnotation = "mine", "" }})
	d := testkit.Draft()
	d.Request.Annotations = map[string][]string{"mine": {"secondary"}, "teleport.dev/teams": {"Operations"}, "": {"Operations"}}
	_, err := s.Open(t.Context(), testkit.Marker(), d)
	require.NoError(t, err)
	require.Equal(t, []string{"schedule secondary"}, s.Responders(t))
}

func unknownNamesAreTerminalAndNameTheSetting(t *testing.T, v Vendor) {
	for name, c := range map[string]struct {
		responders alerting.Responders
		err        string
	}{
		"schedule":   {alerting.Responders{Schedules: []string{"primari"}}, `responders.schedules: schedule "primari" (did you mean primary?): not found in ` + v.Name},
		"team":       {alerting.Responders{Teams: []string{"Operatons"}}, `responders.teams: team "Operatons" (did you mean Operations?)`},
		"user":       {alerting.Responders{Users: []string{"nobody@example.com"}}, `responders.users: user "nobody@example.com"`},
		"escalation": {alerting.Responders{Escalations: []string{"nothing"}}, `responders.escalations: escalation policy "nothing"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Responders = c.responders }})
			_, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
			require.ErrorContains(t, err, c.err)
			Terminal(t, err)
			require.Empty(t, s.Alerts())

			s.ResetCalls()
			_, err = s.Open(t.Context(), testkit.Marker(), testkit.Draft())
			require.Error(t, err)
			require.Zero(t, s.TotalCalls(), "that a name is unknown is remembered")
		})
	}
}

func namesThatDifferByCaseAloneAreToldApart(t *testing.T, v Vendor) {
	options := account.Options{
		Users:     account.DefaultUsers(),
		Schedules: []account.Schedule{{Name: "Night"}, {Name: "NIGHT"}, {Name: "day"}},
	}
	s := v.Site(t, Setup{Account: options, Settings: func(s *alerting.Settings) { s.Responders = alerting.Responders{Schedules: []string{"NIGHT"}} }})
	s.Opened(t)
	require.Equal(t, []string{"schedule NIGHT"}, s.Responders(t))
	s = v.Site(t, Setup{Account: options, Settings: func(s *alerting.Settings) { s.Responders = alerting.Responders{Schedules: []string{"night"}} }})
	_, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.ErrorContains(t, err, "night")
	Terminal(t, err)
}

func recipientsNameSchedulesOrElseTeams(t *testing.T, v Vendor) {
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
			s := v.Site(t, Setup{
				Account: account.Options{
					Teams: teams, Schedules: account.DefaultSchedules(time.Now()), Escalations: account.DefaultEscalations(),
				},
				Settings: func(s *alerting.Settings) { s.Responders.Schedules = c.own },
			})
			d := testkit.Draft()
			d.Recipients = c.recipients
			d.Request.Annotations = map[string][]string{"teleport.dev/notify-services": c.annotated}
			if c.route != nil {
				target := &alerting.Target{}
				target.Responders.Schedules = c.route
				d.Settings = target
			}
			if !s.tells(t, d, c.want, c.err) {
				return
			}
			require.Contains(t, s.Log.String(), c.logged)
			if c.logged == "" {
				require.NotContains(t, s.Log.String(), "recipient")
			}
		})
	}
}

func aFaultIsNoUnknownRecipient(t *testing.T, v Vendor) {
	for _, path := range []string{"/schedules", "/teams"} {
		s := v.Site(t, Setup{})
		d := testkit.Draft()
		d.Recipients = []string{"Operations"}
		s.Inject(standin.Fault{PathContains: path, Status: http.StatusBadGateway, Count: 1})
		_, err := s.Open(t.Context(), testkit.Marker(), d)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class)
		require.True(t, bridge.NoEffect(err), "nothing was opened")
		_, err = s.Open(t.Context(), testkit.Marker(), d)
		require.NoError(t, err)
		require.Equal(t, []string{"team Operations"}, s.Responders(t))
	}
}
