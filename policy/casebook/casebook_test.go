package casebook_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/casebook"
)

// rules are routes with two integrations, as a configuration would have them.
func rules(t *testing.T, routes ...policy.Route) casebook.Rules {
	t.Helper()
	if len(routes) == 0 {
		routes = []policy.Route{{Name: "prod", Mode: bridge.ModeReview, Targets: []bridge.Target{{Integration: "jira", Recipients: []string{"OPS"}}}}}
	}
	p, err := policy.New(routes)
	require.NoError(t, err)
	r := casebook.Rules{
		Policy: p, EmailTraits: []string{"email"}, Integrations: []string{"jira", "pager"},
		People: func(d policy.Directory) *policy.People { return policy.NewPeople(d, nil, true) },
	}
	for _, route := range routes {
		r.Routes = append(r.Routes, route.Name)
	}
	return r
}

func parse(t *testing.T, text string) *casebook.Book {
	t.Helper()
	b, err := casebook.Parse("cases.yaml", []byte(text))
	require.NoError(t, err)
	return b
}

// faults returns the faults of a file, one on each line.
func faults(t *testing.T, err error) string {
	t.Helper()
	var list config.Error
	require.ErrorAs(t, err, &list)
	return list.Error()
}

const approved = `
users:
  - {name: alice, traits: {email: [alice@example.com]}}
  - {name: bob, roles: [approver], traits: {email: [bob@example.com]}}
cases:
  - name: approved
    request: {user: alice, roles: [prod]}
    evidence: [{target: jira, verdict: approve, actor: {email: bob@example.com}, at: +5m}]
    expect: {`

func TestACasePassesWhenEverythingIsAsExpected(t *testing.T) {
	got, err := parse(t, approved+`targets: [jira], recipients: {jira: [OPS]}, routes: [prod], route: prod, decision: approve, by: BOB, rule: status, refusals: []}`).Run(rules(t))
	require.NoError(t, err)
	require.True(t, got[0].OK, "%v", got)
	require.Equal(t, 6, got[0].Line)
	require.Empty(t, got[0].Because)
}

// A test of a policy is worth something only if it can fail: every expectation is compared.
func TestEveryExpectationCanFail(t *testing.T) {
	for want, difference := range map[string]string{
		`targets: [jira, pager]`:        "targets: expected jira, pager, got jira",
		`targets: []`:                   "targets: expected none, got jira",
		`recipients: {jira: [DEV]}`:     "recipients at jira: expected DEV, got OPS",
		`recipients: {pager: [DEV]}`:    "recipients at pager: expected DEV, got none",
		`routes: []`:                    "routes: expected none, got prod",
		`decision: deny`:                "decision: expected deny, got approve",
		`decision: none`:                "decision: expected none, got approve",
		`by: alice`:                     "by: expected alice, got bob",
		`rule: on_call`:                 "rule: expected on_call, got status",
		`refusals: [requester]`:         "refusals: expected requester, got none",
		`refusals: [a, b], by: nobody1`: "refusals: expected a, b, got none",
	} {
		got, err := parse(t, approved+want+"}").Run(rules(t))
		require.NoError(t, err)
		require.False(t, got[0].OK, want)
		require.Contains(t, got[0].Differences, difference)
		require.Contains(t, got[0].Because, "approve by bob (status of route prod): no reason given")
	}
}

func TestAFailureIsExplained(t *testing.T) {
	r := rules(t, policy.Route{
		Name: "prod", Mode: bridge.ModeReview, Targets: []bridge.Target{{Integration: "jira"}}, When: `"prod" in request.roles`,
		ApproveWhen: `approvals.size() >= 2 && time.hour > 8`,
	})
	got, err := parse(t, `
users: [{name: alice, traits: {email: [alice@example.com]}}, {name: bob, traits: {email: [bob@example.com]}}]
cases:
  - name: too few
    request: {user: alice, roles: [prod]}
    evidence:
      - {target: jira, verdict: approve, actor: {email: bob@example.com}, at: +5m}
      - {target: jira, verdict: approve, actor: {email: alice@example.com}, at: +6m}
      - {target: pager, verdict: approve, actor: {email: bob@example.com}, at: +6m}
    expect: {decision: approve}
`).Run(r)
	require.NoError(t, err)
	require.Equal(t, []string{"decision: expected approve, got none"}, got[0].Differences)
	because := strings.Join(got[0].Because, "\n")
	require.Contains(t, because, `"approve" by alice@example.com at jira was refused (requester): nobody can decide their own`)
	require.Contains(t, because, `"approve" by bob@example.com at pager was not looked at: the request has no object there`)
	require.Contains(t, because, `when of route prod is true: request.roles is ["prod"]`)
	require.Contains(t, because, `approve_when of route prod is false: approvals.size() >= 2 is false; approvals.size() is 1; time.hour > 8 is true; time.hour is 10`)
}

// W13: a fact that is not known is never taken for empty, in a test no more than in earnest.
func TestW13_WhatACaseDoesNotSayIsNotKnown(t *testing.T) {
	for name, when := range map[string]string{
		"labels": `request.resources.exists(r, r.labels["env"] != "prod")`, "traits": `!("x" in request.traits)`, "roles": `request.user_roles.size() == 0`,
		"length": `request.duration < duration("1h")`, "lapse": `request.expires > request.created`,
	} {
		t.Run(name, func(t *testing.T) {
			r := rules(t, policy.Route{Name: "prod", Mode: bridge.ModeReview, When: when, Targets: []bridge.Target{{Integration: "jira"}}},
				policy.Route{Name: "rest", Mode: bridge.ModeReview, Targets: []bridge.Target{{Integration: "jira"}}})
			got, err := parse(t, `
users: [{name: bob, traits: {email: [bob@example.com]}}]
cases:
  - name: unknown
    request: {user: alice@example.com, resources: [{kind: node, name: n}]}
    evidence: [{target: jira, verdict: approve, actor: {email: bob@example.com}}]
    expect: {targets: [jira], decision: none, refusals: [policy_error]}
`).Run(r)
			require.NoError(t, err)
			require.True(t, got[0].OK, "%v", got)
			require.Contains(t, got[0].Got.Detail, "is not known")
		})
	}
}

func TestARequestThatHasLapsedIsNotDecided(t *testing.T) {
	text := strings.Replace(approved, "roles: [prod]}", "roles: [prod], expires: +4m}", 1) + "decision: none}"
	got, err := parse(t, text).Run(rules(t))
	require.NoError(t, err)
	require.True(t, got[0].OK, "%v", got)
	require.Equal(t, "the request has lapsed by then", got[0].Got.Detail)

	early := strings.Replace(text, "    expect", "    now: +1m\n    expect", 1)
	got, err = parse(t, early).Run(rules(t))
	require.NoError(t, err)
	require.False(t, got[0].OK, "the case says when the bridge looks")
}

func TestFaultsHaveTheirPlaceAndMend(t *testing.T) {
	_, err := casebook.Parse("cases.yaml", []byte(`
usrs: []
cases:
  - name: a
    request: {user: alice, roles: [x], created: +5m, resources: [{kind: node}]}
    evidence:
      - {target: jira, verdict: aprove, at: soon}
      - {target: jira, verdikt: deny}
    on_call: [{integration: pager}, {integration: pager, unread: true, person: {email: a@b}}]
    expect: {decision: aprove}
  - name: a
    request: {}
  - expect: {decision: none, by: bob, rule: statis}
`))
	all := faults(t, err)
	for _, line := range []string{
		"cases.yaml:2:1: usrs: there is no such key (did you mean users?)",
		"cases.yaml:5:49: cases[0].request.created: other moments are counted from here",
		"cases.yaml:5:66: cases[0].request.resources[0].name: is required",
		`cases.yaml:7:33: cases[0].evidence[0].verdict: "aprove" is not a value it can have (did you mean approve?)`,
		`cases.yaml:7:45: cases[0].evidence[0].at: "soon" is not a moment: write a distance from the request such as +5m`,
		"cases.yaml:8:24: cases[0].evidence[1].verdikt: there is no such key (did you mean verdict?)",
		"cases[0].on_call[0].person: nobody is named",
		"cases[0].on_call[1].person: is given together with unread",
		`cases[0].expect.decision: "aprove"`,
		"cases[1].name: is the name of the case in line 4, too",
		"cases[1].request.user: is required",
		"cases[1].request.roles: nothing is asked for",
		"cases[1].expect: nothing is expected, so the case could not fail",
		"cases[2].name: is required",
		"cases[2].expect.by: nobody decides where the decision is none",
		`cases[2].expect.rule: "statis"`,
	} {
		require.Contains(t, all, line)
	}
	_, err = casebook.Parse("empty.yaml", nil)
	require.Contains(t, faults(t, err), "cases: is required")
	_, err = casebook.Parse("bad.yaml", []byte("cases: ["))
	require.Contains(t, faults(t, err), "is not valid YAML")
	_, err = casebook.Read(filepath.Join(t.TempDir(), "absent.yaml"))
	require.ErrorContains(t, err, "absent.yaml")
}

// A name that the configuration does not have would make a case pass for the wrong reason.
func TestNamesThatTheConfigurationDoesNotHaveAreFaults(t *testing.T) {
	b := parse(t, `
groups: [{integration: no1, group: g}]
cases:
  - name: a
    request: {user: alice, roles: [x]}
    evidence: [{target: no2, verdict: deny}]
    on_call: [{integration: no3, person: {id: x}}]
    groups: [{integration: no4, group: g}]
    expect: {targets: [no5], recipients: {no6: [x]}, route: no7, routes: [no8]}
`)
	_, err := b.Run(rules(t))
	all := faults(t, err)
	for _, name := range []string{"no1", "no2", "no3", "no4", "no5", "no6"} {
		require.Contains(t, all, `the configuration has no integration "`+name+`" (use one of: jira, pager)`)
	}
	require.Contains(t, all, `the configuration has no route "no7" (use one of: prod)`)
	require.Contains(t, all, `cases.yaml:9:75: cases[0].expect.routes[0]: the configuration has no route "no8"`)
}

func TestWhereTheConfigurationIs(t *testing.T) {
	text := "cases: [{name: a, request: {user: a, roles: [r]}, expect: {decision: none}}]\n"
	b, err := casebook.Parse("some/where/cases.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, "given.yaml", b.ConfigPath("given.yaml"))
	b, err = casebook.Parse("some/where/cases.yaml", []byte("config: ../config.yaml\n"+text))
	require.NoError(t, err)
	require.Equal(t, filepath.Join("some", "config.yaml"), b.ConfigPath("given.yaml"))
}

func TestACaseGoesBeforeItsFile(t *testing.T) {
	r := rules(t, policy.Route{
		Name: "prod", Mode: bridge.ModeReview, Targets: []bridge.Target{{Integration: "jira"}},
		Approvers: policy.Approvers{Groups: []policy.Group{{Integration: "jira", Group: "leads"}}, Roles: []string{"approver"}},
	})
	got, err := parse(t, `
users: [{name: alice, traits: {email: [alice@example.com]}}, {name: bob, traits: {email: [bob@example.com]}}]
groups: [{integration: jira, group: leads, members: []}]
cases:
  - name: by the file nobody is in the group
    request: {user: alice, roles: [prod]}
    evidence: [{target: jira, verdict: approve, actor: {email: bob@example.com}}]
    expect: {decision: none, refusals: [not_approver]}
  - name: by the case bob is
    request: {user: alice, roles: [prod]}
    groups: [{integration: jira, group: leads, members: [account-7]}]
    evidence: [{target: jira, verdict: approve, actor: {id: account-7, email: bob@example.com}}]
    expect: {decision: approve}
  - name: or has the role
    request: {user: alice, roles: [prod]}
    users: [{name: bob, roles: [approver], traits: {email: [bob@example.com]}}]
    evidence: [{target: jira, verdict: approve, actor: {email: bob@example.com}}]
    expect: {decision: approve}
`).Run(r)
	require.NoError(t, err)
	for _, one := range got {
		require.True(t, one.OK, "%+v", one)
	}
	got, err = parse(t, `
cases:
  - name: a group that is not given is not known
    request: {user: alice@example.com, roles: [prod]}
    evidence: [{target: jira, verdict: approve, actor: {email: bob@example.com}}]
    expect: {decision: none, refusals: [not_a_user]}
`).Run(r)
	require.NoError(t, err)
	require.True(t, got[0].OK, "%+v", got)
}

func TestReadRequest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "request.yaml")
	write(t, path, "user: alice\nroles: [prod]\nduration: 2h\naccess_from: +1h\nexpires: +30m\ncreated: 2026-03-02T14:00:00+01:00\nthresholds: [{approve: 2, deny: 1}]\n")
	req, err := casebook.ReadRequest(path)
	require.NoError(t, err)
	require.Equal(t, "2026-03-02T13:00:00Z", req.Created.UTC().Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, req.Created.Add(3*60*60*1e9), req.AccessUntil)
	require.Equal(t, []bridge.Threshold{{Approve: 2, Deny: 1}}, req.Thresholds)
	require.Equal(t, bridge.StatePending, req.State)

	write(t, path, "usr: alice\nroles: [prod]\n")
	_, err = casebook.ReadRequest(path)
	require.Contains(t, faults(t, err), ":1:1: usr: there is no such key (did you mean user?)")
	_, err = casebook.ReadRequest(path + ".absent")
	require.ErrorContains(t, err, "absent")
}

func TestTeleportsOwnRoutingIsTried(t *testing.T) {
	r := rules(t)
	r.Policy = r.Policy.From(policy.Sources{Order: []policy.Source{policy.SourceRules, policy.SourceRoutes}})
	got, err := parse(t, `
access_monitoring_rules:
  - {name: b, condition: 'access_request.spec.roles.contains("prod")', integration: pager, recipients: [Security]}
  - {name: a, condition: 'access_request.spec.roles.contains("prod")', integration: elsewhere, recipients: [x]}
cases:
  - name: by a rule
    request: {user: alice@example.com, roles: [prod]}
    expect: {targets: [pager], recipients: {pager: [Security]}, source: access_monitoring_rules}
  - name: by the route, as no rule applies
    request: {user: alice@example.com, roles: [dev]}
    expect: {targets: [jira], source: routes}
  - name: not so
    request: {user: alice@example.com, roles: [dev]}
    expect: {source: role_to_recipients}
`).Run(r)
	require.NoError(t, err)
	require.True(t, got[0].OK && got[1].OK, "%+v", got)
	require.Equal(t, []string{"source: expected role_to_recipients, got routes"}, got[2].Differences)

	_, err = casebook.Parse("cases.yaml", []byte(`
access_monitoring_rules: [{name: a, integration: jira, condition: 'access_request.spec.rols.contains("x")'}, {}]
cases: [{name: a, request: {user: a, roles: [r]}, expect: {source: rules}}]
`))
	all := faults(t, err)
	require.Contains(t, all, "cases.yaml:2:68: access_monitoring_rules[0].condition: ")
	require.Contains(t, all, "access_monitoring_rules[1].condition: is required")
	require.Contains(t, all, `cases[0].expect.source: "rules" is not a value it can have`)
}
