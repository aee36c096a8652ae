package recipients

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/policy/predicate"
)

func facts(roles ...string) predicate.Facts {
	return predicate.Facts{User: "alice", Roles: roles, Created: time.Date(2026, time.March, 4, 14, 30, 0, 0, time.UTC)}
}

func TestRules_MergeRecipientsOfEachIntegration(t *testing.T) {
	r := (*Rules)(nil).With([]Rule{
		{Name: "b", Integration: "slack", Recipients: []string{"#b", "#all"}, Condition: `access_request.spec.roles.contains("dev")`},
		{Name: "a", Integration: "slack", Recipients: []string{"#a", "#all", "#a"}, Condition: `true`},
		{Name: "c", Integration: "jira", Recipients: []string{"OPS"}, Condition: `plugin.spec.name == "jira"`},
		{Name: "d", Integration: "email", Recipients: []string{"x@example.com"}, Condition: `access_request.spec.roles.contains("other")`},
		{Name: "e", Integration: "bare", Condition: `true`},
		{Name: "f", Integration: "mail", Condition: `plugin.spec.name == "jira"`},
	})
	require.Empty(t, r.Faults())
	require.Equal(t, 6, r.Len())
	got, faults := r.For(facts("dev"))
	require.Empty(t, faults)
	require.Equal(t, []Selection{
		{Integration: "bare", Rules: []string{"e"}},
		{Integration: "jira", Recipients: []string{"OPS"}, Rules: []string{"c"}},
		{Integration: "slack", Recipients: []string{"#a", "#all", "#b"}, Rules: []string{"a", "b"}},
	}, got)
	got, _ = r.For(facts("none"))
	require.Equal(t, []string{"#a", "#all"}, got[2].Recipients)
}

func TestW24_AnyIntegrationCanBeRoutedByRules(t *testing.T) {
	for _, integration := range []string{"jira", "pagerduty", "opsgenie", "a name of our own"} {
		r := (*Rules)(nil).With([]Rule{{Name: "r", Integration: integration, Recipients: []string{"x"}, Condition: "true"}})
		got, faults := r.For(facts())
		require.Empty(t, faults)
		require.Equal(t, []Selection{{Integration: integration, Recipients: []string{"x"}, Rules: []string{"r"}}}, got)
	}
}

func TestW24_ARuleThatCannotBeEvaluatedIsShownAndSelectsNothing(t *testing.T) {
	broken := errors.New("has settings of a newer version")
	r := (*Rules)(nil).With([]Rule{
		{Name: "good", Integration: "jira", Recipients: []string{"OPS"}, Condition: `true`},
		{Name: "bad", Revision: "r7", Integration: "jira", Recipients: []string{"EVIL"}, Condition: `true || nonsense("x")`},
		{Name: "newer", Integration: "jira", Recipients: []string{"EVIL"}, Condition: `true`, Fault: broken},
		{Name: "nameless", Recipients: []string{"EVIL"}, Condition: `true`},
		{Name: "traits", Revision: "r9", Integration: "jira", Recipients: []string{"EVIL"}, Condition: `!user.traits["team"].contains("x")`},
	})
	faults := r.Faults()
	require.Len(t, faults, 3)
	require.Equal(t, []string{"bad", "nameless", "newer"}, []string{faults[0].Rule, faults[1].Rule, faults[2].Rule})
	require.Equal(t, "r7", faults[0].Revision)
	var place *predicate.Error
	require.ErrorAs(t, faults[0], &place)
	require.Equal(t, 9, place.Column)
	require.ErrorIs(t, faults[2], broken)
	require.Contains(t, faults[0].Error(), `"bad"`)

	got, now := r.For(facts())
	require.Equal(t, []Selection{{Integration: "jira", Recipients: []string{"OPS"}, Rules: []string{"good"}}}, got)
	require.Len(t, now, 1)
	require.Equal(t, "traits", now[0].Rule)
	var unknown *predicate.UnknownError
	require.ErrorAs(t, now[0], &unknown)

	f := facts()
	f.TraitsKnown = true
	got, now = r.For(f)
	require.Empty(t, now)
	require.Equal(t, []string{"OPS", "EVIL"}, got[0].Recipients)
}

func TestRules_AreCompiledOnce(t *testing.T) {
	rules := []Rule{{Name: "a", Revision: "1", Integration: "jira", Condition: `true`}, {Name: "b", Integration: "jira", Condition: `(`}}
	first := (*Rules)(nil).With(rules)
	rules[0].Revision = "2"
	second := first.With(append(rules, Rule{Name: "c", Integration: "jira", Condition: `false`}))
	require.Same(t, first.rules[0].condition, second.rules[0].condition)
	require.Same(t, first.rules[1].err, second.rules[1].err)
	require.Equal(t, "2", second.rules[0].Revision)
	require.Equal(t, 2, first.Len(), "the former set stays as it was")
	require.Equal(t, 0, second.With(nil).Len())
}

func TestRules_SchedulesLookAtTheMomentOfTheRequest(t *testing.T) {
	morning := func(at time.Time) bool { return at.UTC().Hour() < 12 }
	r := (*Rules)(nil).With([]Rule{{Name: "a", Integration: "jira", Condition: `true`, Active: morning}})
	f := facts()
	got, faults := r.For(f)
	require.Empty(t, got)
	require.Empty(t, faults)
	f.Created = f.Created.Add(-6 * time.Hour)
	got, _ = r.For(f)
	require.Len(t, got, 1)
}

func TestRules_Nil(t *testing.T) {
	var r *Rules
	got, faults := r.For(facts())
	require.Empty(t, got)
	require.Empty(t, faults)
	require.Empty(t, r.Faults())
	require.Zero(t, r.Len())
	require.False(t, r.Uses(predicate.VarTraits))
	require.True(t, r.With([]Rule{{Condition: `user.traits.x.contains("y")`}, {Condition: "("}}).Uses(predicate.VarTraits))
}

func TestRules_GiveTheSameAnswerInAnyOrder(t *testing.T) {
	conditions := []string{`true`, `false`, `access_request.spec.roles.contains("a")`, `user.traits.x.contains("y")`, `(`}
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for i := range rapid.IntRange(0, 8).Draw(t, "n") {
			rules = append(rules, Rule{
				Name: string(rune('a' + i)), Integration: rapid.SampledFrom([]string{"jira", "slack"}).Draw(t, "integration"),
				Recipients: rapid.SliceOf(rapid.SampledFrom([]string{"x", "y", "z"})).Draw(t, "recipients"),
				Condition:  rapid.SampledFrom(conditions).Draw(t, "condition"),
			})
		}
		f := facts("a")
		want, wantFaults := (*Rules)(nil).With(rules).For(f)
		got, gotFaults := (*Rules)(nil).With(rapid.Permutation(rules).Draw(t, "order")).For(f)
		require.Equal(t, want, got)
		require.Len(t, gotFaults, len(wantFaults))
		for _, s := range got {
			for _, name := range s.Rules {
				i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name })
				require.NotContains(t, []string{"false", "(", conditions[3]}, rules[i].Condition)
			}
		}
	})
}
