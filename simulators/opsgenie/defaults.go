package opsgenie

import "github.com/accessbridge/accessbridge/simulators/alerting"

// What a simulator with zero Options has.
const (
	// DefaultAPIKey may do everything, DefaultLimitedKey may use alerts only.
	DefaultAPIKey     = "6f70736b-6579-4000-8000-000000000001"
	DefaultLimitedKey = "6f70736b-6579-4000-8000-000000000002"
	// DefaultTeam is the team of alice, bob and carol.
	DefaultTeam = alerting.DefaultTeam
	// DefaultSchedule has alice on call, SecondarySchedule bob.
	DefaultSchedule   = alerting.PrimarySchedule
	SecondarySchedule = alerting.SecondarySchedule
	// DefaultEscalation notifies first DefaultSchedule, then SecondarySchedule, then carol.
	DefaultEscalation = alerting.DefaultEscalation
	// DefaultBot is the username of the user made for the bridge.
	DefaultBot = alerting.DefaultBot
	// IntegrationID is the id of the integration that the keys belong to.
	IntegrationID = "6f70736b-6579-4000-8000-0000000000ff"
)

// DefaultUsers are alice, bob, carol and dave at example.com, and the bridge's own.
func DefaultUsers() []alerting.User { return alerting.DefaultUsers() }
