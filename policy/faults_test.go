package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/policy"
)

// What is wrong is said in the words of the configuration, at its place, with what could be meant.
func TestFaultsOfExpressions(t *testing.T) {
	for expression, c := range map[string]struct {
		place   string
		message string
		known   string
	}{
		`request.rolls.size() > 0`:              {"1:8", `there is no field "rolls" here`, "roles"},
		`evidence.size() > 0`:                   {"1:1", "evidence is known in approve_when and deny_when alone", "request"},
		`cluste == "main"`:                      {"1:1", `there is no "cluste"`, "cluster"},
		`request.user.startswith("a")`:          {"1:24", `there is no "startswith"`, "startsWith"},
		`request.resources > 1`:                 {"1:19", "> cannot be used with (list of (a resource), int)", ""},
		`request.user in request.kind`:          {"1:14", "in cannot be used with (string, string)", ""},
		`request.user.matches("(")`:             {"1:22", "this is no regular expression", ""},
		`request.duration < duration("1 hour")`: {"1:29", "this is no duration", ""},
		`request.created < timestamp("today")`:  {"1:29", "this is no timestamp", ""},
		`request.resources`:                     {"1:1", "the condition yields list of (a resource), not true or false", ""},
		`request.user == `:                      {"1:17", "the expression ends too early", ""},
		"request.user ==\n  \"a":                {"2:3", "a text is not closed", ""},
		`request.user = "a"`:                    {"1:14", "a text is not closed, or a character does not belong here", ""},
		`glob(request.user, "")`:                {"1:20", "the pattern is empty", ""},
	} {
		t.Run(expression, func(t *testing.T) {
			_, err := policy.New([]policy.Route{route(when(expression))})
			var fault *policy.Fault
			require.ErrorAs(t, err, &fault)
			require.ErrorContains(t, err, "routes[0].when: "+c.place+": "+c.message)
			if c.known != "" {
				require.Contains(t, fault.Known, c.known)
				require.NotEmpty(t, fault.Name)
			}
		})
	}
}

// A place that the route does not have is never the place of anything that was said.
func TestW33_PlacesThatTheRouteDoesNotHaveAreFaults(t *testing.T) {
	for expression, place := range map[string]string{
		`approvals.exists(a, a.target == "jire")`:                  "1:33",
		`!evidence.exists(e, "slack" != e.target)`:                 "1:21",
		`denials.exists(d, d.target in ["jira", "pager", "pagr"])`: "1:49",
		`on_call.exists(s, s.integration == "jira")`:               "1:36",
	} {
		_, err := policy.New([]policy.Route{route(atPager, approving(), denyWhen(expression))})
		require.ErrorContains(t, err, "routes[0].deny_when: "+place+": this route has no ", expression)
	}
	for _, expression := range []string{
		`approvals.exists(a, a.target == "jira" && a.status == "jire")`, `["jira", "other"].exists(t, approvals.exists(a, a.target == t))`,
		`on_call.exists(s, s.integration == "pager" && s.via == "Nights")`, `request.resources.exists(r, r.kind == "jire")`,
	} {
		_, err := policy.New([]policy.Route{route(atPager, approving(), denyWhen(expression))})
		require.NoError(t, err, expression)
	}
}
