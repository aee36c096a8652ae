package teleport

import (
	"errors"
	"fmt"
	"time"

	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/bridge"
)

// limitPause is how long to wait after Teleport said that too much was asked of it. Teleport names no time itself.
const limitPause = 5 * time.Second

// errClosed is returned by every call after Close.
var errClosed = errors.New("connection to Teleport is closed")

// classify gives an error of Teleport's API its class. It goes by the kind of the error, never by its text.
func classify(err error) error {
	var known *bridge.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case trace.IsLimitExceeded(err):
		return bridge.RetryAfter(limitPause, err)
	case trace.IsAccessDenied(err), trace.IsBadParameter(err), trace.IsNotImplemented(err):
		return bridge.Terminal(err)
	default:
		return err
	}
}

// terminal reports whether only a person can mend err.
func terminal(err error) bool {
	class, _ := bridge.ClassOf(err)
	return class == bridge.ClassTerminal
}

// gone says that a request no longer exists.
func gone(id string) error { return fmt.Errorf("request %s: %w", id, bridge.ErrGone) }

// RefusedKind says why Teleport did not accept a decision.
type RefusedKind string

// The kinds of refusals.
const (
	// AlreadyResolved means that the request has been decided differently in the meantime.
	AlreadyResolved RefusedKind = "already_resolved"
	// AlreadyReviewed means that the bridge's own user has already submitted the opposite review. Teleport accepts one review
	// per author.
	AlreadyReviewed RefusedKind = "already_reviewed"
	// NotPermitted means that the bridge's own user may not decide this request.
	NotPermitted RefusedKind = "not_permitted"
	// Invalid means that Teleport cannot carry out such a decision.
	Invalid RefusedKind = "invalid"
)

// Refused is a decision that Teleport did not accept and will not accept on another try.
type Refused struct {
	Kind RefusedKind
	// Request is the request as it was read after the refusal.
	Request bridge.Request
	// Err is Teleport's own answer.
	Err error
}

func (r *Refused) Error() string {
	return fmt.Sprintf("decision on request %s (%s) refused, %s: %v", r.Request.ID, r.Request.State, r.Kind, r.Err)
}

// Unwrap returns Teleport's own answer.
func (r *Refused) Unwrap() error { return r.Err }
