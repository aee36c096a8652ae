package pagerduty

import (
	"encoding/json"
	"time"
)

// User is one user of the account.
type User struct {
	// ID is PagerDuty's id; made up if empty.
	ID string
	// Name is the display name; Email is what the From header and look-ups go by.
	Name, Email string
	// Role is the base role; default "user".
	Role string
	// Token is the user-level API key; a user with an empty one has none.
	Token string
}

// Team is one team of users.
type Team struct {
	// ID is made up if empty.
	ID, Name string
	// Members are ids, e-mails or names of users.
	Members []string
}

// Schedule is one on-call schedule. At any moment at most one person is on call in it.
type Schedule struct {
	// ID is made up if empty.
	ID, Name string
	// Shifts are the turns, in any order; a later one in the list takes the place of an earlier one where they overlap.
	Shifts []Shift
}

// Shift is one turn of a schedule.
type Shift struct {
	// User is an id, e-mail or name.
	User string
	// From is when the turn starts, Until when it ends; a zero Until means that it does not end.
	From, Until time.Time
}

// Policy is one escalation policy.
type Policy struct {
	// ID is made up if empty.
	ID, Name string
	// Rules are the escalation levels, level 1 first.
	Rules []Rule
}

// Rule is one level of an escalation policy: whoever is on call in the schedules, and the users. All are ids or names, users
// also e-mails.
type Rule struct {
	Schedules, Users []string
}

// Service is one service that incidents are opened on.
type Service struct {
	// ID is made up if empty.
	ID, Name string
	// Policy is the id or name of the escalation policy.
	Policy string
	// Disabled refuses incidents.
	Disabled bool
}

// Incident is what the simulator knows about one incident at one moment. It shares memory with the simulator and must not
// be changed by the caller.
type Incident struct {
	ID     string
	Number int
	// Key is the incident_key, made up by PagerDuty where the creator gave none.
	Key, Title string
	// Status is triggered, acknowledged or resolved; Urgency is high or low.
	Status, Urgency string
	// Service and Policy are ids; Priority is a name, empty for none.
	Service, Policy, Priority string
	// Body is the details of the incident's body as sent: a JSON text or object.
	Body json.RawMessage
	// Assignees are the ids of the users who are assigned; none once resolved.
	Assignees []string
	// Direct says that the assignees were named instead of found by the escalation policy.
	Direct bool
	// Level is the current escalation level.
	Level int
	// Acknowledgements are those of the current status.
	Acknowledgements []Acknowledgement
	// Resolution is the text sent along with the last resolve.
	Resolution string
	// Creator is the id of the user who opened it.
	Creator string
	// Notes, Log and Invocations are oldest first, whatever order the REST API answers in.
	Notes       []Note
	Log         []LogEntry
	Invocations []Invocation
	Created     time.Time
	Updated     time.Time
	// StatusChanged and StatusBy tell the last change of status; StatusBy is a user's id, empty for automation.
	StatusChanged time.Time
	StatusBy      string
	Resolved      time.Time

	seq        int
	bridge     json.RawMessage
	assignedAt time.Time
}

// Open says whether the incident is not resolved.
func (i Incident) Open() bool { return i.Status != statusResolved }

// Acknowledgement is one person's (or, with an empty user, an automation's) acknowledgement.
type Acknowledgement struct {
	User string
	At   time.Time
}

// Note is one note of an incident. User is an id; empty when automation wrote it.
type Note struct {
	ID, User, Content string
	// At is when it was written; Edited is when it was last changed, zero if never. Who changed it PagerDuty does not tell.
	At, Edited time.Time
}

// LogEntry is one entry of an incident's timeline.
type LogEntry struct {
	ID string
	// Type is the vendor's, such as "acknowledge_log_entry".
	Type string
	// User is the id of the agent; empty when it is the service.
	User string
	// Channel is the type of the channel, such as "website", and Text its summary.
	Channel, Text string
	// Note is the text sent along with a resolve.
	Note string
	// Assignees are ids, for assign_log_entry and notify_log_entry.
	Assignees []string
	At        time.Time

	seq int
}

// Invocation is one use of a custom incident action. User is an id; empty for automation.
type Invocation struct {
	ID, Action, User string
	At               time.Time
}

const (
	statusTriggered    = "triggered"
	statusAcknowledged = "acknowledged"
	statusResolved     = "resolved"
	urgencyHigh        = "high"
	urgencyLow         = "low"
)
