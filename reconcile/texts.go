package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// noteID derives the identity of a note from the facts it tells.
func noteID(facts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(facts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

// reviewNote tells of one review. The bridge's own review is named as the decision it took over, with what is still missing.
func reviewNote(req bridge.Request, r bridge.Review, own bool) bridge.Note {
	id := noteID("review", r.Author, string(r.State), r.At.UTC().Format(time.RFC3339Nano))
	verb := map[bridge.State]string{bridge.StateApproved: "approved", bridge.StateDenied: "denied"}[r.State]
	if own {
		return bridge.Note{ID: id, Text: fmt.Sprintf("The decision was submitted to Teleport as a review (%s). %s", verb, missing(req))}
	}
	return bridge.Note{ID: id, Text: fmt.Sprintf("%s %s this request in Teleport%s", r.Author, verb, because(r.Reason))}
}

// missing says why a reviewed request still waits.
func missing(req bridge.Request) string {
	approvals := uint32(0)
	for _, r := range req.Reviews {
		if r.State == bridge.StateApproved {
			approvals++
		}
	}
	for _, t := range req.Thresholds {
		if t.Approve > approvals {
			return fmt.Sprintf("Teleport has %d of %d approvals and waits for more reviewers.", approvals, t.Approve)
		}
	}
	return "Teleport still waits for more reviewers."
}

func because(reason string) string {
	if strings.TrimSpace(reason) == "" {
		return "."
	}
	return ": " + reason
}

// resolved is the outcome of a request that Teleport shows as decided.
func resolved(req bridge.Request, self string) bridge.Outcome {
	var by []string
	for _, r := range req.Reviews {
		if r.State == req.State && r.Author != self {
			by = append(by, r.Author)
		}
	}
	who := ""
	if len(by) > 0 {
		who = " by " + strings.Join(by, ", ")
	}
	ending, text := bridge.EndApproved, "The request was approved in Teleport"+who+because(req.ResolveReason)
	switch req.State {
	case bridge.StateDenied:
		ending, text = bridge.EndDenied, "The request was denied in Teleport"+who+because(req.ResolveReason)
	case bridge.StatePromoted:
		ending, text = bridge.EndPromoted, "The request was promoted to a membership of an Access List"+quoted(req.PromotedTo)+because(req.ResolveReason)
	case bridge.StateApproved, bridge.StatePending:
	}
	return bridge.Outcome{Ending: ending, Note: bridge.Note{ID: noteID("end", string(ending)), Text: text}}
}

func quoted(title string) string {
	if title == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", title)
}

// vanished is the outcome of a request that no longer exists. Teleport does not say why it is gone, but the time does: nobody removes a
// request that has already run out. A request that this process has not seen pending may as well have been decided, and its access be
// over.
func vanished(link bridge.Link, witnessed bool, now time.Time) bridge.Outcome {
	ending, text := bridge.EndUnknown, "The request has ended in Teleport while accessbridge was not running; Teleport's audit log tells how."
	switch {
	case witnessed && now.Before(link.PendingUntil.Add(-time.Second)):
		ending, text = bridge.EndDeleted, "The request was withdrawn by the requester, or removed by an administrator, before anybody decided."
	case witnessed:
		ending, text = bridge.EndExpired, "The request expired: nobody decided in time."
	}
	return bridge.Outcome{Ending: ending, Note: bridge.Note{ID: noteID("end", string(ending)), Text: text}}
}

// refusalNote tells the people at the object why a decision does not count.
func refusalNote(r bridge.Refusal) bridge.Note {
	ev := r.Evidence
	return bridge.Note{
		ID:   noteID("refused", r.Code, ev.Status, ev.Actor.ID, ev.Actor.Email, ev.At.UTC().Format(time.RFC3339Nano)),
		Text: fmt.Sprintf("%q does not count as a decision: %s", ev.Status, r.Text),
	}
}

// failureNote tells the people at the object that Teleport did not take the decision.
func failureNote(d bridge.Decision, why string) bridge.Note {
	what := "The decision of " + d.Person
	if d.Rule == bridge.RuleOnCall {
		what = fmt.Sprintf("The approval of the request of %s, who is on call,", d.Person)
	}
	return bridge.Note{
		ID:   noteID("failed", string(d.Verdict), d.Person, why),
		Text: fmt.Sprintf("%s could not be put into effect in Teleport: %s", what, why),
	}
}
