package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
)

// Texts writes what the bridge says. The route is asked for only where it matters; nil stands for none.
type Texts interface {
	Render(route func() string, v text.View) string
}

// wording makes notes. What a note is about gives it its identity, never its words, so that another template does not repeat it.
type wording struct {
	texts  Texts
	policy Policy
}

// say writes a text about a request for the people at one integration, in the words of the route that sent the request there.
func (w wording) say(req bridge.Request, integration string, v text.View) string {
	return w.texts.Render(func() string {
		target, _, _ := w.policy.Target(req, integration)
		return target.Route
	}, v)
}

// noteID derives the identity of a note from the facts it tells.
func noteID(facts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(facts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

// review tells of one review. The bridge's own review is named as the decision it took over, with what is still missing.
func (w wording) review(req bridge.Request, integration string, r bridge.Review, own bool) bridge.Note {
	return bridge.Note{
		ID:   noteID("review", r.Author, string(r.State), r.At.UTC().Format(time.RFC3339Nano)),
		Text: w.say(req, integration, text.NewReview(req, r, own)),
	}
}

// resolved is the outcome of a request that Teleport shows as decided.
func (w wording) resolved(req bridge.Request, integration, self string) bridge.Outcome {
	var by []string
	for _, r := range req.Reviews {
		if r.State == req.State && r.Author != self {
			by = append(by, r.Author)
		}
	}
	ending := bridge.EndApproved
	switch req.State {
	case bridge.StateDenied:
		ending = bridge.EndDenied
	case bridge.StatePromoted:
		ending = bridge.EndPromoted
	case bridge.StateApproved, bridge.StatePending:
	}
	said := w.say(req, integration, text.Closing{Request: req, Ending: ending, By: by})
	return bridge.Outcome{Ending: ending, Note: bridge.Note{ID: noteID("end", string(ending)), Text: said}}
}

// vanished is the outcome of a request that no longer exists. Teleport does not say why it is gone, but the time does: nobody removes a
// request that has already run out. A request that this process has not seen pending may as well have been decided, and its access be
// over. Nothing but its id is known, so no route's words are used.
func (w wording) vanished(id string, link bridge.Link, witnessed bool, now time.Time) bridge.Outcome {
	ending := bridge.EndUnknown
	switch {
	case witnessed && now.Before(link.PendingUntil.Add(-time.Second)):
		ending = bridge.EndDeleted
	case witnessed:
		ending = bridge.EndExpired
	}
	said := w.texts.Render(nil, text.Closing{Request: bridge.Request{ID: id}, Ending: ending})
	return bridge.Outcome{Ending: ending, Note: bridge.Note{ID: noteID("end", string(ending)), Text: said}}
}

// refusal tells the people at the object why a decision does not count.
func (w wording) refusal(req bridge.Request, r bridge.Refusal) bridge.Note {
	ev := r.Evidence
	return bridge.Note{
		ID:   noteID("refused", r.Code, ev.Status, ev.Actor.ID, ev.Actor.Email, ev.At.UTC().Format(time.RFC3339Nano)),
		Text: w.say(req, ev.Target, text.Refusal{Request: req, Evidence: ev, Code: r.Code, Why: r.Text}),
	}
}

// failure tells the people at the object that Teleport did not take the decision.
func (w wording) failure(req bridge.Request, d bridge.Decision, why string) bridge.Note {
	return bridge.Note{
		ID: noteID("failed", string(d.Verdict), d.Person, why),
		Text: w.say(req, d.Evidence.Target, text.Failure{
			Request: req, Person: d.Person, Verb: string(stateOf(d.Verdict)), Evidence: d.Evidence, OnCall: d.Evidence.OnCall(), Why: why,
		}),
	}
}

// drift tells the people at the object that it changed after its decision was taken over, and that this changes nothing; late tells the same
// when the request is decided.
func (w wording) drift(req bridge.Request, v bridge.Verdict, is bridge.Evidence) bridge.Note {
	return w.change(req, v, is, false)
}

func (w wording) late(req bridge.Request, v bridge.Verdict, is bridge.Evidence) bridge.Note {
	return w.change(req, v, is, true)
}

func (w wording) change(req bridge.Request, v bridge.Verdict, is bridge.Evidence, late bool) bridge.Note {
	return bridge.Note{
		ID:   driftID(v, is),
		Text: w.say(req, is.Target, text.Change{Request: req, Evidence: is, Verb: string(stateOf(v)), Late: late}),
	}
}

// changed says what a change is about in the audit record, whose words no template alters.
func changed(req bridge.Request, v bridge.Verdict, is bridge.Evidence, late bool) string {
	var builtin *text.Set
	return builtin.Render(nil, text.Change{Request: req, Evidence: is, Verb: string(stateOf(v)), Late: late})
}

func driftID(v bridge.Verdict, is bridge.Evidence) string {
	return noteID("drift", string(v), is.Status, is.Actor.ID, is.Actor.Email, is.At.UTC().Format(time.RFC3339Nano))
}
