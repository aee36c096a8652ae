package test

import (
	"crypto/tls"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

const pager = "pager"

// ruled is a world whose bridge may read Access Monitoring Rules and asks them before the routes, with a Jira of three projects.
func ruled(t *testing.T) *harness.World {
	t.Helper()
	w := harness.New(t, harness.Setup{
		Teleport: teleport.Options{ConfirmMonitoringRules: true},
		Jira: map[string]jira.Options{harness.Main: {
			Projects: []jira.Project{harness.Board(harness.Project), harness.Board("OPS"), harness.Board("DB")},
		}},
	})
	mayReadRules(w, true)
	w.Settings.Top = harness.Section{"routing": []string{"access_monitoring_rules", "routes"}}
	return w
}

func mayReadRules(w *harness.World, may bool) {
	permissions := teleport.PluginUser(harness.BridgeUser).Permissions
	if may {
		permissions = append(permissions, teleport.Permission{Resource: types.KindAccessMonitoringRule, Verbs: []string{types.VerbList, types.VerbRead}})
	}
	w.Teleport.SetPermissions(harness.BridgeUser, permissions...)
}

// rule tells an integration of requests for a role.
func rule(name, role, integration string, who ...string) teleport.MonitoringRule {
	return teleport.MonitoringRule{
		Name: name, Condition: `access_request.spec.roles.contains("` + role + `")`, Notification: integration, Recipients: who,
	}
}

// withPager adds a PagerDuty that names no service of its own; alice is on call in its schedule primary.
func withPager(t *testing.T, w *harness.World, more harness.Section) *pagerduty.Server {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(w.Path("tls.crt"), w.Path("tls.key"))
	require.NoError(t, err)
	pd, err := pagerduty.New(pagerduty.Options{TLS: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}})
	require.NoError(t, err)
	require.NoError(t, pd.Start())
	t.Cleanup(pd.Close)
	account := harness.Section{"name": pager, "type": "pagerduty", "config": harness.Section{
		"endpoint": pd.URL(), "ca_file": w.Path("ca.crt"), "from": pagerduty.DefaultBotEmail, "api_token": pagerduty.DefaultToken,
		"mode": "poll", "poll_every": "1s", "search_lag": "1s", "rate_limit": 0, "decide_by": "anyone",
	}}
	maps.Copy(account, more)
	w.Settings.Others = append(w.Settings.Others, account)
	return pd
}

// incident waits for the incident of a request.
func incident(w *harness.World, pd *pagerduty.Server, id string) pagerduty.Incident {
	w.T.Helper()
	w.Eventually("the incident", func() bool { return w.LinkTo(id, pager).Phase == bridge.PhaseOpen })
	in, ok := pd.Incident(w.LinkTo(id, pager).Ref.ID)
	require.True(w.T, ok)
	return in
}

func TestW24_JiraIsRoutedByARule(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	w.Teleport.PutMonitoringRule(rule("production", "prod-db", harness.Main, "OPS"))
	w.Teleport.PutMonitoringRule(teleport.MonitoringRule{Name: "broken", Condition: `true || nonsense()`, Notification: harness.Main, Recipients: []string{"DB"}})
	w.Teleport.PutMonitoringRule(rule("elsewhere", "prod-db", "slack", "#ops"))
	b := w.Start()
	id, key := w.Opened("prod-db")
	require.True(t, strings.HasPrefix(key, "OPS-"), key)
	_, other := w.Opened("billing-read")
	require.True(t, strings.HasPrefix(other, "ACC-"), "what no rule selects goes by the routes: %s", other)
	// The rule that makes no sense is shown everywhere, once.
	require.InDelta(t, 1, b.Metric("accessbridge_monitoring_rule_faults"), 0)
	status := b.Status().Rules
	require.True(t, status.Known && status.Readable)
	require.Equal(t, 2, status.Rules)
	require.Equal(t, []string{"slack"}, status.Strangers)
	require.Len(t, status.Faults, 1)
	require.Equal(t, "broken", status.Faults[0].Rule)
	require.Contains(t, status.Faults[0].Error, "1:9: ")
	require.Equal(t, 1, strings.Count(b.Logs.String(), "access monitoring rule cannot be evaluated"))
	// The route names the integration, so people decide there.
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
	require.Equal(t, "everything", b.Audited(1)[0].Route)
}

func TestW24_ExplainAndCheckTellOfRules(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	w.Teleport.PutMonitoringRule(rule("production", "prod-db", harness.Main, "OPS"))
	w.Teleport.PutMonitoringRule(teleport.MonitoringRule{Name: "broken", Condition: `nonsense()`, Notification: harness.Main})
	id := w.Ask("prod-db")
	cfg, log := loaded(t, w), slog.New(slog.DiscardHandler)
	e, err := server.Explain(t.Context(), cfg, id, log)
	require.NoError(t, err)
	require.EqualValues(t, "access_monitoring_rules", e.Placement.Source)
	require.Equal(t, []string{"production"}, e.Placement.Rules[harness.Main])
	require.Equal(t, []string{"OPS"}, e.Placement.Targets[0].Recipients)
	require.Len(t, e.Placement.Faults, 1)
	require.Equal(t, "everything", e.Route)

	found := faults(t, cfg)["teleport"]
	require.Len(t, found, 1)
	require.Contains(t, found[0].What, `access monitoring rule "broken": 1:1: `)
	mayReadRules(w, false)
	found = faults(t, cfg)["teleport"]
	require.Len(t, found, 1)
	require.Contains(t, found[0].What, "may not read Access Monitoring Rules, so none of them routes a request")
}

func TestW24_RulesThatMayNotBeReadSelectNothing(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	mayReadRules(w, false)
	w.Teleport.PutMonitoringRule(rule("production", "prod-db", harness.Main, "OPS"))
	b := w.Start()
	_, key := w.Opened("prod-db")
	require.True(t, strings.HasPrefix(key, "ACC-"), key)
	status := b.Status().Rules
	require.True(t, status.Known)
	require.False(t, status.Readable)
	require.Contains(t, status.LastError, "access denied")
}

// What changed while the bridge was cut off counts for the requests made meanwhile, however long it takes to read the rules again.
func TestW24_RuleChangedDuringADisconnect(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	w.Teleport.PutMonitoringRule(rule("production", "prod-db", harness.Main, "OPS"))
	b := w.Start()
	before, key := w.Opened("prod-db")
	require.True(t, strings.HasPrefix(key, "OPS-"), key)

	w.Teleport.Stop()
	w.Eventually("the bridge to notice", func() bool { return b.Metric("accessbridge_watcher_connected") == 0 })
	w.Teleport.PutMonitoringRule(rule("production", "prod-db", harness.Main, "DB"))
	during := w.Ask("prod-db")
	listable := w.Teleport.Inject(teleport.Fault{Method: "ListAccessMonitoringRules", Err: trace.ConnectionProblem(nil, "not yet")})
	require.NoError(t, w.Teleport.Start())
	w.Eventually("the watch", func() bool { return b.Metric("accessbridge_watcher_connected") == 1 })
	w.Stays("no issue by an old rule, and none by the routes", func() bool { return len(w.Issues(during)) == 0 })
	require.False(t, b.Status().Rules.Known)
	listable()
	require.True(t, strings.HasPrefix(w.Key(during), "DB-"), "%s", w.Key(during))
	// The object that is there already stays where it is, and is no second one.
	require.Len(t, w.Issues(before), 1)
	w.Move("bob", key, "Approved")
	w.EventuallyState(before, "APPROVED")
}

// A rule alone opens the incident: no annotation, no service in the configuration. As no route names PagerDuty, nobody decides there.
func TestW24_PagerDutyIsOpenedByARuleWithoutAnAnnotation(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	pd := withPager(t, w, nil)
	w.Teleport.PutMonitoringRule(rule("incidents", "prod-db", pager, pagerduty.DefaultService))
	b := w.Start()
	id := w.Ask("prod-db")
	in := incident(w, pd, id)
	require.Equal(t, pagerduty.DefaultServices()[0].ID, in.Service)
	require.NoError(t, pd.AddNote(harness.Bob, in.ID, "approve: looks right"))
	w.StaysFor(3*time.Second, "undecided", func() bool { return w.State(id) == "PENDING" })
	require.Empty(t, b.Audit())
	require.Empty(t, w.Issues(id), "the routes are not asked when a rule selects the request")

	// The rule now sends such requests to Jira. This one keeps its incident and gets no issue.
	w.Teleport.PutMonitoringRule(rule("incidents", "prod-db", harness.Main, "OPS"))
	next := w.Ask("prod-db")
	require.True(t, strings.HasPrefix(w.Key(next), "OPS-"))
	require.Empty(t, w.Issues(id))
	require.NoError(t, w.Teleport.Review(id, harness.Carol, true, "in Teleport"))
	w.Eventually("the incident to be resolved", func() bool { i, _ := pd.Incident(in.ID); return i.Status == "resolved" })
	require.Len(t, pd.Incidents(), 1)
}

func TestW24_RolesHaveRecipientsAndRoutesDecide(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	pd := withPager(t, w, harness.Section{"role_to_recipients": harness.Section{"prod-db": []string{pagerduty.DefaultService}}})
	w.Settings.Top = harness.Section{"routing": []string{"role_to_recipients", "routes"}}
	w.Settings.Routes = []harness.Section{harness.Route("everything", nil, harness.Main, pager)}
	w.Start()
	id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, SuggestedReviewers: []string{harness.Carol}})
	in := incident(w, pd, id)
	require.Empty(t, w.Issues(id))
	_, key := w.Opened("billing-read")
	require.NotEmpty(t, key, "a role without an entry goes by the routes")
	require.NoError(t, pd.AddNote(harness.Bob, in.ID, "approve: looks right"))
	w.EventuallyState(id, "APPROVED")
}

// W32: the integrations of one request know of each other. While on-call approves it, nobody is paged and no issue is opened.
func TestW32_NobodyIsBotheredWithWhatOnCallApproves(t *testing.T) {
	t.Parallel()
	for name, routing := range map[string][]string{"by routes": {"routes"}, "by a rule": {"access_monitoring_rules", "routes"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ruled(t)
			pd := withPager(t, w, nil)
			w.Settings.Top["routing"] = routing
			w.Teleport.PutMonitoringRule(rule("a", "prod-db", pager, pagerduty.DefaultService))
			w.Teleport.PutMonitoringRule(rule("b", "prod-db", harness.Main, "OPS"))
			w.Settings.Routes = []harness.Section{{
				"name": "production", "targets": []harness.Section{{"integration": harness.Main}, {"integration": pager, "service": pagerduty.DefaultService}},
				"on_call": []harness.Section{{"integration": pager, "schedules": []string{pagerduty.PrimarySchedule}}}, "quiet": "30s",
			}}
			b := w.Start()
			onCall := w.Ask("prod-db")
			w.EventuallyState(onCall, "APPROVED")
			require.Equal(t, bridge.RuleOnCall, b.Audited(1)[0].Rule)
			// Bob is not on call there: everybody is told after the quiet time, each once.
			asked := w.Request(teleport.NewRequest{User: harness.Bob, Roles: []string{"prod-db"}})
			w.Stays("quiet", func() bool { return len(w.Issues(asked))+len(pd.Incidents()) == 0 })
			w.Key(asked)
			incident(w, pd, asked)
			require.Len(t, w.Issues(asked), 1)
			require.Len(t, pd.Incidents(), 1)
			require.Empty(t, w.Issues(onCall))
			// Settled at one place, it is closed at the other.
			w.Move("carol", w.Key(asked), "Denied")
			w.EventuallyState(asked, "DENIED")
			w.Eventually("the incident to be resolved", func() bool { return pd.Incidents()[0].Status == "resolved" })
		})
	}
}

// W33: a schedule approves the roles that its route selects, and no others, whatever else routes and rules say.
func TestW33_AScheduleApprovesOnlyTheRolesOfItsRoute(t *testing.T) {
	t.Parallel()
	w := ruled(t)
	withPager(t, w, nil)
	w.Teleport.PutMonitoringRule(teleport.MonitoringRule{Name: "all", Condition: "true", Notification: pager, Recipients: []string{pagerduty.DefaultService}})
	onCall := []harness.Section{{"integration": pager, "schedules": []string{pagerduty.PrimarySchedule}}}
	w.Settings.Routes = []harness.Section{
		harness.Route("reading", harness.Section{"when": `request.roles.all(r, r in ["prod-read", "prod-logs"])`, "on_call": onCall}, harness.Main, pager),
		harness.Route("rest", nil, harness.Main, pager),
	}
	b := w.Start()
	for _, roles := range [][]string{{"prod-read"}, {"prod-read", "prod-logs"}} {
		w.EventuallyState(w.Ask(roles...), "APPROVED")
	}
	var others []string
	for _, roles := range [][]string{{"prod-admin"}, {"prod-read", "prod-admin"}} {
		others = append(others, w.Ask(roles...))
	}
	for _, id := range others {
		w.Eventually("the incident", func() bool { return w.LinkTo(id, pager).Phase == bridge.PhaseOpen })
	}
	w.StaysFor(2*time.Second, "undecided", func() bool {
		return !slices.ContainsFunc(others, func(id string) bool { return w.State(id) != "PENDING" })
	})
	for _, entry := range b.Audited(2) {
		require.Equal(t, "reading", entry.Route)
	}
	require.Equal(t, http.StatusOK, b.Admin("/readyz").Code)
}
