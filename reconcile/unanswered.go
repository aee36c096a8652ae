package reconcile

import (
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// submission is a decision that was submitted, and the request as it was before.
type submission struct {
	request  bridge.Request
	decision bridge.Decision
}

// wonder remembers a decision whose submission went unanswered: Teleport may have taken it.
func (j *judge) wonder(req bridge.Request, d bridge.Decision) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.unanswered == nil {
		j.unanswered = map[string]submission{}
	}
	j.unanswered[req.ID] = submission{req, d}
}

// wonders reports whether there is such a decision.
func (j *judge) wonders(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, asked := j.unanswered[id]
	return asked
}

// answer audits a decision whose submission went unanswered, as soon as the request shows that Teleport took it. The request is often heard of
// before the submission is tried again, and then nothing is left to submit.
func (j *judge) answer(id string) {
	req, known := j.requests.Get(id)
	own, reviewed := req.ReviewBy(j.reviewer.Self())
	j.mu.Lock()
	was, asked := j.unanswered[id]
	d := was.decision
	took := known && (d.Mode == bridge.ModeOverride && req.State == stateOf(d.Verdict) || reviewed && own.State == stateOf(d.Verdict))
	over := took || !known || !req.Pending(time.Now())
	if over {
		delete(j.unanswered, id)
	}
	j.mu.Unlock()
	if !asked || !over {
		return
	}
	entry := decisionEntry(was.request, d)
	switch {
	case took && req.State != bridge.StatePending:
		entry.Outcome = bridge.OutcomeApplied
	case took:
		entry.Outcome = bridge.OutcomeRecorded
	default:
		entry.Outcome, entry.Detail = bridge.OutcomeFailed, "Teleport did not answer, and the request ended without this decision"
	}
	j.record(entry)
}

// settled forgets a decision whose submission was answered after all.
func (j *judge) settled(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.unanswered, id)
}
