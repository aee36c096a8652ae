package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// eachDesk runs a test with each vendor, in a trial without a bridge.
func eachDesk(t *testing.T, test func(t *testing.T, tr *trial)) {
	t.Helper()
	for _, kind := range deskKinds() {
		t.Run(kind.name, func(t *testing.T) { test(t, newTestTrial(t, guarantee{desk: kind})) })
	}
}

func newTestTrial(t *testing.T, g guarantee) *trial {
	t.Helper()
	_, tr, err := newTrial(t.Context(), &rig{dir: t.TempDir(), progress: io.Discard}, g)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tr.close()) })
	return tr
}

func TestEveryGuaranteeHasARowWhoseValueMustBeZero(t *testing.T) {
	specs := guaranteeSpecs()
	names := map[string]bool{}
	for _, s := range specs {
		require.False(t, names[s.name], "%s is there twice", s.name)
		require.True(t, strings.HasPrefix(s.name, guaranteesPrefix))
		require.True(t, s.limited)
		require.Zero(t, s.limit)
		names[s.name] = true
	}
	require.Len(t, guaranteesPart().rows, len(specs))
	for _, name := range guaranteesPart().rows {
		require.True(t, names[name], name)
	}
	for _, kind := range []string{"jira", "pagerduty", "opsgenie", "jsm"} {
		require.True(t, names["guarantees.created_while_down."+kind])
		require.True(t, names["guarantees.create_late."+kind])
	}
}

func TestOnlyTheWantedGuaranteesAreTried(t *testing.T) {
	measured, err := measureGuarantees(t.Context(), &rig{only: "guarantees.nothing", dir: t.TempDir(), progress: io.Discard})
	require.NoError(t, err)
	require.Empty(t, measured)
}

// A trial that could not be carried out leaves its row without a value, which is never ok.
func TestATrialThatFailsLeavesItsRowUnmeasured(t *testing.T) {
	r := &rig{only: "guarantees.own_issue", binary: "/does/not/exist", dir: t.TempDir(), progress: io.Discard}
	measured, err := measureGuarantees(t.Context(), r)
	require.ErrorContains(t, err, "guarantees.own_issue.jira: start")
	require.Empty(t, measured)
	require.False(t, allOK(evaluate(selected(specs(), r.only), measured)))
}

func TestTheConfigurationOfTrialsIsValid(t *testing.T) {
	for _, g := range guarantees() {
		if g.name != "create_hangs" && g.name != "create_late" {
			continue
		}
		t.Run(g.row(), func(t *testing.T) {
			tr := newTestTrial(t, g)
			cfg, err := config.Load(tr.path("config.yaml"), integrations.Kinds(integrations.Builtin()))
			require.NoError(t, err)
			require.Empty(t, cfg.Warnings)
			require.Len(t, cfg.Integrations, 1)
			require.Equal(t, g.desk.name, cfg.Integrations[0].Type)
			require.Len(t, cfg.Routes, 1)
			require.Empty(t, cfg.Routes[0].OnCall, "requests stay pending until somebody decides")
		})
	}
}

func TestFaultsHitTheCallsThatMakeTickets(t *testing.T) {
	paths := map[string]string{"jira": "/rest/api/2/issue", "pagerduty": "/incidents", "opsgenie": "/v2/alerts"}
	eachDesk(t, func(t *testing.T, tr *trial) {
		path, ok := paths[tr.kind.name]
		if !ok {
			site := tr.desk.(incidentDesk).breakable.(interface{ CloudID() string })
			path = "/jsm/ops/api/" + site.CloudID() + "/v1/alerts"
		}
		tr.desk.Inject(tr.kind.creating(standin.Fault{Status: http.StatusTeapot, Count: 1}))
		base := tr.config.Vendor + tr.config.Jira
		for _, want := range []struct {
			method, below string
			code          int
		}{{http.MethodGet, "", 0}, {http.MethodPost, "/1/notes", 0}, {http.MethodPost, "", http.StatusTeapot}, {http.MethodPost, "", 0}} {
			req, err := http.NewRequestWithContext(t.Context(), want.method, base+path+want.below, strings.NewReader("{}"))
			require.NoError(t, err)
			resp, err := tr.client.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, want.code == http.StatusTeapot, resp.StatusCode == http.StatusTeapot, "%s %d", want.method, resp.StatusCode)
		}
	})
}

func TestIssuesAreTicketsOfTheirRequests(t *testing.T) {
	tr := newTestTrial(t, guarantee{desk: deskKinds()[0]})
	f, err := newFloor(t.Context(), tr.config)
	require.NoError(t, err)
	t.Cleanup(f.close)
	ids, err := tr.create(t.Context(), 2, roleFloor)
	require.NoError(t, err)
	for _, id := range []string{ids[0], ids[1], ids[1]} {
		require.NoError(t, tr.teleport.SetPluginData(id, floorPlugin, map[string]string{"link/" + integration: ""}))
		require.NoError(t, f.open(t.Context(), id))
	}
	require.Equal(t, map[string][]ticket{ids[0]: {{}}, ids[1]: {{}, {}}}, tr.desk.tickets())
	require.Equal(t, harm{doubled: 1}, tr.harm(ids, waiting()))
	require.Equal(t, harm{wrong: 1}, tr.strangers(1))
	require.Zero(t, tr.strangers(2))

	require.NoError(t, tr.moveAll(t.Context(), ids[:1], "bob"))
	issue, err := tr.issueOf(t.Context(), ids[0])
	require.NoError(t, err)
	require.NoError(t, tr.jira.Comment(jirasim.BotEmail, issue, `by carol\@example.com`))
	require.NoError(t, tr.jira.Comment("bob", issue, "mine"))
	require.Equal(t, []ticket{{ending: "approved", notes: []string{"by carol@example.com"}}}, tr.desk.tickets()[ids[0]])
	require.Equal(t, 2, tr.pending(ids), "nobody has told Teleport")
	require.Equal(t, harm{lost: 1}, tr.harm(ids[:1], moved()))
}

func TestIncidentsAreTicketsOfTheirRequests(t *testing.T) {
	eachDesk(t, func(t *testing.T, tr *trial) {
		d, ok := tr.desk.(incidentDesk)
		if !ok {
			return // Jira has a test of its own.
		}
		require.Empty(t, d.tickets())
		d.noted = func() []notedTicket {
			return []notedTicket{
				notedTicket{key: ticketKey + "a", ticket: ticket{notes: []string{"n"}}}.over(true),
				notedTicket{key: ticketKey + "b"}.over(false),
				{key: "somebody else's"},
				{key: ticketKey + "b"},
			}
		}
		require.Equal(t, map[string][]ticket{"a": {{ending: ended, notes: []string{"n"}}}, "b": {{}, {}}, "": {{}}}, d.tickets())
	})
}

func TestUntilEndsWhenItIsSoAndWithTheRun(t *testing.T) {
	tr := &trial{}
	asked := 0
	require.NoError(t, tr.until(t.Context(), func() bool { asked++; return asked == 3 }))
	require.Equal(t, 3, asked)
	ctx, cancel := contextWithCause(t)
	cancel(io.ErrUnexpectedEOF)
	require.ErrorIs(t, tr.until(ctx, func() bool { return false }), io.ErrUnexpectedEOF)
}

func TestAKilledBridgeIsNoFaultOfTheRun(t *testing.T) {
	tr := newTestTrial(t, guarantee{desk: deskKinds()[0]})
	died := make(chan error, 2)
	for range 2 {
		p, err := startProcess(t.Context(), program(t, "exec sleep 60\n"), "config.yaml", tr.path("log"), func(err error) { died <- err })
		require.NoError(t, err)
		tr.instances = append(tr.instances, &instance{process: p})
	}
	victim, other := tr.instances[0], tr.instances[1]
	require.NoError(t, tr.kill(victim))
	require.Equal(t, []*instance{other}, tr.instances)
	require.ErrorContains(t, tr.stop(), "terminated", "the script knows no better")
	require.Empty(t, tr.instances)
	require.Empty(t, died)
	require.Error(t, tr.kill(&instance{process: other.process}), "it has ended already")
}

func TestAwaitLooksAtTheLinkOfEveryRequest(t *testing.T) {
	tr := newTestTrial(t, guarantee{desk: deskKinds()[0]})
	ids, err := tr.create(t.Context(), 2, roleBridge)
	require.NoError(t, err)
	over, cancel := contextWithCause(t)
	cancel(io.ErrUnexpectedEOF)
	for _, id := range ids {
		require.ErrorIs(t, tr.await(over, ids, "open"), io.ErrUnexpectedEOF)
		require.NoError(t, tr.teleport.SetPluginData(id, plugin, map[string]string{"link/" + integration: `{"phase":"open"}`}))
	}
	require.NoError(t, tr.await(over, ids, "open"))
	require.ErrorIs(t, tr.await(over, ids, "closed"), io.ErrUnexpectedEOF)
}
