package bridge

import (
	"slices"
	"strings"
	"time"
)

// State is the state of an Access Request in Teleport.
type State string

// The states of an Access Request. A request that no longer exists has no state: it is absent.
const (
	StatePending  State = "pending"
	StateApproved State = "approved"
	StateDenied   State = "denied"
	StatePromoted State = "promoted"
)

// Request is a Teleport Access Request, copied at the border so that no other package depends on Teleport's types.
type Request struct {
	// ID is the request's name in Teleport, a UUID.
	ID string
	// Cluster is the name of the Teleport cluster the request was made in.
	Cluster string
	// User is the Teleport user name of the requester.
	User string
	// Roles are the role names asked for, in Teleport's order.
	Roles []string
	// Resources are the single resources asked for; empty for a role request.
	Resources []Resource
	// Reason is the requester's own text, at most 4096 bytes, not trusted.
	Reason string
	State  State
	// Created is when the request was made.
	Created time.Time
	// PendingUntil is when Teleport drops the request if nobody decides it. After an approval Teleport reuses the same field
	// for the end of access.
	PendingUntil time.Time
	// AccessUntil is when the access ends if the request is approved.
	AccessUntil time.Time
	// AccessFrom is when the access starts; zero means on approval.
	AccessFrom time.Time
	// MaxDuration is how long the requester may hold the access; zero when not stated.
	MaxDuration time.Duration
	// ResolveReason is the reason given with the last decision.
	ResolveReason string
	// Reviews are all reviews submitted in Teleport, oldest first.
	Reviews []Review
	// SuggestedReviewers are the people the requester or the roles named.
	SuggestedReviewers []string
	// Annotations are Teleport's system annotations, which come from the requester's roles and cannot be set by users.
	Annotations map[string][]string
	// Thresholds are the approval thresholds that apply to the request.
	Thresholds []Threshold
	// PromotedTo is the title of the Access List a promoted request became a membership of.
	PromotedTo string
}

// Resource is one resource of a resource request.
type Resource struct {
	Cluster, Kind, Name string
	// Title is the name people know the resource by, such as a node's host name; empty when it could not be read.
	Title string
	// Labels are the labels of the resource; nil when they could not be read.
	Labels map[string]string
}

// Review is one review of a request in Teleport.
type Review struct {
	Author string
	// State is the proposed state: StateApproved or StateDenied.
	State  State
	Reason string
	At     time.Time
}

// Threshold says how many approvals or denials decide a request.
type Threshold struct {
	Name          string
	Approve, Deny uint32
}

// Pending reports whether the request still waits for a decision at the given time. A request whose time has run out is not
// pending even though Teleport may not have told us yet.
func (r Request) Pending(now time.Time) bool {
	return r.State == StatePending && (r.PendingUntil.IsZero() || now.Before(r.PendingUntil))
}

// ReviewBy returns the review the named Teleport user has submitted, if any.
func (r Request) ReviewBy(user string) (Review, bool) {
	i := slices.IndexFunc(r.Reviews, func(v Review) bool { return v.Author == user })
	if i < 0 {
		return Review{}, false
	}
	return r.Reviews[i], true
}

// Newer reports whether r carries later knowledge of the same request than other. Teleport's events and lists may overtake
// each other; a resolved request never becomes pending again and reviews are only ever added.
func (r Request) Newer(other Request) bool {
	if rank(r.State) != rank(other.State) {
		return rank(r.State) > rank(other.State)
	}
	return len(r.Reviews) >= len(other.Reviews)
}

// rank orders the states as Teleport allows them to follow one another: an approval may still be turned into a denial.
func rank(s State) int {
	switch s {
	case StatePending:
		return 0
	case StateApproved, StatePromoted:
		return 1
	case StateDenied:
		return 2
	default:
		return 0
	}
}

// SameName compares two names of people, such as e-mail addresses or Teleport user names, without regard to case and
// surrounding space. Empty names are never the same.
func SameName(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	return a != "" && strings.EqualFold(a, b)
}
