package policy_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// The expressions that routes are drawn with: sound ones, such that always or never hold, and such that fail in various ways.
var (
	conditions = []string{
		"", "true", "false", `request.user == "alice"`, `"core" in request.traits["team"]`, `request.annotations["absent"][0] == "x"`,
		`request.resources.exists(r, r.labels["env"] == "prod")`, `time.weekday == "sunday"`, `request.duration < duration("1h")`,
	}
	verdicts = []string{
		"", "", "true", "false", `approvals.size() >= 1`, `approvals.size() >= 2`, `denials.size() >= 2`, `on_call.size() > 0`, both, office, bySeen,
		`evidence.size() > 0`, `approvals[0].person == "bob"`, `on_call.size() == 0 && approvals.size() > 0`, `request.traits["none"].size() > 0`,
	}
)

func drawnRoutes() *rapid.Generator[[]policy.Route] {
	return rapid.SliceOfN(rapid.Custom(drawRoute), 1, 4)
}

func drawRoute(t *rapid.T) policy.Route {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	r := policy.Route{
		Name: pick("name", "a", "b", "c", "d"), When: rapid.SampledFrom(conditions).Draw(t, "when"), Mode: bridge.ModeReview,
		Continue: rapid.Bool().Draw(t, "continue"), NotifyOnly: rapid.IntRange(0, 4).Draw(t, "notify") == 0,
	}
	for _, target := range []string{"jira", "pager"} {
		if rapid.IntRange(0, 2).Draw(t, target) > 0 {
			r.Targets = append(r.Targets, bridge.Target{Integration: target})
		}
	}
	r.OnCall = []policy.OnCall{production}
	r.ApproveWhen, r.DenyWhen = rapid.SampledFrom(verdicts).Draw(t, "approve"), rapid.SampledFrom(verdicts).Draw(t, "deny")
	if rapid.IntRange(0, 3).Draw(t, "plain") == 0 {
		r.OnCall, r.ApproveWhen, r.DenyWhen = nil, "", ""
	}
	switch rapid.IntRange(0, 4).Draw(t, "rule") {
	case 0:
		r.Approvers.Emails = []string{"bob@example.com"}
	case 1:
		r.Approvers.Groups = []policy.Group{{Integration: pick("vendor", "jira", "pager"), Group: pick("group", "known", "unread")}}
	case 2:
		r.RequireReason = []bridge.Verdict{bridge.Approve, bridge.Deny}
	case 3:
		r.MaxDuration = time.Hour
	}
	if rapid.IntRange(0, 3).Draw(t, "override") == 0 {
		r.Mode, r.OverrideRoles = bridge.ModeOverride, []string{pick("role", "prod-db", "other")}
	}
	return r
}

func drawnRequest() *rapid.Generator[bridge.Request] {
	return rapid.Custom(func(t *rapid.T) bridge.Request {
		return request(func(r *bridge.Request) {
			switch rapid.IntRange(0, 3).Draw(t, "resources") {
			case 0:
				r.Resources = []bridge.Resource{{Kind: "node", Name: "n", Labels: map[string]string{"env": "prod"}}}
			case 1:
				r.Resources = []bridge.Resource{{Kind: "node", Name: "n"}}
			}
			r.AccessUntil = rapid.SampledFrom([]time.Time{{}, made.Add(time.Minute), made.Add(2 * time.Hour)}).Draw(t, "until")
			r.User = rapid.SampledFrom([]string{"alice", "alice", "alice", "stranger"}).Draw(t, "user")
		})
	})
}

func drawnDuties() *rapid.Generator[[]bridge.Duty] {
	return rapid.Custom(func(t *rapid.T) []bridge.Duty {
		if rapid.Bool().Draw(t, "unread") {
			return nil
		}
		d := bridge.Duty{Integration: "pager", ReadAt: made.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "read")) * time.Minute)}
		for range rapid.IntRange(0, 3).Draw(t, "shifts") {
			d.Shifts = append(d.Shifts, shift(of(rapid.SampledFrom(staffOnCall).Draw(t, "person").person), func(s *bridge.Shift) {
				s.Via = rapid.SampledFrom([]string{"A", "B"}).Draw(t, "via")
			}))
		}
		return []bridge.Duty{d}
	})
}

// scene is everything a decision is made from.
type scene struct {
	req    bridge.Request
	facts  []fact
	duties []bridge.Duty
}

func drawScene(t *rapid.T) scene {
	return scene{req: drawnRequest().Draw(t, "request"), facts: rapid.SliceOfN(facts(), 0, 7).Draw(t, "facts"), duties: drawnDuties().Draw(t, "duties")}
}

func (s scene) evidence() []bridge.Evidence {
	var all []bridge.Evidence
	for _, f := range s.facts {
		all = append(all, f.ev)
	}
	return all
}

// chained are routes with people and groups known in part.
func chained(t *rapid.T, routes []policy.Route) *policy.Policy {
	p, err := policy.New(routes)
	if err != nil { // on_call in a route without rules
		t.Skip(err.Error())
	}
	people := policy.NewPeople(staff, []policy.Entry{
		{Integration: "jira", ID: "acc-alice", User: "alice"},
		{Integration: "pager", ID: "acc-alice", User: "ALICE"},
		{ID: "acc-carol", User: "carol"},
		{ID: "acc-erin", User: "erin"},
	}, false)
	return p.Using(people).Asking(members{"jira/known": {{ID: "b", Email: "bob@example.com"}}, "pager/known": {{Email: "zoe@example.com"}}})
}

// Whatever the routes and their expressions: the same facts in any order, however often, give the same decision.
func TestW13_TheSameFactsGiveTheSameDecisionUnderAnyRoutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := chained(t, drawnRoutes().Draw(t, "routes"))
		s := drawScene(t)
		first := p.Judge(s.req, s.evidence(), s.duties)
		repeated := rapid.Permutation(append(s.evidence(), s.evidence()...)).Draw(t, "again")
		duties := rapid.Permutation(append(slices.Clone(s.duties), s.duties...)).Draw(t, "duties again")
		for i := range duties {
			duties[i].Shifts = rapid.Permutation(duties[i].Shifts).Draw(t, "shifts again")
		}
		second := p.Judge(s.req, repeated, duties)
		require.Equal(t, [6]string{string(first.Verdict), first.Person, first.Reason, first.Rule, first.Route, first.Detail},
			[6]string{string(second.Verdict), second.Person, second.Reason, second.Rule, second.Route, second.Detail})
		require.Equal(t, first.Evidence, second.Evidence)
		require.Equal(t, first.Support, second.Support)
	})
}

// Whatever the routes and their expressions: nothing decides but a sound statement by somebody who is certainly not the requester, or, to
// approve, the requester's own shift.
func TestW13_W15_NothingIsDecidedWithoutAPersonWhoMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := chained(t, drawnRoutes().Draw(t, "routes"))
		s := drawScene(t)
		s.req.User = "alice"
		d := p.Judge(s.req, s.evidence(), s.duties)
		if d.Verdict == bridge.Undecided {
			require.Empty(t, d.Person)
			require.Empty(t, d.Support)
			return
		}
		for n, ev := range append([]bridge.Evidence{d.Evidence}, d.Support...) {
			if ev.OnCall() {
				require.True(t, n > 0 || d.Verdict == bridge.Approve)
				require.True(t, slices.ContainsFunc(staffOnCall, func(o struct {
					person       bridge.Actor
					pager, other bool
				},
				) bool {
					return o.pager && o.person == ev.Actor
				}), "%+v", ev)
				continue
			}
			i := slices.IndexFunc(s.facts, func(f fact) bool { return f.ev == ev })
			require.GreaterOrEqual(t, i, 0)
			require.True(t, s.facts[i].sound(), "%+v", ev)
			require.False(t, n == 0 && d.Verdict == bridge.Approve && ev.Verdict == bridge.Deny, "an approval does not rest on a denial")
		}
	})
}

// sound reports whether the piece may count for alice's request at all: it belongs to it, is not too old, and is by a known other person.
func (f fact) sound() bool {
	who := slices.IndexFunc(actors, func(a struct {
		actor bridge.Actor
		may   bool
	},
	) bool {
		return a.actor == f.ev.Actor
	})
	return actors[who].may && f.ev.Marker == requestID && f.ev.Target != "stray" && !f.ev.At.Before(made.Add(-time.Minute))
}

// A route behind the one that decides can add places where people hear of a request, and places to deny it. It never makes an approval of
// what was undecided or denied.
func TestW33_AddingARouteNeverWidensWhoMayApprove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		routes := drawnRoutes().Draw(t, "routes")
		more := rapid.Custom(drawRoute).Draw(t, "more")
		if rapid.Bool().Draw(t, "elsewhere") {
			// Only what is added hears of what is said at the pager.
			for i := range routes {
				routes[i].Continue, routes[i].Targets = true, []bridge.Target{{Integration: "jira"}}
			}
			more.When, more.NotifyOnly, more.Targets = "", false, []bridge.Target{{Integration: "pager"}}
		}
		s := drawScene(t)
		before := chained(t, routes)
		deciding, err := before.Routes(s.req)
		if err == nil && !slices.ContainsFunc(deciding, func(r *policy.Route) bool { return !r.NotifyOnly }) {
			t.Skip("nothing decides yet")
		}
		was := before.Judge(s.req, s.evidence(), s.duties)
		is := chained(t, append(slices.Clone(routes), more)).Judge(s.req, s.evidence(), s.duties)
		if was.Verdict != bridge.Approve {
			require.NotEqual(t, bridge.Approve, is.Verdict)
		}
	})
}

// An error or an unknown fact anywhere among the routes that are looked at never approves.
func TestErrorsAnywhereNeverApprove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		routes := drawnRoutes().Draw(t, "routes")
		broken := drawRoute(t)
		broken.When = rapid.SampledFrom([]string{
			`request.annotations["absent"][0] == "x"`, `request.expires < timestamp("1970-01-01T00:00:00Z") || 1 / 0 == 1`,
			`request.annotations["absent"][0] == "x" || true`, `1 / 0 == 1 && request.user == "nobody"`, `[1, 0].exists(n, 1 / (1 - n) == 1)`,
		}).Draw(t, "broken")
		n := rapid.IntRange(0, len(routes)).Draw(t, "at")
		for i := range routes[:n] {
			routes[i].Continue = true
		}
		s := drawScene(t)
		d := chained(t, slices.Insert(routes, n, broken)).Judge(s.req, s.evidence(), s.duties)
		require.Equal(t, bridge.Undecided, d.Verdict)
	})
}

// An error in what approves or denies never approves either, whatever stands beside it. An expression that nobody has said anything for is not
// evaluated, so that being on call may approve beside a deny_when that would fail.
func TestErrorsInVerdictsNeverApprove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		routes := drawnRoutes().Draw(t, "routes")
		s := drawScene(t)
		deciding, err := chained(t, routes).Routes(s.req)
		n := slices.IndexFunc(deciding, func(r *policy.Route) bool { return !r.NotifyOnly })
		if err != nil || n < 0 {
			t.Skip("nothing decides")
		}
		first := slices.IndexFunc(routes, func(r policy.Route) bool { return r.Name == deciding[n].Name && r.When == deciding[n].When })
		broken := rapid.SampledFrom([]string{`1 / (approvals.size() - approvals.size()) == 1`, `request.annotations["absent"][0] == "x"`, `approvals[9].person == "x"`, `request.duration > duration("1h")`}).Draw(t, "broken")
		broken += rapid.SampledFrom([]string{"", " || true", " && false", ` || approvals.size() > 0`, ` && on_call.size() > 9`}).Draw(t, "beside")
		routes[first].OnCall = []policy.OnCall{production}
		s.req.AccessUntil, s.req.MaxDuration = time.Time{}, 0
		deny := rapid.Bool().Draw(t, "deny")
		if deny {
			routes[first].DenyWhen = broken
		} else {
			routes[first].ApproveWhen = broken
		}
		d := chained(t, routes).Judge(s.req, s.evidence(), s.duties)
		rests := append([]bridge.Evidence{d.Evidence}, d.Support...)
		unasked := deny && !slices.ContainsFunc(rests, func(ev bridge.Evidence) bool { return !ev.OnCall() })
		require.True(t, d.Verdict != bridge.Approve || unasked, "%+v", d)
	})
}

// The people who speak in the test below, under the names they have at vendors.
var speakers = map[string][]bridge.Actor{
	"bob":   {{ID: "b", Email: "bob@example.com"}, {ID: "b2", Email: "BOB@example.com"}, {ID: "b3", Email: "bob+jira@example.com"}, {ID: "acc-bob"}},
	"zoe":   {{ID: "z", Email: "zoe@example.com"}, {ID: "z2", Email: "zoe+2@example.com"}, {ID: "z3", Email: " Zoe@Example.com"}},
	"mary":  {{ID: "m", Email: "mary@example.com"}, {ID: "acc-mary", Email: "mary@example.com"}},
	"alice": {{ID: "a", Email: "alice@example.com"}, {ID: "a2", Email: "a.smith+x@example.com"}, {ID: "acc-alice"}},
}

// Of n that have to approve each is another person, whatever names they use, whose last word is not a denial, and none is the requester.
func TestW13_NOfCountsPeople(t *testing.T) {
	people := policy.NewPeople(staff, []policy.Entry{{ID: "acc-bob", User: "bob"}, {ID: "acc-alice", User: "alice"}}, false)
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(1, 3).Draw(t, "least")
		p, err := policy.New([]policy.Route{route(atPager, denyWhen("false"), approveWhen(fmt.Sprintf("approvals.size() >= %d", least)))})
		require.NoError(t, err)
		var all []bridge.Evidence
		said, refused := map[string]int{}, map[string]int{}
		for n := range rapid.IntRange(0, 8).Draw(t, "statements") {
			who := rapid.SampledFrom(slices.Sorted(maps.Keys(speakers))).Draw(t, "who")
			ev := evidence(at(rapid.SampledFrom([]string{"jira", "pager"}).Draw(t, "target"), n+1), by(rapid.SampledFrom(speakers[who]).Draw(t, "as")))
			said[who] = n + 1
			if rapid.IntRange(0, 3).Draw(t, "denies") == 0 {
				denied(&ev)
				delete(said, who)
				refused[who] = n + 1
			}
			all = append(all, ev)
		}
		delete(said, "alice")
		d := p.Using(people).Judge(request(), rapid.Permutation(all).Draw(t, "order"), nil)
		want := bridge.Undecided
		if len(said) >= least {
			want = bridge.Approve
		}
		require.Equal(t, want, d.Verdict, "said %v, denied %v", said, refused)
	})
}
