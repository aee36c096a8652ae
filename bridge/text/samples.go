package text

import (
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// SampleRequest is a request with a value in every field, for trying templates.
func SampleRequest() bridge.Request {
	made := time.Date(2026, time.January, 5, 10, 0, 0, 0, time.UTC)
	return bridge.Request{
		ID: "01948a2c-0000-7000-8000-000000000001", Cluster: "teleport.example.com", User: "alice@example.com", Roles: []string{"prod-db", "prod-web"},
		Resources: []bridge.Resource{
			{Cluster: "teleport.example.com", Kind: "node", Name: "7d2f9c5e", Title: "db-1", Labels: map[string]string{"env": "prod"}},
			{Cluster: "teleport.example.com", Kind: "app", Name: "grafana", Labels: map[string]string{}},
		},
		Reason: "Fix the outage\nsee ticket 7", State: bridge.StatePending, Created: made, PendingUntil: made.Add(time.Hour),
		AccessUntil: made.Add(8 * time.Hour), AccessFrom: made.Add(5 * time.Minute), MaxDuration: 8 * time.Hour, ResolveReason: "go ahead",
		Reviews: []bridge.Review{
			{Author: "bob@example.com", State: bridge.StateApproved, Reason: "go ahead", At: made.Add(3 * time.Minute)},
			{Author: "carol@example.com", State: bridge.StateDenied, At: made.Add(4 * time.Minute)},
		},
		SuggestedReviewers: []string{"bob@example.com"}, Annotations: map[string][]string{"team": {"core"}},
		Thresholds: []bridge.Threshold{{Name: "default", Approve: 2, Deny: 1}}, PromotedTo: "Database administrators",
	}
}

func sampleEvidence() bridge.Evidence {
	made := SampleRequest().Created
	return bridge.Evidence{
		Target: "itsm", Object: bridge.Ref{ID: "10042", Key: "ACCESS-42", URL: "https://example.atlassian.net/browse/ACCESS-42"},
		Marker: SampleRequest().ID, Status: "Approved", Verdict: bridge.Approve,
		Actor: bridge.Actor{ID: "5b10ac8d82e05b22cc7d4ef5", Email: "bob@example.com", Name: "Bob"},
		At:    made.Add(3 * time.Minute), ReadAt: made.Add(4 * time.Minute), Reason: "go ahead",
	}
}

// samples are views of the named text: with everything, and with as little as there can be.
func samples(name string) []any {
	req, bare := SampleRequest(), bridge.Request{ID: SampleRequest().ID}
	ev, none := sampleEvidence(), bridge.Evidence{}
	switch name {
	case NameReview, NameRecorded:
		own := name == NameRecorded
		return []any{
			NewReview(req, req.Reviews[0], own), NewReview(req, req.Reviews[1], own),
			NewReview(bare, bridge.Review{Author: "bob", State: bridge.StateApproved}, own),
		}
	case NameRefusal:
		return []any{
			Refusal{Request: req, Evidence: ev, Code: "requester", Why: "nobody can decide their own Access Request. Move it back and let another person decide."},
			Refusal{Request: bare, Evidence: none, Code: "no_actor", Why: "it is not known who brought the object into this state."},
		}
	case NameFailure:
		why := "Teleport refused it: not permitted"
		return []any{
			Failure{Request: req, Person: "bob@example.com", Verb: "approved", Evidence: ev, Why: why},
			Failure{Request: req, Person: "alice@example.com", Verb: "denied", Evidence: bridge.Evidence{Status: bridge.StatusOnCall}, OnCall: true, Why: why},
			Failure{Request: bare, Why: why},
		}
	case NameDrift, NameLate:
		late := name == NameLate
		return []any{
			Change{Request: req, Evidence: ev, Verb: "denied", Late: late},
			Change{Request: req, Evidence: bridge.Evidence{Status: "Open"}, Verb: "approved", Late: late},
			Change{Request: bare, Evidence: none, Verb: "approved", Late: late},
		}
	case NameReason:
		return reasons(req, bare, ev)
	default:
		return []any{
			Closing{Request: req, Ending: bridge.Ending(name), By: []string{"bob@example.com", "carol@example.com"}},
			Closing{Request: bare, Ending: bridge.Ending(name)},
		}
	}
}

func reasons(req, bare bridge.Request, ev bridge.Evidence) []any {
	more := ev
	more.Target, more.Actor = "pager", bridge.Actor{Email: "carol@example.com"}
	shift := bridge.Evidence{Target: "pager", Status: bridge.StatusOnCall, Verdict: bridge.Approve, Actor: bridge.Actor{Email: "alice@example.com"}}
	return []any{
		NewReason(req, bridge.Decision{Verdict: bridge.Approve, Person: "bob", Reason: "go ahead", Evidence: ev, Support: []bridge.Evidence{more}, Route: "production", Rule: bridge.RuleApproveWhen}),
		NewReason(req, bridge.Decision{Verdict: bridge.Deny, Person: "bob", Evidence: ev, Route: "production", Rule: bridge.RuleStatus}),
		NewReason(req, bridge.Decision{Verdict: bridge.Approve, Person: "alice", Reason: `alice is on call by "Primary"`, Evidence: shift, Route: "production", Rule: bridge.RuleOnCall}),
		NewReason(bare, bridge.Decision{Verdict: bridge.Approve}),
	}
}

// Examples are a view of every text about a request, as they may come: what people do is made up. Of texts that are written when a request is
// gone, only its ID is in the view.
func Examples(req bridge.Request, integration, route string) []View {
	ev := sampleEvidence()
	ev.Target, ev.Marker, ev.At = integration, req.ID, req.Created.Add(3*time.Minute)
	ev.Object.URL = ""
	bob := bridge.Review{Author: "bob@example.com", State: bridge.StateApproved, Reason: "go ahead", At: ev.At}
	reviewed := req
	reviewed.Reviews, reviewed.ResolveReason, reviewed.PromotedTo = []bridge.Review{bob}, "go ahead", "Database administrators"
	gone := bridge.Request{ID: req.ID}
	by := []string{bob.Author}
	return []View{
		NewReview(reviewed, bob, false),
		NewReview(reviewed, bob, true),
		Refusal{Request: req, Evidence: ev, Code: "requester", Why: "nobody can decide their own Access Request. Move it back and let another person decide."},
		Failure{Request: req, Person: bob.Author, Verb: "approved", Evidence: ev, Why: "an earlier decision from here was submitted as a review (denied)."},
		Change{Request: req, Evidence: ev, Verb: "denied"},
		Change{Request: req, Evidence: ev, Verb: "denied", Late: true},
		Closing{Request: reviewed, Ending: bridge.EndApproved, By: by},
		Closing{Request: reviewed, Ending: bridge.EndDenied, By: by},
		Closing{Request: reviewed, Ending: bridge.EndPromoted},
		Closing{Request: gone, Ending: bridge.EndExpired},
		Closing{Request: gone, Ending: bridge.EndDeleted},
		Closing{Request: gone, Ending: bridge.EndUnknown},
		NewReason(req, bridge.Decision{
			Verdict: bridge.Approve, Person: bob.Author, Reason: "go ahead", Evidence: ev, Route: route, Rule: bridge.RuleStatus,
		}),
	}
}

// NameOf returns the name of the text that a view is for.
func NameOf(v View) string { return v.textName() }
