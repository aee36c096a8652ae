package policy

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/accessbridge/accessbridge/bridge"
)

// facts are what the expressions of one evaluation see. The views are made when an expression first asks for them, because most ask for
// few.
type facts struct {
	policy *Policy
	req    bridge.Request
	// now is the moment that counts as the present: when the request was made, or when the last statement was.
	now time.Time

	directory *directoryView
	request   *Request
	clock     *Clock
	// heard is nil while a route is chosen.
	heard *hearing
}

// directoryView is what the directory knows of the requester.
type directoryView struct {
	traits                  map[string][]string
	roles                   []string
	traitsKnown, rolesKnown bool
}

var _ cel.Activation = (*facts)(nil)

// ResolveName returns the value of a variable.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case varRequest:
		if f.request == nil {
			v := viewRequest(f.req, *f.requester())
			f.request = &v
		}
		return f.request, true
	case varCluster:
		return f.req.Cluster, true
	case varTime:
		if f.clock == nil {
			v := viewClock(f.now, f.policy.zone)
			f.clock = &v
		}
		return f.clock, true
	}
	if f.heard == nil {
		return nil, false
	}
	switch name {
	case varEvidence:
		return statementsOf(f.heard.accepted), true
	case varApprovals:
		return statementsOf(f.heard.approvals()), true
	case varDenials:
		return statementsOf(f.heard.denials()), true
	case varOnCall:
		return shiftsOf(f.heard.shifts), true
	}
	return nil, false
}

// Parent returns nil: there are no other variables.
func (f *facts) Parent() cel.Activation { return nil }

func (f *facts) requester() *directoryView {
	if f.directory == nil {
		v := f.policy.people.view(f.req.User)
		f.directory = &v
	}
	return f.directory
}

// missing returns an error for a fact that is needed and not known.
func (f *facts) missing(needs map[string]bool) error {
	if len(needs) == 0 {
		return nil
	}
	for _, need := range []struct {
		name    string
		unknown func() bool
		why     string
	}{
		{needTraits, func() bool { return !f.requester().traitsKnown }, "Teleport's users may not be read, or the requester is not among them"},
		{needUserRoles, func() bool { return !f.requester().rolesKnown }, "Teleport's users may not be read, or the requester is not among them"},
		{needLabels, f.unlabelled, "the labels of a resource could not be read"},
		{needDuration, func() bool { _, known := accessLength(f.req); return !known }, "Teleport does not say how long the access would last"},
		{needAccessUntil, func() bool { return accessEnd(f.req).IsZero() }, "Teleport does not say when the access would end"},
		{needExpires, func() bool { return f.req.PendingUntil.IsZero() }, "Teleport does not say when the request lapses"},
		{needCreated, func() bool { return f.req.Created.IsZero() }, "Teleport does not say when the request was made"},
		{needTime, func() bool { return f.now.IsZero() }, "the moment to go by is not known"},
		{needOnCall, func() bool { return f.heard == nil || !f.heard.shiftsKnown }, "it has not been read yet who is on call"},
	} {
		if needs[need.name] && need.unknown() {
			return &unknownError{need: need.name, why: need.why}
		}
	}
	return nil
}

// unlabelled reports whether the labels of any resource of the request are not known.
func (f *facts) unlabelled() bool {
	for _, r := range f.req.Resources {
		if r.Labels == nil {
			return true
		}
	}
	return false
}

// unknownError says that an expression needs what is not known now. It is a bridge.ErrUnknown.
type unknownError struct{ need, why string }

func (e *unknownError) Error() string { return fmt.Sprintf("%s is not known: %s", e.need, e.why) }

func (e *unknownError) Unwrap() error { return bridge.ErrUnknown }
