package opsgenie

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/stretchr/testify/require"
)

// onCall asks and returns who is on call by which schedule.
func (s *site) onCall(t *testing.T, q bridge.OnCallQuery) map[string]string {
	t.Helper()
	shifts, err := s.Opsgenie.OnCall(t.Context(), q)
	require.NoError(t, err)
	out := map[string]string{}
	for _, shift := range shifts {
		require.Zero(t, shift.Level, "a schedule has no levels")
		require.Zero(t, shift.Until, "nor is the end of a shift told")
		out[shift.Person.Email] = shift.Via
	}
	return out
}

func TestOnCallBySchedulesAndTeams(t *testing.T) {
	s := newSite(t, setup{})
	primary, secondary := map[string]string{"alice@example.com": "primary"}, map[string]string{"bob@example.com": "secondary"}
	both := map[string]string{"alice@example.com": "primary", "bob@example.com": "secondary"}
	for name, c := range map[string]struct {
		query bridge.OnCallQuery
		want  map[string]string
	}{
		"by name":       {bridge.OnCallQuery{Schedules: []string{"primary"}}, primary},
		"by id":         {bridge.OnCallQuery{Schedules: []string{"20000000-0000-4000-8000-000000000002"}}, secondary},
		"in other case": {bridge.OnCallQuery{Schedules: []string{" PRIMARY "}}, primary},
		"several":       {bridge.OnCallQuery{Schedules: []string{"primary", "secondary", "primary"}}, both},
		"a team":        {bridge.OnCallQuery{Teams: []string{"operations"}}, both},
		"both":          {bridge.OnCallQuery{Teams: []string{"Operations"}, Schedules: []string{"primary"}}, both},
		"any level":     {bridge.OnCallQuery{Schedules: []string{"secondary"}, Levels: 1}, secondary},
		"nothing":       {bridge.OnCallQuery{}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, s.onCall(t, c.query)) })
	}
}

func TestOnCallGoesByTheShiftThatRuns(t *testing.T) {
	now := time.Now()
	s := newSite(t, setup{})
	require.NoError(t, s.SetOnCall("primary", "dave", now.Add(-time.Hour), now.Add(time.Hour)))
	require.Equal(t, map[string]string{"dave@example.com": "primary"}, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}))
	s = newSite(t, setup{})
	require.NoError(t, s.ClearOnCall("primary"))
	require.Empty(t, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}))
	s = newSite(t, setup{})
	require.NoError(t, s.SetOnCall("primary", "carol", now.Add(time.Hour), now.Add(2*time.Hour)))
	require.Equal(t, map[string]string{"alice@example.com": "primary"}, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}))
}

func TestOnCallNamesThatAreUnknownAreErrors(t *testing.T) {
	options := sim.Options{Account: account.Options{
		Users: account.DefaultUsers(), Teams: []account.Team{{Name: "Idle"}}, Schedules: []account.Schedule{{Name: "primary"}},
	}}
	s := newSite(t, setup{sim: options})
	for want, q := range map[string]bridge.OnCallQuery{
		`on-call schedule: schedule "primry" (did you mean primary?)`: {Schedules: []string{"primary", "primry"}},
		`on-call team: team "Idel" (did you mean Idle?)`:              {Teams: []string{"Idel"}},
		`on-call team "Idle" has no schedule`:                         {Teams: []string{"Idle"}},
		"by service or escalation policy is not supported":            {Services: []string{"x"}},
		"name a schedule or a team":                                   {Policies: []string{"x"}},
	} {
		_, err := s.Opsgenie.OnCall(t.Context(), q)
		require.ErrorContains(t, err, want)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
	}
}

func TestOnCallReadsAreShared(t *testing.T) {
	s := newSite(t, setup{})
	q := bridge.OnCallQuery{Schedules: []string{"primary"}, Teams: []string{"Operations"}}
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			if shifts, err := s.Opsgenie.OnCall(t.Context(), q); err != nil || len(shifts) != 2 {
				t.Error(shifts, err)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, s.TotalCalls(), 20, "%v", s.Calls())
	require.Equal(t, 1, s.Calls()["GET /v2/schedules"])
	require.Equal(t, 1, s.Calls()["GET /v2/teams"])
}

// A shift that was handed over is seen within seconds, however long names are remembered.
func TestOnCallIsAsked3SecondsLaterAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		set := working("https://api.opsgenie.example")
		o, err := New("oncall", set, Options{Transport: testkit.RoundTrip(answers(&asked))}) //nolint:bodyclose // the client closes it
		require.NoError(t, err)
		q := bridge.OnCallQuery{Schedules: []string{"primary"}}
		for _, c := range []struct {
			after time.Duration
			asked int
		}{{0, 1}, {2 * time.Second, 1}, {2 * time.Second, 2}, {time.Minute, 3}} {
			<-time.After(c.after) // the clock of the bubble
			_, err := o.OnCall(t.Context(), q)
			require.NoError(t, err)
			require.Equal(t, c.asked, asked)
		}
	})
}

func TestANewScheduleIsFoundAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		set := working("https://api.opsgenie.example")
		o, err := New("oncall", set, Options{Transport: testkit.RoundTrip(answers(&asked))}) //nolint:bodyclose // the client closes it
		require.NoError(t, err)
		_, err = o.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"later"}})
		require.Error(t, err)
		<-time.After(61 * time.Second) // the clock of the bubble
		_, err = o.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"later"}})
		require.NoError(t, err)
	})
}

func TestAFailedReadIsNotRemembered(t *testing.T) {
	s := newSite(t, setup{})
	cancel := s.Inject(fault("GET", "/on-calls", 502))
	_, err := s.Opsgenie.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone)
	cancel()
	require.Len(t, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}), 1)
}
