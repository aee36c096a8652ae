package text

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
)

// The names of the texts, as a configuration names them.
const (
	NameReview   = "review"
	NameRecorded = "recorded"
	NameRefusal  = "refusal"
	NameFailure  = "failure"
	NameDrift    = "drift"
	NameLate     = "late"
	NameApproved = "approved"
	NameDenied   = "denied"
	NamePromoted = "promoted"
	NameExpired  = "expired"
	NameDeleted  = "deleted"
	NameEnded    = "ended"
	NameReason   = "reason"
)

// View is what the template of one text sees. The views below are all there are.
type View interface {
	// textName names the text.
	textName() string
}

// Review is a review that somebody made in Teleport, or, for the text "recorded", the bridge's own while the request waits on.
type Review struct {
	Request bridge.Request
	Review  bridge.Review
	// Verb is approved or denied.
	Verb string
	// Own is true for the bridge's own review.
	Own bool
	// Missing says, for each threshold that is not met, what it has of what it needs, such as "1 of 2 approvals".
	Missing []string
}

// NewReview makes the view of a review.
func NewReview(req bridge.Request, r bridge.Review, own bool) Review {
	return Review{Request: req, Review: r, Verb: verb(r.State), Own: own, Missing: missing(req, r.State)}
}

// Refusal is a piece of evidence that does not count.
type Refusal struct {
	Request  bridge.Request
	Evidence bridge.Evidence
	// Code is the constant word, Why what it says to people, with what they can do.
	Code, Why string
}

// Failure is a decision that Teleport did not take.
type Failure struct {
	Request bridge.Request
	// Person made it, Verb is what it was: approved or denied.
	Person, Verb string
	Evidence     bridge.Evidence
	// OnCall is true where nobody made it, but the requester is on call.
	OnCall bool
	// Why is what Teleport said, or what keeps it from taking the decision.
	Why string
}

// Change is an object that says something else than what was decided: after Teleport has taken the decision from here, the text "drift", or after
// the request was decided otherwise, the text "late".
type Change struct {
	Request bridge.Request
	// Evidence is what the object says now. Its status is empty where it says nothing of a decision any more.
	Evidence bridge.Evidence
	// Verb is what was decided: approved or denied.
	Verb string
	// Late is true when the request has ended.
	Late bool
}

// Closing is the end of a request. Of one that is gone from Teleport only the ID is known.
type Closing struct {
	Request bridge.Request
	Ending  bridge.Ending
	// By are the people who reviewed it so in Teleport.
	By []string
}

// Reason is what stands in Teleport beside a decision.
type Reason struct {
	Request bridge.Request
	// Verb is Approved or Denied.
	Verb string
	// Person made the decision: a Teleport user or an address.
	Person   string
	Evidence bridge.Evidence
	// Support are further pieces of evidence that the decision rests on.
	Support []bridge.Evidence
	// Reason is what the people said.
	Reason string
	// OnCall is true where the requester's being on call decided.
	OnCall bool
	// Route and Rule say by which part of the configuration.
	Route, Rule string
}

// NewReason makes the view of a decision.
func NewReason(req bridge.Request, d bridge.Decision) Reason {
	word := "Approved"
	if d.Verdict == bridge.Deny {
		word = "Denied"
	}
	return Reason{
		Request: req, Verb: word, Person: cmp.Or(d.Person, d.Evidence.Actor.String()), Evidence: d.Evidence, Support: d.Support,
		Reason: d.Reason, OnCall: d.Evidence.OnCall(), Route: d.Route, Rule: d.Rule,
	}
}

func (v Review) textName() string {
	if v.Own {
		return NameRecorded
	}
	return NameReview
}

func (Refusal) textName() string { return NameRefusal }

func (Failure) textName() string { return NameFailure }

func (v Change) textName() string {
	if v.Late {
		return NameLate
	}
	return NameDrift
}

func (v Closing) textName() string { return string(v.Ending) }

func (Reason) textName() string { return NameReason }

func verb(s bridge.State) string {
	return map[bridge.State]string{bridge.StateApproved: "approved", bridge.StateDenied: "denied"}[s]
}

// missing says, for each threshold, what it has of what it needs.
func missing(req bridge.Request, of bridge.State) []string {
	given := uint32(0)
	for _, r := range req.Reviews {
		if r.State == of {
			given++
		}
	}
	var lacks []string
	for _, t := range req.Thresholds {
		needed, what := t.Approve, "approval"
		if of == bridge.StateDenied {
			needed, what = t.Deny, "denial"
		}
		if needed <= given {
			continue
		}
		lack := fmt.Sprintf("%d of %s", given, bridge.Count(needed, what))
		if t.Name != "" {
			lack += fmt.Sprintf(" (threshold %q)", t.Name)
		}
		if !slices.Contains(lacks, lack) {
			lacks = append(lacks, lack)
		}
	}
	return lacks
}
