package reconcile

import (
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
)

// onDuty replaces who is on call at one integration for what a request is about, and asks for a judgement.
func (j *judge) onDuty(id string, duty bridge.Duty) {
	j.mu.Lock()
	if j.duties[id] == nil {
		j.duties[id] = map[string]bridge.Duty{}
	}
	_, known := j.duties[id][duty.Integration]
	j.duties[id][duty.Integration] = duty
	j.mu.Unlock()
	// What Teleport has refused rests, and is not submitted again each time that somebody is found to be still on call.
	if len(duty.Shifts) > 0 && (!known || !j.queue.rests(id)) {
		j.queue.add(id)
	}
}

// dismiss drops who is on call at one integration for a request that has ended, or because it is too old to decide by.
func (j *judge) dismiss(id, integration string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.duties[id], integration)
	if len(j.duties[id]) == 0 {
		delete(j.duties, id)
	}
}

func (j *judge) onCall(id string) []bridge.Duty {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []bridge.Duty
	for _, d := range j.duties[id] {
		all = append(all, d)
	}
	return all
}

// decide weighs the evidence, and then who is on call. A person's denial goes before being on call.
func (j *judge) decide(req bridge.Request, evidence []bridge.Evidence) bridge.Decision {
	d := j.policy.Judge(req, evidence)
	if d.Verdict != bridge.Undecided {
		return d
	}
	onCall := j.policy.JudgeDuty(req, j.onCall(req.ID))
	if onCall.Verdict == bridge.Undecided {
		return d
	}
	onCall.Refusals = slices.Clone(d.Refusals)
	return onCall
}

// again asks for what a decision rests on to be read once more.
func (j *judge) again(id string, d bridge.Decision) {
	if d.Rule == bridge.RuleOnCall {
		j.dismiss(id, d.Evidence.Target)
		j.ask(d.Evidence.Target, id)
		return
	}
	j.look(d.Evidence.Target, id)
}
