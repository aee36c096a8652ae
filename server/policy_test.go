package server

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/jira"
	"github.com/accessbridge/accessbridge/policy"
)

func TestRoutesAreTakenOverWhole(t *testing.T) {
	t.Parallel()
	settings := &jira.Target{Project: "PROD"}
	cfg := &config.Config{Routes: []config.Route{
		{
			Name: "production", When: `"prod" in request.roles`, Decide: config.DecideOverride, OverrideRoles: []string{"prod"},
			Continue: true, ApproveWhen: "approvals.size() > 1", DenyWhen: "false", MaxDuration: config.Duration(time.Hour), RequireReason: []string{"deny"},
			Approvers: config.Approvers{
				Emails: []string{"a@example.com"}, Domains: []string{"example.org"}, Roles: []string{"approver"},
				Groups: []config.Group{{Integration: "itsm", Group: "leads"}},
			},
			Targets: []config.Target{{Integration: "itsm", Settings: settings}, {Integration: "other"}},
		},
		{Name: "rest", Decide: config.DecideReview, NotifyOnly: true, Targets: []config.Target{{Integration: "itsm"}}},
	}}
	want := []policy.Route{
		{
			Name: "production", When: `"prod" in request.roles`, Mode: bridge.ModeOverride, OverrideRoles: []string{"prod"},
			Continue: true, ApproveWhen: "approvals.size() > 1", DenyWhen: "false", MaxDuration: time.Hour, RequireReason: []bridge.Verdict{bridge.Deny},
			Approvers: policy.Approvers{
				Emails: []string{"a@example.com"}, Domains: []string{"example.org"}, Roles: []string{"approver"},
				Groups: []policy.Group{{Integration: "itsm", Group: "leads"}},
			},
			Targets: []bridge.Target{{Integration: "itsm", Settings: settings}, {Integration: "other"}},
		},
		{Name: "rest", Mode: bridge.ModeReview, NotifyOnly: true, Targets: []bridge.Target{{Integration: "itsm"}}},
	}
	require.Empty(t, cmp.Diff(want, routes(cfg)))
}

func TestWithoutRoutesEverythingGoesEverywhereByReview(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{Integrations: []config.Integration{{Name: "itsm"}, {Name: "other"}}}
	compiled, err := policy.New(routes(cfg))
	require.NoError(t, err)
	for _, name := range []string{"itsm", "other"} {
		target, ok, err := compiled.Target(bridge.Request{ID: "r", Roles: []string{"any"}}, name)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, policy.DefaultRoute, target.Route)
	}
	route, err := compiled.Match(bridge.Request{})
	require.NoError(t, err)
	require.Equal(t, bridge.ModeReview, route.Mode, "never an override that nobody asked for")
	require.False(t, route.NotifyOnly)
}

// Every fault of every expression is reported at once, at its place in the file.
func TestFaultsOfExpressionsNameTheirPlace(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	path := write(t, dir, `routes:
  - name: first
    when: request.rolez.exists(r, r == "x")
    targets: [{integration: itsm}]
  - name: second
    targets: [{integration: itsm}]
  - name: third
    when: request.user
    targets: [{integration: itsm}]
  - name: fourth
    when: 'nothing == 1 && request.nowhere'
    targets: [{integration: itsm}]
`)
	_, err := LoadConfig(path)
	var problems config.Error
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 4)
	require.Equal(t, "routes[0].when", problems[0].Path)
	require.Equal(t, 17, problems[0].Line)
	require.Equal(t, 18, problems[0].Column)
	require.Equal(t, `there is no field "rolez" here`, problems[0].Message)
	require.Equal(t, "did you mean roles?", problems[0].Mend)
	require.Equal(t, "routes[2].when", problems[1].Path)
	require.Equal(t, 22, problems[1].Line)
	require.Contains(t, problems[1].Message, "not true or false")
	for n, p := range problems[2:] {
		require.Equal(t, "routes[3].when", p.Path)
		require.Equal(t, 25, p.Line)
		require.Equal(t, []int{12, 35}[n], p.Column)
		require.NotEmpty(t, p.Mend)
		require.NotContains(t, p.Message, "\n")
	}
	require.Contains(t, err.Error(), path+":17:18: routes[0].when: there is no field")
}

func TestJoinedErrorsAreTakenApart(t *testing.T) {
	t.Parallel()
	one, two := errors.New("one"), errors.New("two")
	require.Empty(t, each(nil))
	require.Equal(t, []error{one}, each(one))
	require.Equal(t, []error{one, two}, each(errors.Join(one, two)))
}

func TestTableOfPeopleIsTakenOver(t *testing.T) {
	t.Parallel()
	table := config.People{RequireUser: true, Table: []config.PersonEntry{{Integration: "itsm", ID: "712020:bob", User: "bob"}}}
	compiled, err := policy.New([]policy.Route{{Name: "all", Mode: bridge.ModeReview, Targets: []bridge.Target{{Integration: "itsm"}, {Integration: "other"}}}})
	require.NoError(t, err)
	compiled = compiled.Using(people(table, nil))
	judge := func(target, id, email string) bridge.Decision {
		return compiled.Judge(bridge.Request{ID: "r", User: "alice"}, []bridge.Evidence{{
			Target: target, Marker: "r", Verdict: bridge.Approve, Actor: bridge.Actor{ID: id, Email: email},
		}}, nil)
	}
	require.Equal(t, "bob", judge("itsm", "712020:bob", "").Person)
	require.Equal(t, bridge.Undecided, judge("other", "712020:bob", "").Verdict, "an id is of one integration")
	require.Equal(t, bridge.Undecided, judge("itsm", "712020:eve", "eve@example.com").Verdict, "require_user holds")
}
