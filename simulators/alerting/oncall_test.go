package alerting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

// names are the usernames of everybody on call at a moment.
func (a *account) names(schedule string, at time.Time) []string {
	a.t.Helper()
	list, found := a.OnCall(schedule, at)
	require.True(a.t, found)
	out := []string{}
	for _, u := range a.People(list) {
		out = append(out, u.Username)
	}
	return out
}

func TestTheDefaultsPutAliceAndBobOnCall(t *testing.T) {
	a := start(t, alerting.Options{})
	now := a.clock.Now()
	require.Equal(t, []string{"alice@example.com"}, a.names(alerting.PrimarySchedule, now))
	require.Equal(t, []string{"bob@example.com"}, a.names(alerting.DefaultSchedules(now)[1].ID, now))
	require.Empty(t, a.names(alerting.PrimarySchedule, now.Add(-30*day)), "before the first shift")
	_, found := a.OnCall("other", now)
	require.False(t, found)
}

func TestAnOverrideTakesTheTurnForItsTime(t *testing.T) {
	a := start(t, alerting.Options{})
	now := a.clock.Now()
	version := a.Version()
	require.NoError(t, a.SetOnCall("primary", "bob", now, now.Add(time.Hour)))
	require.Equal(t, version+1, a.Version(), "the page notices")
	for at, name := range map[time.Duration]string{
		-1: "alice", 0: "bob", time.Hour - 1: "bob", time.Hour: "alice", 100 * day: "alice",
	} {
		require.Equal(t, []string{name + "@example.com"}, a.names("primary", now.Add(at)), at)
	}
	require.NoError(t, a.SetOnCall("primary", "carol", now.Add(30*time.Minute), time.Time{}))
	require.Equal(t, []string{"bob@example.com"}, a.names("primary", now))
	require.Equal(t, []string{"carol@example.com"}, a.names("primary", now.Add(100*day)))
	require.NoError(t, a.ClearOnCall("primary"))
	require.Empty(t, a.names("primary", now))
	require.Equal(t, []string{"bob@example.com"}, a.names("secondary", now))

	require.Error(t, a.SetOnCall("other", "bob", now, time.Time{}))
	require.Error(t, a.SetOnCall("primary", "nobody", now, time.Time{}))
	require.Error(t, a.SetOnCall("primary", "bob", now, now))
	require.Error(t, a.ClearOnCall("other"))
}

// two are a schedule with two rotations side by side, the second with a shift that was forwarded.
func two(now time.Time) []alerting.Schedule {
	return []alerting.Schedule{{Name: "two", Rotations: []alerting.Rotation{
		{Name: "a", Shifts: []alerting.Shift{
			{User: "alice", From: now.Add(-day)}, {User: "bob", From: now.Add(day)},
		}},
		{Name: "b", Shifts: []alerting.Shift{{User: "carol", ForwardedFrom: "dave", From: now.Add(-day), Until: now.Add(2 * day)}}},
	}}}
}

func TestRotationsRunSideBySide(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := start(t, alerting.Options{Schedules: two(now)})
	require.Equal(t, []string{"alice@example.com", "carol@example.com"}, a.names("two", now))
	require.Equal(t, []string{"carol@example.com", "bob@example.com"}, a.names("two", now.Add(day)))
	require.Equal(t, []string{"bob@example.com"}, a.names("two", now.Add(2*day)))
	list, _ := a.OnCall("two", now)
	require.Nil(t, list[0].ForwardedFrom)
	require.Equal(t, "dave@example.com", list[1].ForwardedFrom.Name)

	next, found := a.NextOnCall("two", now)
	require.True(t, found)
	require.Equal(t, "bob@example.com", next[0].Name)
	next, found = a.NextOnCall("two", now.Add(day))
	require.True(t, found)
	require.Empty(t, next, "nobody comes after bob")
	_, found = a.NextOnCall("other", now)
	require.False(t, found)

	require.NoError(t, a.SetOnCall("two", "dave", now, now.Add(time.Hour)))
	require.Equal(t, []string{"dave@example.com"}, a.names("two", now), "an override takes the place of all rotations")
}

func TestADisabledScheduleHasNobody(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	schedules := two(now)
	schedules[0].Disabled = true
	a := start(t, alerting.Options{Schedules: schedules})
	require.Empty(t, a.names("two", now))
	next, found := a.NextOnCall("two", now)
	require.True(t, found)
	require.Empty(t, next)
}

// nested are schedules where an escalation and a team are on call, and one that leads back to itself.
func nested(now time.Time) alerting.Options {
	shift := func(s alerting.Shift) []alerting.Rotation {
		s.From = now.Add(-day)
		return []alerting.Rotation{{Name: "r", Shifts: []alerting.Shift{s}}}
	}
	return alerting.Options{
		Teams: []alerting.Team{{Name: "ops", Members: []string{"alice"}}, {Name: "bare", Members: []string{"dave", "carol"}}},
		Schedules: []alerting.Schedule{
			{Name: "people", Rotations: shift(alerting.Shift{User: "alice"})},
			{Name: "by escalation", Rotations: shift(alerting.Shift{Escalation: "steps"})},
			{Name: "by team", Rotations: shift(alerting.Shift{Team: "ops"})},
			{Name: "by bare team", Rotations: shift(alerting.Shift{Team: "bare"})},
			{Name: "circle", Rotations: shift(alerting.Shift{Escalation: "round"})},
		},
		Escalations: []alerting.Escalation{
			{Name: "steps", Team: "ops", Rules: []alerting.Rule{
				{Schedule: "people"}, {After: 5 * time.Minute, User: "bob"}, {After: 10 * time.Minute, Team: "bare"},
			}},
			{Name: "round", Rules: []alerting.Rule{{Schedule: "circle"}, {User: "dave"}}},
		},
	}
}

func TestParticipantsHaveOthersInside(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a := start(t, nested(now))
	list, _ := a.OnCall("by escalation", now)
	require.Len(t, list, 1)
	require.Equal(t, []string{"escalation", "steps", ""}, []string{list[0].Type, list[0].Name, list[0].NotifyType})
	steps := list[0].Participants
	require.Equal(t, []int{0, 5, 10}, []int{steps[0].EscalationTime, steps[1].EscalationTime, steps[2].EscalationTime})
	require.Equal(t, "default", steps[1].NotifyType)
	require.Equal(t, "alice@example.com", steps[0].Participants[0].Name)
	require.Equal(t, "bob@example.com", steps[1].Name)
	// Flat, all of them are there, also those who are notified much later.
	all := []string{"alice@example.com", "bob@example.com", "dave@example.com", "carol@example.com"}
	require.Equal(t, all, a.names("by escalation", now))
	require.Equal(t, all, a.names("by team", now), "a team stands for its escalations")
	require.Equal(t, []string{"dave@example.com", "carol@example.com"}, a.names("by bare team", now), "or its members")
	require.Equal(t, []string{"dave@example.com"}, a.names("circle", now), "a circle ends")
}

func TestAnAccountIsRefusedWhereANameLeadsNowhere(t *testing.T) {
	now := time.Now()
	for name, opt := range map[string]alerting.Options{
		"user twice":        {Users: []alerting.User{{Username: "a@x"}, {Username: "A@x"}}},
		"id twice":          {Users: []alerting.User{{ID: "1", Username: "a@x"}, {ID: "1", Username: "b@x"}}},
		"nameless user":     {Users: []alerting.User{{}}},
		"member":            {Teams: []alerting.Team{{Name: "t", Members: []string{"nobody"}}}},
		"schedule's team":   {Schedules: []alerting.Schedule{{Name: "s", Team: "none"}}},
		"escalation's team": {Escalations: []alerting.Escalation{{Name: "e", Team: "none"}}},
		"empty rule":        {Escalations: []alerting.Escalation{{Name: "e", Rules: []alerting.Rule{{}}}}},
		"double rule":       {Escalations: []alerting.Escalation{{Name: "e", Rules: []alerting.Rule{{User: "alice", Team: "t"}}}}},
		"shift": {Schedules: []alerting.Schedule{{Name: "s", Rotations: []alerting.Rotation{
			{Shifts: []alerting.Shift{{User: "nobody", From: now}}},
		}}}},
		"forwarder": {Schedules: []alerting.Schedule{{Name: "s", Rotations: []alerting.Rotation{
			{Shifts: []alerting.Shift{{User: "alice", ForwardedFrom: "nobody", From: now}}},
		}}}},
	} {
		_, err := alerting.New(opt)
		require.Error(t, err, name)
	}
}

func TestPeopleAndPlacesAreFoundByEveryName(t *testing.T) {
	a := start(t, alerting.Options{})
	alice := alerting.DefaultUsers()[0]
	for _, who := range []string{alice.ID, alice.AccountID, "ALICE@example.com", "alice adams", "alice"} {
		u, found := a.User(who)
		require.True(t, found, who)
		require.Equal(t, alice.Username, u.Username)
	}
	_, found := a.User("")
	require.False(t, found)
	team, found := a.Team("Operations")
	require.True(t, found)
	require.Contains(t, team.Members, alice.ID)
	s, found := a.Schedule("primary")
	require.True(t, found)
	require.Equal(t, team.ID, s.Team)
	e, found := a.Escalation(alerting.DefaultEscalation)
	require.True(t, found)
	require.Equal(t, team.ID, e.Team)
	made := start(t, alerting.Options{Users: []alerting.User{{Username: "a@x"}, {Username: "b@x"}}, Teams: []alerting.Team{}})
	require.NotEqual(t, made.Users()[0].ID, made.Users()[1].ID)
	require.NotEqual(t, made.Users()[0].AccountID, made.Users()[1].AccountID)
	require.Empty(t, made.Schedules())
	_, found = a.Responder(alerting.Responder{Type: "group", Name: "x"})
	require.False(t, found)
}
