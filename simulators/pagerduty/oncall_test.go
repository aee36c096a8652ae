package pagerduty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// onCall reads who is on call, as "level user schedule".
func (a *account) onCall(query string) []string {
	a.t.Helper()
	out := []string{}
	for _, row := range a.do(200, "GET", "/oncalls?"+query, nil).object(a.t).rows("oncalls") {
		schedule, _ := row.at("schedule", "summary").(string)
		level, _ := row["escalation_level"].(float64)
		user, _ := row.at("user", "id").(string)
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
	rows := a.do(200, "GET", "/oncalls?limit=1&offset=2", nil).object(t)
	require.Equal(t, false, rows["more"])
	permanent := rows.rows("oncalls")[0]
	require.Equal(t, []any{nil, nil, nil}, []any{permanent["schedule"], permanent["start"], permanent["end"]})
	full := a.do(200, "GET", "/oncalls?include[]=users&include[]=schedules&include[]=escalation_policies", nil).object(t).rows("oncalls")[0]
	require.Equal(t, "alice@example.com", full.at("user", "email"))
	require.Equal(t, "primary", full.at("schedule", "name"))
	require.Equal(t, "Production EP", full.at("escalation_policy", "name"))
}

func TestSetOnCallPastNowAndFuture(t *testing.T) {
	clock := newClock()
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
	rows := a.do(200, "GET", "/oncalls?"+primary, nil).object(t).rows("oncalls")
	require.Equal(t, []any{"PDAVE01"}, each(rows, "user", "id"), "a turn starts at its first moment and alice has none then")
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
	a.do(400, "GET", "/oncalls?since=2026-01-03&until=2026-01-02", nil)
	a.do(400, "GET", "/oncalls?until=2026-01-01", nil)
}

func TestATurnFurtherAheadThan90DaysIsNotTold(t *testing.T) {
	clock := newClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	require.NoError(t, a.ClearOnCall("primary"))
	require.NoError(t, a.SetOnCall("primary", "dave", clock.Now().AddDate(0, 0, 100), time.Time{}))
	require.Empty(t, a.onCall("schedule_ids[]=PSCHED1&until=2026-12-31"))
	clock.Add(20 * 24 * time.Hour)
	require.Len(t, a.onCall("schedule_ids[]=PSCHED1&until=2026-12-31"), 1)
}

func TestASchedulesUsersAndTurns(t *testing.T) {
	clock := newClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	require.NoError(t, a.SetOnCall("primary", "dave", clock.Now().Add(time.Hour), clock.Now().Add(2*time.Hour)))
	users := func(query string) []any {
		return each(a.do(200, "GET", "/schedules/PSCHED1/users"+query, nil).object(t).rows("users"), "email")
	}
	require.Equal(t, []any{"alice@example.com"}, users(""))
	require.Equal(t, []any{"alice@example.com", "dave@example.com"}, users("?since=2026-01-02&until=2026-01-03"))
	plain := a.do(200, "GET", "/schedules/PSCHED1", nil).object(t)
	require.Nil(t, plain.at("schedule", "final_schedule"))
	turns := a.do(200, "GET", "/schedules/PSCHED1?since=2026-01-02T04:30:00Z&until=2026-01-02T04:40:00Z", nil).object(t)
	final, _ := turns.at("schedule", "final_schedule").(map[string]any)
	require.Equal(t, []any{"PDAVE01"}, each(object(final).rows("rendered_schedule_entries"), "user", "id"))
	a.do(404, "GET", "/schedules/PNONE/users", nil)
	a.do(404, "GET", "/schedules/PNONE", nil)
	a.do(400, "GET", "/schedules/PSCHED1?since=x", nil)
}

func TestDirectoryPagesAndQueries(t *testing.T) {
	services := []pagerduty.Service{}
	for i := range 30 {
		services = append(services, pagerduty.Service{Name: "Service " + string(rune('A'+i%26)) + string(rune('a'+i/26)), Policy: "EP"})
	}
	a := start(t, pagerduty.Options{Services: services, Policies: []pagerduty.Policy{{Name: "EP"}}})
	first := a.do(200, "GET", "/services?query=service", nil).object(t)
	require.Len(t, first.rows("services"), 25)
	require.Equal(t, true, first["more"])
	require.Len(t, a.do(200, "GET", "/services?query=service&offset=25", nil).object(t).rows("services"), 5)
	require.Equal(t, []any{"Service Aa", "Service Ab"}, each(a.do(200, "GET", "/services?query=SERVICE%20a", nil).object(t).rows("services"), "name"))
	require.Len(t, a.do(200, "GET", "/services?name=Service%20Aa", nil).object(t).rows("services"), 1)
	require.Equal(t, []any{"Alice Adams"}, each(a.do(200, "GET", "/users?query=ALICE@", nil).object(t).rows("users"), "name"))
	require.Empty(t, a.do(200, "GET", "/users?query=zz", nil).object(t).rows("users"))
	require.Len(t, a.do(200, "GET", "/escalation_policies?query=ep", nil).object(t).rows("escalation_policies"), 1)
	require.Equal(t, []any{"P1", "P2", "P3", "P4", "P5"}, each(a.do(200, "GET", "/priorities", nil).object(t).rows("priorities"), "name"))
	for _, path := range []string{"/users/PNONE", "/services/PNONE", "/escalation_policies/PNONE"} {
		code, _, _ := a.do(404, "GET", path, nil).problem(t)
		require.Equal(t, 2100, code)
	}
	me := a.with("Authorization", "Token token=token-of-carol").do(200, "GET", "/users/me", nil).object(t)
	require.Equal(t, "carol@example.com", me.at("user", "email"))
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
