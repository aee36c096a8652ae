package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func TestFirstMatchingRouteSelects(t *testing.T) {
	p := compile(t, nil,
		policy.Route{Name: "db", When: `request.roles.exists(r, r.startsWith("prod-"))`, Targets: []bridge.Target{{Integration: "jira", Settings: "DB"}}},
		policy.Route{Name: "rest", Targets: []bridge.Target{{Integration: "jira", Settings: "REST"}, {Integration: "pager"}}},
	)
	target, ok, err := p.Target(request(), "jira")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, bridge.Target{Integration: "jira", Route: "db", Settings: "DB"}, target)
	_, ok, _ = p.Target(request(), "pager")
	require.False(t, ok, "only the first matching route counts")

	other := request(func(r *bridge.Request) { r.Roles = []string{"dev"} })
	target, ok, _ = p.Target(other, "pager")
	require.True(t, ok)
	require.Equal(t, "rest", target.Route)
}

func TestNoRouteSelectsNothing(t *testing.T) {
	p := compile(t, nil, route(when(`request.user == "nobody"`)))
	matched, err := p.Match(request())
	require.NoError(t, err)
	require.Nil(t, matched)
	_, ok, _ := p.Target(request(), "jira")
	require.False(t, ok)
	require.Equal(t, bridge.Decision{}, p.Judge(request(), []bridge.Evidence{evidence()}, nil))
}

func TestConditionSeesTheWholeRequest(t *testing.T) {
	role := request(func(r *bridge.Request) { r.SuggestedReviewers = []string{"bob"} })
	resource := request(func(r *bridge.Request) {
		r.Resources = []bridge.Resource{{Cluster: "leaf", Kind: "node", Name: "n1", Title: "web-1"}}
	})
	for expression, want := range map[string][2]bool{
		`request.id == "` + requestID + `"`:                               {true, true},
		`request.cluster == "main" && request.user == "alice"`:            {true, true},
		`request.kind == "role"`:                                          {true, false},
		`request.kind == "resource"`:                                      {false, true},
		`request.resources.exists(r, r.kind == "node" && r.name == "n1")`: {false, true},
		`request.resources.all(r, r.cluster == "main")`:                   {true, false},
		`request.reason.matches("incident [0-9]+")`:                       {true, true},
		`"team" in request.annotations`:                                   {true, true},
		`request.annotations["team"][0] == "core"`:                        {true, true},
		`"bob" in request.suggested_reviewers`:                            {true, false},
		`sets.intersects(request.roles, ["prod-db", "prod-web"])`:         {true, true},
		`request.reason.lowerAscii().contains("incident") && !(1 in [2])`: {true, true},
		"  \n\t ": {true, true},
		`request.annotations["team"].size() == 1 && size(request.id) > 30`: {true, true},
	} {
		t.Run(expression, func(t *testing.T) {
			p := compile(t, nil, route(when(expression)))
			for i, req := range []bridge.Request{role, resource} {
				matched, err := p.Match(req)
				require.NoError(t, err)
				require.Equal(t, want[i], matched != nil)
			}
		})
	}
}

func TestEveryFaultyConditionIsReportedAtOnceWithItsPlace(t *testing.T) {
	_, err := policy.New([]policy.Route{
		route(when(`request.user == 7`)),
		route(),
		route(when("request.user == \"a\" &&\n  request.rolls.size() > 0 ||\n  nonsense")),
		route(when(`request.roles`)),
		route(when(`request.user ==`)),
	})
	require.Error(t, err)

	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var routes []int
	for _, fault := range joined.Unwrap() {
		var e *policy.ExpressionError
		require.ErrorAs(t, fault, &e)
		require.Equal(t, "when", e.Field)
		require.Error(t, errors.Unwrap(e))
		routes = append(routes, e.Route)
	}
	require.Equal(t, []int{0, 2, 3, 4}, routes)
	for _, place := range []string{
		"routes[0].when: 1:14: ", "routes[2].when: 2:10: ", "\n3:3: ", "routes[3].when: 1:1: ", "routes[4].when: 1:16: ",
	} {
		require.ErrorContains(t, err, place)
	}
	require.ErrorContains(t, err, "rolls", "the report names the unknown field")
}

func TestConditionOfWrongTypeNamesTheType(t *testing.T) {
	_, err := policy.New([]policy.Route{route(when(`request.roles.size()`))})
	require.ErrorContains(t, err, "int, not true or false")
}

// A condition that works for ever would hold up every request.
func TestCostOfAConditionIsLimited(t *testing.T) {
	costly := `request.roles.all(a, request.roles.all(b, request.roles.all(c, a + b + c != "")))`
	p := compile(t, nil, route(when(costly)))
	matched, err := p.Match(request())
	require.NoError(t, err, "an ordinary request costs little")
	require.NotNil(t, matched)

	many := request(func(r *bridge.Request) { r.Roles = strings.Split(strings.Repeat("role,", 200), ",") })
	matched, err = p.Match(many)
	require.ErrorContains(t, err, "cost limit")
	require.Nil(t, matched)
}

func TestUnevaluableConditionDecidesNothingButPeopleAreTold(t *testing.T) {
	broken := policy.Route{Name: "broken", When: `request.annotations["absent"][0] == "x"`, Targets: []bridge.Target{{Integration: "pager"}}}
	p := compile(t, nil, broken, route())
	matched, err := p.Match(request())
	require.ErrorContains(t, err, `route "broken"`)
	require.Equal(t, "all", matched.Name)

	_, told, err := p.Target(request(), "jira")
	require.True(t, told, "notifications fail open")
	require.ErrorContains(t, err, `route "broken"`, "but not in silence")
	d := p.Judge(request(), []bridge.Evidence{evidence(), evidence(denied)}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict, "decisions fail closed, whichever way they go")
	require.Equal(t, []string{"policy_error", "policy_error"}, codes(d))
	require.Contains(t, d.Refusals[0].Detail, `route "broken"`)
	require.NotContains(t, d.Refusals[0].Text, "broken", "people at the object need not know the policy")
}

func TestTargetsOfTheCallerAreNotChanged(t *testing.T) {
	targets := []bridge.Target{{Integration: "jira"}}
	compile(t, nil, policy.Route{Name: "all", Targets: targets})
	require.Empty(t, targets[0].Route)
}

// FuzzCondition feeds the compiler whatever an operator could type. It must refuse or evaluate it, and never fall over.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		``, `true`, `request.user == "alice"`, `request.roles.exists(r, r.startsWith("prod-"))`, `request.annotations["absent"][0] == "x"`,
		`request.resources.map(r, r.name).size() > 0`, `request == request`, `request.user ==`, "request.user\n&&", `"\xff"`, `1/0 == 1`,
		`[1,2,3].all(x, x in request.roles)`, `request.reason.matches("(")`, `policy.Request{user: "a"} == request`, `dyn(request) == 1`,
		`request.reason.replace("a", "b", -1).split("")[100] == "c"`, `sets.contains(request.roles, [])`, `"%d".format([request.user]) == ""`,
	} {
		f.Add(seed)
	}
	req := request(func(r *bridge.Request) { r.Resources = []bridge.Resource{{Cluster: "main", Kind: "node", Name: "n1"}} })
	f.Fuzz(func(t *testing.T, expression string) {
		p, err := policy.New([]policy.Route{route(when(expression))})
		if err != nil {
			var e *policy.ExpressionError
			require.ErrorAs(t, err, &e)
			require.NotEmpty(t, e.Err.Error())
			return
		}
		matched, err := p.Match(req)
		require.False(t, matched != nil && err != nil, "the only route cannot both match and fail")
		_, told, _ := p.Target(req, "jira")
		require.Equal(t, matched != nil, told)
	})
}
