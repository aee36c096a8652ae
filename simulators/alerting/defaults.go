package alerting

import "time"

// What an account with zero Options has.
const (
	// DefaultTeam is the team of alice, bob and carol; it owns the schedules and the escalation.
	DefaultTeam = "Operations"
	// PrimarySchedule and SecondarySchedule are steps 1 and 2 of DefaultEscalation.
	PrimarySchedule   = "primary"
	SecondarySchedule = "secondary"
	DefaultEscalation = "Operations_escalation"
	// DefaultBot is the username of the user made for the bridge.
	DefaultBot = "accessbridge@example.com"
)

// DefaultUsers are alice, bob, carol and dave at example.com, and the bridge's own.
func DefaultUsers() []User {
	user := func(n, username, name string) User {
		return User{
			ID: "0000000" + n + "-0000-4000-8000-000000000000", Username: username, FullName: name,
			AccountID: "712020:0000000" + n + "-aaaa-4000-8000-000000000000",
		}
	}
	return []User{
		user("1", "alice@example.com", "Alice Adams"),
		user("2", "bob@example.com", "Bob Brown"),
		user("3", "carol@example.com", "Carol Cooper"),
		user("4", "dave@example.com", "Dave Dunn"),
		user("9", DefaultBot, "Access Bridge"),
	}
}

// DefaultTeams is one team, of alice, bob and carol.
func DefaultTeams() []Team {
	return []Team{{
		ID: "10000000-0000-4000-8000-000000000001", Name: DefaultTeam, Description: "Keeps production running",
		Members: []string{"alice@example.com", "bob@example.com", "carol@example.com"},
	}}
}

// DefaultSchedules are primary, with alice on call, and secondary, with bob; both shifts began a week before now and do not
// end.
func DefaultSchedules(now time.Time) []Schedule {
	start := now.Add(-7 * 24 * time.Hour).Truncate(time.Hour)
	schedule := func(id, name, user string) Schedule {
		return Schedule{
			ID: id, Name: name, Team: DefaultTeam,
			Rotations: []Rotation{{Name: "Rot1", Shifts: []Shift{{User: user, From: start}}}},
		}
	}
	return []Schedule{
		schedule("20000000-0000-4000-8000-000000000001", PrimarySchedule, "alice@example.com"),
		schedule("20000000-0000-4000-8000-000000000002", SecondarySchedule, "bob@example.com"),
	}
}

// DefaultEscalations is one escalation: at once the schedule primary, after 10 minutes secondary, after 20 carol herself.
func DefaultEscalations() []Escalation {
	return []Escalation{{
		ID: "30000000-0000-4000-8000-000000000001", Name: DefaultEscalation, Team: DefaultTeam,
		Rules: []Rule{
			{Schedule: PrimarySchedule},
			{After: 10 * time.Minute, Schedule: SecondarySchedule},
			{After: 20 * time.Minute, User: "carol@example.com"},
		},
	}}
}
