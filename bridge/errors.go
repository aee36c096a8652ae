package bridge

import (
	"errors"
	"fmt"
	"time"
)

// Class says what to do about an error. It travels inside the error.
type Class string

// The classes of errors.
const (
	// ClassRetry is for faults that may pass: try again with growing pauses. It is the class of any error without one.
	ClassRetry Class = "retry"
	// ClassWait is for faults whose end the other side has named: try again after that time.
	ClassWait Class = "wait"
	// ClassTerminal is for faults that only a person can mend.
	ClassTerminal Class = "terminal"
)

var (
	// ErrGone means that the object, or the request, no longer exists.
	ErrGone = errors.New("no longer exists")
	// ErrConflict means that a compare-and-swap lost against another writer; the local view has been refreshed.
	ErrConflict = errors.New("changed by another instance")
	// ErrUnknown means that a fact a rule needs is not known now. It may be later.
	ErrUnknown = errors.New("not known")
)

// Error is an error with its class.
type Error struct {
	Class Class
	// After is the pause the other side asked for, in ClassWait.
	After time.Duration
	// Unsent is true when the call certainly had no effect.
	Unsent bool
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error inside.
func (e *Error) Unwrap() error { return e.Err }

// Terminal marks err as one that only a person can mend.
func Terminal(err error) error { return &Error{Class: ClassTerminal, Unsent: true, Err: err} }

// RetryAfter marks err as one to try again after d. The call certainly had no effect.
func RetryAfter(d time.Duration, err error) error {
	return &Error{Class: ClassWait, After: d, Unsent: true, Err: err}
}

// Unsent marks err as a passing fault of a call that certainly had no effect.
func Unsent(err error) error { return &Error{Class: ClassRetry, Unsent: true, Err: err} }

// ClassOf returns the class of err and the pause to keep; ClassRetry for an error without a class.
func ClassOf(err error) (Class, time.Duration) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class, e.After
	}
	return ClassRetry, 0
}

// NoEffect reports whether err says that the call certainly changed nothing.
func NoEffect(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Unsent
}

// Refused is a refusal of a webhook delivery, with the status the vendor should see.
type Refused struct {
	Status int
	// Why is a constant word for logs and metrics.
	Why string
}

func (r *Refused) Error() string { return fmt.Sprintf("webhook refused: %s", r.Why) }
