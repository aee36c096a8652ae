package jsm

import "github.com/accessbridge/accessbridge/simulators/alerting"

// What a simulator with zero Options has.
const (
	// DefaultCloudID is the id of the site.
	DefaultCloudID = "6a736d00-c10d-4000-8000-000000000001"
	// DefaultEmail is whom the tokens below belong to: the user made for the bridge.
	DefaultEmail = alerting.DefaultBot
	// DefaultAPIToken may do everything, DefaultLimitedToken is not granted the scope for configuration: schedules, teams and
	// escalations.
	DefaultAPIToken     = "bridge-api-token"
	DefaultLimitedToken = "bridge-alerts-only-token"
	// DefaultOutsider has a Jira account with DefaultOutsiderToken, but no access to operations.
	DefaultOutsider      = "dave@example.com"
	DefaultOutsiderToken = "outsider-api-token"
	// DefaultTeam is the team of alice, bob and carol, and DefaultGroup their group in Jira.
	DefaultTeam  = alerting.DefaultTeam
	DefaultGroup = "operations-people"
	// DefaultSchedule has alice on call, SecondarySchedule bob.
	DefaultSchedule   = alerting.PrimarySchedule
	SecondarySchedule = alerting.SecondarySchedule
	// DefaultEscalation notifies first DefaultSchedule, then SecondarySchedule, then carol.
	DefaultEscalation = alerting.DefaultEscalation
	// DefaultApp is the username of a user that is a program, which acts when an automation rule does.
	DefaultApp = "automation"
)

// DefaultUsers are alice, bob, carol and dave at example.com, the bridge's own, and an app.
func DefaultUsers() []alerting.User {
	return append(alerting.DefaultUsers(), alerting.User{
		ID: "00000008-0000-4000-8000-000000000000", AccountID: "557058:00000008-aaaa-4000-8000-000000000000",
		Username: DefaultApp, FullName: "Automation for Jira", App: true,
	})
}

// DefaultGroups is one group, of alice, bob and carol.
func DefaultGroups() []Group {
	return []Group{{
		ID: "40000000-0000-4000-8000-000000000001", Name: DefaultGroup, Members: []string{"alice", "bob", "carol"},
	}}
}
