package reconcile

import (
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
)

// remember keeps the decision that Teleport took as a review and that did not resolve the request yet.
func (j *judge) remember(id string, d bridge.Decision) {
	j.mu.Lock()
	defer j.mu.Unlock()
	d.Refusals = nil
	j.open(id).taken = &d
}

// took reports whether this very decision was taken before. In a dry run nothing else tells.
func (j *judge) took(id string, now bridge.Decision) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := j.files[id]
	if f == nil || f.taken == nil {
		return false
	}
	was := *f.taken
	same := sameStatement(was.Evidence, now.Evidence) || was.Evidence.OnCall() && now.Evidence.OnCall() && was.Evidence.Target == now.Evidence.Target
	return same && was.Verdict == now.Verdict && was.Person == now.Person && was.Mode == now.Mode
}

// drift reports, once for each change, that something says otherwise now on which a decision rested that Teleport has taken. The decision
// stands: Teleport takes one review of each user.
func (j *judge) drift(req bridge.Request, now bridge.Decision) {
	j.mu.Lock()
	var taken bridge.Decision
	if f := j.files[req.ID]; f != nil && f.taken != nil {
		taken = *f.taken
	}
	j.mu.Unlock()
	if taken.Verdict == bridge.Undecided || now.Verdict != bridge.Undecided && now.Verdict != taken.Verdict {
		// The opposite decision is told as such.
		return
	}
	said := j.valid(req.ID)
	for _, was := range append([]bridge.Evidence{taken.Evidence}, taken.Support...) {
		if was.OnCall() || slices.ContainsFunc(said, func(ev bridge.Evidence) bool { return sameStatement(ev, was) }) {
			continue
		}
		is := bridge.Evidence{Target: was.Target, Object: was.Object, Marker: was.Marker}
		if n := slices.IndexFunc(said, func(ev bridge.Evidence) bool { return ev.Target == was.Target }); n >= 0 {
			is = said[n]
		}
		j.drifted(req, taken, is)
	}
}

// sameStatement reports whether two readings tell of the same thing that was said.
func sameStatement(a, b bridge.Evidence) bool {
	return a.Target == b.Target && a.Object.ID == b.Object.ID && a.Status == b.Status && a.Verdict == b.Verdict && a.At.Equal(b.At) &&
		a.Actor.ID == b.Actor.ID && a.Actor.Email == b.Actor.Email
}

// drifted tells of one change while the request still waits.
func (j *judge) drifted(req bridge.Request, taken bridge.Decision, is bridge.Evidence) {
	n := j.words.drift(req, taken.Verdict, is)
	if !j.note(req.ID, is.Target, n) {
		return
	}
	entry := entryFor(req, is, taken)
	entry.Verdict, entry.Person, entry.Rule, entry.Outcome, entry.Detail = taken.Verdict, taken.Person, taken.Rule, bridge.OutcomeDrift, changed(req, taken.Verdict, is, false)
	j.recordDrift(entry)
	j.tell(is.Target, req.ID)
}

func (j *judge) recordDrift(entry bridge.AuditEntry) {
	j.record(entry)
	j.log.Warn("evidence changed after the decision", "request_id", entry.RequestID, "integration", entry.Evidence.Target,
		"external_id", entry.Evidence.Object.ID, "verdict", string(entry.Verdict), "status", entry.Evidence.Status)
}
