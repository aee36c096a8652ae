package incident

import (
	"fmt"

	"github.com/accessbridge/accessbridge/bridge"
)

// Findings collect the results of a check.
type Findings []bridge.Finding

// Good adds a finding that is fine.
func (f *Findings) Good(what string, args ...any) {
	*f = append(*f, bridge.Finding{OK: true, What: fmt.Sprintf(what, args...)})
}

// Bad adds a fault, and how to mend it.
func (f *Findings) Bad(mend, what string, args ...any) {
	*f = append(*f, bridge.Finding{What: fmt.Sprintf(what, args...), Mend: mend})
}

// WithoutEffect marks an error of a call that only read before anything was written. Its class stays.
func WithoutEffect(err error) error {
	class, after := bridge.ClassOf(err)
	return &bridge.Error{Class: class, After: after, Unsent: true, Err: err}
}
