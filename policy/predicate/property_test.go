package predicate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// formula is a random condition together with what it must yield, worked out without the package.
type formula struct {
	text string
	want bool
}

var roleNames = []string{"a", "b", "c", "d"}

func literals(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return "set(" + strings.Join(quoted, ", ") + ")"
}

func subset(t *rapid.T, label string) []string {
	return rapid.SliceOfDistinct(rapid.SampledFrom(roleNames), rapid.ID).Draw(t, label)
}

func leaf(t *rapid.T, roles []string) formula {
	names := subset(t, "names")
	in := func(s string) bool { return slices.Contains(roles, s) }
	switch rapid.IntRange(0, 5).Draw(t, "leaf") {
	case 0:
		return formula{"contains_any(access_request.spec.roles, " + literals(names) + ")", slices.ContainsFunc(names, in)}
	case 1:
		all := len(names) > 0 && !slices.ContainsFunc(names, func(s string) bool { return !in(s) })
		return formula{"access_request.spec.roles.contains_all(" + literals(names) + ")", all}
	case 2:
		name := rapid.SampledFrom(roleNames).Draw(t, "name")
		return formula{fmt.Sprintf("access_request.spec.roles.contains(%q)", name), in(name)}
	case 3:
		name := rapid.SampledFrom(roleNames).Draw(t, "name")
		return formula{fmt.Sprintf("access_request.spec.user == %q", name), name == roleNames[0]}
	case 4:
		left := slices.ContainsFunc(roles, func(s string) bool { return !slices.Contains(names, s) })
		removed := strings.TrimPrefix(literals(names), "set")
		return formula{"is_empty(access_request.spec.roles.remove" + removed + ")", !left}
	default:
		return formula{"true", true}
	}
}

func combine(t *rapid.T, roles []string, depth int) formula {
	if depth == 0 {
		return leaf(t, roles)
	}
	x := combine(t, roles, depth-1)
	switch rapid.IntRange(0, 3).Draw(t, "operator") {
	case 0:
		return formula{"!(" + x.text + ")", !x.want}
	case 1:
		y := combine(t, roles, depth-1)
		return formula{"(" + x.text + ") && (" + y.text + ")", x.want && y.want}
	case 2:
		y := combine(t, roles, depth-1)
		return formula{"(" + x.text + ") ||\n(" + y.text + ")", x.want || y.want}
	default:
		return x
	}
}

func TestConditions_YieldWhatLogicSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := subset(t, "roles")
		f := combine(t, roles, rapid.IntRange(0, 4).Draw(t, "depth"))
		c, err := Compile(f.text)
		require.NoError(t, err, f.text)
		got, err := c.Matches(Facts{User: roleNames[0], Roles: roles})
		require.NoError(t, err, f.text)
		require.Equal(t, f.want, got, f.text)
	})
}

func TestW24_AConditionWithAnOrSelectsWhateverItsHalvesSelect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := subset(t, "roles")
		x, y := leaf(t, roles), leaf(t, roles)
		c, err := Compile(x.text + " || " + y.text)
		require.NoError(t, err)
		for _, integration := range []string{"jira", "pagerduty"} {
			got, err := c.Matches(Facts{Integration: integration, User: roleNames[0], Roles: roles})
			require.NoError(t, err)
			require.Equal(t, x.want || y.want, got)
		}
	})
}

// The order of the request's lists means nothing, and doubles mean nothing.
func TestConditions_SeeSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := subset(t, "roles")
		f := combine(t, roles, 2)
		c, err := Compile(f.text)
		require.NoError(t, err)
		again := rapid.Permutation(append(slices.Clone(roles), roles...)).Draw(t, "again")
		got, err := c.Matches(Facts{User: roleNames[0], Roles: again})
		require.NoError(t, err)
		require.Equal(t, f.want, got, f.text)
	})
}

// What a value is that is not known must not matter for a result without an error.
func TestConditions_NeverGuessWhatIsNotKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := subset(t, "roles")
		f := combine(t, roles, 2)
		text := f.text
		for _, trait := range []string{`user.traits["x"].contains("y")`, `is_empty(user.traits["x"])`} {
			if rapid.Bool().Draw(t, "and") {
				text = "(" + text + ") && " + trait
			} else {
				text = trait + " || (" + text + ")"
			}
		}
		c, err := Compile(text)
		require.NoError(t, err)
		got, err := c.Matches(Facts{User: roleNames[0], Roles: roles})
		if err != nil {
			require.False(t, got)
			return
		}
		for _, traits := range []map[string][]string{{}, {"x": {"y"}}, {"x": {"z"}}} {
			known, err := c.Matches(Facts{User: roleNames[0], Roles: roles, Traits: traits, TraitsKnown: true})
			require.NoError(t, err)
			require.Equal(t, known, got, text)
		}
	})
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`contains_all(set("access"), access_request.spec.roles) && user.traits["team"].contains("dev")`,
		`regexp.match(set(access_request.spec.request_reason), "*a*") || !is_empty(access_request.spec.roles)`,
		`regexp.replace(user.traits["a"], "^(.*)-(.*)$", "$1.$2").contains("x") == true`,
		`choose(option(true, dict(pair("a", set("b"))).put("c", set()).a.add("x").contains("x")))`,
		`ifelse(plugin.spec.name != "jira", false, true) && access_request.spec.expiry.after(time.RFC3339("2026-01-01T00:00:00Z"))`,
		`strings.replaceall("aaaa", "a", "aaaaaaaa") == ""`, "//line x:9\ntrue", `'`, `"`, "`", `func(){}()`, `a.b.c[0](`, `(((((`, `!!true`,
	} {
		f.Add(seed, "dev", "x")
	}
	f.Fuzz(func(t *testing.T, source, role, reason string) {
		c, err := Compile(source)
		if err != nil {
			var fault *Error
			require.ErrorAs(t, err, &fault)
			require.Nil(t, c)
			require.Positive(t, fault.Line)
			require.Positive(t, fault.Column)
			require.NotEmpty(t, fault.Problem)
			return
		}
		known := facts()
		known.Roles, known.Reason = []string{role, reason}, reason
		first, err := c.Matches(known)
		if err != nil {
			require.False(t, first, "never true on an error")
		}
		again, other := c.Matches(known)
		require.Equal(t, first, again)
		require.Equal(t, err == nil, other == nil)
		if blind, err := c.Matches(Facts{}); err != nil {
			require.False(t, blind)
		}
	})
}
