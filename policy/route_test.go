package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func goOn(r *policy.Route) { r.Continue = true }

func named(name string, targets ...bridge.Target) func(*policy.Route) {
	return func(r *policy.Route) { r.Name, r.Targets = name, targets }
}

func to(integration string, settings any) bridge.Target {
	return bridge.Target{Integration: integration, Settings: settings}
}

// Several places hear of one request, each by the route that names it first.
func TestW32_ContinuedRoutesGiveTheirTargetsTogether(t *testing.T) {
	p := compile(t, nil,
		route(goOn, named("first", to("jira", "A"))),
		route(goOn, named("not mine", to("mail", "-")), when(`request.user == "bob"`)),
		route(named("second", to("jira", "B"), to("pager", "B")), func(r *policy.Route) { r.Quiet = time.Second }),
		route(named("third", to("chat", "C"))),
	)
	target, ok, err := p.Target(request(), "jira")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, bridge.Target{Integration: "jira", Settings: "A", Route: "first"}, target, "the first route's settings and hold")
	target, _, _ = p.Target(request(), "pager")
	require.Equal(t, bridge.Target{Integration: "pager", Settings: "B", Route: "second", Hold: time.Second}, target)
	for _, other := range []string{"mail", "chat"} {
		_, ok, _ = p.Target(request(), other)
		require.False(t, ok, other)
	}
	routes, err := p.Routes(request())
	require.NoError(t, err)
	require.Len(t, routes, 2)
	first, _ := p.Match(request())
	require.Equal(t, "first", first.Name)
}

func TestOnlyTheFirstDecidingRouteApprovesAndAllDeny(t *testing.T) {
	notify := route(goOn, named("tell", to("chat", nil)), func(r *policy.Route) { r.NotifyOnly = true })
	first := route(goOn, named("first", to("jira", nil)), func(r *policy.Route) { r.Approvers.Emails = []string{"bob@example.com"} })
	second := route(named("second", to("jira", nil), to("pager", nil)), func(r *policy.Route) { r.Approvers.Emails = []string{"carol@example.com", "bob@example.com"} })
	p := compile(t, nil, notify, first, second)

	d := p.Judge(request(), []bridge.Evidence{evidence()}, nil)
	require.Equal(t, bridge.Approve, d.Verdict)
	require.Equal(t, "first", d.Route)

	d = p.Judge(request(), []bridge.Evidence{evidence(at("pager", 1), byCarol), evidence(at("chat", 1), byCarol)}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
	require.Equal(t, []string{"other_route"}, codes(d))
	require.Contains(t, d.Refusals[0].Text, `"first"`, "it names the route that decides")

	d = p.Judge(request(), []bridge.Evidence{evidence(), evidence(at("pager", 1), byCarol, denied)}, nil)
	require.Equal(t, bridge.Deny, d.Verdict)
	require.Equal(t, "second", d.Route)
	require.Equal(t, "carol@example.com", d.Person)

	d = p.Judge(request(), []bridge.Evidence{evidence(byCarol)}, nil)
	require.Equal(t, []string{"not_approver"}, codes(d), "a target belongs to the first route that decides by it")
	d = p.Judge(request(), []bridge.Evidence{evidence(at("pager", 1), byZoe, denied)}, nil)
	require.Equal(t, []string{"not_approver"}, codes(d), "the further route has approvers of its own")
}

func TestExpressionsSeeTheirOwnRouteAlone(t *testing.T) {
	first := route(goOn, named("first", to("jira", nil)), approving(), approveWhen(twoOf))
	second := route(named("second", to("pager", nil)), denyWhen(`approvals.size() > 1`))
	p := compile(t, nil, first, second)
	d := p.Judge(request(), []bridge.Evidence{evidence(), evidence(at("pager", 1), byCarol)}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict, "a further route adds nothing to two of two")
	require.Equal(t, []string{"other_route"}, codes(d))

	asking := route(named("second", to("pager", nil)), approving(), denyWhen(`on_call.size() == 0`))
	d = compile(t, nil, first, asking).Judge(request(), []bridge.Evidence{evidence(), evidence(at("pager", 1), byCarol, denied)}, duty())
	require.Equal(t, bridge.Undecided, d.Verdict, "a further route asks nobody who is on call, so it does not know")
	require.Equal(t, []string{"policy_error", "policy_error"}, codes(d))
}

// A route added behind a deciding one can stop what would have been approved, and approve nothing.
func TestOnCallCountsInTheDecidingRouteAlone(t *testing.T) {
	first, second := route(goOn, named("first", to("jira", nil))), route(named("second", to("pager", nil)), approving())
	p := compile(t, nil, first, second)
	require.Equal(t, bridge.Undecided, p.Judge(request(), nil, duty(shift())).Verdict)
	require.Empty(t, p.OnCall(request(), "pager"))
}

func TestUnevaluableConditionAmongContinuedRoutesDecidesNothing(t *testing.T) {
	broken := route(named("broken", to("mail", nil)), when(`request.annotations["absent"][0] == "x"`))
	for _, routes := range [][]policy.Route{
		{broken, route(goOn, named("first", to("jira", nil)))},
		{route(goOn, named("first", to("jira", nil))), broken},
		{route(goOn, named("first", to("jira", nil))), broken, route(named("last", to("pager", nil)))},
	} {
		p := compile(t, nil, routes...)
		d := p.Judge(request(), []bridge.Evidence{evidence(), evidence(denied)}, duty(shift()))
		require.Equal(t, bridge.Undecided, d.Verdict)
		require.Equal(t, []string{"policy_error", "policy_error"}, codes(d))
		_, told, err := p.Target(request(), "jira")
		require.True(t, told)
		require.Error(t, err)
	}
}

func TestOverrideAndApproversAreThoseOfTheRouteThatDecides(t *testing.T) {
	first := route(goOn, named("first", to("jira", nil)))
	second := route(named("second", to("pager", nil)), func(r *policy.Route) { r.Mode, r.OverrideRoles = bridge.ModeOverride, []string{"other"} })
	p := compile(t, nil, first, second)
	require.Equal(t, bridge.ModeReview, p.Judge(request(), []bridge.Evidence{evidence()}, nil).Mode)
	d := p.Judge(request(), []bridge.Evidence{evidence(at("pager", 1), denied)}, nil)
	require.Equal(t, []string{"override_not_allowed"}, codes(d))
}
