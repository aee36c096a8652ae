package pagerduty

import "time"

// What a simulator with zero Options has.
const (
	// DefaultToken is the account's API key.
	DefaultToken = "pd-account-token"
	// DefaultBotEmail is the user in whose name the bridge acts.
	DefaultBotEmail = "accessbridge@example.com"
	// DefaultService is the name of the service, DefaultPolicy of its escalation policy.
	DefaultService = "Production"
	DefaultPolicy  = "Production EP"
	// PrimarySchedule and SecondarySchedule are levels 1 and 2 of the policy.
	PrimarySchedule   = "primary"
	SecondarySchedule = "secondary"
	// DefaultTeam is the team of alice, bob and carol.
	DefaultTeam = "Operations"
)

// DefaultUsers are alice, bob, carol and dave at example.com. Each has a user-level API key "token-of-" and the name.
func DefaultUsers() []User {
	return []User{
		{ID: "PALICE1", Name: "Alice Adams", Email: "alice@example.com", Token: "token-of-alice"},
		{ID: "PBOB001", Name: "Bob Brown", Email: "bob@example.com", Token: "token-of-bob"},
		{ID: "PCAROL1", Name: "Carol Cooper", Email: "carol@example.com", Token: "token-of-carol"},
		{ID: "PDAVE01", Name: "Dave Dunn", Email: "dave@example.com", Token: "token-of-dave"},
	}
}

// DefaultTeams is one team, of alice, bob and carol.
func DefaultTeams() []Team {
	return []Team{{ID: "PTEAM01", Name: DefaultTeam, Members: []string{"PALICE1", "PBOB001", "PCAROL1"}}}
}

// DefaultSchedules are primary, with alice on call, and secondary, with bob; both shifts began a week before now and do not
// end.
func DefaultSchedules(now time.Time) []Schedule {
	start := now.Add(-7 * 24 * time.Hour).Truncate(time.Hour)
	return []Schedule{
		{ID: "PSCHED1", Name: PrimarySchedule, Shifts: []Shift{{User: "alice@example.com", From: start}}},
		{ID: "PSCHED2", Name: SecondarySchedule, Shifts: []Shift{{User: "bob@example.com", From: start}}},
	}
}

// DefaultPolicies is one policy: level 1 the schedule primary, level 2 the schedule secondary, level 3 carol herself.
func DefaultPolicies() []Policy {
	return []Policy{{ID: "PPOLICY", Name: DefaultPolicy, Rules: []Rule{
		{Schedules: []string{PrimarySchedule}}, {Schedules: []string{SecondarySchedule}}, {Users: []string{"carol@example.com"}},
	}}}
}

// DefaultServices is the service Production with the policy of [DefaultPolicies].
func DefaultServices() []Service {
	return []Service{{ID: "PSERVIC", Name: DefaultService, Policy: DefaultPolicy}}
}
