package alerting

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// ErrTooMany ends a listing that has more entries than the product shows.
var ErrTooMany = errors.New("the listing has more entries than are shown")

// API is the product's REST interface. Its methods make no second try, and return errors with their class, as httpx.Classify makes them: a
// Tracker looks for httpx.StatusError in them to see that something was not found. An answer without what was asked for is an error.
type API interface {
	// Create asks for an alert and returns the id of that request: alerts are made later. Where an alert with the alias is open, it takes the
	// place of a new one.
	Create(ctx context.Context, a NewAlert) (requestID string, err error)
	// Request tells what became of a request of Create or Close. It is pending as long as the product says that it was not processed.
	Request(ctx context.Context, requestID string) (Request, error)
	// Alert reads one alert.
	Alert(ctx context.Context, h Handle) (Alert, error)
	// Alerts lists the alerts that a search finds, from all pages, those created last first. ErrTooMany may end it.
	Alerts(ctx context.Context, query string) iter.Seq2[Alert, error]
	// Notes lists all notes of an alert, from all pages.
	Notes(ctx context.Context, h Handle) ([]Note, error)
	// Logs lists the whole log of an alert, from all pages.
	Logs(ctx context.Context, h Handle) ([]Entry, error)
	// AddNote adds a note to an alert.
	AddNote(ctx context.Context, h Handle, text string) error
	// Close asks for an alert to be closed, with a note, which may be empty, and returns the id of that request, if there is one. Closing comes
	// first where it takes two calls.
	Close(ctx context.Context, h Handle, note string) (requestID string, err error)
	// OnCall lists who is on call for a schedule now. Of each person the id or the address may be missing, not both.
	OnCall(ctx context.Context, scheduleID string) ([]User, error)
	// Schedules and Teams list all of the account, from all pages.
	Schedules(ctx context.Context) iter.Seq2[Object, error]
	Teams(ctx context.Context) iter.Seq2[Object, error]
	// Escalation looks for an escalation policy by name or id, with whom it calls where the product tells. The error of an unknown one is a
	// lookup.ErrUnknown.
	Escalation(ctx context.Context, nameOrID string) (Object, error)
	// User looks for a person by id, e-mail address, or what an alert's notes and log call them. The error of somebody who is no user, such as
	// an integration, is a lookup.ErrUnknown.
	User(ctx context.Context, name string) (User, error)
	// Own reports whether a note's or log entry's owner is the bridge itself.
	Own(owner string) bool
	// Check asks whether the address, the key and its rights to read and write are good, and adds what it finds. It reports whether anything
	// else can be asked.
	Check(ctx context.Context, f *incident.Findings) bool
	// Page is the address where people find the alert with an alias.
	Page(alias string) string
}

// Handle names an alert: by its id where that is known, else by its alias.
type Handle struct {
	ID, Alias string
}

// The types of responders.
const (
	TypeSchedule   = "schedule"
	TypeTeam       = "team"
	TypeUser       = "user"
	TypeEscalation = "escalation"
)

// Responder is who is told of an alert. Name is for people, and empty where the product does not tell it.
type Responder struct {
	Type, ID, Name string
}

// NewAlert is an alert to be made.
type NewAlert struct {
	Alias, Message, Description string
	Responders                  []Responder
	Actions, Tags               []string
	// Priority is P1 to P5; empty for the product's own default.
	Priority string
}

// Request is what became of a request.
type Request struct {
	// Pending is true as long as it was not processed.
	Pending bool
	// OK is false when it failed; Status says why, in the product's words.
	OK     bool
	Status string
	// AlertID is the alert that was made, or that has the alias already.
	AlertID string
}

// Alert is what is read of an alert.
type Alert struct {
	ID, Alias string
	// Closed is true when the alert's state says so.
	Closed               bool
	CreatedAt, UpdatedAt time.Time
	Responders           []Responder
}

// Note is a note of an alert.
type Note struct {
	Text string
	// Owner is who wrote it, in the product's form; see API.User.
	Owner string
	At    time.Time
	// Edited is true for a note that was changed after it was written.
	Edited bool
}

// Entry is an entry of an alert's log.
type Entry struct {
	// Text says what happened, in words.
	Text string
	// Owner is who did it, in the product's form; see API.User.
	Owner string
	At    time.Time
}

// User is a person of the account.
type User struct {
	ID, Email, Name string
}

// Object is a schedule, team or escalation policy.
type Object struct {
	ID, Name string
	// TeamID is the team that a schedule belongs to, if any.
	TeamID string
	// Calls is whom an escalation policy calls.
	Calls []Responder
}
