package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gravitational/teleport/api/types"
)

// harm is what was done to requests. One request counts at most once in each.
type harm struct{ lost, doubled, wrong int }

func (h harm) total() int { return h.lost + h.doubled + h.wrong }

func (h harm) plus(other harm) harm {
	return harm{h.lost + other.lost, h.doubled + other.doubled, h.wrong + other.wrong}
}

func (h harm) String() string {
	return fmt.Sprintf("lost %d, doubled %d, wrong %d", h.lost, h.doubled, h.wrong)
}

// ticket is an issue, incident or alert.
type ticket struct {
	// ending is empty while it is open, and how it ended afterwards; ended where the vendor knows no more than that.
	ending string
	// notes are what the bridge has written at it besides its description.
	notes []string
}

// ended is the ending of a ticket at a vendor that only knows that it is over.
const ended = "closed"

// fate is what must become of a request: one ticket, which is open exactly as long as the request is pending, and ends as it does.
type fate struct {
	state types.RequestState
	// by is who decided it. The other side has to name them: the ticket who decided in Teleport, Teleport's review who decided at the ticket.
	by         string
	inTeleport bool
}

// harm compares a request and its tickets with their fate. A request that is gone is nil.
func (f fate) harm(r types.AccessRequest, tickets []ticket) harm {
	if r == nil || len(tickets) == 0 {
		return harm{lost: 1}
	}
	var lost, doubled, wrong bool
	doubled = len(tickets) > 1 || len(r.GetReviews()) > 1
	switch state := r.GetState(); {
	case state == f.state:
	case state.IsPending():
		lost = true
	default:
		wrong = true
	}
	lost = lost || !f.isReviewed(r.GetReviews())
	for _, t := range tickets {
		lost = lost || !f.isTold(t)
		doubled = doubled || repeated(t.notes)
		wrong = wrong || f.contradicts(t)
	}
	return harm{lost: count(lost), doubled: count(doubled), wrong: count(wrong)}
}

// isReviewed reports whether Teleport knows who decided at the ticket.
func (f fate) isReviewed(reviews []types.AccessReview) bool {
	if f.state.IsPending() || f.inTeleport {
		return true
	}
	return slices.ContainsFunc(reviews, func(r types.AccessReview) bool { return strings.Contains(r.Reason, f.by) })
}

// isTold reports whether the ticket shows that the request is decided, and by whom in Teleport.
func (f fate) isTold(t ticket) bool {
	if f.state.IsPending() {
		return true
	}
	named := func(note string) bool { return strings.Contains(note, f.by) && strings.Contains(note, f.word()) }
	return t.ending != "" && (!f.inTeleport || slices.ContainsFunc(t.notes, named))
}

// word is the state as people write it.
func (f fate) word() string { return strings.ToLower(f.state.String()) }

// contradicts reports whether the ticket says something else than what became of the request.
func (f fate) contradicts(t ticket) bool {
	switch t.ending {
	case "":
		return false
	case ended:
		return f.state.IsPending()
	default:
		return f.state.IsPending() || t.ending != f.word()
	}
}

func repeated(notes []string) bool {
	sorted := slices.Sorted(slices.Values(notes))
	return len(slices.Compact(sorted)) < len(notes)
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
