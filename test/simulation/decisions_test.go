package simulation

import (
	"strings"
	"time"

	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/simulators/teleport"
)

const (
	// fresh is how old what was read at an object may be when the bridge begins to submit what it has decided by it, and how old the answer
	// about who is on call may be when the object is read. One that approves by itself is asked for every approves.
	fresh    = 15 * time.Second
	approves = 3 * time.Second
	// hardly is how long reading and submitting take where nothing is wrong. Otherwise the object is read within reading, and Teleport called
	// twice within calling.
	hardly  = 3 * time.Second
	reading = callTimeout + 10*time.Second
	calling = 2 * 15 * time.Second
)

// oldest is when that was read at the earliest, at a vendor, what the bridge has put into effect at a time.
func (w *world) oldest(vendor string, at time.Duration) time.Duration {
	if longest := at - fresh - reading - calling; w.troubles(vendor, longest, at) {
		return longest
	}
	return at - fresh - hardly
}

// decided checks each of the bridge's reviews: there is one at most, and somebody who may has said so before.
func (w *world) decided() {
	reviews := map[string]int{}
	for _, e := range w.teleport.Audit() {
		if e.User != bridgeUser {
			continue
		}
		reviews[e.Request]++
		if e.Kind != teleport.AuditReview || reviews[e.Request] > 1 {
			w.broken("P3", "the bridge did %s to %s, for the %d. time", e.Kind, e.Request, reviews[e.Request])
		}
		for _, r := range w.asked() {
			if r.id == e.Request {
				w.justified(r, e)
			}
		}
	}
}

// justified checks one review.
func (w *world) justified(r *request, e teleport.AuditEntry) {
	at := w.reviewedAt(r)
	verdict := verdictOf(e.State)
	said := map[string]bool{}
	for _, d := range w.deeds {
		oldest := w.oldest(d.vendor, at)
		counts := d.request == r && d.what.verdict() == verdict && d.at < at && w.stood(d, oldest) && w.mayEver(d, max(d.at, oldest)-fresh, at)
		if counts && strings.Contains(e.Reason, address(d.who)) {
			said[d.who] = true
		}
	}
	need := 1
	if verdict == "approve" && w.Setup.pair(r.role) {
		need = 2
	}
	if len(said) >= need {
		return
	}
	vendor, ok := w.Setup.approvedByDuty(r.role)
	if ok && verdict == "approve" && w.everHeld(vendor, r.who, max(r.made, w.oldest(vendor, at))-approves, at) && strings.Contains(e.Reason, "without a person") {
		return
	}
	w.broken("P3", "the bridge submitted %q (%s) for %s at %s, but nobody who may had said so", e.Reason, verdict, w.name(r), at)
}

func verdictOf(state types.RequestState) string {
	if state.IsApproved() {
		return "approve"
	}
	return "deny"
}

// stood reports whether nothing hid, until some time, what somebody did.
func (w *world) stood(d done, until time.Duration) bool {
	for _, later := range w.deeds {
		if later.vendor != d.vendor || later.id != d.id || later.at <= d.at || later.at > until {
			continue
		}
		if later.what == deedDelete || d.vendor == jiraName && later.what != deedComment {
			return false
		}
	}
	return true
}

// standing checks that a request is decided about which somebody who may has certainly said something that can be read now, or whose requester
// is on call where that approves.
func (w *world) standing(r *request, add add) {
	state, exists := w.state(r)
	if !exists || !state.GetState().IsPending() || w.reviewedAt(r) != 0 {
		return
	}
	if vendor, ok := w.Setup.approvedByDuty(r.role); ok && w.alwaysHeld(vendor, r.who, r.made, w.now()) {
		add("P3", "%s still waits, although its requester is on call", w.name(r))
	}
	approvers := map[string]bool{}
	for _, d := range w.deeds {
		if d.request != r || d.what.verdict() == "" || !w.mayAlways(d, d.at, w.now()) || !w.stood(d, w.now()) {
			continue
		}
		if d.what.verdict() == "deny" {
			add("P5", "%s still waits, although %s has denied it at %s", w.name(r), d.who, d.vendor)
			return
		}
		approvers[d.who] = true
	}
	if need := 1; len(approvers) > need || len(approvers) == need && !w.Setup.pair(r.role) {
		add("P5", "%s still waits, although %v have approved it", w.name(r), approvers)
	}
}
