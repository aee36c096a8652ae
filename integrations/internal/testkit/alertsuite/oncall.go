package alertsuite

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func onCallCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"OnCallBySchedulesAndTeams":              onCallBySchedulesAndTeams,
		"OnCallGoesByTheShiftThatRuns":           onCallGoesByTheShiftThatRuns,
		"OnCallNamesThatAreUnknownAreErrors":     onCallNamesThatAreUnknownAreErrors,
		"OnCallReadsAreShared":                   onCallReadsAreShared,
		"AFailedReadIsNotRemembered":             aFailedReadIsNotRemembered,
		"OnCallIsAskedSecondsLaterAgain":         onCallIsAskedSecondsLaterAgain,
		"ANewScheduleIsFoundAfterAMinute":        aNewScheduleIsFoundAfterAMinute,
		"W17_WhoIsOnCallIsToldAsTheProductHasIt": whoIsOnCallIsToldAsTheProductHasIt,
	}
}

// onCall asks and returns who is on call by which schedule.
func (s *Site) onCall(t *testing.T, q bridge.OnCallQuery) map[string]string {
	t.Helper()
	shifts, err := s.OnCall(t.Context(), q)
	require.NoError(t, err)
	out := map[string]string{}
	for _, shift := range shifts {
		require.Zero(t, shift.Level, "a schedule has no levels")
		require.Zero(t, shift.Until, "nor is the end of a shift told")
		out[shift.Person.Email] = shift.Via
	}
	return out
}

func onCallBySchedulesAndTeams(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
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

func onCallGoesByTheShiftThatRuns(t *testing.T, v Vendor) {
	now := time.Now()
	s := v.Site(t, Setup{})
	require.NoError(t, s.SetOnCall("primary", "dave", now.Add(-time.Hour), now.Add(time.Hour)))
	require.Equal(t, map[string]string{"dave@example.com": "primary"}, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}))
	s = v.Site(t, Setup{})
	require.NoError(t, s.ClearOnCall("primary"))
	require.Empty(t, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}))
	s = v.Site(t, Setup{})
	require.NoError(t, s.SetOnCall("primary", "carol", now.Add(time.Hour), now.Add(2*time.Hour)))
	require.Equal(t, map[string]string{"alice@example.com": "primary"}, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}))
}

func onCallNamesThatAreUnknownAreErrors(t *testing.T, v Vendor) {
	options := account.Options{
		Users: account.DefaultUsers(), Teams: []account.Team{{Name: "Idle"}}, Schedules: []account.Schedule{{Name: "primary"}},
	}
	s := v.Site(t, Setup{Account: options})
	for want, q := range map[string]bridge.OnCallQuery{
		`on-call schedule: schedule "primry" (did you mean primary?)`: {Schedules: []string{"primary", "primry"}},
		`on-call team: team "Idel" (did you mean Idle?)`:              {Teams: []string{"Idel"}},
		`on-call team "Idle" has no schedule`:                         {Teams: []string{"Idle"}},
		"by service or escalation policy is not supported":            {Services: []string{"x"}},
		"name a schedule or a team":                                   {Policies: []string{"x"}},
	} {
		_, err := s.OnCall(t.Context(), q)
		require.ErrorContains(t, err, want)
		Terminal(t, err)
	}
}

func onCallReadsAreShared(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	q := bridge.OnCallQuery{Schedules: []string{"primary"}, Teams: []string{"Operations"}}
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			if shifts, err := s.OnCall(t.Context(), q); err != nil || len(shifts) != 2 {
				t.Error(shifts, err)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, s.TotalCalls(), 20, "%v", s.Calls())
	require.Equal(t, 1, s.Counted()["GET /schedules"])
	require.Equal(t, 1, s.Counted()["GET /teams"])
}

func aFailedReadIsNotRemembered(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	cancel := s.Inject(Breaks("GET", "/on-calls", 502))
	_, err := s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone)
	cancel()
	require.Len(t, s.onCall(t, bridge.OnCallQuery{Schedules: []string{"primary"}}), 1)
}

// A shift that was handed over is seen within seconds, however long names are remembered.
func onCallIsAskedSecondsLaterAgain(t *testing.T, v Vendor) {
	v.Clocked(t, Setup{}, func(t *testing.T, s *Site) {
		for _, c := range []struct {
			after time.Duration
			asked int
		}{{0, 1}, {2 * time.Second, 1}, {2 * time.Second, 2}, {time.Minute, 3}} {
			<-time.After(c.after)
			_, err := s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
			require.NoError(t, err)
			require.Equal(t, c.asked, s.Counted()["GET /schedules/{id}/on-calls"])
		}
	})
}

func aNewScheduleIsFoundAfterAMinute(t *testing.T, v Vendor) {
	listed := 0
	hidden := testkit.Rewrite(func(r *http.Request, body string) string {
		if !strings.HasSuffix(r.URL.Path, "/schedules") {
			return body
		}
		if listed++; listed > 1 {
			return body
		}
		return strings.ReplaceAll(body, "secondary", "other")
	})
	v.Clocked(t, Setup{Transport: hidden}, func(t *testing.T, s *Site) {
		q := bridge.OnCallQuery{Schedules: []string{"secondary"}}
		for range 2 {
			_, err := s.OnCall(t.Context(), q)
			require.ErrorContains(t, err, "not found")
		}
		<-time.After(61 * time.Second)
		_, err := s.OnCall(t.Context(), q)
		require.NoError(t, err)
	})
}

// The official plugin's reason names its own user, and finds the requester only where the case of letters agrees.
func whoIsOnCallIsToldAsTheProductHasIt(t *testing.T, v Vendor) {
	dave := account.User{Username: "Dave@Example.com", FullName: "Dave Dunn", AccountID: "712020:dave-0001"}
	options := account.Options{
		Users:     []account.User{dave, {Username: account.DefaultBot}},
		Schedules: []account.Schedule{{Name: "Primary", Rotations: []account.Rotation{{Shifts: []account.Shift{{User: "Dave@Example.com"}}}}}},
	}
	s := v.Site(t, Setup{Account: options, Settings: func(s *alerting.Settings) { s.Responders = alerting.Responders{} }})
	shifts, err := s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
	require.NoError(t, err)
	require.Equal(t, []bridge.Shift{{Person: v.OnDuty(dave), Via: "Primary"}}, shifts)
	require.True(t, bridge.SameName("dave@example.com", shifts[0].Person.Email))
}
