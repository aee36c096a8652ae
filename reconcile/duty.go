package reconcile

import (
	"maps"
	"slices"
	"strings"
	"time"

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
	// What Teleport has refused rests, and is not submitted again each time that somebody is found to be still on call. That nobody is may
	// matter as well, to what somebody has said.
	if (len(duty.Shifts) > 0 || len(j.evidence(id)) > 0) && (!known || !j.queue.rests(id)) {
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

// decide weighs the evidence and who is on call.
func (j *judge) decide(req bridge.Request, evidence []bridge.Evidence) bridge.Decision {
	return j.policy.Judge(req, evidence, j.onCall(req.ID))
}

// again asks for everything to be read once more that a decision rests on and that is too old to decide by; false when nothing is.
func (j *judge) again(id string, d bridge.Decision) bool {
	looks, asks := map[string]bool{}, map[string]bool{}
	for _, ev := range append([]bridge.Evidence{d.Evidence}, d.Support...) {
		switch {
		case time.Since(ev.ReadAt) <= freshEnough:
		case ev.OnCall():
			asks[ev.Target] = true
		default:
			looks[ev.Target] = true
		}
	}
	for _, duty := range d.Duties {
		if time.Since(duty.ReadAt) > freshEnough {
			asks[duty.Integration] = true
		}
	}
	for integration := range sorted(asks) {
		j.dismiss(id, integration)
		j.ask(integration, id)
	}
	for target := range sorted(looks) {
		j.look(target, id)
	}
	return len(looks)+len(asks) > 0
}

// basis names the rule and the targets that a decision rests on.
func basis(d bridge.Decision) string {
	targets := map[string]bool{d.Evidence.Target: true}
	for _, ev := range d.Support {
		targets[ev.Target] = true
	}
	for _, duty := range d.Duties {
		targets[duty.Integration] = true
	}
	return strings.Join(append(slices.Sorted(maps.Keys(targets)), d.Route, d.Rule), "\x00")
}
