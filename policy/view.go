package policy

import (
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// The variables of expressions, and the types of which parts may be unknown.
const (
	varRequest   = "request"
	varCluster   = "cluster"
	varTime      = "time"
	varEvidence  = "evidence"
	varApprovals = "approvals"
	varDenials   = "denials"
	varOnCall    = "on_call"

	typeRequest  = "policy.Request"
	typeResource = "policy.Resource"
)

// Request is what an expression sees as `request`. The names in the tags are the names in the configuration.
type Request struct {
	ID      string `cel:"id"`
	Cluster string `cel:"cluster"`
	User    string `cel:"user"`
	// Traits and UserRoles are the requester's own, as far as Teleport keeps them with the user.
	Traits             map[string][]string `cel:"traits"`
	UserRoles          []string            `cel:"user_roles"`
	Roles              []string            `cel:"roles"`
	Resources          []Resource          `cel:"resources"`
	Reason             string              `cel:"reason"`
	Annotations        map[string][]string `cel:"annotations"`
	SuggestedReviewers []string            `cel:"suggested_reviewers"`
	Thresholds         []Threshold         `cel:"thresholds"`
	// Kind is "role" or "resource".
	Kind string `cel:"kind"`
	// Duration is how long the access would last.
	Duration time.Duration `cel:"duration"`
	Created  time.Time     `cel:"created"`
	// Expires is when the request lapses if nobody decides it.
	Expires     time.Time `cel:"expires"`
	AccessFrom  time.Time `cel:"access_from"`
	AccessUntil time.Time `cel:"access_until"`
}

// Resource is what an expression sees as an element of `request.resources`.
type Resource struct {
	Cluster string `cel:"cluster"`
	Kind    string `cel:"kind"`
	Name    string `cel:"name"`
	// Title is the name people know the resource by, or else its name.
	Title  string            `cel:"title"`
	Labels map[string]string `cel:"labels"`
}

// Threshold is what an expression sees as an element of `request.thresholds`.
type Threshold struct {
	Name    string `cel:"name"`
	Approve int64  `cel:"approve"`
	Deny    int64  `cel:"deny"`
}

// Clock is what an expression sees as `time`: a moment in the configured time zone.
type Clock struct {
	Now time.Time `cel:"now"`
	// Weekday is the English name in small letters, such as "monday".
	Weekday  string `cel:"weekday"`
	Hour     int64  `cel:"hour"`
	Minute   int64  `cel:"minute"`
	Timezone string `cel:"timezone"`
}

// Statement is what an expression sees as an element of `evidence`, `approvals` and `denials`: one accepted piece of evidence.
type Statement struct {
	Target string `cel:"target"`
	// Status is the vendor's own word, Verdict what it means: "approve", "deny", or nothing.
	Status  string `cel:"status"`
	Verdict string `cel:"verdict"`
	// Person is the Teleport user, or the address of somebody who is known by that alone.
	Person string `cel:"person"`
	// Email is the address the vendor gave, in small letters, because expressions compare it letter by letter.
	Email string `cel:"email"`
	// ActorID is the vendor's identifier of the person.
	ActorID string    `cel:"actor_id"`
	At      time.Time `cel:"at"`
	Reason  string    `cel:"reason"`
	// Key is the name people use for the object, such as a Jira issue key.
	Key string `cel:"key"`
}

// Shift is what an expression sees as an element of `on_call`: one of the requester's own shifts.
type Shift struct {
	Integration string `cel:"integration"`
	Via         string `cel:"via"`
	Level       int64  `cel:"level"`
	// Until is when the shift ends; the end of the year 9999 for one without an end.
	Until time.Time `cel:"until"`
}

// never stands for the end of what has no end, so that comparisons come out right.
func never() time.Time { return time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC) }

func viewRequest(req bridge.Request, d directoryView) Request {
	v := Request{
		ID: req.ID, Cluster: req.Cluster, User: req.User, Traits: d.traits, UserRoles: d.roles, Roles: req.Roles, Reason: req.Reason,
		Annotations: req.Annotations, SuggestedReviewers: req.SuggestedReviewers, Kind: "role",
		Created: req.Created, Expires: req.PendingUntil, AccessFrom: req.AccessFrom, AccessUntil: accessEnd(req),
	}
	if v.AccessFrom.IsZero() {
		v.AccessFrom = req.Created
	}
	v.Duration, _ = accessLength(req)
	for _, r := range req.Resources {
		v.Kind = "resource"
		title := r.Title
		if title == "" {
			title = r.Name
		}
		v.Resources = append(v.Resources, Resource{Cluster: r.Cluster, Kind: r.Kind, Name: r.Name, Title: title, Labels: r.Labels})
	}
	for _, t := range req.Thresholds {
		v.Thresholds = append(v.Thresholds, Threshold{Name: t.Name, Approve: int64(t.Approve), Deny: int64(t.Deny)})
	}
	return v
}

// accessEnd is when the access would end, the later of what Teleport says; zero when it does not.
func accessEnd(req bridge.Request) time.Time {
	end := req.AccessUntil
	if req.MaxDuration > 0 {
		if longest := req.Created.Add(req.MaxDuration); longest.After(end) {
			end = longest
		}
	}
	return end
}

// accessLength is how long Teleport would grant the access; false when that is not known. Counted is from the start that was asked for, or
// from the request on, because an approval may come at once.
func accessLength(req bridge.Request) (time.Duration, bool) {
	from, end := req.Created, accessEnd(req)
	if req.AccessFrom.After(from) {
		from = req.AccessFrom
	}
	if from.IsZero() || !end.After(from) {
		return 0, false
	}
	return end.Sub(from), true
}

func viewClock(t time.Time, zone *time.Location) Clock {
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	return Clock{
		Now: t, Weekday: strings.ToLower(t.Weekday().String()), Hour: int64(t.Hour()), Minute: int64(t.Minute()), Timezone: zone.String(),
	}
}
