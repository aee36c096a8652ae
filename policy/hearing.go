package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// statement is one accepted piece of evidence, with the person behind it.
type statement struct {
	who person
	ev  bridge.Evidence
}

// hearing is everything that counts in one route: the accepted statements at its targets, and the requester's own shifts.
type hearing struct {
	people   *People
	accepted []statement
	shifts   []ownShift
	// duties are the readings that the shifts come from. shiftsKnown is false as long as one is missing.
	duties      []bridge.Duty
	shiftsKnown bool
}

// hear adds a statement, unless it is one that was heard already. Statements come sorted.
func (h *hearing) hear(s statement) {
	bare := func(ev bridge.Evidence) bridge.Evidence {
		ev.ReadAt, ev.At, ev.Settled, ev.DeliveryID = time.Time{}, time.Time{}, false, ""
		return ev
	}
	if n := len(h.accepted); n > 0 {
		last := h.accepted[n-1].ev
		if last.At.Equal(s.ev.At) && bare(last) == bare(s.ev) {
			return
		}
	}
	h.accepted = append(h.accepted, s)
}

// denials are the statements that deny, the latest of each person.
func (h *hearing) denials() []statement { return h.latest(h.saying(bridge.Deny)) }

// approvals are the statements that approve, the latest of each person. Whoever denied since, anywhere, does not approve any more.
func (h *hearing) approvals() []statement {
	denials := h.saying(bridge.Deny)
	standing := slices.DeleteFunc(h.saying(bridge.Approve), func(a statement) bool {
		return slices.ContainsFunc(denials, func(d statement) bool { return !d.ev.At.Before(a.ev.At) && !h.people.distinct(a.who, d.who) })
	})
	return h.latest(standing)
}

func (h *hearing) saying(v bridge.Verdict) []statement {
	return slices.DeleteFunc(slices.Clone(h.accepted), func(s statement) bool { return s.ev.Verdict != v })
}

// latest keeps one statement of each person, the newest. People who cannot be told apart for certain are one.
func (h *hearing) latest(list []statement) []statement {
	slices.SortStableFunc(list, func(a, b statement) int { return b.ev.At.Compare(a.ev.At) })
	var kept []statement
	for _, s := range list {
		if !slices.ContainsFunc(kept, func(k statement) bool { return !h.people.distinct(k.who, s.who) }) {
			kept = append(kept, s)
		}
	}
	return kept
}

// newest returns the newest statement that fits; nil when there is none. Of several made at once it is the one that sorts first.
func (h *hearing) newest(fits func(bridge.Verdict) bool) *statement {
	var found *statement
	for i, s := range h.accepted {
		if fits(s.ev.Verdict) && (found == nil || s.ev.At.After(found.ev.At)) {
			found = &h.accepted[i]
		}
	}
	return found
}

// moment is when the newest statement was made, or, for expressions that go by it, when it was last read who is on call.
func (h *hearing) moment(onCall bool) time.Time {
	var at time.Time
	for _, s := range h.accepted {
		if s.ev.At.After(at) {
			at = s.ev.At
		}
	}
	for _, d := range h.duties {
		if (onCall || len(h.accepted) == 0) && d.ReadAt.After(at) {
			at = d.ReadAt
		}
	}
	return at
}

func statementsOf(list []statement) []Statement {
	out := make([]Statement, len(list))
	for i, s := range list {
		out[i] = Statement{
			Target: s.ev.Target, Status: s.ev.Status, Verdict: string(s.ev.Verdict), Person: s.who.name(),
			Email: lower(strings.TrimSpace(s.who.email)), ActorID: s.ev.Actor.ID, At: s.ev.At, Reason: s.ev.Reason, Key: s.ev.Object.Key,
		}
	}
	return out
}
