package alerting

import "time"

// User is one person of the account.
type User struct {
	// ID is the product's id; made up if empty.
	ID string
	// Username is the e-mail address, FullName the display name.
	Username, FullName string
	// AccountID is the person's Atlassian account id; made up if empty. Only Jira Service Management shows it.
	AccountID string
	// Role is "User", "Admin" or "Owner"; default User.
	Role string
	// Blocked persons cannot log in.
	Blocked bool
	// App marks the account of a program. Only Jira Service Management shows it.
	App bool
}

// Team is a team. Members are ids, usernames or names of users.
type Team struct {
	// ID is made up if empty.
	ID, Name, Description string
	Members               []string
}

// Schedule is an on-call schedule. In each rotation at most one participant is on call at a time; several rotations run side
// by side.
type Schedule struct {
	// ID is made up if empty.
	ID, Name, Description string
	// Team is the id or name of the team that owns the schedule; may be empty.
	Team string
	// Disabled schedules have nobody on call.
	Disabled  bool
	Rotations []Rotation
}

// Rotation is one rotation of a schedule.
type Rotation struct {
	// ID is made up if empty.
	ID, Name string
	// Shifts are the turns, in any order; a later one in the list takes the place of an earlier one where they overlap.
	Shifts []Shift
}

// Shift is one turn of a rotation. Exactly one of User, Team and Escalation is set, each an id or name; a user also an e-mail.
type Shift struct {
	User, Team, Escalation string
	// ForwardedFrom is a user who handed this turn to the other one; mostly empty.
	ForwardedFrom string
	// From is when the turn starts, Until when it ends; a zero Until means that it does not end.
	From, Until time.Time
}

// Escalation is an escalation policy.
type Escalation struct {
	// ID is made up if empty.
	ID, Name, Description string
	// Team is the id or name of the team that owns the escalation; may be empty.
	Team  string
	Rules []Rule
}

// Rule is one step of an escalation: whom to notify, After the alert was made if nobody acknowledged it. Exactly one of User,
// Team and Schedule is set, as in [Shift].
type Rule struct {
	After                time.Duration
	User, Team, Schedule string
}

// Types of [Responder] and [Participant].
const (
	TypeUser       = "user"
	TypeTeam       = "team"
	TypeSchedule   = "schedule"
	TypeEscalation = "escalation"
)

// Responder is who is to deal with an alert. Where it is given to the account, ID may be empty and Name is then the name, or
// the username of a user.
type Responder struct{ Type, ID, Name string }

// Participant is one who is on call, possibly with others inside: an escalation has its steps, a team its escalations.
type Participant struct {
	Type, ID, Name string
	// ForwardedFrom is who handed the turn over; nil for nobody.
	ForwardedFrom *Participant
	// EscalationTime is the minutes after which a step of an escalation is notified, NotifyType how; empty outside of one.
	EscalationTime int
	NotifyType     string
	Participants   []Participant
}

// Alert is what the simulator knows about one alert at one moment. It shares memory with the simulator and must not be
// changed by the caller.
type Alert struct {
	// ID is a UUID and the time of creation; TinyID counts from 1; Alias is the ID where the creator gave none.
	ID, TinyID, Alias            string
	Message, Description, Entity string
	// Source is where the alert says it comes from; User is who is said to have made it.
	Source, User string
	// Status is open or closed.
	Status       string
	Acknowledged bool
	Seen         bool
	// Owner is the username of the user who owns the alert; empty for nobody.
	Owner string
	// Priority is P1 to P5.
	Priority   string
	Tags       []string
	Details    map[string]string
	Actions    []string
	Responders []Responder
	// Count is 1 and one more for each creation that was joined to this alert; the last was LastOccurred.
	Count        int
	LastOccurred time.Time
	// Integration is the name of the integration that made it.
	Integration      string
	Created, Updated time.Time
	// Acked and Closed are zero while the alert is not; AckedBy and ClosedBy are usernames or what the caller was named.
	Acked, Closed     time.Time
	AckedBy, ClosedBy string
	// Notes and Log are oldest first, whatever order the REST API answers in.
	Notes []Note
	Log   []LogEntry
	// Deleted alerts are found no more.
	Deleted bool

	seq int
}

// Open says whether the alert is not closed.
func (a Alert) Open() bool { return a.Status == StatusOpen }

// Values of [Alert.Status].
const (
	StatusOpen   = "open"
	StatusClosed = "closed"
)

// Note is one note of an alert. Owner is a username, or whatever a caller of the API was named.
type Note struct {
	ID, Owner, Text string
	At              time.Time
	// Edited is when the text was last replaced; zero if it never was. Only Jira Service Management shows it.
	Edited time.Time
}

// LogEntry is one entry of an alert's activity log.
type LogEntry struct {
	// Offset is the entry's place in the log as the vendor tells it: milliseconds and nanoseconds.
	Offset string
	// Type is "system" for what was done and "alertRecipient" for what a recipient was told or saw.
	Type string
	// Owner is a username, or whatever a caller of the API was named, or "System".
	Owner, Text string
	At          time.Time
}

// Actor is who does something.
type Actor struct {
	// User is the id of a person who is logged in; empty for everything else.
	User string
	// Name is what a caller of the API says who it is, whoever it is; the default is "System".
	Name string
	// Via is the way: "web" for a person, "API" for a caller, "system" for the product itself.
	Via string
	// Source is what the caller says where it comes from; may be empty.
	Source string
	// Integration is the name of the integration that a caller's key belongs to.
	Integration string
}

// Request is a write that was accepted, and what became of it.
type Request struct {
	ID string
	// Action is such as "Create" or "Acknowledge".
	Action string
	// Done says whether the request was processed; what follows is empty until then.
	Done, Success bool
	// Status is such as "Created alert" or "Alert does not exist".
	Status, AlertID, Alias, Integration string
	ProcessedAt                         time.Time
}
