package bridge

import "time"

// Verdict is what a piece of evidence, or a decision, says about a request.
type Verdict string

// The verdicts. The zero value decides nothing.
const (
	Undecided Verdict = ""
	Approve   Verdict = "approve"
	Deny      Verdict = "deny"
)

// Actor is a person, or a program, as the vendor knows them.
type Actor struct {
	// ID is the vendor's own stable identifier, such as an Atlassian account id.
	ID string `json:"id,omitempty"`
	// Email is the address the vendor gave; empty when the vendor hides it.
	Email string `json:"email,omitempty"`
	// Name is the name shown to people. It proves nothing.
	Name string `json:"name,omitempty"`
	// Automated is true for programs: apps, automation rules and bots. They never count.
	Automated bool `json:"automated,omitempty"`
}

// Known reports whether the vendor said who acted at all.
func (a Actor) Known() bool { return a.ID != "" || a.Email != "" }

// String returns the best name for people to read.
func (a Actor) String() string {
	for _, s := range []string{a.Email, a.Name, a.ID} {
		if s != "" {
			return s
		}
	}
	return "nobody"
}

// Evidence is what a vendor says now about one object, read with the bridge's own credentials. It is never taken from a
// webhook's payload.
type Evidence struct {
	// Target is the name of the target the object was opened for.
	Target string `json:"target"`
	// Object is the object that was read.
	Object Ref `json:"object"`
	// Marker is the request id that the object itself carries. It must be the request's own.
	Marker string `json:"marker"`
	// Status is the vendor's own word for the object's state.
	Status string `json:"status"`
	// Verdict is what the integration's configured states make of Status; Undecided for any state it does not know.
	Verdict Verdict `json:"verdict,omitempty"`
	// Settled is true when the object in this state already stands where a request with this verdict belongs, so that it needs no closing.
	Settled bool `json:"settled,omitempty"`
	// Actor is who brought the object into that state, At when.
	Actor Actor     `json:"actor"`
	At    time.Time `json:"at"`
	// Reason is what that person wrote about it.
	Reason string `json:"reason,omitempty"`
	// Barred says, to people, why a rule of the integration itself keeps the actor from deciding, such as not being on call for the
	// incident's service; empty when there is no such rule or the actor satisfies it.
	Barred string `json:"barred,omitempty"`
	// ReadAt is when the bridge read all this.
	ReadAt time.Time `json:"read_at"`
	// DeliveryID is the vendor's identifier of the webhook delivery that made the bridge read; empty when it read by itself. It says why the
	// bridge looked, and proves nothing.
	DeliveryID string `json:"delivery_id,omitempty"`
}

// OnCall reports whether the evidence is no object but a shift of the requester's own.
func (e Evidence) OnCall() bool { return e.Object.ID == "" && e.Status == StatusOnCall }

// Glance is the cheap view of an object in a bulk listing: enough to see whether a full reading is worth a call.
type Glance struct {
	Object Ref
	// Decided is true when somebody seems to have decided at the object.
	Decided bool
}

// Mode is how a decision is put into effect in Teleport.
type Mode string

// The modes of deciding.
const (
	// ModeReview submits an access review as the bridge's own user; thresholds stay in force.
	ModeReview Mode = "review"
	// ModeOverride sets the request's state and skips thresholds; the audit log names the person as delegator.
	ModeOverride Mode = "override"
)

// The rules named in decisions: a state that decides by itself, the requester's being on call, or an expression of the route.
const (
	RuleStatus      = "status"
	RuleOnCall      = "on_call"
	RuleApproveWhen = "approve_when"
	RuleDenyWhen    = "deny_when"
)

// Decision is what the policy makes of a request and all its evidence.
type Decision struct {
	Verdict Verdict
	// Person is the Teleport user, or the e-mail address, that the actor was mapped to.
	Person string
	// Reason is the person's own text.
	Reason string
	// Text is the whole text to put into Teleport beside the decision; empty for the built-in one.
	Text string
	// Evidence is the piece that decided, Support are all others that an expression saw.
	Evidence Evidence
	Support  []Evidence
	// Duties are the readings of who is on call that an expression saw, without their shifts.
	Duties []Duty
	// Route is the route that selected the request, Rule the part of it that decided.
	Route, Rule string
	Mode        Mode
	// Refusals are the pieces of evidence that were not accepted, and why.
	Refusals []Refusal
	// Unknown is true when the rules need a fact that is not known now and may be later.
	Unknown bool
	// Detail says, to administrators, what keeps the rules from deciding, such as an error; empty when nothing does.
	Detail string
}

// Refusal says why a piece of evidence does not count.
type Refusal struct {
	Evidence Evidence
	// Code is a constant word for logs and metrics.
	Code string
	// Text says the same to the people at the object, with what they can do.
	Text string
	// Detail is for administrators only, such as the error of a condition; empty when Text says it all.
	Detail string
}

// Target is one place a route opens for a request.
type Target struct {
	// Integration is the configured name of the integration, and the name of the link.
	Integration string
	// Route is the name of the route that chose the target.
	Route string
	// Settings are the integration's own per-target settings, decoded from the route; nil when none were given.
	Settings any
	// Recipients are whom Teleport's own routing names for the integration, in the vendor's words, such as a service or a schedule; none
	// where a route alone chose the target.
	Recipients []string
	// Hold is how long after the request was made the target is left alone.
	Hold time.Duration
}
