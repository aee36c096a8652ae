package bridge

import (
	"context"
	"time"
)

// OnCallQuery names what somebody may be on call for, in the vendor's own names or ids. The kinds are alternatives: a shift in any of the
// named things counts.
type OnCallQuery struct {
	// Services, Policies (escalation policies), Schedules and Teams are names, compared without regard to case, or ids.
	Services, Policies, Schedules, Teams []string
	// Levels is the highest escalation level that counts; 0 means every level. A vendor without levels ignores it.
	Levels int
}

// Empty reports whether the query names nothing.
func (q OnCallQuery) Empty() bool {
	return len(q.Services)+len(q.Policies)+len(q.Schedules)+len(q.Teams) == 0
}

// Shift says that a person is on call now.
type Shift struct {
	Person Actor `json:"person"`
	// Via names the schedule, or the escalation policy where the vendor tells no schedule.
	Via string `json:"via"`
	// Level is the escalation level, 1 for who is called first; 0 where the vendor has none.
	Level int `json:"level,omitempty"`
	// Until is when the shift ends; zero for a shift without an end.
	Until time.Time `json:"until,omitzero"`
}

// StatusOnCall is the status of evidence that is no object but a shift of the requester's own.
const StatusOnCall = "on call"

// Duty is who is on call at one integration for what one request is about, and when that was read.
type Duty struct {
	Integration string
	Shifts      []Shift
	ReadAt      time.Time
}

// OnCallSource tells who is on call.
type OnCallSource interface {
	Integration
	// OnCall returns the shifts that are running now. Names in the query that the vendor does not know are an error made by
	// Terminal, because silence would look like nobody being on call. The answer about shifts is never older than a few
	// seconds; look-ups of names and people may be.
	OnCall(ctx context.Context, q OnCallQuery) ([]Shift, error)
}
