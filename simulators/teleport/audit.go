package teleport

import (
	"slices"
	"time"

	"github.com/gravitational/teleport/api/types"
)

// AuditKind says what happened.
type AuditKind string

// The kinds of audit entries. The first four bear the names of Teleport's events.
const (
	// AuditCreate is the creation of a request.
	AuditCreate AuditKind = "access_request.create"
	// AuditReview is a review that was accepted.
	AuditReview AuditKind = "access_request.review"
	// AuditUpdate is a state that was set past the reviews, or a promotion.
	AuditUpdate AuditKind = "access_request.update"
	// AuditDelete is a deletion.
	AuditDelete AuditKind = "access_request.delete"
	// AuditExpire is the end of a request's time; Teleport writes no such event.
	AuditExpire AuditKind = "access_request.expire"
)

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	// Time is the server's time.
	Time time.Time
	// Kind says what happened.
	Kind AuditKind
	// Request is the id of the request.
	Request string
	// User is who did it; empty for deletions by nobody in particular.
	User string
	// Delegator is whom the user acted for, as given with utils.WithDelegator.
	Delegator string
	// State is the state that was set or, of a review, proposed.
	State types.RequestState
	// Reason is the reason given.
	Reason string
	// Roles are the requested roles or the subset that was approved.
	Roles []string
	// Annotations are the resolve annotations given.
	Annotations map[string][]string
}

// Audit returns a copy of the audit log, oldest first.
func (s *Server) Audit() []AuditEntry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.audit)
}

// record appends to the audit log; mu must be held.
func (s *Server) record(e AuditEntry) {
	e.Time = s.now()
	s.audit = append(s.audit, e)
}
