package opsgenie

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

func TestOpenSendsTheWholeRequest(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) {
		s.Priority, s.Tags = "P2", []string{"jit"}
		s.Responders = alerting.Responders{
			Schedules: []string{"PRIMARY"}, Teams: []string{"operations"}, Users: []string{"Bob@example.com"}, Escalations: []string{sim.DefaultEscalation},
		}
	}})
	ref := s.open(t)
	s.golden(t, "open.golden")
	a := s.shown(t)
	require.Equal(t, alias, a.Alias)
	require.Equal(t, "P2", a.Priority)
	require.Equal(t, []string{"Approve", "Deny"}, a.Actions)
	require.Equal(t, []string{"accessbridge", "jit"}, a.Tags)
	require.Len(t, a.Responders, 4)
	require.Equal(t, bridge.Ref{
		ID: alias, Key: "alert of request 11111111",
		URL: "https://app.opsgenie.com/alert/list?query=alias%3A+%22teleport-access-request%2F" + reqID + "%22",
	}, ref)
}

func TestRouteSettingsGoBeforeAnnotationsAndTheIntegrations(t *testing.T) {
	named := map[string][]string{"teleport.dev/notify-services": {"Secondary"}, "teleport.dev/teams": {"OPERATIONS"}}
	for name, c := range map[string]struct {
		target     *Target
		annotated  map[string][]string
		responders []string
		priority   string
		tags       []string
	}{
		"the integration's": {nil, nil, []string{"schedule primary"}, "P4", []string{"accessbridge", "own"}},
		"annotations":       {nil, named, []string{"schedule secondary", "team Operations"}, "P4", []string{"accessbridge", "own"}},
		"the route's": {
			&Target{Responders: alerting.Responders{Users: []string{"carol@example.com"}}, Priority: "P1", Tags: []string{"route"}}, named,
			[]string{"user carol@example.com"},
			"P1",
			[]string{"accessbridge", "route"},
		},
		"an empty route": {&Target{}, named, []string{"schedule secondary", "team Operations"}, "P4", []string{"accessbridge", "own"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Priority, s.Tags = "P4", []string{"own"} }})
			d := testkit.Draft()
			if c.target != nil {
				d.Settings = c.target
			}
			d.Request.Annotations = c.annotated
			_, err := s.Open(t.Context(), marker, d)
			require.NoError(t, err)
			a := s.shown(t)
			var got []string
			for _, r := range a.Responders {
				got = append(got, r.Type+" "+r.Name)
			}
			require.Equal(t, c.responders, got)
			require.Equal(t, c.priority, a.Priority)
			require.Equal(t, c.tags, a.Tags)
		})
	}
}

func TestEveryValueOfTheAnnotationsIsTried(t *testing.T) {
	for name, c := range map[string]struct {
		schedules, teams []string
		own              []string
		want             []string
		err, logged      string
	}{
		"several":                  {[]string{"primary", "Secondary", "primary"}, nil, nil, []string{"primary", "secondary"}, "", ""},
		"by id":                    {[]string{"20000000-0000-4000-8000-000000000002"}, nil, nil, []string{"secondary"}, "", ""},
		"one is unknown":           {[]string{"Gone", " ", "secondary"}, nil, nil, []string{"secondary"}, "", "Gone"},
		"none is known":            {[]string{"primry"}, nil, nil, nil, `annotation teleport.dev/notify-services: schedule "primry" (did you mean primary?)`, ""},
		"no team is known":         {nil, []string{"Operation"}, nil, nil, `annotation teleport.dev/teams: team "Operation" (did you mean Operations?)`, ""},
		"none is known, a spare":   {[]string{"Gone"}, nil, []string{"primary"}, []string{"primary"}, "", "Gone"},
		"an unknown team beside":   {[]string{"primary"}, []string{"Gone"}, nil, []string{"primary"}, "", "Gone"},
		"nobody is named at all":   {nil, nil, nil, nil, "", ""},
		"both, and a spare unused": {[]string{"secondary"}, []string{"operations"}, []string{"primary"}, []string{"secondary", "Operations"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Responders = alerting.Responders{Schedules: c.own} }})
			d := testkit.Draft()
			d.Request.Annotations = map[string][]string{"teleport.dev/notify-services": c.schedules, "teleport.dev/teams": c.teams}
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
				got = append(got, r.Name)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.logged != "", strings.Contains(s.log.String(), "an annotation names what is not known"))
			require.Contains(t, s.log.String(), c.logged)
		})
	}
}

func TestTheAnnotationsCanBeRenamed(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.SchedulesFromAnnotation, s.TeamsFromAnnotation = "mine", "" }})
	d := testkit.Draft()
	d.Request.Annotations = map[string][]string{"mine": {"secondary"}, "teleport.dev/teams": {"Operations"}, "": {"Operations"}}
	_, err := s.Open(t.Context(), marker, d)
	require.NoError(t, err)
	require.Len(t, s.shown(t).Responders, 1)
	require.Equal(t, "secondary", s.shown(t).Responders[0].Name)
}

func TestUnknownNamesAreTerminalAndNameTheSetting(t *testing.T) {
	for name, c := range map[string]struct {
		responders alerting.Responders
		err        string
	}{
		"schedule":   {alerting.Responders{Schedules: []string{"primari"}}, `responders.schedules: schedule "primari" (did you mean primary?): not found in Opsgenie`},
		"team":       {alerting.Responders{Teams: []string{"Operatons"}}, `responders.teams: team "Operatons" (did you mean Operations?)`},
		"user":       {alerting.Responders{Users: []string{"nobody@example.com"}}, `responders.users: user "nobody@example.com"`},
		"escalation": {alerting.Responders{Escalations: []string{"nothing"}}, `responders.escalations: escalation policy "nothing"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: func(s *Settings) { s.Responders = c.responders }})
			_, err := s.Open(t.Context(), marker, testkit.Draft())
			require.ErrorContains(t, err, c.err)
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class)
			require.Empty(t, s.Alerts())

			s.ResetCalls()
			_, err = s.Open(t.Context(), marker, testkit.Draft())
			require.Error(t, err)
			require.Zero(t, s.TotalCalls(), "that a name is unknown is remembered")
		})
	}
}

func TestNamesThatDifferByCaseAloneAreToldApart(t *testing.T) {
	options := sim.Options{Account: account.Options{
		Users:     account.DefaultUsers(),
		Schedules: []account.Schedule{{Name: "Night"}, {Name: "NIGHT"}, {Name: "day"}},
	}}
	s := newSite(t, setup{sim: options, settings: func(s *Settings) { s.Responders = alerting.Responders{Schedules: []string{"NIGHT"}} }})
	s.open(t)
	require.Equal(t, "NIGHT", s.shown(t).Responders[0].Name)
	s = newSite(t, setup{sim: options, settings: func(s *Settings) { s.Responders = alerting.Responders{Schedules: []string{"night"}} }})
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.ErrorContains(t, err, "night")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class, "%v", err)
}

func TestTextIsCutOnRunes(t *testing.T) {
	s := newSite(t, setup{})
	d := testkit.Draft()
	d.Request.User, d.Request.Reason = strings.Repeat("漢🔥", 200), strings.Repeat("漢🔥", 20_000)
	for n := range 2000 {
		d.Request.Roles = append(d.Request.Roles, fmt.Sprintf("роль-%d", n))
	}
	_, err := s.Open(t.Context(), marker, d)
	require.NoError(t, err)
	a := s.shown(t)
	require.Equal(t, 130, utf8.RuneCountInString(a.Message))
	require.LessOrEqual(t, utf8.RuneCountInString(a.Description), 15_000)
	require.NotContains(t, a.Message+a.Description, "\uFFFD")
}

func TestHowToDecideIsOnTheAlert(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*Settings)
		has, not string
	}{
		"both":       {nil, `"Approve"`, "close the alert"},
		"mapped":     {func(s *Settings) { s.Decisions.Close, s.Decisions.Acknowledge = "deny", "approve" }, "close the alert to deny", "nothing"},
		"no actions": {func(s *Settings) { s.Decisions.Actions.Approve, s.Decisions.Actions.Deny = "", "" }, `"approve"`, "run the action"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: c.settings})
			s.open(t)
			require.Contains(t, s.shown(t).Description, c.has)
			require.NotContains(t, s.shown(t).Description, c.not)
			require.Contains(t, s.shown(t).Description, "on call")
		})
	}
}

// An open alert of Teleport's own plugin has the same alias.
func TestAnOpenAlertOfTheOfficialPluginIsTakenOver(t *testing.T) {
	s := newSite(t, setup{})
	theirs, err := s.AddAlert("", account.Draft{Message: "Access request from dave", Alias: alias})
	require.NoError(t, err)
	ref, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Equal(t, ref.ID, s.open(t).ID)
	require.Len(t, s.Alerts(), 1)
	require.NoError(t, s.Update(t.Context(), *ref, testkit.Notes()))
	require.NoError(t, s.Opsgenie.Close(t.Context(), *ref, testkit.Closing(bridge.EndDenied)))
	a, _ := s.Alert(theirs.ID)
	require.False(t, a.Open())
	require.Len(t, a.Notes, 3)
}

func TestP2_ALostAnswerIsAdoptedByItsAlias(t *testing.T) {
	s := newSite(t, setup{})
	s.Inject(fault("POST", "/alerts", 0, lost))
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.Error(t, err)
	require.False(t, bridge.NoEffect(err))
	ref, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Equal(t, alias, ref.ID)
	require.Equal(t, *ref, s.open(t), "and asked for once more it is still one")
	require.Len(t, s.Alerts(), 1)
}

func TestP2_ManyAtOnceLookUpOnce(t *testing.T) {
	s := newSite(t, setup{})
	var wg sync.WaitGroup
	for n := range 100 {
		wg.Go(func() {
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: fmt.Sprintf("r-%d", n)}, testkit.Draft())
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 100, s.Calls()["POST /v2/alerts"])
	require.Equal(t, 1, s.Calls()["GET /v2/schedules"])
	require.Equal(t, 101, s.TotalCalls())
}

func TestTheAPIIsAskedAsItIsDescribed(t *testing.T) {
	s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			require.Equal(t, "GenieKey "+sim.DefaultAPIKey, r.Header.Get("Authorization"))
			require.Equal(t, "application/json", r.Header.Get("Accept"))
			require.Contains(t, r.Header.Get("User-Agent"), "accessbridge/")
			return next.RoundTrip(r)
		})
	}})
	s.open(t)
}
