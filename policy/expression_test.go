package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func approveWhen(expression string) func(*policy.Route) {
	return func(r *policy.Route) { r.ApproveWhen = expression }
}

func denyWhen(expression string) func(*policy.Route) {
	return func(r *policy.Route) { r.DenyWhen = expression }
}

// atPager adds a second place where people may speak.
func atPager(r *policy.Route) { r.Targets = append(r.Targets, bridge.Target{Integration: "pager"}) }

func at(target string, minute int) func(*bridge.Evidence) {
	return func(ev *bridge.Evidence) {
		ev.Target, ev.Object, ev.At = target, bridge.Ref{ID: target + "-1", Key: strings.ToUpper(target) + "-1"}, made.Add(time.Duration(minute)*time.Minute)
	}
}

var (
	byCarol = by(bridge.Actor{ID: "c", Email: "carol@example.com"})
	byZoe   = by(bridge.Actor{ID: "z", Email: "zoe@example.com"})
	byAlice = by(bridge.Actor{ID: "a", Email: "alice@example.com"})
	seen    = func(ev *bridge.Evidence) { ev.Status, ev.Verdict = "Seen", bridge.Undecided }
)

const (
	both     = `approvals.exists(a, a.target == "jira") && on_call.size() > 0`
	twoOf    = `approvals.size() >= 2`
	office   = `approvals.size() > 0 && time.weekday in ["monday", "tuesday", "wednesday", "thursday", "friday"] && time.hour >= 9 && time.hour < 17`
	bySeen   = `evidence.exists(e, e.status == "Seen")`
	anything = `true`
)

func TestApproveWhenSaysWhatApproves(t *testing.T) {
	own, nobody := duty(shift()), duty()
	for name, c := range map[string]struct {
		expression string
		evidence   []bridge.Evidence
		duties     []bridge.Duty
		want       bridge.Verdict
		person     string
	}{
		"approved and on call":                {both, []bridge.Evidence{evidence()}, own, bridge.Approve, "bob"},
		"approved, not on call":               {both, []bridge.Evidence{evidence()}, nobody, "", ""},
		"on call, not approved":               {both, nil, own, "", ""},
		"on call, approved by herself":        {both, []bridge.Evidence{evidence(byAlice)}, own, "", ""},
		"on call, denied":                     {both, []bridge.Evidence{evidence(denied)}, own, bridge.Deny, "bob"},
		"two people":                          {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5), byCarol)}, nil, bridge.Approve, "carol@example.com"},
		"one person in two places":            {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5))}, nil, "", ""},
		"one person under two accounts":       {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5), by(bridge.Actor{ID: "other", Email: "BOB@example.com"}))}, nil, "", ""},
		"one of two is the requester":         {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5), byAlice)}, nil, "", ""},
		"one of two is a program":             {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5), by(bridge.Actor{ID: "bot", Email: "bot@example.com", Automated: true}))}, nil, "", ""},
		"one of two belongs elsewhere":        {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5), byCarol, func(ev *bridge.Evidence) { ev.Marker = "another" })}, nil, "", ""},
		"two, and a third denies":             {twoOf, []bridge.Evidence{evidence(), evidence(at("pager", 5), byCarol), evidence(at("pager", 3), byZoe, denied)}, nil, bridge.Deny, "zoe@example.com"},
		"state that means nothing by itself":  {bySeen, []bridge.Evidence{evidence(seen)}, nil, bridge.Approve, "bob"},
		"that state by the requester":         {bySeen, []bridge.Evidence{evidence(seen, byAlice)}, nil, "", ""},
		"that state by nobody":                {bySeen, []bridge.Evidence{evidence(seen, by(bridge.Actor{}))}, nil, "", ""},
		"everything, but nobody said a thing": {anything, nil, nobody, "", ""},
		"everything, refused statements":      {anything, []bridge.Evidence{evidence(byAlice)}, nobody, "", ""},
		"everything, on call":                 {anything, nil, own, bridge.Approve, "alice"},
		"being on call alone is not enough":   {`approvals.size() > 0`, nil, own, "", ""},
		"office hours":                        {office, []bridge.Evidence{evidence(at("jira", 26*60))}, nil, bridge.Approve, "bob"},
		"office hours, sunday":                {office, []bridge.Evidence{evidence()}, nil, "", ""},
		"office hours, at night":              {office, []bridge.Evidence{evidence(at("jira", 36*60))}, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, nil, route(atPager, approving(), approveWhen(c.expression)))
			d := p.Judge(request(), c.evidence, c.duties)
			require.Equal(t, c.want, d.Verdict, "%+v", d.Refusals)
			require.Equal(t, c.person, d.Person)
			if c.want == bridge.Approve {
				require.Equal(t, bridge.RuleApproveWhen, d.Rule)
			}
		})
	}
}

func TestDenyWhenSaysWhatDeniesAndGoesFirst(t *testing.T) {
	for name, c := range map[string]struct {
		expression string
		evidence   []bridge.Evidence
		want       bridge.Verdict
	}{
		"true":                         {`denials.size() >= 2`, []bridge.Evidence{evidence(denied), evidence(at("pager", 1), byCarol, denied)}, bridge.Deny},
		"one is not enough":            {`denials.size() >= 2`, []bridge.Evidence{evidence(denied)}, ""},
		"one does not stop approval":   {`denials.size() >= 2`, []bridge.Evidence{evidence(denied), evidence(at("pager", 1), byCarol)}, bridge.Approve},
		"a word in an approval denies": {`evidence.exists(e, e.reason.contains("veto"))`, []bridge.Evidence{evidence(func(ev *bridge.Evidence) { ev.Reason = "veto" })}, bridge.Deny},
		"a state denies":               {bySeen, []bridge.Evidence{evidence(seen), evidence(at("pager", 1), byCarol)}, bridge.Deny},
		"nobody said a thing":          {anything, nil, ""},
		"only the requester did":       {anything, []bridge.Evidence{evidence(byAlice)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, nil, route(atPager, denyWhen(c.expression)))
			d := p.Judge(request(), c.evidence, nil)
			require.Equal(t, c.want, d.Verdict)
			if c.want == bridge.Deny {
				require.Equal(t, bridge.RuleDenyWhen, d.Rule)
			}
		})
	}
}

// Whoever changed their mind has not approved, wherever they said so.
func TestApprovalIsWithdrawnByALaterDenialOfTheSamePerson(t *testing.T) {
	p := compile(t, nil, route(atPager, denyWhen(`denials.size() >= 2`), approveWhen(`approvals.size() >= 1`)))
	approved := evidence(at("jira", 5))
	require.Equal(t, bridge.Undecided, p.Judge(request(), []bridge.Evidence{approved, evidence(at("pager", 6), denied)}, nil).Verdict)
	require.Equal(t, bridge.Undecided, p.Judge(request(), []bridge.Evidence{approved, evidence(at("pager", 5), denied)}, nil).Verdict)
	require.Equal(t, bridge.Approve, p.Judge(request(), []bridge.Evidence{approved, evidence(at("pager", 4), denied)}, nil).Verdict)
	require.Equal(t, bridge.Approve, p.Judge(request(), []bridge.Evidence{approved, evidence(at("pager", 6), denied, byCarol)}, nil).Verdict)
}

// People who cannot be told apart for certain are counted as one.
func TestTwoPeopleAreTwoOnlyWhenThatIsCertain(t *testing.T) {
	table := []policy.Entry{{ID: "acc-dave", User: "dave"}, {ID: "acc-erin", User: "erin"}}
	byDave, byErin := by(bridge.Actor{ID: "acc-dave"}), by(bridge.Actor{ID: "acc-erin"})
	p := compile(t, policy.NewPeople(staff, table, false), route(atPager, approveWhen(twoOf)))
	judge := func(a, b func(*bridge.Evidence)) bridge.Verdict {
		return p.Judge(request(), []bridge.Evidence{evidence(a), evidence(at("pager", 3), b)}, nil).Verdict
	}
	require.Equal(t, bridge.Approve, judge(byDave, byErin), "two Teleport users")
	require.Equal(t, bridge.Undecided, judge(byDave, byZoe), "dave's address is not known, so it may be zoe's")
	require.Equal(t, bridge.Approve, judge(byDave, by(bridge.Actor{ID: "b", Email: "bob@example.com"})))
	require.Equal(t, bridge.Approve, judge(byCarol, byZoe), "two addresses")
}

func TestDecisionByExpressionNamesEverythingItRestsOn(t *testing.T) {
	p := compile(t, nil, route(atPager, approving(), approveWhen(twoOf+" && on_call.size() == 1 && evidence.size() == 3")))
	first, second, third := evidence(at("jira", 1)), evidence(at("pager", 5), byCarol), evidence(at("pager", 7), byZoe, seen)
	d := p.Judge(request(), []bridge.Evidence{third, first, second, first}, duty(shift()))
	require.Equal(t, bridge.Approve, d.Verdict)
	require.Equal(t, second, d.Evidence, "the newest that says so by itself")
	require.Len(t, d.Support, 3)
	require.Contains(t, d.Support, first)
	require.Contains(t, d.Support, third)
	require.True(t, d.Support[2].OnCall())
	require.Equal(t, []bridge.Duty{{Integration: "pager", ReadAt: made.Add(time.Second)}}, d.Duties)
	for _, words := range []string{"looks right; ", `bob: "Approved" at jira`, `zoe@example.com: "Seen" at pager`, `alice is on call by "Primary", level 1`} {
		require.Contains(t, d.Reason, words)
	}
	require.Equal(t, "carol@example.com", d.Person)
}

// It takes a moment until it is known who is on call. Until then that is neither yes nor no, and nobody is bothered with it.
func TestOnCallIsAwaitedWhereAnExpressionUsesIt(t *testing.T) {
	other := policy.OnCall{Integration: "other", Query: production.Query}
	p := compile(t, nil, route(atPager, approving(production, other), approveWhen(`approvals.size() > 0 && on_call.size() == 0`)))
	one := duty()
	all := append(duty(), bridge.Duty{Integration: "other", ReadAt: made.Add(time.Second)})
	for _, duties := range [][]bridge.Duty{nil, one} {
		d := p.Judge(request(), []bridge.Evidence{evidence()}, duties)
		require.Equal(t, bridge.Undecided, d.Verdict)
		require.Empty(t, d.Refusals)
		require.Contains(t, d.Detail, "on_call is not known")
		require.True(t, d.Unknown)
	}
	d := p.Judge(request(), []bridge.Evidence{evidence()}, all)
	require.Equal(t, bridge.Approve, d.Verdict)
	require.Len(t, d.Duties, 2, "that nobody is on call must not be old news")
	d = p.Judge(request(), []bridge.Evidence{evidence()}, append(duty(shift()), all[1]))
	require.Equal(t, bridge.Undecided, d.Verdict)
}

func TestErrorInAnExpressionDecidesNothingAndShows(t *testing.T) {
	for name, change := range map[string]func(*policy.Route){
		"approve_when":        approveWhen(`approvals[5].person == "bob"`),
		"deny_when":           denyWhen(`denials[5].person == "bob"`),
		"unknown traits":      approveWhen(`"x" in request.traits`),
		"unknown to approve":  approveWhen(`approvals.size() > 0 || "x" in request.traits`),
		"costly":              approveWhen(`evidence.all(a, "x".replace("", request.id).split("").all(b, "x".replace("", request.id).split("").all(c, request.id.split("").all(d, b != c + d))))`),
		"division by nothing": approveWhen(`1 / (approvals.size() - approvals.size()) == 1`),
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(directory{"bob": nil}, nil, false), route(atPager, change))
			req := request(func(r *bridge.Request) { r.User = "alice@example.com" })
			d := p.Judge(req, []bridge.Evidence{evidence(), evidence(at("pager", 2), byCarol), evidence(at("pager", 3), byZoe, seen)}, nil)
			require.Equal(t, bridge.Undecided, d.Verdict)
			require.Equal(t, []string{"policy_error", "policy_error"}, codes(d), "every piece that would have decided")
			require.Contains(t, d.Refusals[0].Detail, `route "all": `)
			require.Equal(t, d.Detail, d.Refusals[0].Detail)
		})
	}
}

func TestOnCallInARouteWithoutRulesIsAFault(t *testing.T) {
	_, err := policy.New([]policy.Route{route(approveWhen("approvals.size() > 0 &&\n  on_call.size() > 0"))})
	require.ErrorContains(t, err, "routes[0].approve_when: 2:3: on_call is always empty")
	_, err = policy.New([]policy.Route{route(when(`on_call.size() > 0`)), route(denyWhen(`evidence`)), route(approveWhen(`approvals.size() >`))})
	require.ErrorContains(t, err, "routes[0].when: 1:1: on_call is known in approve_when and deny_when alone")
	require.ErrorContains(t, err, "routes[1].deny_when: 1:1: the condition yields list")
	require.ErrorContains(t, err, "routes[2].approve_when: 1:")
}
