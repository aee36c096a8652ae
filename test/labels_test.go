package test

import (
	"strings"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

const (
	rita        = "rita@example.com"
	production  = "9f5a1d9e-0000-4000-8000-000000000001"
	development = "9f5a1d9e-0000-4000-8000-000000000002"
)

// labelled is a world with a node in production and one in development, and with rita, who may ask for them.
func labelled(t *testing.T) *harness.World {
	t.Helper()
	w := ruled(t)
	w.Settings.Top = nil
	w.Teleport.AddUser(teleport.User{Name: rita, RequestableRoles: []string{"*"}, SearchAsRoles: []string{"access"}})
	w.Teleport.AddNode(production, "db-1", map[string]string{"env": "prod"})
	w.Teleport.AddNode(development, "web-1", map[string]string{"env": "dev"})
	return w
}

// mayReadNodes lets the bridge read nodes, and Access Monitoring Rules, besides what it needs anyway.
func mayReadNodes(w *harness.World) {
	permissions := teleport.PluginUser(harness.BridgeUser).Permissions
	for _, kind := range []string{types.KindNode, types.KindAccessMonitoringRule} {
		permissions = append(permissions, teleport.Permission{Resource: kind, Verbs: []string{types.VerbList, types.VerbRead}})
	}
	w.Teleport.SetPermissions(harness.BridgeUser, permissions...)
}

func askForNodes(w *harness.World, names ...string) string {
	n := teleport.NewRequest{User: rita, Reason: "incident 42"}
	for _, name := range names {
		n.Resources = append(n.Resources, types.ResourceID{ClusterName: "test.example.com", Kind: types.KindNode, Name: name})
	}
	return w.Request(n)
}

// byLabel sends production to a project of its own, where carol decides.
func byLabel() []harness.Section {
	return []harness.Section{
		{
			"name": "production", "when": `request.resources.exists(r, "env" in r.labels && r.labels["env"] == "prod")`,
			"targets":   []harness.Section{{"integration": harness.Main, "project": "OPS"}},
			"approvers": harness.Section{"emails": []string{harness.Carol}},
		},
		harness.Route("rest", nil, harness.Main),
	}
}

// openedFor opens an issue for nodes, whose key begins as wanted. Where the labels could not be read in time, as on a slow machine, it
// asks again: that is not what the tests are about.
func openedFor(w *harness.World, b *harness.Bridge, want string, nodes ...string) (id, key string) {
	w.T.Helper()
	w.Eventually("an issue "+want+" with the labels of "+strings.Join(nodes, ", "), func() bool {
		id = askForNodes(w, nodes...)
		key = w.Key(id)
		return strings.HasPrefix(key, want) || !b.Logs.Have("labels of resources not read")
	})
	require.True(w.T, strings.HasPrefix(key, want), "%s for %v", key, nodes)
	return id, key
}

func TestW33_LabelsOfResourcesChooseTheRouteAndItsApprovers(t *testing.T) {
	t.Parallel()
	w := labelled(t)
	mayReadNodes(w)
	w.Settings.Routes = byLabel()
	b := w.Start()
	for _, nodes := range [][]string{{production}, {development, production}} {
		id, key := openedFor(w, b, "OPS-", nodes...)
		w.Move("bob", key, "Approved")
		requireRefused(t, w, b, id, key, "not_approver", "not among the approvers")
		w.Move("bob", key, "Pending")
		w.Move("carol", key, "Approved")
		w.EventuallyState(id, "APPROVED")
	}
	id, key := openedFor(w, b, "ACC-", development)
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
}

// Labels that may not be read are not taken for labels of something else: people are told by the later route, and decide nothing.
func TestW33_UnreadableLabelsDecideNothing(t *testing.T) {
	t.Parallel()
	w := labelled(t)
	w.Settings.Routes = byLabel()
	b := w.Start()
	id := askForNodes(w, production)
	key := w.Key(id)
	require.True(t, strings.HasPrefix(key, "ACC-"), key)
	w.Move("bob", key, "Approved")
	requireRefused(t, w, b, id, key, "policy_error", "could not be evaluated")
	require.Contains(t, b.Audit()[0].Detail, "labels is not known")
}

func TestW24_RulesSeeLabelsOfResources(t *testing.T) {
	t.Parallel()
	w := labelled(t)
	mayReadNodes(w)
	w.Settings.Top = harness.Section{"routing": []string{"access_monitoring_rules", "routes"}}
	w.Teleport.PutMonitoringRule(teleport.MonitoringRule{
		Name: "any", Condition: `access_request.spec.resource_labels_union["env"].contains("prod")`, Notification: harness.Main, Recipients: []string{"OPS"},
	})
	w.Teleport.PutMonitoringRule(teleport.MonitoringRule{
		Name: "all", Condition: `access_request.spec.resource_labels_intersection["env"].contains("dev")`, Notification: harness.Main, Recipients: []string{"DB"},
	})
	b := w.Start()
	for want, nodes := range map[string][]string{"OPS-": {production, development}, "DB-": {development}} {
		openedFor(w, b, want, nodes...)
	}
	require.True(t, strings.HasPrefix(w.Key(w.Ask("prod-db")), "ACC-"), "no resources, no labels")
}

// The requester's second account, and a second account of somebody who has approved, are nobody else.
func TestP3_W13_NobodyCountsTwiceByAnotherAddress(t *testing.T) {
	t.Parallel()
	users := append(jira.DefaultUsers(), jira.User{AccountID: "712020:alice-2", Name: "alice-2", Email: "Alice+jira@example.com", DisplayName: "A. Archer"})
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Users: users}}})
	pd := withPager(t, w, nil)
	w.Settings.Routes = []harness.Section{{
		"name": "two", "approve_when": "approvals.size() >= 2",
		"targets": []harness.Section{{"integration": harness.Main}, {"integration": pager, "service": "Production"}},
	}}
	b := w.Start()
	id, key := w.Opened()
	in := incident(w, pd, id)
	w.Move("alice-2", key, "Approved")
	requireRefused(t, w, b, id, key, "requester", "nobody can decide their own")
	w.Move("bob", key, "Pending")
	w.Move("bob", key, "Approved")
	require.NoError(t, pd.AddNote(harness.Bob, in.ID, "approve: and here as well"))
	w.StaysFor(3*time.Second, "one approval", func() bool { return w.State(id) == "PENDING" })
	require.NoError(t, pd.AddNote(harness.Carol, in.ID, "approve: me too"))
	w.EventuallyState(id, "APPROVED")
	var entry bridge.AuditEntry
	w.Eventually("the audit line of the decision", func() bool {
		entry = b.Audit()[len(b.Audit())-1]
		return entry.Rule == bridge.RuleApproveWhen
	})
	require.Equal(t, harness.Carol, entry.Person)
	require.NotEmpty(t, entry.Support)
}
