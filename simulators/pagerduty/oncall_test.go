package pagerduty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// onCall reads who is on call, as "level user schedule".
func (a *account) onCall(query string) []string {
	a.T.Helper()
	out := []string{}
	for _, row := range a.Do(200, "GET", "/oncalls?"+query, nil).Object(a.T).Rows("oncalls") {
		schedule, _ := row.At("schedule", "summary").(string)
		level, _ := row["escalation_level"].(float64)
		user, _ := row.At("user", "id").(string)
		out = append(out, string(rune('0'+int(level)))+" "+user+" "+schedule)
	}
	return out
}

func TestW11_OnCallTellsEveryLevel(t *testing.T) {
	a := start(t, pagerduty.Options{})
	require.Equal(t, []string{"1 PALICE1 primary", "2 PBOB001 secondary", "3 PCAROL1 "}, a.onCall(""))
	require.Equal(t, []string{"2 PBOB001 secondary"}, a.onCall("user_ids[]=PBOB001&escalation_policy_ids[]=PPOLICY"))
	require.Equal(t, []string{"1 PALICE1 primary"}, a.onCall("schedule_ids[]=PSCHED1"), "who is named directly has no schedule")
	require.Equal(t, []string{"1 PALICE1 primary", "3 PCAROL1 "}, a.onCall("user_ids[]=PALICE1&user_ids[]=PCAROL1"))
	require.Empty(t, a.onCall("user_ids[]=PDAVE01"))
	require.Empty(t, a.onCall("escalation_policy_ids[]=PNONE"))
	rows := a.Do(200, "GET", "/oncalls?limit=1&offset=2", nil).Object(t)
	require.Equal(t, false, rows["more"])
	permanent := rows.Rows("oncalls")[0]
	require.Equal(t, []any{nil, nil, nil}, []any{permanent["schedule"], permanent["start"], permanent["end"]})
	full := a.Do(200, "GET", "/oncalls?include[]=users&include[]=schedules&include[]=escalation_policies", nil).Object(t).Rows("oncalls")[0]
	require.Equal(t, "alice@example.com", full.At("user", "email"))
	require.Equal(t, "primary", full.At("schedule", "name"))
	require.Equal(t, "Production EP", full.At("escalation_policy", "name"))
}

func TestSetOnCallPastNowAndFuture(t *testing.T) {
	clock := standintest.NewClock()
	now := clock.Now()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	require.NoError(t, a.SetOnCall("primary", "dave", now.Add(time.Hour), now.Add(2*time.Hour)))
	require.NoError(t, a.SetOnCall("primary", "carol@example.com", now.Add(-2*time.Hour), now.Add(-time.Hour)))
	primary := "schedule_ids[]=PSCHED1"
	require.Equal(t, []string{"1 PALICE1 primary"}, a.onCall(primary), "neither is now")
	require.Equal(t, []string{"1 PCAROL1 primary"}, a.onCall(primary+"&since=2026-01-02T01:30:00Z&until=2026-01-02T01:31:00Z"))
	require.Equal(t, []string{"1 PALICE1 primary", "1 PDAVE01 primary", "1 PALICE1 primary"}, a.onCall(primary+"&until=2026-01-03T00:00:00Z"))
	require.Equal(t, []string{"1 PALICE1 primary", "1 PDAVE01 primary"}, a.onCall(primary+"&until=2026-01-03T00:00:00Z&earliest=true"))
	clock.Add(time.Hour)
	rows := a.Do(200, "GET", "/oncalls?"+primary, nil).Object(t).Rows("oncalls")
	require.Equal(t, []any{"PDAVE01"}, standintest.Each(rows, "user", "id"), "a turn starts at its first moment and alice has none then")
	require.Equal(t, []any{"2026-01-02T04:04:05Z", "2026-01-02T05:04:05Z"}, []any{rows[0]["start"], rows[0]["end"]})
	clock.Add(time.Hour)
	require.Equal(t, []string{"1 PALICE1 primary"}, a.onCall(primary), "and ends just before its last")
	require.NoError(t, a.SetOnCall("primary", "bob", now, time.Time{}))
	require.Equal(t, []string{"1 PBOB001 primary"}, a.onCall(primary), "without an end it takes all that follows")
	require.NoError(t, a.ClearOnCall("primary"))
	require.Empty(t, a.onCall(primary))
	require.Error(t, a.SetOnCall("none", "bob", now, time.Time{}))
	require.Error(t, a.SetOnCall("primary", "nobody", now, time.Time{}))
	require.Error(t, a.SetOnCall("primary", "bob", now, now))
	require.Error(t, a.ClearOnCall("none"))
	a.Do(400, "GET", "/oncalls?since=2026-01-03&until=2026-01-02", nil)
	a.Do(400, "GET", "/oncalls?until=2026-01-01", nil)
}

func TestATurnFurtherAheadThan90DaysIsNotTold(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	require.NoError(t, a.ClearOnCall("primary"))
	require.NoError(t, a.SetOnCall("primary", "dave", clock.Now().AddDate(0, 0, 100), time.Time{}))
	require.Empty(t, a.onCall("schedule_ids[]=PSCHED1&until=2026-12-31"))
	clock.Add(20 * 24 * time.Hour)
	require.Len(t, a.onCall("schedule_ids[]=PSCHED1&until=2026-12-31"), 1)
}

func TestASchedulesUsersAndTurns(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	require.NoError(t, a.SetOnCall("primary", "dave", clock.Now().Add(time.Hour), clock.Now().Add(2*time.Hour)))
	users := func(query string) []any {
		return standintest.Each(a.Do(200, "GET", "/schedules/PSCHED1/users"+query, nil).Object(t).Rows("users"), "email")
	}
	require.Equal(t, []any{"alice@example.com"}, users(""))
	require.Equal(t, []any{"alice@example.com", "dave@example.com"}, users("?since=2026-01-02&until=2026-01-03"))
	plain := a.Do(200, "GET", "/schedules/PSCHED1", nil).Object(t)
	require.Nil(t, plain.At("schedule", "final_schedule"))
	turns := a.Do(200, "GET", "/schedules/PSCHED1?since=2026-01-02T04:30:00Z&until=2026-01-02T04:40:00Z", nil).Object(t)
	final, _ := turns.At("schedule", "final_schedule").(map[string]any)
	require.Equal(t, []any{"PDAVE01"}, standintest.Each(standintest.Object(final).Rows("rendered_schedule_entries"), "user", "id"))
	a.Do(404, "GET", "/schedules/PNONE/users", nil)
	a.Do(404, "GET", "/schedules/PNONE", nil)
	a.Do(400, "GET", "/schedules/PSCHED1?since=x", nil)
}

func TestDirectoryPagesAndQueries(t *testing.T) {
	services := []pagerduty.Service{}
	for i := range 30 {
		services = append(services, pagerduty.Service{Name: "Service " + string(rune('A'+i%26)) + string(rune('a'+i/26)), Policy: "EP"})
	}
	a := start(t, pagerduty.Options{Services: services, Policies: []pagerduty.Policy{{Name: "EP"}}})
	first := a.Do(200, "GET", "/services?query=service", nil).Object(t)
	require.Len(t, first.Rows("services"), 25)
	require.Equal(t, true, first["more"])
	require.Len(t, a.Do(200, "GET", "/services?query=service&offset=25", nil).Object(t).Rows("services"), 5)
	require.Equal(t, []any{"Service Aa", "Service Ab"}, standintest.Each(a.Do(200, "GET", "/services?query=SERVICE%20a", nil).Object(t).Rows("services"), "name"))
	require.Len(t, a.Do(200, "GET", "/services?name=Service%20Aa", nil).Object(t).Rows("services"), 1)
	require.Equal(t, []any{"Alice Adams"}, standintest.Each(a.Do(200, "GET", "/users?query=ALICE@", nil).Object(t).Rows("users"), "name"))
	require.Empty(t, a.Do(200, "GET", "/users?query=zz", nil).Object(t).Rows("users"))
	require.Len(t, a.Do(200, "GET", "/escalation_policies?query=ep", nil).Object(t).Rows("escalation_policies"), 1)
	require.Equal(t, []any{"P1", "P2", "P3", "P4", "P5"}, standintest.Each(a.Do(200, "GET", "/priorities", nil).Object(t).Rows("priorities"), "name"))
	for _, path := range []string{"/users/PNONE", "/services/PNONE", "/escalation_policies/PNONE"} {
		code, _, _ := problem(t, a.Do(404, "GET", path, nil))
		require.Equal(t, 2100, code)
	}
	me := a.with("Authorization", "Token token=token-of-carol").Do(200, "GET", "/users/me", nil).Object(t)
	require.Equal(t, "carol@example.com", me.At("user", "email"))
}

func TestNamesThatLeadNowhereAreRefused(t *testing.T) {
	for name, opt := range map[string]pagerduty.Options{
		"policy of a service":  {Services: []pagerduty.Service{{Name: "S", Policy: "none"}}},
		"schedule of a policy": {Policies: []pagerduty.Policy{{Name: "P", Rules: []pagerduty.Rule{{Schedules: []string{"none"}}}}}},
		"user of a policy":     {Policies: []pagerduty.Policy{{Name: "P", Rules: []pagerduty.Rule{{Users: []string{"none"}}}}}},
		"user of a schedule":   {Schedules: []pagerduty.Schedule{{Name: "S", Shifts: []pagerduty.Shift{{User: "none"}}}}},
		"one e-mail twice":     {Users: []pagerduty.User{{Email: "a@example.com"}, {Email: "A@example.com"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pagerduty.New(opt)
			require.Error(t, err)
		})
	}
}
