package recipients

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/bridge"
)

func TestByRole(t *testing.T) {
	roles := RoleMap{"dev": {"#dev", "lead@example.com"}, "db": {"#db", "#dev"}, "quiet": {}, "dev*": {"#never"}, AnyRole: {"#all"}}
	for name, c := range map[string]struct {
		roles, reviewers, want []string
	}{
		"own entry":                  {roles: []string{"dev"}, want: []string{"#dev", "lead@example.com"}},
		"every other role":           {roles: []string{"web"}, want: []string{"#all"}},
		"fallback per role":          {roles: []string{"db", "web"}, want: []string{"#db", "#dev", "#all"}},
		"order of the request, once": {roles: []string{"db", "dev", "db"}, want: []string{"#db", "#dev", "lead@example.com"}},
		"no patterns":                {roles: []string{"developer"}, want: []string{"#all"}},
		"case counts":                {roles: []string{"DEV"}, want: []string{"#all"}},
		"an empty entry is an entry": {roles: []string{"quiet"}},
		"a role that is called *":    {roles: []string{"*"}, want: []string{"#all"}},
		"no roles":                   {},
		"reviewers follow":           {roles: []string{"dev"}, reviewers: []string{"bob", "b@example.com", "lead@example.com"}, want: []string{"#dev", "lead@example.com", "b@example.com"}},
		"only reviewers":             {reviewers: []string{"z@example.com", "a@example.com"}, want: []string{"z@example.com", "a@example.com"}},
		"names around an address":    {reviewers: []string{"Bob <b@example.com>", "b@example.com ", ""}},
	} {
		got := ByRole(roles, bridge.Request{Roles: c.roles, SuggestedReviewers: c.reviewers})
		require.Equal(t, c.want, got, name)
	}
	require.Equal(t, []string{"b@example.com"}, ByRole(nil, bridge.Request{Roles: []string{"dev"}, SuggestedReviewers: []string{"b@example.com"}}))
}

func TestReviewers(t *testing.T) {
	addresses, others := Reviewers(bridge.Request{SuggestedReviewers: []string{"bob", "b@example.com", "x@", "c@example.com"}})
	require.Equal(t, []string{"b@example.com", "c@example.com"}, addresses)
	require.Equal(t, []string{"bob", "x@"}, others)
}

func TestByRole_IsTheUnionOverTheRoles(t *testing.T) {
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		roles := RoleMap(rapid.MapOf(rapid.SampledFrom([]string{"r1", "r2", AnyRole}), names).Draw(t, "map"))
		asked := rapid.SliceOf(rapid.SampledFrom([]string{"r1", "r2", "r3"})).Draw(t, "asked")
		got := ByRole(roles, bridge.Request{Roles: asked})
		distinct := slices.Clone(got)
		slices.Sort(distinct)
		require.Len(t, slices.Compact(distinct), len(got), "nobody twice")
		var each []string
		for _, role := range asked {
			each = append(each, ByRole(roles, bridge.Request{Roles: []string{role}})...)
		}
		for _, name := range each {
			require.Contains(t, got, name)
		}
		for _, name := range got {
			require.Contains(t, each, name)
		}
	})
}
