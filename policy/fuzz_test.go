package policy_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

var placed = regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*: .`)

// FuzzExpressions feeds all three expressions of a route whatever an operator could type. Each is refused with its place or can be
// evaluated; nothing falls over, and nothing is approved on the word of the requester alone.
func FuzzExpressions(f *testing.F) {
	for _, seed := range append(append([]string{
		`approvals.map(a, a.person).distinct().size() >= 2`, `evidence.exists(e, e.at > request.created)`, `on_call.exists(s, s.until > time.now)`,
		`denials == approvals`, `request.traits["a"]`, `globAny(request.roles, "*-?")`, `glob(cluster, "")`, `request.user.matches("(")`, "\n\n on_call.foo",
		`[request.resources, []].all(r, r.size() > 0)`, `math.least(1, 2) == lists.range(3)[1]`, `policy.Statement{person: "a"} in evidence`, "\x00", `"\u00zz"`,
		`dyn(evidence)[0].person == 1`, `time.now.getHours("Nowhere/City") > 1`, `duration("x") > request.duration`,
	}, conditions...), verdicts...) {
		f.Add(seed)
	}
	req := request(func(r *bridge.Request) {
		r.Resources = []bridge.Resource{{Cluster: "main", Kind: "node", Name: "n1", Labels: map[string]string{"env": "prod"}}}
	})
	said := []bridge.Evidence{evidence(byAlice), evidence(at("pager", 1), byAlice, denied), evidence(at("pager", 2), by(bridge.Actor{ID: "bot", Automated: true}))}
	f.Fuzz(func(t *testing.T, expression string) {
		for field, change := range map[string]func(*policy.Route){
			"when": when(expression), "approve_when": approveWhen(expression), "deny_when": denyWhen(expression),
		} {
			p, err := policy.New([]policy.Route{route(atPager, approving(), change)})
			if err != nil {
				var e *policy.ExpressionError
				require.ErrorAs(t, err, &e)
				require.Equal(t, field, e.Field)
				for _, one := range apart(e.Err) {
					require.Regexp(t, placed, one.Error())
				}
				continue
			}
			p = p.Using(policy.NewPeople(staff, nil, false))
			d := p.Judge(req, said, duty())
			require.Equal(t, bridge.Undecided, d.Verdict)
			_ = p.Judge(req, append(said, evidence()), duty(shift()))
		}
	})
}

func apart(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

func BenchmarkJudge(b *testing.B) {
	for name, r := range map[string]policy.Route{
		"states":      route(when(`request.roles.exists(r, r.startsWith("prod-"))`)),
		"expressions": route(when(`request.roles.exists(r, r.startsWith("prod-"))`), atPager, approving(), approveWhen(twoOf+" && "+both)),
	} {
		p := compile(b, nil, r)
		said := []bridge.Evidence{evidence(), evidence(at("pager", 3), byCarol)}
		req := rich()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Judge(req, said, duty(shift()))
			}
		})
	}
}
