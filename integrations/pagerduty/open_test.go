package pagerduty

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

func TestOpenSendsTheWholeRequest(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Urgency, s.Priority = "low", "p2" }})
	ref := s.open(t)
	golden.Assert(t, s.calls.Golden(t), "open.golden")
	i := s.shown(t, ref)
	require.Equal(t, keyPrefix+reqID, i.Key)
	require.Equal(t, "P2", i.Priority)
	require.Equal(t, "#1", ref.Key)
	require.Contains(t, ref.URL, "/incidents/"+ref.ID)
}

func TestRouteSettingsGoBeforeTheIntegrations(t *testing.T) {
	options := accounts(3)
	s := newSite(t, setup{sim: options, settings: func(s *Settings) {
		s.Service, s.Urgency, s.EscalationPolicy = "Service 0", "high", "Policy 1"
	}})
	for _, c := range []struct {
		settings *Target
		service  string
		policy   string
		urgency  string
		direct   bool
	}{
		{nil, "PSERV0", "PPOL1", "high", false},
		{&Target{Service: "service 2", Urgency: "low"}, "PSERV2", "PPOL1", "low", false},
		{&Target{Service: "PSERV1", EscalationPolicy: "PPOL2"}, "PSERV1", "PPOL2", "high", false},
		{&Target{Assignees: []string{"bob@example.com"}}, "PSERV0", "PPOL0", "high", true},
	} {
		d := testkit.Draft()
		d.Settings = c.settings
		ref, err := s.Open(t.Context(), bridge.Marker{RequestID: fmt.Sprintf("r-%s-%s", c.service, c.policy)}, d)
		require.NoError(t, err)
		i := s.shown(t, ref)
		require.Equal(t, c.service, i.Service)
		require.Equal(t, c.policy, i.Policy)
		require.Equal(t, c.urgency, i.Urgency)
		require.Equal(t, c.direct, i.Direct)
	}
}

// accounts has n services, each with a policy of its own.
func accounts(n int) sim.Options {
	o := sim.Options{Schedules: sim.DefaultSchedules(time.Now())}
	for i := range n {
		policy := fmt.Sprintf("Policy %d", i)
		o.Policies = append(o.Policies, sim.Policy{ID: fmt.Sprintf("PPOL%d", i), Name: policy, Rules: []sim.Rule{{Schedules: []string{sim.PrimarySchedule}}}})
		o.Services = append(o.Services, sim.Service{ID: fmt.Sprintf("PSERV%d", i), Name: fmt.Sprintf("Service %d", i), Policy: policy})
	}
	return o
}

func TestW11_ServiceOnALaterPageIsFound(t *testing.T) {
	o := accounts(260)
	s := newSite(t, setup{sim: o, settings: func(s *Settings) { s.Service = "service 25" }})
	ref := s.open(t) // "Service 25" is a part of "Service 250" to "Service 259"
	require.Equal(t, "PSERV25", s.shown(t, ref).Service)

	s.ResetCalls()
	found, err := s.search(t.Context(), directory{path: "services", one: "service"}, "service 99")
	require.NoError(t, err)
	require.Equal(t, "PSERV99", found.ID)
	require.Equal(t, 3, s.Calls()["GET /services"])
}

func TestW11_EveryValueOfTheAnnotationIsTried(t *testing.T) {
	for name, c := range map[string]struct {
		values  []string
		setting string
		want    string
		err     string
	}{
		"first that exists":         {[]string{"Gone", " ", "service 2", "Service 1"}, "", "PSERV2", ""},
		"by id":                     {[]string{"PSERV1"}, "", "PSERV1", ""},
		"none exists":               {[]string{"Gone", "Servise 1"}, "", "", `annotation pagerduty_notify_service: service "Servise 1" (did you mean Service`},
		"none exists, a default":    {[]string{"Gone"}, "Service 0", "PSERV0", ""},
		"annotation before default": {[]string{"Service 1"}, "Service 0", "PSERV1", ""},
		"nothing names one":         {nil, "", "", "neither the route nor the annotation pagerduty_notify_service"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{sim: accounts(3), settings: func(s *Settings) { s.Service = c.setting }})
			d := testkit.Draft()
			d.Request.Annotations = map[string][]string{"pagerduty_notify_service": c.values}
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
		})
	}
}

func TestW12_TheAnnotationsCanBeRenamed(t *testing.T) {
	s, _, err := parse(t, minimal+"service_from_annotation: my_service\n", "")
	require.NoError(t, err)
	site := newSite(t, setup{sim: accounts(3), settings: func(set *Settings) { set.Service, set.ServiceFromAnnotation = "", s.ServiceFromAnnotation }})
	d := testkit.Draft()
	d.Request.Annotations = map[string][]string{"my_service": {"Service 2"}, "pagerduty_notify_service": {"Service 1"}}
	ref, err := site.Open(t.Context(), marker, d)
	require.NoError(t, err)
	require.Equal(t, "PSERV2", site.shown(t, ref).Service)
}

func TestUnknownNamesAreTerminalAndNameTheSetting(t *testing.T) {
	for name, c := range map[string]struct {
		settings func(*Settings)
		err      string
	}{
		"service":  {func(s *Settings) { s.Service = "Producton" }, `service: service "Producton" (did you mean Production?)`},
		"priority": {func(s *Settings) { s.Priority = "P9" }, `priority: priority "P9" (did you mean P1 or P2 or P3?)`},
		"policy":   {func(s *Settings) { s.EscalationPolicy = "Production" }, `escalation_policy: escalation policy "Production" (did you mean Production EP?)`},
		"assignee": {func(s *Settings) { s.Assignees = []string{"nobody@example.com"} }, `assignees: user "nobody@example.com"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: c.settings})
			_, err := s.Open(t.Context(), marker, testkit.Draft())
			require.ErrorContains(t, err, c.err)
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class)
			require.Empty(t, s.Incidents())

			s.ResetCalls()
			_, err = s.Open(t.Context(), marker, testkit.Draft())
			require.Error(t, err)
			require.Zero(t, s.TotalCalls(), "that a name is unknown is remembered")
		})
	}
}

func TestP2_TheOpenIncidentWithTheKeyIsAdopted(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"reset":   {Method: "POST", PathContains: "/incidents", Reset: true, AfterEffect: true, Count: 1},
		"gateway": {Method: "POST", PathContains: "/incidents", Status: 504, AfterEffect: true, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{})
			s.Inject(fault)
			_, err := s.Open(t.Context(), marker, testkit.Draft())
			require.Error(t, err)
			require.False(t, bridge.NoEffect(err), "%v", err)
			require.Len(t, s.Incidents(), 1)

			found, err := s.Find(t.Context(), marker)
			require.NoError(t, err)
			require.NotNil(t, found)
			adopted := s.open(t)
			require.Equal(t, *found, adopted)
			require.Len(t, s.Incidents(), 1, "the key allows no second one")
		})
	}
}

func TestP2_ManyAtOnceOpenOneIncident(t *testing.T) {
	s := newSite(t, setup{})
	var wg sync.WaitGroup
	refs := make([]bridge.Ref, 10)
	for n := range refs {
		wg.Go(func() { refs[n], _ = s.Open(t.Context(), marker, testkit.Draft()) })
	}
	wg.Wait()
	require.Len(t, s.Incidents(), 1)
	for _, ref := range refs {
		require.Equal(t, s.Incidents()[0].ID, ref.ID)
	}
	require.Equal(t, 1, s.Calls()["GET /services"], "what many ask at once is asked once")
}

// The kind of a refusal is not read from its text: an incident with the key is looked for, whatever it says.
func TestW26_NothingIsDecidedByErrorText(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Method: "POST", PathContains: "/incidents", Status: 400, Body: `{"error":{"code":2001,"message":"Etwas anderes"}}`})
	again, err := s.Open(t.Context(), marker, testkit.Draft())
	require.NoError(t, err)
	require.Equal(t, ref, again)

	other := newSite(t, setup{})
	other.Inject(sim.Fault{Method: "POST", PathContains: "/incidents", Status: 400, Body: `{"error":{"code":2001,"message":"matching dedup key already exists"}}`})
	_, err = other.Open(t.Context(), marker, testkit.Draft())
	require.ErrorContains(t, err, "already exists", "none was found, so it is a refusal")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	require.True(t, bridge.NoEffect(err))
}

func TestLongTextsAreCutOnCharacters(t *testing.T) {
	s := newSite(t, setup{})
	d := testkit.Draft()
	d.Request.User = strings.Repeat("é🔥", 1000)
	d.Request.Reason = strings.Repeat("ü\x00\xff ", 20_000)
	for i := range 500 {
		d.Request.Roles = append(d.Request.Roles, fmt.Sprintf("role-%d", i))
	}
	ref, err := s.Open(t.Context(), marker, d)
	require.NoError(t, err)
	i := s.shown(t, ref)
	require.Equal(t, form.MaxTitle, utf8.RuneCountInString(i.Title))
	var body string
	require.NoError(t, json.Unmarshal(i.Body, &body))
	require.True(t, utf8.ValidString(body) && utf8.ValidString(i.Title))
	require.LessOrEqual(t, utf8.RuneCountInString(body), form.MaxText)
	require.NotContains(t, body, "\x00")
	require.Contains(t, body, "and 452 more")
	require.Contains(t, body, "To decide,", "the instructions are not cut off")

	require.NoError(t, s.Update(t.Context(), ref, []bridge.Note{{ID: "a", Text: strings.Repeat("🔥", form.MaxText+5)}}))
	text := s.shown(t, ref).Notes[0].Content
	require.Equal(t, form.MaxText, utf8.RuneCountInString(text))
	require.True(t, utf8.ValidString(text))
}

func TestFindTakesOnlyIncidentsThatCarryTheKey(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if r.URL.Query().Get("incident_key") == keyPrefix+"alert" {
			// What PagerDuty answers for an alert with the key: an incident without one.
			return `{"incidents":[{"id":"PALERT1","status":"triggered","incident_key":null}],"more":false}`
		}
		return body
	})})
	ref, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Nil(t, ref)
	ref, err = s.Find(t.Context(), bridge.Marker{RequestID: "alert"})
	require.NoError(t, err)
	require.Nil(t, ref)

	first := s.open(t)
	require.NoError(t, s.Resolve("alice", first.ID))
	found, err := s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Equal(t, &first, found, "a resolved one is better than a second")
	second := s.open(t)
	require.NotEqual(t, first, second)
	found, err = s.Find(t.Context(), marker)
	require.NoError(t, err)
	require.Equal(t, &second, found)
	require.Contains(t, s.log.String(), "several incidents carry the key")

	_, err = s.Find(t.Context(), bridge.Marker{RequestID: "a/b&c"})
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: "a/b&c"}, testkit.Draft())
	require.True(t, bridge.NoEffect(err))
}

func TestIncidentsOfTheOfficialPluginAreTakenOver(t *testing.T) {
	require.Equal(t, reqID, markerOf("teleport-access-request/"+reqID))
	for _, key := range []string{"", reqID, "teleport-access-request/", "teleport-access-request/a/b", "x-teleport-access-request/a"} {
		require.Empty(t, markerOf(key), key)
	}
}

func TestWhatIsToBeDoneIsWritten(t *testing.T) {
	set := defaults()
	set.Decisions.Resolve = incident.MeansDeny
	p, err := New("oncall", set, Options{})
	require.NoError(t, err)
	require.Equal(t, `To decide, add a note that begins with "approve" or "deny", then a colon and the reason, or resolve the incident to deny. `+
		`Only people who are on call for this service may decide.`, p.howToDecide())
}

// The official plugin opens nothing unless a role carries its annotation, whatever an access monitoring rule says.
func TestW24_NoAnnotationIsNeeded(t *testing.T) {
	s := newSite(t, setup{sim: accounts(3), settings: func(s *Settings) { s.Service = "Service 0" }})
	for id, c := range map[string]struct {
		route *Target
		want  string
	}{
		"integration": {nil, "PSERV0"},
		"route":       {&Target{Service: "Service 2"}, "PSERV2"},
	} {
		d := testkit.Draft()
		require.Empty(t, d.Request.Annotations)
		d.Settings = c.route
		ref, err := s.Open(t.Context(), bridge.Marker{RequestID: id}, d)
		require.NoError(t, err)
		i := s.shown(t, ref)
		require.Equal(t, c.want, i.Service)
		require.Equal(t, "triggered", i.Status)
		require.Equal(t, keyPrefix+id, i.Key)
	}
	require.Len(t, s.Incidents(), 2)

	s = newSite(t, setup{sim: accounts(3), settings: func(s *Settings) { s.Service = "" }})
	d := testkit.Draft()
	d.Settings = &Target{Service: "Service 1"}
	ref, err := s.Open(t.Context(), marker, d)
	require.NoError(t, err, "a route needs no service of the integration either")
	require.Equal(t, "PSERV1", s.shown(t, ref).Service)
}
