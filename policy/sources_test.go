package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
)

// rules are Access Monitoring Rules as Teleport has them; nil as long as they have not been listed.
type rules []recipients.Rule

func (r rules) Select(facts predicate.Facts) ([]recipients.Selection, []*recipients.Fault, bool) {
	selections, faults := (*recipients.Rules)(nil).With(r).For(facts)
	return selections, faults, r != nil
}

func (r rules) Uses(variable string) bool { return (*recipients.Rules)(nil).With(r).Uses(variable) }

// rule tells an integration of what the condition selects.
func rule(integration, condition string, who ...string) recipients.Rule {
	return recipients.Rule{Name: "to " + integration, Integration: integration, Condition: condition, Recipients: who}
}

const (
	byRules  = policy.SourceRules
	byRoles  = policy.SourceRoles
	byRoutes = policy.SourceRoutes
)

// never are conditions of rules that cannot be evaluated for alice's request: her traits are not known.
var never = []string{`!user.traits["team"].contains("x")`, `true || nonsense()`, ``, `user.traits["team"].isempty()`}

// sourced is a policy with rules, a role map at the mail integration, and the routes of the tests, asked in the given order.
func sourced(t testing.TB, monitoring policy.Monitoring, routes []policy.Route, order ...policy.Source) *policy.Policy {
	return compile(t, policy.NewPeople(nil, nil, false), routes...).Heeding(monitoring).From(policy.Sources{
		Order: order, Roles: []policy.Roles{{Integration: "mail", Recipients: recipients.RoleMap{"prod-db": {"DB"}, "quiet": {}}}},
	})
}

func TestW24_SourcesAreAskedInOrderAndTheFirstIsHeard(t *testing.T) {
	jira := bridge.Target{Integration: "jira", Route: "all"}
	pager := bridge.Target{Integration: "pager", Recipients: []string{"Production"}}
	mail := bridge.Target{Integration: "mail", Recipients: []string{"DB"}}
	selecting, passing := rules{rule("pager", "true", "Production")}, rules{rule("pager", "false", "Production")}
	broken := rules{}
	for n, condition := range never {
		broken = append(broken, recipients.Rule{Name: string(rune('a' + n)), Integration: "pager", Condition: condition, Recipients: []string{"EVIL"}})
	}
	for name, c := range map[string]struct {
		rules rules
		role  string
		order []policy.Source
		from  policy.Source
		want  []bridge.Target
		wait  bool
	}{
		"no order is routes alone":           {rules: selecting, from: byRoutes, want: []bridge.Target{jira}},
		"routes alone":                       {rules: selecting, order: []policy.Source{byRoutes}, from: byRoutes, want: []bridge.Target{jira}},
		"a rule before all":                  {rules: selecting, order: []policy.Source{byRules, byRoles, byRoutes}, from: byRules, want: []bridge.Target{pager}},
		"the role map before a rule":         {rules: selecting, order: []policy.Source{byRoles, byRules}, from: byRoles, want: []bridge.Target{mail}},
		"routes before a rule":               {rules: selecting, order: []policy.Source{byRoutes, byRules}, from: byRoutes, want: []bridge.Target{jira}},
		"no rule applies":                    {rules: passing, order: []policy.Source{byRules, byRoles, byRoutes}, from: byRoles, want: []bridge.Target{mail}},
		"no rule and no role":                {rules: passing, role: "dev", order: []policy.Source{byRules, byRoles, byRoutes}, from: byRoutes, want: []bridge.Target{jira}},
		"an entry without recipients":        {rules: passing, role: "quiet", order: []policy.Source{byRoles, byRoutes}, from: byRoutes, want: []bridge.Target{jira}},
		"nobody says anything":               {rules: passing, role: "dev", order: []policy.Source{byRules, byRoles}},
		"there are no rules":                 {rules: rules{}, order: []policy.Source{byRules, byRoutes}, from: byRoutes, want: []bridge.Target{jira}},
		"rules that cannot be evaluated":     {rules: broken, order: []policy.Source{byRules, byRoutes}, from: byRoutes, want: []bridge.Target{jira}},
		"nothing but such rules":             {rules: broken, order: []policy.Source{byRules}, wait: true},
		"rules not listed yet":               {order: []policy.Source{byRules, byRoles, byRoutes}, wait: true},
		"not listed, but asked last":         {order: []policy.Source{byRoles, byRules}, from: byRoles, want: []bridge.Target{mail}},
		"not listed, and not needed earlier": {role: "dev", order: []policy.Source{byRoles, byRules, byRoutes}, wait: true},
	} {
		t.Run(name, func(t *testing.T) {
			var m policy.Monitoring = c.rules
			p := sourced(t, m, []policy.Route{route()}, c.order...)
			req := request(func(r *bridge.Request) {
				r.SuggestedReviewers = []string{"carol@example.com"} // no name of a project or a service
				if c.role != "" {
					r.Roles = []string{c.role}
				}
			})
			placed, err := p.Place(req)
			require.Equal(t, c.from, placed.Source)
			require.Equal(t, c.want, placed.Targets)
			if c.wait {
				require.ErrorIs(t, err, bridge.ErrUnknown, "worth asking again")
			} else {
				require.NoError(t, err)
			}
			for _, integration := range []string{"jira", "pager", "mail"} {
				_, selected, _ := p.Target(req, integration)
				require.Equal(t, slices.ContainsFunc(c.want, func(t bridge.Target) bool { return t.Integration == integration }), selected, integration)
			}
		})
	}
}

func TestW24_UntilSomebodyKnowsTheRulesNothingIsMisrouted(t *testing.T) {
	p := compile(t, nil, route()).From(policy.Sources{Order: []policy.Source{byRules, byRoutes}})
	_, selected, err := p.Target(request(), "jira")
	require.False(t, selected)
	require.ErrorIs(t, err, bridge.ErrUnknown)
	require.False(t, p.NeedsLabels())
}

// A target that a rule chose gets what the routes say about it, and is held back with the others.
func TestW32_TargetsOfRulesAreEquippedByTheRoutes(t *testing.T) {
	quiet := func(r *policy.Route) { r.Quiet = 10 * time.Second }
	p := sourced(t, rules{
		{Name: "a", Integration: "jira", Condition: "true", Recipients: []string{"OPS", "DB"}},
		{Name: "b", Integration: "jira", Condition: "true", Recipients: []string{"DB", "WEB"}},
		rule("chat", "true"), rule("pager", "true", "Production"),
	}, []policy.Route{
		route(named("tell", to("pager", "P")), goOn, func(r *policy.Route) { r.NotifyOnly = true }),
		route(named("first", to("jira", "A")), quiet, approving()),
	}, byRules)
	placed, err := p.Place(request())
	require.NoError(t, err)
	require.Equal(t, []bridge.Target{
		{Integration: "chat", Hold: 10 * time.Second},
		{Integration: "jira", Route: "first", Settings: "A", Recipients: []string{"OPS", "DB", "WEB"}, Hold: 10 * time.Second},
		{Integration: "pager", Route: "tell", Settings: "P", Recipients: []string{"Production"}},
	}, placed.Targets)
	require.Equal(t, []string{"a", "b"}, placed.Rules["jira"])
}

func TestW24_RulesSeeTraitsAndLabelsOnlyWhenTheyAreKnown(t *testing.T) {
	r := rules{rule("pager", `user.traits["team"].contains("core") && access_request.spec.resource_labels_union["env"].contains("prod")`)}
	for name, c := range map[string]struct {
		directory policy.Directory
		labels    []map[string]string
		want      bool
		fault     string
	}{
		"known":          {holdings{}, []map[string]string{{"env": "dev"}, {"env": "prod"}}, true, ""},
		"other labels":   {holdings{}, []map[string]string{{}, {"env": "dev"}}, false, ""},
		"a label hidden": {holdings{}, []map[string]string{{"env": "prod"}, nil}, false, predicate.VarLabelsUnion},
		"no directory":   {nil, []map[string]string{{"env": "prod"}}, false, predicate.VarTraits},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, policy.NewPeople(c.directory, nil, false), route()).Heeding(r).From(policy.Sources{Order: []policy.Source{byRules}})
			require.True(t, p.NeedsLabels())
			placed, err := p.Place(request(func(r *bridge.Request) {
				for _, labels := range c.labels {
					r.Resources = append(r.Resources, bridge.Resource{Kind: "node", Labels: labels})
				}
			}))
			_, selected := placed.Target("pager")
			require.Equal(t, c.want, selected)
			if c.fault == "" {
				require.NoError(t, err)
				require.Empty(t, placed.Faults)
				return
			}
			require.ErrorIs(t, err, bridge.ErrUnknown)
			require.Len(t, placed.Faults, 1)
			require.ErrorContains(t, placed.Faults[0], c.fault)
		})
	}
	require.False(t, sourced(t, rules{rule("pager", "true")}, []policy.Route{route()}, byRules).NeedsLabels())
	require.False(t, sourced(t, r, []policy.Route{route()}, byRoutes).NeedsLabels(), "rules that nobody asks need nothing")
}

// holdings is the staff with traits.
type holdings struct{ directory }

func (holdings) Available() bool { return true }

func (holdings) TraitsOf(string) (map[string][]string, bool) {
	return map[string][]string{"team": {"core"}}, true
}

// A rule edited later neither doubles nor orphans what a request has.
func TestW24_ARequestKeepsWhereItWent(t *testing.T) {
	both := []policy.Route{route()}
	was, is := rules{rule("jira", "true")}, rules{rule("pager", "true")}
	require.False(t, sourced(t, was, both, byRules).Stays(request(), []string{"jira"}), "it still goes there, so the rest may follow")
	require.True(t, sourced(t, is, both, byRules).Stays(request(), []string{"jira"}))
	require.False(t, sourced(t, is, both, byRules).Stays(request(), nil), "without an object it is routed anew")
	require.False(t, sourced(t, is, both, byRoutes).Stays(request(), []string{"pager"}), "routes are settled by the file")
	require.True(t, sourced(t, is, both, byRules).Reroutes())
	require.False(t, sourced(t, is, both, byRoutes).Reroutes())
}

// Who decides is for the routes alone: a place that only a rule names tells people, and no more.
func TestW24_ATargetThatOnlyARuleNamesDecidesNothing(t *testing.T) {
	p := sourced(t, rules{rule("jira", "true"), rule("pager", "true")}, []policy.Route{
		route(named("tell", to("pager", nil)), goOn, func(r *policy.Route) { r.NotifyOnly = true }), route(),
	}, byRules).Using(policy.NewPeople(staff, nil, false))
	at := func(target string) bridge.Evidence { return evidence(func(ev *bridge.Evidence) { ev.Target = target }) }
	require.Equal(t, bridge.Decision{Route: "all", Mode: bridge.ModeReview}, p.Judge(request(), []bridge.Evidence{at("pager")}, nil))
	require.Equal(t, bridge.Approve, p.Judge(request(), []bridge.Evidence{at("jira")}, nil).Verdict)
}

// Whatever rules and role maps say, in whatever order they are asked: what is approved, by whom and by which evidence, is what the routes would
// approve without them.
func TestW24_RulesNeverWidenWhatIsApproved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		without := chained(t, drawnRoutes().Draw(t, "routes"))
		var r rules
		for range rapid.IntRange(0, 4).Draw(t, "rules") {
			one := rule(rapid.SampledFrom([]string{"jira", "pager", "stray"}).Draw(t, "to"), rapid.SampledFrom(append(never, "true", "false")).Draw(t, "condition"))
			r = append(r, one)
		}
		with := without.Heeding(r).From(policy.Sources{
			Order: rapid.Permutation([]policy.Source{byRules, byRoles, byRoutes}).Draw(t, "order")[:rapid.IntRange(1, 3).Draw(t, "sources")],
			Roles: []policy.Roles{{Integration: "stray", Recipients: recipients.RoleMap{"*": {"X"}}}},
		})
		s := drawScene(t)
		placed, _ := with.Place(s.req)
		var told []bridge.Evidence
		for _, ev := range s.evidence() {
			if _, opened := placed.Target(ev.Target); opened {
				told = append(told, ev)
			}
		}
		is, was := with.Judge(s.req, told, s.duties), without.Judge(s.req, told, s.duties)
		require.Equal(t, was.Verdict, is.Verdict)
		require.Equal(t, was.Evidence, is.Evidence)
		require.Equal(t, was.Person, is.Person)
		if is.Verdict != bridge.Undecided && !is.Evidence.OnCall() {
			routes, _ := without.Routes(s.req)
			require.True(t, slices.ContainsFunc(routes, func(r *policy.Route) bool {
				return !r.NotifyOnly && slices.ContainsFunc(r.Targets, func(t bridge.Target) bool { return t.Integration == is.Evidence.Target })
			}), "decided at a place that no deciding route names")
		}
	})
}
