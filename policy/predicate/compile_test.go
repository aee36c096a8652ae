package predicate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

var created = time.Date(2026, time.March, 4, 14, 30, 0, 0, time.UTC)

// facts are those of a request for two roles and two nodes.
func facts() Facts {
	return Facts{
		Integration: "jira", User: "alice@example.com", Roles: []string{"dev", "stage"}, SuggestedReviewers: []string{"bob", "carol"},
		Annotations: map[string][]string{"team.dev/x": {"a", "b"}}, Reason: "Reference: 7. I am on-call!",
		Created: created, Expiry: created.Add(time.Hour),
		Traits: map[string][]string{"team": {"Cloud", "Tools"}, "level": {"L1"}, "email": {"alice@example.com"}}, TraitsKnown: true,
		Labels: []map[string]string{{"env": "test", "os": "linux"}, {"env": "test", "os": "mac", "zone": "a"}}, LabelsKnown: true,
	}
}

func TestConditions_MeanWhatTeleportSays(t *testing.T) {
	for condition, want := range map[string]bool{
		// The examples of Teleport's reference of rules.
		`!is_empty(access_request.spec.roles)`:                                                                                        true,
		`access_request.spec.user == "alice@example.com"`:                                                                             true,
		`access_request.spec.user != "alice@example.com"`:                                                                             false,
		`access_request.spec.roles.contains("dev")`:                                                                                   true,
		`access_request.spec.roles.contains("de")`:                                                                                    false,
		`set("dev", "stage").contains_all(access_request.spec.roles)`:                                                                 true,
		`set("dev").contains_all(access_request.spec.roles)`:                                                                          false,
		`contains_any(user.traits["team"], set("Cloud", "stage"))`:                                                                    true,
		`access_request.spec.resource_labels_intersection["env"].contains("test")`:                                                    true,
		`access_request.spec.resource_labels_intersection["os"].contains("linux")`:                                                    false,
		`access_request.spec.resource_labels_intersection["zone"].contains("a")`:                                                      false,
		`access_request.spec.resource_labels_union["os"].contains_all(set("linux", "mac"))`:                                           true,
		`contains_all(set("dev", "stage"), access_request.spec.roles) && contains_any(user.traits["team"], set("dev", "Cloud"))`:      true,
		`regexp.match(user.traits["level"], "^L1$") && regexp.match(user.traits["team"], "^Cloud$")`:                                  true,
		`regexp.match(user.traits["level"], "^(L2|L3)$")`:                                                                             false,
		`!regexp.match(set(access_request.spec.request_reason), "*important*")`:                                                       true,
		`regexp.match(set(access_request.spec.request_reason), "*I am on-call*")`:                                                     true,
		"contains_all(set(\"dev\", \"stage\"),\n access_request.spec.roles) &&\n contains_any(user.traits[\"team\"], set(\"Cloud\"))": true,
		"access_request.spec.resource_labels_union[\"os\"].\n  contains(\"mac\")":                                                     true,
		// The empty set contains all of nothing in mathematics, not in Teleport.
		`contains_all(set("dev"), set())`: false,
		`set().contains_all(set())`:       false,
		`contains_any(set("a"), set())`:   false,
		// Without ^ and $ a pattern is a text with wildcards and matches the whole of it.
		`regexp.match(set("abc"), "b")`:                                               false,
		`regexp.match(set("a.c"), "a.c")`:                                             true,
		`regexp.match(set("abc"), "a.c")`:                                             false,
		`regexp.match(set("abc"), "^a.c$")`:                                           true,
		`regexp.match(set("x", "abc"), "a*")`:                                         true,
		`regexp.match(set(), "*")`:                                                    false,
		"regexp.match(set(\"a1\"), `^a\\d$`)":                                         true,
		`regexp.match(set("a\nb"), "*b")`:                                             false,
		`plugin.spec.name == "jira"`:                                                  true,
		`plugin.spec.name == "slack" || true`:                                         true,
		`user.traits["none"].contains("Cloud")`:                                       false,
		`is_empty(user.traits["none"])`:                                               true,
		`user.traits.level.contains("L1")`:                                            true,
		`access_request.spec.system_annotations["team.dev/x"].contains_any(set("b"))`: true,
		`access_request.spec.suggested_reviewers.contains("bob")`:                     true,
		// Functions that all of Teleport's expressions of this kind share.
		`contains(access_request.spec.roles, "dev")`:                 true,
		`equals(access_request.spec.user, "bob")`:                    false,
		`union(set("a"), set("b", "a")).contains_all(set("a", "b"))`: true,
		`union().isempty()`:                                                                         true,
		`set("a").add("b", "c").contains("c")`:                                                      true,
		`set("a", "b").remove("b", "c").contains("b")`:                                              false,
		`email.local(user.traits["email"]).contains("alice")`:                                       true,
		`email.local(set("Alice <al@example.com>")).contains("al")`:                                 true,
		`strings.upper(access_request.spec.roles).contains("DEV")`:                                  true,
		`strings.lower("ABC") == "abc"`:                                                             true,
		`strings.replaceall(set("user-name"), "-", "_").contains("user_name")`:                      true,
		`strings.replaceall("a-b", "-", "") == "ab"`:                                                true,
		`strings.split(set("a,b", "c"), ",").contains_all(set("a", "b", "c"))`:                      true,
		`regexp.replace(set("team-devs", "x"), "^team-(.*)$", "$1").contains("devs")`:               true,
		`regexp.replace(set("team-devs", "x"), "^team-(.*)$", "$1").contains("x")`:                  false,
		`regexp.replace(set("team-a-b"), "^team-(.*)-(.*)$", "$1.$2").contains("a.b")`:              true,
		`dict(pair("a", set("x"))).a.contains("x")`:                                                 true,
		`dict(pair("a", set("x"))).put("a", set("y"))["a"].contains("x")`:                           false,
		`dict().put("b", set("z"))["b"].contains("z")`:                                              true,
		`dict(pair("a", set("x"))).add_values("a", "y", "z")["a"].contains_all(set("x", "y", "z"))`: true,
		`is_empty(dict(pair("a", set("x"))).remove("a", "b")["a"])`:                                 true,
		`ifelse(access_request.spec.roles.contains("dev"), set("x"), set("z")).contains("x")`:       true,
		`choose(option(false, "x"), option(true, "y"), option(true, "z")) == "y"`:                   true,
		// Times.
		`access_request.spec.creation_time.before(access_request.spec.expiry)`:                                                  true,
		`after(access_request.spec.creation_time, time.RFC3339("2026-03-04T14:29:59Z"))`:                                        true,
		`access_request.spec.creation_time == time.RFC3339("2026-03-04T15:30:00+01:00")`:                                        true,
		`access_request.spec.creation_time.between(time.RFC3339("2027-01-01T00:00:00Z"), time.RFC3339("2026-01-01T00:00:00Z"))`: true,
		`between(access_request.spec.expiry, access_request.spec.creation_time, access_request.spec.expiry)`:                    false,
		// && binds more tightly than ||, ! most tightly.
		`true || false && false`:   true,
		`(true || false) && false`: false,
		`!false && true`:           true,
		`!(true && false)`:         true,
		`!true == false`:           true,
		`1 == 0x1 && 1 != 2`:       true,
	} {
		c, err := Compile(condition)
		require.NoError(t, err, condition)
		got, err := c.Matches(facts())
		require.NoError(t, err, condition)
		require.Equal(t, want, got, condition)
		require.Equal(t, condition, c.String())
	}
}

func TestConditions_FaultsHaveAPlace(t *testing.T) {
	for condition, want := range map[string]string{
		``:                               `1:1: the condition is empty; write true to select every request`,
		" \n ":                           `1:1: the condition is empty; write true to select every request`,
		`true &&`:                        `1:8: expected operand, found 'EOF'; texts stand in double quotes, and a line that goes on ends with its operator`,
		"true\n&& true":                  `2:1: expected 'EOF', found '&&'`,
		`'x' == "x"`:                     `1:1: 'x' is neither a text nor a number; texts stand in double quotes, numbers are whole`,
		`1.5 == 1.5`:                     `1:1: 1.5 is neither a text nor a number`,
		`user`:                           `1:1: unknown variable user; known are access_request.spec.creation_time, `,
		`user.traitz["a"].contains("b")`: `1:1: unknown variable user.traitz;`,
		`true && access_request.spec.role.contains("x")`:   `1:9: unknown variable access_request.spec.role; did you mean access_request.spec.roles?`,
		`access_request.spec.roles`:                        `1:1: the condition yields a set, not true or false; compare it, or ask what it contains`,
		`access_request.spec.roles == "dev"`:               `1:27: == cannot compare a set with a string; ask a set what it contains`,
		`set("a") == set("a")`:                             `1:10: == cannot compare a set with a set`,
		`access_request.spec.user.contains("a")`:           `1:34: contains does not take (string, string); it takes (set, string)`,
		`access_request.spec.user && true`:                 `1:1: && wants a bool, this is a string`,
		`true || access_request.spec.user`:                 `1:9: || wants a bool, this is a string`,
		`!access_request.spec.user`:                        `1:2: ! wants a bool, this is a string`,
		`-1 == 1`:                                          `1:1: - is no operator of conditions`,
		`1 < 2`:                                            `1:3: < is no operator of conditions; operators are && || ! == !=`,
		`nonsense("a")`:                                    `1:1: unknown function nonsense; known are ifelse, choose, after, `,
		`regexp.matches(set("a"), "a")`:                    `1:1: unknown function regexp.matches; did you mean regexp.match?`,
		`access_request.spec.roles.has("a")`:               `1:27: unknown method has; known are add, add_values, `,
		`contains_any(user.traits["team"], "a")`:           `1:13: contains_any does not take (set, string); it takes (set, set)`,
		`set(set("a")).contains("a")`:                      `1:4: set does not take (set); it takes (string...)`,
		`is_empty()`:                                       `1:9: is_empty does not take (); it takes (set)`,
		`set("a").remove(1)`:                               `1:16: remove does not take (set, int); it takes (set, string...) or (dict, string...)`,
		`user.traits[1].contains("a")`:                     `1:13: the name of an entry is a string, not a int`,
		`access_request.spec.roles["a"].contains("a")`:     `1:26: a set has no entries`,
		`access_request.spec.roles.size == 1`:              `1:27: a set has no part named size`,
		`regexp.match(set("a"), access_request.spec.user)`: `1:24: the pattern of regexp.match must be fixed; write it as a text in quotes`,
		`regexp.match(set("a"), "^(a$")`:                   `1:24: the pattern is no regular expression: `,
		`regexp.match(set("a"), "^((a{100}){10}){10}$")`:   `1:24: the pattern `,
		`regexp.replace(set("a"), "(", "b").contains("b")`: `1:26: the pattern is no regular expression: `,
		`ifelse(true, "a", set("b")) == "a"`:               `1:19: all outcomes must have one type, this is a set and the first a string`,
		`ifelse(true, "a") == "a"`:                         `1:7: ifelse does not take 2 arguments`,
		`ifelse("a", true, false)`:                         `1:8: this must be a bool, not a string`,
		`choose("a") == "a"`:                               `1:8: choose takes options only`,
		`choose() == "a"`:                                  `1:7: choose needs an option`,
		`option(true, true)`:                               `1:1: unknown function option`,
		`set([]string{"a"}...).contains("a")`:              `1:18: ... is not part of the language of conditions`,
		`func() bool { return true }()`:                    `1:1: unknown function`,
		`access_request.spec.roles[0:1].contains("a")`:     `1:1: this is not part of the language of conditions`,
		`[]string{"a"}[0] == "a"`:                          `1:1: this is not part of the language of conditions`,
		`set("a").(bool)`:                                  `1:1: this is not part of the language of conditions`,
	} {
		_, err := Compile(condition)
		require.Error(t, err, condition)
		require.Contains(t, err.Error(), want, condition)
		var fault *Error
		require.ErrorAs(t, err, &fault)
		require.Positive(t, fault.Line)
		require.Positive(t, fault.Column)
	}
}

func TestConditions_AreBounded(t *testing.T) {
	for name, condition := range map[string]string{
		"length":   `"` + strings.Repeat("a", maxLength) + `" == ""`,
		"depth":    strings.Repeat("!", maxDepth+2) + "true",
		"brackets": strings.Repeat("(", maxDepth+2) + "true" + strings.Repeat(")", maxDepth+2),
		"chain":    strings.Repeat("true||", maxDepth+2) + "true",
		"parts":    "set(" + strings.Repeat(`"",`, maxParts) + `"").contains("")`,
		"pattern":  `regexp.match(set("a"), "` + strings.Repeat("a", maxPattern) + `")`,
	} {
		_, err := Compile(condition)
		var fault *Error
		require.ErrorAs(t, err, &fault, name)
	}
	_, err := Compile(strings.Repeat("true&&", maxDepth-2) + "true")
	require.NoError(t, err, "what is allowed")
}

func TestConditions_ThatGrowWithoutEndAreGivenUp(t *testing.T) {
	grow := `"aaaaaaaaaaaaaaaa"`
	for range 20 {
		grow = `strings.replaceall(` + grow + `, "a", "aaaaaaaa")`
	}
	wide := `set("` + strings.Repeat("a,", 200) + `")`
	for range 20 {
		wide = `regexp.replace(` + wide + `, "(.*)", "$1$1$1$1$1$1$1$1")`
	}
	for name, condition := range map[string]string{"replaceall": grow + ` == ""`, "replace": wide + `.contains("")`} {
		c, err := Compile(condition)
		require.NoError(t, err, name)
		begun := time.Now()
		matched, err := c.Matches(facts())
		require.ErrorIs(t, err, errCost, name)
		require.False(t, matched)
		require.Less(t, time.Since(begun), time.Minute)
	}
	f := facts()
	f.Roles = make([]string, costLimit/entryCost+1)
	c, err := Compile(`access_request.spec.roles.contains("")`)
	require.NoError(t, err)
	_, err = c.Matches(f)
	require.ErrorIs(t, err, errCost)
}

func TestConditions_WhatIsNotKnownIsAnError(t *testing.T) {
	for condition, variable := range map[string]string{
		`user.traits["team"].contains("Cloud")`:                                     VarTraits,
		`!user.traits["team"].contains("Cloud")`:                                    VarTraits,
		`is_empty(user.traits.team)`:                                                VarTraits,
		`access_request.spec.resource_labels_union["env"].contains("prod")`:         VarLabelsUnion,
		`!access_request.spec.resource_labels_intersection["env"].contains("prod")`: VarLabelsIntersection,
		`access_request.spec.expiry.after(access_request.spec.creation_time)`:       VarExpiry,
		`access_request.spec.creation_time.after(access_request.spec.expiry)`:       VarCreated,
	} {
		c, err := Compile(condition)
		require.NoError(t, err)
		require.True(t, c.Uses(variable))
		matched, err := c.Matches(Facts{Labels: []map[string]string{{"env": "prod"}}, Traits: map[string][]string{"team": {"Cloud"}}})
		require.False(t, matched)
		var unknown *UnknownError
		require.ErrorAs(t, err, &unknown, condition)
		require.Equal(t, variable, unknown.Variable)
	}
	c, err := Compile(`access_request.spec.user == "alice@example.com" || user.traits["a"].contains("b")`)
	require.NoError(t, err)
	f := facts()
	f.TraitsKnown = false
	matched, err := c.Matches(f)
	require.NoError(t, err, "what the outcome does not need is not missed")
	require.True(t, matched)
	require.False(t, c.Uses(VarLabelsUnion))
}

func TestConditions_ValuesThatDoNotFitAreErrors(t *testing.T) {
	for _, condition := range []string{
		`email.local(access_request.spec.roles).contains("dev")`,
		`!email.local(set("")).contains("dev")`,
		`time.RFC3339("yesterday").before(access_request.spec.expiry)`,
		`choose(option(false, true))`,
	} {
		c, err := Compile(condition)
		require.NoError(t, err, condition)
		matched, err := c.Matches(facts())
		require.Error(t, err, condition)
		require.False(t, matched)
		require.NotErrorAs(t, err, new(*Error), "the condition itself is in order")
	}
}

// The older plugins wrote the name of the plugin in front of a rule's condition, which changes the meaning of ||.
func TestW24_OrInAConditionKeepsItsMeaning(t *testing.T) {
	const condition = `access_request.spec.roles.contains("other") || access_request.spec.user == "alice@example.com"`
	c, err := Compile(condition)
	require.NoError(t, err)
	for _, integration := range []string{"jira", "slack"} {
		matched, err := c.Matches(facts().For(integration))
		require.NoError(t, err)
		require.True(t, matched)
	}
	glued, err := Compile(`plugin.spec.name == "slack" && access_request.spec.roles.contains("dev") || access_request.spec.user == "alice@example.com"`)
	require.NoError(t, err)
	matched, err := glued.Matches(facts().For("jira"))
	require.NoError(t, err)
	require.True(t, matched, "somebody who writes it so gets what it says")
}

func TestOf(t *testing.T) {
	req := bridge.Request{
		User: "alice", Roles: []string{"dev"}, Reason: "why", Created: created, PendingUntil: created.Add(time.Hour),
		SuggestedReviewers: []string{"bob"}, Annotations: map[string][]string{"a": {"b"}},
	}
	f := Of(req)
	require.Equal(t, Facts{
		User: "alice", Roles: []string{"dev"}, Reason: "why", Created: created, Expiry: created.Add(time.Hour),
		SuggestedReviewers: []string{"bob"}, Annotations: map[string][]string{"a": {"b"}}, LabelsKnown: true,
	}, f)
	c, err := Compile(`is_empty(access_request.spec.resource_labels_union["env"]) && is_empty(access_request.spec.resource_labels_intersection["env"])`)
	require.NoError(t, err)
	matched, err := c.Matches(f)
	require.NoError(t, err)
	require.True(t, matched, "a request for roles has no labels, and that is known")
	req.Resources = []bridge.Resource{{Kind: "node", Name: "a"}}
	require.False(t, Of(req).LabelsKnown)
}

func TestConditions_LeaveTheFactsAlone(t *testing.T) {
	f := facts()
	c, err := Compile(`user.traits.add_values("team", "x").put("y", set("z")).remove("level")["team"].add("q").remove("Cloud").contains("x")`)
	require.NoError(t, err)
	for range 2 {
		matched, err := c.Matches(f)
		require.NoError(t, err)
		require.True(t, matched)
	}
	require.Equal(t, facts(), f)
}

func TestErrors(t *testing.T) {
	require.Equal(t, "2:3: a; b", (&Error{Line: 2, Column: 3, Problem: "a", Mend: "b"}).Error())
	require.Equal(t, "2:3: a", (&Error{Line: 2, Column: 3, Problem: "a"}).Error())
	require.Equal(t, fmt.Sprintf("the value of %s is not known", VarTraits), (&UnknownError{Variable: VarTraits}).Error())
}
