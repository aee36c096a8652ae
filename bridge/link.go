package bridge

import (
	"slices"
	"time"
)

// Phase is how far a link has come.
type Phase string

// The phases of a link, in the order a link goes through them.
const (
	// PhaseNone means that nothing was begun.
	PhaseNone Phase = ""
	// PhaseClaimed means that one instance has taken it upon itself to create the object and may be doing so now.
	PhaseClaimed Phase = "claimed"
	// PhaseOpen means that the object exists and Ref names it.
	PhaseOpen Phase = "open"
	// PhaseFailed means that the vendor refused for good; LastError says why and NotBefore when it is tried once more.
	PhaseFailed Phase = "failed"
	// PhaseClosed means that the request has ended and the object says so.
	PhaseClosed Phase = "closed"
)

// Ref names an object at a vendor.
type Ref struct {
	// ID is the vendor's own stable identifier, such as a Jira issue id.
	ID string `json:"id"`
	// Key is the name people use, such as a Jira issue key.
	Key string `json:"key,omitempty"`
	// URL is the page where people see the object.
	URL string `json:"url,omitempty"`
}

// Link is the only durable record the bridge owns: this request is that object. It is stored in Teleport plugin data, one
// key per target, and changed only by compare-and-swap.
type Link struct {
	Phase Phase `json:"phase"`
	Ref   Ref   `json:"ref,omitzero"`
	// Owner is the instance that holds the lease, Until when the lease runs out. A lease is held while an object is being
	// created, commented or closed, so that two instances never do it at once.
	Owner string    `json:"owner,omitempty"`
	Until time.Time `json:"until,omitzero"`
	// Opened is when the object was created or adopted.
	Opened time.Time `json:"opened,omitzero"`
	// Unsettled is until when an earlier creation of unknown outcome may still be carried out. It joins the object while that is open, and would
	// make a second one beside a closed one, so the object is not closed before.
	Unsettled time.Time `json:"unsettled,omitzero"`
	// PendingUntil is copied from the request, to tell an expiry from a deletion once the request is gone.
	PendingUntil time.Time `json:"pending_until,omitzero"`
	// Notes are the identities of the notes the object is known to show.
	Notes []string `json:"notes,omitempty"`
	// Replaced counts how often a deleted object was created again.
	Replaced int `json:"replaced,omitempty"`
	// Outcome is how the request ended, once closed, and Closed when that was written down.
	Outcome Ending    `json:"outcome,omitempty"`
	Closed  time.Time `json:"closed,omitzero"`
	// LastError and NotBefore are set in PhaseFailed only; FailedSince is kept until the object exists.
	LastError   string    `json:"last_error,omitempty"`
	NotBefore   time.Time `json:"not_before,omitzero"`
	FailedSince time.Time `json:"failed_since,omitzero"`
}

// Held reports whether another instance than self holds the lease at the given time.
func (l Link) Held(self string, now time.Time) bool {
	return l.Owner != "" && l.Owner != self && now.Before(l.Until)
}

// Leased returns the link with the lease given to owner until the given time.
func (l Link) Leased(owner string, until time.Time) Link {
	l.Owner, l.Until = owner, until.UTC().Truncate(time.Millisecond)
	return l
}

// Released returns the link without a lease.
func (l Link) Released() Link {
	l.Owner, l.Until = "", time.Time{}
	return l
}

// Shows reports whether the object is known to show the note.
func (l Link) Shows(note string) bool { return slices.Contains(l.Notes, note) }

// LinkKey names a link: one per request and target.
type LinkKey struct {
	RequestID, Target string
}
