package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func silent(ev *bridge.Evidence) { ev.Reason = " \n" }

func TestReasonIsRequiredByVerdict(t *testing.T) {
	p := compile(t, nil, route(atPager, func(r *policy.Route) { r.RequireReason = []bridge.Verdict{bridge.Deny} }))
	require.Equal(t, bridge.Approve, p.Judge(request(), []bridge.Evidence{evidence(silent)}, nil).Verdict)
	require.Equal(t, bridge.Deny, p.Judge(request(), []bridge.Evidence{evidence(denied)}, nil).Verdict)
	d := p.Judge(request(), []bridge.Evidence{evidence(denied, silent)}, nil)
	require.Equal(t, []string{"no_reason"}, codes(d))
	require.Contains(t, d.Refusals[0].Text, "comment", "it says how to give one")

	// Somebody who may deny has said no, if without a reason.
	d = p.Judge(request(), []bridge.Evidence{evidence(denied, silent), evidence(at("pager", 5), byCarol)}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
	require.Contains(t, d.Detail, "no_reason")
	// The requester's own no stands in nobody's way.
	d = p.Judge(request(), []bridge.Evidence{evidence(denied, silent, byAlice), evidence(at("pager", 5), byCarol)}, nil)
	require.Equal(t, bridge.Approve, d.Verdict)
}

func TestReasonIsRequiredOfWhateverDecides(t *testing.T) {
	p := compile(t, nil, route(approving(), approveWhen(bySeen+` || on_call.size() > 0`), denyWhen(`evidence.exists(e, e.status == "Veto")`),
		func(r *policy.Route) { r.RequireReason = []bridge.Verdict{bridge.Approve, bridge.Deny} }))
	require.Equal(t, []string{"no_reason"}, codes(p.Judge(request(), []bridge.Evidence{evidence(seen, silent)}, duty())))
	veto := evidence(seen, silent, func(ev *bridge.Evidence) { ev.Status = "Veto" })
	d := p.Judge(request(), []bridge.Evidence{veto}, duty(shift()))
	require.Equal(t, []string{"no_reason"}, codes(d))
	require.Equal(t, bridge.Undecided, d.Verdict, "a denial without its reason is not given up in favour of being on call")
	require.Equal(t, bridge.Approve, p.Judge(request(), nil, duty(shift())).Verdict, "being on call is a reason of its own")
}

func TestW33_LongAccessIsNotApprovedFromOutside(t *testing.T) {
	lasts := func(d time.Duration) func(*bridge.Request) {
		return func(r *bridge.Request) { r.AccessUntil = made.Add(d) }
	}
	for name, c := range map[string]struct {
		req  bridge.Request
		want bool
	}{
		"as long as allowed": {request(lasts(12 * time.Hour)), true},
		"longer":             {request(lasts(12*time.Hour + time.Second)), false},
		"unknown":            {request(), false},
		"ends before it starts": {request(lasts(time.Hour), func(r *bridge.Request) {
			r.AccessFrom = made.Add(2 * time.Hour)
		}), false},
		"starts later": {request(lasts(30*time.Hour), func(r *bridge.Request) { r.AccessFrom = made.Add(20 * time.Hour) }), true},
		"only the longest time is known": {request(func(r *bridge.Request) {
			r.MaxDuration = 12 * time.Hour
		}), true},
		"the longer of two": {request(lasts(time.Hour), func(r *bridge.Request) { r.MaxDuration = 13 * time.Hour }), false},
	} {
		t.Run(name, func(t *testing.T) {
			limit := func(r *policy.Route) { r.MaxDuration = 12 * time.Hour }
			want := bridge.Undecided
			if c.want {
				want = bridge.Approve
			}
			plain := compile(t, nil, route(limit))
			d := plain.Judge(c.req, []bridge.Evidence{evidence()}, nil)
			require.Equal(t, want, d.Verdict)
			if !c.want {
				require.Equal(t, []string{"too_long"}, codes(d))
				require.Contains(t, d.Refusals[0].Text, "at most 12h")
			}
			require.Equal(t, bridge.Deny, plain.Judge(c.req, []bridge.Evidence{evidence(denied)}, nil).Verdict, "denials are not affected")
			require.Equal(t, want, compile(t, nil, route(limit, approving())).Judge(c.req, nil, duty(shift())).Verdict, "on call")
			require.Equal(t, want, compile(t, nil, route(limit, approveWhen(bySeen))).Judge(c.req, []bridge.Evidence{evidence(seen)}, nil).Verdict, "by expression")
		})
	}
}

// members knows the groups of these tests: who is in them, by account or by address.
type members map[string][]bridge.Actor

func (m members) Holds(integration, group string, actor bridge.Actor) (in, known bool) {
	list, known := m[integration+"/"+group]
	for _, a := range list {
		if a.ID != "" && a.ID == actor.ID || actor.ID == "" && bridge.SameName(a.Email, actor.Email) {
			return true, true
		}
	}
	return false, known
}

func TestApproversByGroupAndRole(t *testing.T) {
	groups := members{
		"jira/leads": {{ID: "acc-bob", Email: "bob@example.com"}}, "pager/core": {{ID: "PCAROL", Email: "carol@example.com"}, {ID: "PBOB", Email: "BOB@example.com"}},
		"jira/none": {}, "pager/strangers": {{ID: "acc-bob", Email: "eve@example.com"}},
	}
	in := func(names ...policy.Group) policy.Approvers { return policy.Approvers{Groups: names} }
	unread, empty := policy.Group{Integration: "jira", Group: "unread"}, policy.Group{Integration: "jira", Group: "none"}
	leads := policy.Group{Integration: "jira", Group: "leads"}
	for name, c := range map[string]struct {
		approvers policy.Approvers
		people    *policy.People
		change    func(*bridge.Evidence)
		code      string
	}{
		"in the group":                       {in(leads), nil, nil, ""},
		"in one of two groups":               {in(empty, leads), nil, nil, ""},
		"in a group, another is unknown":     {in(unread, leads), nil, nil, ""},
		"in a group after an unknown one":    {in(leads, unread), nil, nil, ""},
		"in no group":                        {in(empty), nil, nil, "not_approver"},
		"unknown":                            {in(unread), nil, nil, "group_unknown"},
		"in no group, another is unknown":    {in(empty, unread), nil, nil, "group_unknown"},
		"in no group, one before is unknown": {in(unread, empty), nil, nil, "group_unknown"},
		"unknown, but named":                 {policy.Approvers{Groups: []policy.Group{unread}, Emails: []string{"bob@example.com"}}, nil, nil, ""},
		"in the group of another vendor":     {in(policy.Group{Integration: "pager", Group: "core"}), nil, nil, ""},
		"hidden address, by Teleport's": {
			in(policy.Group{Integration: "pager", Group: "core"}), policy.NewPeople(staff, []policy.Entry{{ID: "acc-bob", User: "bob"}}, false),
			by(bridge.Actor{ID: "acc-bob"}), "",
		},
		"another vendor's account of that id": {in(policy.Group{Integration: "pager", Group: "strangers"}), nil, nil, "not_approver"},
		"another account of that address":     {in(leads), nil, by(bridge.Actor{ID: "acc-eve", Email: "bob@example.com"}), "not_approver"},
		"has the role":                        {policy.Approvers{Roles: []string{"other", "bob-role"}}, nil, nil, ""},
		"has another role":                    {policy.Approvers{Roles: []string{"alice-role"}}, nil, nil, "not_approver"},
		"no Teleport user has no role":        {policy.Approvers{Roles: []string{"access"}}, nil, byZoe, "not_approver"},
		"roles may not be read": {
			policy.Approvers{Roles: []string{"access"}}, policy.NewPeople(nil, []policy.Entry{{ID: "acc-bob", User: "bob"}}, false), nil, "group_unknown",
		},
		"a user whose roles are not known": {
			policy.Approvers{Roles: []string{"access"}}, policy.NewPeople(staff, []policy.Entry{{ID: "acc-bob", User: "robert"}}, false), nil, "group_unknown",
		},
		"the requester is in the group": {in(leads), policy.NewPeople(staff, []policy.Entry{{ID: "acc-bob", User: "alice"}}, false), nil, "requester"},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, c.people, route(func(r *policy.Route) { r.Approvers = c.approvers })).Asking(groups)
			ev := evidence()
			if c.change != nil {
				c.change(&ev)
			}
			d := p.Judge(request(), []bridge.Evidence{ev}, nil)
			require.Equal(t, c.code == "group_unknown", d.Unknown, "it is judged again when that may have become known")
			if c.code == "" {
				require.Equal(t, bridge.Approve, d.Verdict, "%v", codes(d))
				return
			}
			require.Equal(t, []string{c.code}, codes(d))
		})
	}
}

func TestWithoutKnowledgeOfGroupsNobodyIsInOne(t *testing.T) {
	p := compile(t, nil, route(func(r *policy.Route) { r.Approvers.Groups = []policy.Group{{Integration: "jira", Group: "leads"}} }))
	require.Equal(t, []string{"group_unknown"}, codes(p.Judge(request(), []bridge.Evidence{evidence()}, nil)))
}

// A denial that may turn out to count must not be overtaken by an approval.
func TestDenialOfUnknownStandingHoldsApprovalsBack(t *testing.T) {
	p := compile(t, nil, route(atPager, func(r *policy.Route) {
		r.Approvers = policy.Approvers{Emails: []string{"carol@example.com"}, Groups: []policy.Group{{Integration: "jira", Group: "unread"}}}
	})).Asking(members{})
	approved := evidence(at("pager", 5), byCarol)
	require.Equal(t, bridge.Approve, p.Judge(request(), []bridge.Evidence{approved}, nil).Verdict)
	d := p.Judge(request(), []bridge.Evidence{evidence(denied), approved}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
	require.True(t, d.Unknown)
	require.Equal(t, []string{"group_unknown"}, codes(d))
}
