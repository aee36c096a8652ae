package pagerduty

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

func (s *site) shifts(t *testing.T, q bridge.OnCallQuery) []string {
	t.Helper()
	list, err := s.OnCall(t.Context(), q)
	require.NoError(t, err)
	var out []string
	for _, shift := range list {
		out = append(out, fmt.Sprintf("%d %s %s", shift.Level, shift.Via, shift.Person.Email))
	}
	return out
}

func TestOnCallByEveryKindOfName(t *testing.T) {
	s := newSite(t, setup{sim: twoTeams()})
	a, b := "1 a alice@example.com", "2 b bob@example.com"
	direct, backup := "1 B carol@example.com", "1 b bob@example.com"
	for name, c := range map[string]struct {
		q    bridge.OnCallQuery
		want []string
	}{
		"service":               {bridge.OnCallQuery{Services: []string{"service a"}}, []string{a}},
		"service by id":         {bridge.OnCallQuery{Services: []string{"PSVCB"}}, []string{direct, b}},
		"several services":      {bridge.OnCallQuery{Services: []string{"Service A", "Service B"}}, []string{direct, a, b}},
		"policy":                {bridge.OnCallQuery{Policies: []string{"backup"}}, []string{backup}},
		"policies, one by id":   {bridge.OnCallQuery{Policies: []string{"PPOLC", "A"}}, []string{a, backup}},
		"schedule":              {bridge.OnCallQuery{Schedules: []string{"a"}}, []string{a}},
		"service or schedule":   {bridge.OnCallQuery{Services: []string{"Service A"}, Schedules: []string{"b"}}, []string{a, backup, b}},
		"the same thing twice":  {bridge.OnCallQuery{Services: []string{"Service A", "PSVCA"}, Policies: []string{"A"}, Schedules: []string{"a"}}, []string{a}},
		"nothing at all":        {bridge.OnCallQuery{}, nil},
		"first level":           {bridge.OnCallQuery{Services: []string{"Service B"}, Levels: 1}, []string{direct}},
		"first level, schedule": {bridge.OnCallQuery{Schedules: []string{"b"}, Levels: 1}, []string{backup}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, s.shifts(t, c.q)) })
	}
	list, err := s.OnCall(t.Context(), bridge.OnCallQuery{Services: []string{"Service B"}})
	require.NoError(t, err)
	require.Equal(t, bridge.Actor{ID: "PCAROL1", Email: "carol@example.com", Name: "Carol Cooper"}, list[0].Person)
	require.Zero(t, list[0].Until, "a person of the policy itself is on call for ever")
	require.WithinDuration(t, time.Now().Add(8*time.Hour), list[1].Until, time.Minute)
}

func TestOnCallSendsWhatItShould(t *testing.T) {
	s := newSite(t, setup{})
	s.shifts(t, bridge.OnCallQuery{Services: []string{"Production"}, Schedules: []string{"primary"}})
	golden.Assert(t, s.calls.Golden(t), "oncall.golden")
}

// The official plugin approves for every level of a policy.
func TestW11_OnlyTheFirstLevelsApprove(t *testing.T) {
	s := newSite(t, setup{})
	q := bridge.OnCallQuery{Services: []string{"Production"}}
	for levels, want := range map[int][]string{
		0: {"1 primary alice@example.com", "2 secondary bob@example.com", "3 Production EP carol@example.com"},
		1: {"1 primary alice@example.com"},
		2: {"1 primary alice@example.com", "2 secondary bob@example.com"},
	} {
		q.Levels = levels
		require.Equal(t, want, s.shifts(t, q))
	}
}

// Which roles a schedule may approve is the route's to say; that one schedule can be named, without the others of its policy, is
// what it needs.
func TestW33_ASingleScheduleOfAPolicyCanBeNamed(t *testing.T) {
	s := newSite(t, setup{})
	require.Equal(t, []string{"2 secondary bob@example.com"}, s.shifts(t, bridge.OnCallQuery{Schedules: []string{"Secondary"}}))
	require.Empty(t, s.shifts(t, bridge.OnCallQuery{Schedules: []string{"Secondary"}, Levels: 1}))
}

func TestW11_OnCallReadsEveryPage(t *testing.T) {
	o := accounts(1)
	o.Users = sim.DefaultUsers()
	for n := range 250 {
		u := sim.User{ID: fmt.Sprintf("PU%03d", n), Name: fmt.Sprint("User ", n), Email: fmt.Sprintf("u%03d@example.com", n)}
		o.Users = append(o.Users, u)
		o.Policies[0].Rules = append(o.Policies[0].Rules, sim.Rule{Users: []string{u.ID}})
	}
	s := newSite(t, setup{sim: o})
	require.Len(t, s.shifts(t, bridge.OnCallQuery{Services: []string{"Service 0"}}), 251)
	require.Equal(t, 3, s.Calls()["GET /oncalls"])
}

func TestOnCallOfUnknownNamesIsTerminal(t *testing.T) {
	s := newSite(t, setup{})
	for want, q := range map[string]bridge.OnCallQuery{
		`on-call service: service "Prodction" (did you mean Production?)`:                         {Services: []string{"Prodction"}},
		`on-call escalation policy: escalation policy "Production" (did you mean Production EP?)`: {Policies: []string{"Production"}},
		`on-call schedule: schedule "primry" (did you mean primary?): not found in PagerDuty`:     {Schedules: []string{"primry"}},
		`on call by team is not supported: name a service, an escalation policy or a schedule`:    {Teams: []string{"Ops"}, Services: []string{"Production"}},
		`on-call service: service "../users?x=1": not found in PagerDuty`:                         {Services: []string{"../users?x=1"}},
	} {
		_, err := s.OnCall(t.Context(), q)
		require.ErrorContains(t, err, want)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class, want)
	}
}

func TestNamesThatDifferInCaseOnly(t *testing.T) {
	o := twoTeams()
	o.Schedules = append(o.Schedules, sim.Schedule{ID: "PSCHD", Name: "Twin"}, sim.Schedule{ID: "PSCHE", Name: "TWIN"})
	s := newSite(t, setup{sim: o})
	require.Empty(t, s.shifts(t, bridge.OnCallQuery{Schedules: []string{"TWIN"}}))
	_, err := s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"twin"}})
	require.ErrorContains(t, err, "2 objects are called")
}

// An error is not an empty answer.
func TestW10_AFailedReadingIsNotNobodyOnCall(t *testing.T) {
	for _, f := range []sim.Fault{
		{PathContains: "/oncalls", Status: 500},
		{PathContains: "/services", Status: 403},
		{PathContains: "/oncalls", Status: 401},
		{PathContains: "/oncalls", Status: 429, RetryAfter: "3"},
		{PathContains: "/oncalls", Reset: true},
	} {
		s := newSite(t, setup{})
		s.Inject(f)
		list, err := s.OnCall(t.Context(), bridge.OnCallQuery{Services: []string{"Production"}})
		require.Error(t, err)
		require.Nil(t, list)
	}
	s := newSite(t, setup{transport: testkit.Rewrite(func(_ *http.Request, body string) string { return "[]" + body })})
	_, err := s.OnCall(t.Context(), bridge.OnCallQuery{Services: []string{"Production"}})
	require.Error(t, err)
}

func TestManyAskingAtOnceShareTheCalls(t *testing.T) {
	s := newSite(t, setup{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			list, err := s.OnCall(t.Context(), bridge.OnCallQuery{Services: []string{"Production"}})
			if err != nil || len(list) != 3 {
				t.Errorf("%v %v", list, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, map[string]int{"GET /services": 1, "GET /oncalls": 1}, s.Calls())
}

func TestAStartingShiftIsSeen(t *testing.T) {
	s := newSite(t, setup{})
	q := bridge.OnCallQuery{Schedules: []string{"primary"}}
	require.Equal(t, []string{"1 primary alice@example.com"}, s.shifts(t, q))
	require.NoError(t, s.SetOnCall("primary", "dave", time.Now().Add(-time.Minute), time.Now().Add(time.Hour)))
	s.age(s.set.ShiftsFor())
	require.Equal(t, []string{"1 primary dave@example.com"}, s.shifts(t, q))
	require.Equal(t, 1, s.Calls()["GET /schedules"], "the name is still known")
}

func TestAStartingShiftIsSeenAsSoonAsItIsLookedFor(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.OnCallEvery = config.Duration(time.Second) }})
	q := bridge.OnCallQuery{Schedules: []string{"primary"}}
	require.Equal(t, []string{"1 primary alice@example.com"}, s.shifts(t, q))
	require.NoError(t, s.SetOnCall("primary", "dave", time.Now().Add(-time.Minute), time.Now().Add(time.Hour)))
	s.age(time.Second)
	require.Equal(t, []string{"1 primary dave@example.com"}, s.shifts(t, q))
}

// age makes every remembered answer older.
func (s *site) age(by time.Duration) {
	s.look.shifts.Now = func() time.Time { return time.Now().Add(by) }
}

func TestOnCallWithoutAddressesLooksThemUp(t *testing.T) {
	s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "include%5B%5D=users", "")
			return next.RoundTrip(r)
		})
	}})
	q := bridge.OnCallQuery{Services: []string{"Production"}, Levels: 1}
	require.Equal(t, []string{"1 primary alice@example.com"}, s.shifts(t, q))
	s.age(s.set.ShiftsFor())
	require.Equal(t, []string{"1 primary alice@example.com"}, s.shifts(t, q))
	require.Equal(t, 1, s.Calls()["GET /users/{id}"])
}
