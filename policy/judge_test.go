package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func codes(d bridge.Decision) []string {
	var codes []string
	for _, r := range d.Refusals {
		codes = append(codes, r.Code)
	}
	return codes
}

func TestApprovalByAnotherPersonDecides(t *testing.T) {
	p := compile(t, nil, route())
	ev := evidence()
	d := p.Judge(request(), []bridge.Evidence{ev}, nil)
	require.Equal(t, bridge.Decision{
		Verdict: bridge.Approve, Person: "bob", Reason: "looks right", Evidence: ev, Route: "all", Rule: "status", Mode: bridge.ModeReview,
	}, d)
}

// Each row spoils one thing; the refusal says which.
func TestP3_RefusalsNameTheirCode(t *testing.T) {
	table := []policy.Entry{{Integration: "jira", ID: "acc-two", User: "carol"}, {Email: "two@example.com", User: "dave"}}
	approvers := route(func(r *policy.Route) { r.Approvers.Emails = []string{"boss@example.com"} })
	override := route(func(r *policy.Route) { r.Mode, r.OverrideRoles = bridge.ModeOverride, []string{"prod-web"} })
	for code, c := range map[string]struct {
		people *policy.People
		route  policy.Route
		req    bridge.Request
		ev     bridge.Evidence
	}{
		"wrong_marker": {ev: evidence(func(ev *bridge.Evidence) { ev.Marker = "0192a3b4-0000-7000-8000-000000000002" })},
		"automation":   {ev: evidence(func(ev *bridge.Evidence) { ev.Actor.Automated = true })},
		"no_actor":     {ev: evidence(by(bridge.Actor{Name: "Bob"}))},
		"too_old":      {ev: evidence(func(ev *bridge.Evidence) { ev.At = made.Add(-2 * time.Minute) })},
		"unmapped":     {ev: evidence(by(bridge.Actor{ID: "acc-unknown", Name: "Bob"}))},
		"ambiguous":    {people: policy.NewPeople(staff, table, false), ev: evidence(by(bridge.Actor{ID: "acc-two", Email: "two@example.com"}))},
		"not_a_user":   {people: policy.NewPeople(staff, nil, true), ev: evidence(by(bridge.Actor{ID: "x", Email: "stranger@example.com"}))},
		"requester":    {ev: evidence(by(bridge.Actor{ID: "x", Email: "A.Smith@example.com"}))},
		"requester_unknown": {
			people: policy.NewPeople(nil, nil, false), ev: evidence(),
		},
		"not_approver":         {route: approvers, ev: evidence()},
		"override_not_allowed": {route: override, ev: evidence()},
	} {
		t.Run(code, func(t *testing.T) {
			if c.route.Name == "" {
				c.route = route()
			}
			p := compile(t, c.people, c.route)
			for _, verdict := range []bridge.Verdict{bridge.Approve, bridge.Deny} {
				ev := c.ev
				ev.Verdict = verdict
				d := p.Judge(request(), []bridge.Evidence{ev}, nil)
				require.Equal(t, bridge.Undecided, d.Verdict)
				require.Empty(t, d.Person)
				require.Equal(t, []string{code}, codes(d))
				require.Equal(t, ev, d.Refusals[0].Evidence)
				require.Greater(t, len(d.Refusals[0].Text), 30, "the text tells people what they can do")
			}
		})
	}
}

func TestUnknownStatusDecidesNothing(t *testing.T) {
	p := compile(t, nil, route())
	d := p.Judge(request(), []bridge.Evidence{evidence(func(ev *bridge.Evidence) { ev.Status, ev.Verdict = "Renamed", bridge.Undecided })}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
	require.Empty(t, d.Refusals, "an open object is no decision, so there is nothing to refuse")
}

func TestEvidenceFromATargetOutsideTheRouteIsIgnored(t *testing.T) {
	p := compile(t, nil, route())
	d := p.Judge(request(), []bridge.Evidence{evidence(func(ev *bridge.Evidence) { ev.Target = "pager" })}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
	require.Empty(t, d.Refusals)
}

func TestNotifyOnlyNeverDecides(t *testing.T) {
	p := compile(t, nil, route(func(r *policy.Route) { r.NotifyOnly = true }))
	require.Equal(t, bridge.Decision{}, p.Judge(request(), []bridge.Evidence{evidence(), evidence(denied)}, nil))
	_, told, _ := p.Target(request(), "jira")
	require.True(t, told)
}

func TestDenyBeatsAnyNumberOfEarlierApprovals(t *testing.T) {
	p := compile(t, nil, route(func(r *policy.Route) { r.Targets = append(r.Targets, bridge.Target{Integration: "pager"}) }))
	deny := evidence(denied, by(bridge.Actor{ID: "c", Email: "carol@example.com"}), func(ev *bridge.Evidence) {
		ev.Target, ev.At, ev.Reason = "pager", made.Add(30*time.Minute), "not today"
	})
	d := p.Judge(request(), []bridge.Evidence{evidence(), deny, evidence()}, nil)
	require.Equal(t, bridge.Deny, d.Verdict)
	require.Equal(t, "carol@example.com", d.Person)
	require.Equal(t, "not today", d.Reason)
}

// How old a reading is decides whether it is good enough to act on, so the latest of several must be the one that is named.
func TestLatestReadingOfTheSameFactIsNamed(t *testing.T) {
	p := compile(t, nil, route())
	early, late := evidence(), evidence(func(ev *bridge.Evidence) { ev.ReadAt = ev.ReadAt.Add(time.Hour) })
	for _, order := range [][]bridge.Evidence{{early, late}, {late, early}} {
		require.Equal(t, late, p.Judge(request(), order, nil).Evidence)
	}
}

// A denial that does not count must not stand in the way of an approval that does.
func TestRefusedDenialDoesNotBlock(t *testing.T) {
	p := compile(t, nil, route())
	d := p.Judge(request(), []bridge.Evidence{evidence(denied, func(ev *bridge.Evidence) { ev.Actor.Automated = true }), evidence()}, nil)
	require.Equal(t, bridge.Approve, d.Verdict)
	require.Equal(t, []string{"automation"}, codes(d))
}

func TestEvidenceWithinTheClockSkewCounts(t *testing.T) {
	p := compile(t, nil, route())
	d := p.Judge(request(), []bridge.Evidence{evidence(func(ev *bridge.Evidence) { ev.At = made.Add(-time.Minute) })}, nil)
	require.Equal(t, bridge.Approve, d.Verdict)
	d = p.Judge(request(), []bridge.Evidence{evidence(func(ev *bridge.Evidence) { ev.At = time.Time{} })}, nil)
	require.Equal(t, []string{"too_old"}, codes(d), "evidence without a time proves nothing")
}

func TestApprovers(t *testing.T) {
	table := []policy.Entry{{Integration: "jira", ID: "acc-hidden", User: "erin"}}
	for name, c := range map[string]struct {
		approvers policy.Approvers
		actor     bridge.Actor
		want      bool
	}{
		"by address":                     {policy.Approvers{Emails: []string{"BOB@example.com"}}, bridge.Actor{Email: "bob@example.com"}, true},
		"by Teleport user":               {policy.Approvers{Emails: []string{"bob"}}, bridge.Actor{Email: "bob@example.com"}, true},
		"by Teleport user of the table":  {policy.Approvers{Emails: []string{"erin"}}, bridge.Actor{ID: "acc-hidden"}, true},
		"by domain":                      {policy.Approvers{Domains: []string{"Example.com"}}, bridge.Actor{Email: "zoe@example.com"}, true},
		"by domain with an at sign":      {policy.Approvers{Domains: []string{"@example.com"}}, bridge.Actor{Email: "zoe@example.com"}, true},
		"another person":                 {policy.Approvers{Emails: []string{"bob"}}, bridge.Actor{Email: "zoe@example.com"}, false},
		"a subdomain is another domain":  {policy.Approvers{Domains: []string{"example.com"}}, bridge.Actor{Email: "zoe@x.example.com"}, false},
		"a longer domain":                {policy.Approvers{Domains: []string{"example.com"}}, bridge.Actor{Email: "zoe@badexample.com"}, false},
		"a domain in the local part":     {policy.Approvers{Domains: []string{"example.com"}}, bridge.Actor{Email: "zoe@example.com@evil.test"}, false},
		"an address that is only a name": {policy.Approvers{Domains: []string{"example.com"}}, bridge.Actor{Email: "example.com"}, false},
		"a hidden address has no domain": {policy.Approvers{Domains: []string{"example.com"}}, bridge.Actor{ID: "acc-hidden"}, false},
		"an empty domain admits nobody":  {policy.Approvers{Domains: []string{""}}, bridge.Actor{Email: "zoe@"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(staff, table, false), route(func(r *policy.Route) { r.Approvers = c.approvers }))
			d := p.Judge(request(), []bridge.Evidence{evidence(by(c.actor))}, nil)
			require.Equal(t, c.want, d.Verdict == bridge.Approve, "%v", codes(d))
		})
	}
}

func TestOverrideOnlyForTheRolesOfTheRoute(t *testing.T) {
	p := compile(t, nil, route(func(r *policy.Route) {
		r.Mode, r.OverrideRoles = bridge.ModeOverride, []string{"prod-db", "prod-web"}
	}))
	d := p.Judge(request(), []bridge.Evidence{evidence()}, nil)
	require.Equal(t, bridge.Approve, d.Verdict)
	require.Equal(t, bridge.ModeOverride, d.Mode)
	for _, roles := range [][]string{{"prod-db", "admin"}, {"admin"}, nil} {
		d = p.Judge(request(func(r *bridge.Request) { r.Roles = roles }), []bridge.Evidence{evidence()}, nil)
		require.Equal(t, []string{"override_not_allowed"}, codes(d), "roles %v", roles)
	}
}
