package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func TestValuesSayWhatEachExpressionYields(t *testing.T) {
	p := compile(t, nil,
		route(named("others", to("jira", nil)), when(`request.user == "zoe"`)),
		route(goOn, named("first", to("jira", nil)), when(`request.user == "alice"`), approving(), approveWhen(twoOf), denyWhen(`denials[0].person == "x"`)),
		route(named("second", to("pager", nil)), denyWhen(`evidence.size() == 1`), approveWhen(twoOf)),
	)
	got := map[string]bool{}
	for _, v := range p.Values(request(), []bridge.Evidence{evidence(), evidence(at("pager", 1), byCarol, denied)}, duty(shift())) {
		got[v.Route+" "+v.Field] = v.Holds
		require.Equal(t, v.Route == "first" && v.Field == "deny_when", v.Err != nil, "%+v", v)
	}
	require.Equal(t, map[string]bool{
		"others when": false, "first when": true, "first deny_when": false, "first approve_when": false, "second deny_when": true,
	}, got)
}

// What an expression is made of is shown in the order it is written, also what the rest would have made unnecessary.
func TestValuesShowThePartsOfAnExpression(t *testing.T) {
	parts := func(expression string) map[string]string {
		p := compile(t, nil, route(approveWhen(expression)))
		out := map[string]string{}
		for _, v := range p.Values(request(), []bridge.Evidence{evidence()}, nil) {
			for _, part := range v.Parts {
				out[part.Text] = part.Value
			}
		}
		return out
	}
	require.Equal(t, map[string]string{
		`request.user == "zoe"`: "false", "request.user": `"alice"`, "approvals.size() >= 2": "false", "approvals.size()": "1",
		`approvals.exists(a, a.target == "jira")`: "true",
	}, parts(`request.user == "zoe" && (approvals.size() >= 2 || !approvals.exists(a, a.target == "jira"))`))
	require.Equal(t, map[string]string{"request.roles": `["prod-db"]`}, parts(`"prod-db" in request.roles`))
	require.Equal(t, map[string]string{
		`denials[0].person == "x"`: "an error: index out of bounds: 0", "denials[0].person": "an error: index out of bounds: 0", "true": "true",
	}, withTrue(parts(`denials[0].person == "x" || true`)))
	require.Empty(t, parts(`request.duration > duration("1h") || true`), "what is not known has no parts")
	require.Equal(t, `"`+strings.Repeat("x", 198)+"…", parts(`"` + strings.Repeat("x", 500) + `" + request.user == "a"`)[`"`+strings.Repeat("x", 500)+`" + request.user`])
}

func withTrue(parts map[string]string) map[string]string {
	parts["true"] = "true"
	return parts
}

func TestAValueIsWrittenOnOneLine(t *testing.T) {
	v := policy.Value{Route: "prod", Field: "when", Holds: true, Parts: []policy.Part{{Text: "a", Value: "1"}, {Text: "b", Value: "2"}}}
	require.Equal(t, "when of route prod is true: a is 1; b is 2", v.String())
	require.Equal(t, "when of route prod is false", policy.Value{Route: "prod", Field: "when"}.String())
	require.Equal(t, "when of route prod cannot be evaluated: boom", policy.Value{Route: "prod", Field: "when", Err: errors.New("boom")}.String())
}
