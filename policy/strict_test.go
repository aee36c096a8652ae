package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

// An error that is met decides nothing, even beside something that would settle the outcome. What is not looked at cannot fail.
func TestP3_ErrorBesideWhatSettlesTheOutcomeDecidesNothing(t *testing.T) {
	const broken, sound = `approvals[5].person == "bob"`, `approvals.size() > 0`
	one := []bridge.Evidence{evidence()}
	two := append(one, evidence(at("pager", 5), byCarol))
	for expression, c := range map[string]struct {
		evidence []bridge.Evidence
		fails    bool
	}{
		sound + " || " + broken:                                                       {one, false},
		broken + " || " + sound:                                                       {one, true},
		"(" + broken + " || " + sound + ") || " + sound:                               {one, true},
		"!(" + broken + " && false)":                                                  {one, true},
		"!(false && " + broken + ")":                                                  {one, false},
		`true ? ` + sound + ` : ` + broken:                                            {one, false},
		`approvals.exists(a, ` + broken + ` || true)`:                                 {one, true},
		`approvals.size() == 6 && ` + broken + ` || true`:                             {one, false},
		`approvals.exists(a, 1 / (a.person == "bob" ? 1 : 0) == 1)`:                   {two, true}, // carol's is looked at first
		`approvals.exists(a, 1 / (a.person == "bob" ? 0 : 1) == 1)`:                   {two, false},
		`!approvals.all(a, a.person == "bob" && 1 / approvals.size() == 1)`:           {two, false},
		`!approvals.all(a, 1 / (a.person == "bob" ? 1 : 0) == 0)`:                     {two, true},
		`evidence.exists(e, request.annotations["x"][0] == e.person || e.at == e.at)`: {one, true},
	} {
		t.Run(expression, func(t *testing.T) {
			p := compile(t, nil, route(atPager, approveWhen(expression)))
			d := p.Judge(request(), c.evidence, nil)
			if c.fails {
				require.Equal(t, bridge.Undecided, d.Verdict)
				require.Contains(t, codes(d), "policy_error")
				return
			}
			require.Equal(t, bridge.Approve, d.Verdict, "%s", d.Detail)
		})
	}
}

// Where deny_when fails nothing is approved either.
func TestP3_ErrorInDenyWhenIsNotANo(t *testing.T) {
	p := compile(t, nil, route(denyWhen(`denials[0].person == "bob" && false`), approveWhen("true")))
	d := p.Judge(request(), []bridge.Evidence{evidence()}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
	require.Equal(t, []string{"policy_error"}, codes(d))
}

// A condition that fails beside something false would otherwise leave the request to a laxer route in silence.
func TestErrorInWhenIsNotANo(t *testing.T) {
	strict := policy.Route{Name: "strict", When: `request.annotations["absent"][0] == "x" && request.user == "bob"`, Targets: []bridge.Target{{Integration: "jira"}}}
	p := compile(t, nil, strict, route())
	_, err := p.Match(request())
	require.ErrorContains(t, err, `route "strict"`)
	d := p.Judge(request(), []bridge.Evidence{evidence()}, nil)
	require.Equal(t, bridge.Undecided, d.Verdict)
}
