package teleport

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy/predicate"
	"github.com/accessbridge/accessbridge/policy/recipients"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func mayReadRules() sim.Permission {
	return sim.Permission{Resource: types.KindAccessMonitoringRule, Verbs: []string{types.VerbList, types.VerbRead}}
}

// ruled is a rule that always applies to one integration.
func ruled(name, integration string, who ...string) sim.MonitoringRule {
	return sim.MonitoringRule{Name: name, Condition: "true", Notification: integration, Recipients: who}
}

// rules starts a watch that feeds a cache of rules; the bridge's user may read rules already.
func (w *world) rules(o RulesOptions) (*Rules, *Requests) {
	w.t.Helper()
	w.permit(mayReadRules())
	c := w.dial()
	o.Log = w.logs.Logger()
	rules := NewRules(c, o)
	rules.retryEvery, rules.unwatchedEvery = 2*tick, 2*tick
	return rules, w.begin(c, RequestsOptions{Rules: rules})
}

func ruleNames(r *Rules) []string {
	var out []string
	for _, rule := range r.All() {
		out = append(out, rule.Name)
	}
	return out
}

func (w *world) eventuallyRules(r *Rules, want ...string) {
	w.t.Helper()
	eventually(w.t, fmt.Sprint("rules ", want), func() bool { return fmt.Sprint(ruleNames(r)) == fmt.Sprint(want) })
}

// selected compiles the rules as they are now and evaluates them for a request.
func selected(r *Rules, req bridge.Request) ([]recipients.Selection, []*recipients.Fault) {
	var list []recipients.Rule
	for _, rule := range r.All() {
		list = append(list, recipients.Rule(rule))
	}
	compiled := (*recipients.Rules)(nil).With(list)
	selections, faults := compiled.For(predicate.Of(req))
	return selections, append(compiled.Faults(), faults...)
}

func watched() sim.Options { return sim.Options{ConfirmMonitoringRules: true} }

func TestRules_OnlyThoseThatNotifyOfRequests(t *testing.T) {
	w := newWorld(t, watched())
	w.srv.PutMonitoringRule(ruled("b", "jira", "OPS", "DB"))
	w.srv.PutMonitoringRule(ruled("a", "pagerduty"))
	w.srv.PutMonitoringRule(sim.MonitoringRule{Name: "review", Condition: "true", Review: "APPROVED"})
	w.srv.PutMonitoringRule(sim.MonitoringRule{Name: "lock", Subjects: []string{"lock"}, Condition: "true", Notification: "jira"})
	w.srv.PutMonitoringRule(sim.MonitoringRule{Name: "both", Subjects: []string{"lock", "access_request"}, Condition: "false", Notification: "jira", Review: "DENIED"})
	rules, _ := w.rules(RulesOptions{})
	require.Empty(t, NewRules(nil, RulesOptions{}).All(), "none before the first list")
	receive(t, rules.Ready())
	w.eventuallyRules(rules, "a", "b", "both")
	got := rules.All()[1]
	require.NotEmpty(t, got.Revision)
	got.Revision = ""
	require.Equal(t, MonitoringRule{Name: "b", Integration: "jira", Recipients: []string{"OPS", "DB"}, Condition: "true"}, got)
	require.NoError(t, rules.All()[2].Fault, "a rule may review as well")
	state := rules.State()
	require.True(t, state.Available)
	require.True(t, state.Watched)
	require.Equal(t, 1, state.Lists)
	require.WithinDuration(t, time.Now(), state.LastList, time.Minute)
}

func TestRules_FollowEvents(t *testing.T) {
	w := newWorld(t, watched())
	var told atomic.Int32
	rules, requests := w.rules(RulesOptions{OnChange: func() { told.Add(1) }})
	receive(t, rules.Ready())
	receive(t, requests.Ready())
	require.Eventually(t, func() bool { return told.Load() == 1 }, soon, tick, "readable")
	w.srv.PutMonitoringRule(ruled("a", "jira", "OPS"))
	w.eventuallyRules(rules, "a")
	w.srv.PutMonitoringRule(ruled("a", "jira", "DB"))
	eventually(t, "changed", func() bool { return rules.All()[0].Recipients[0] == "DB" })
	w.srv.PutMonitoringRule(sim.MonitoringRule{Name: "a", Condition: "true", Review: "DENIED"})
	w.eventuallyRules(rules)
	w.srv.PutMonitoringRule(ruled("b", "jira"))
	w.eventuallyRules(rules, "b")
	w.srv.DeleteMonitoringRule("b")
	w.eventuallyRules(rules)
	w.srv.PutMonitoringRule(sim.MonitoringRule{Name: "none of ours", Condition: "true"})
	id := w.create(sim.NewRequest{})
	w.eventuallyState(requests, id, bridge.StatePending)
	require.EqualValues(t, 6, told.Load(), "each change once, and nothing else")
	require.Equal(t, 1, rules.State().Lists, "events need no lists")
}

func TestRules_AreReadPageByPage(t *testing.T) {
	w := newWorld(t, watched())
	for i := range 2*listPage + 5 {
		w.srv.PutMonitoringRule(ruled(fmt.Sprintf("rule-%05d", i), "jira"))
	}
	rules, _ := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	require.Len(t, rules.All(), 2*listPage+5)
	require.Equal(t, 3, w.srv.Calls()["ListAccessMonitoringRules"])
}

func TestW24_RulesAreListedAgainAfterReconnect(t *testing.T) {
	for name, away := range map[string]func(w *world, meanwhile func()){
		"stopped": func(w *world, meanwhile func()) {
			w.srv.Stop()
			meanwhile()
			require.NoError(w.t, w.srv.Start())
		},
		"stream broken": func(w *world, meanwhile func()) {
			cancel := w.srv.Inject(sim.Fault{Method: "WatchEvents", Err: trace.ConnectionProblem(nil, "away")})
			w.srv.BreakWatchers()
			meanwhile()
			cancel()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, watched())
			rules, requests := w.rules(RulesOptions{})
			receive(t, rules.Ready())
			for _, rule := range []sim.MonitoringRule{ruled("deleted", "jira"), ruled("changed", "jira", "OPS"), ruled("untouched", "jira")} {
				w.srv.PutMonitoringRule(rule)
			}
			w.eventuallyRules(rules, "changed", "deleted", "untouched")
			lists := rules.State().Lists
			away(w, func() {
				eventually(t, "noticed", func() bool { return !requests.State().Connected })
				require.Equal(t, []string{"changed", "deleted", "untouched"}, ruleNames(rules), "the last known rules stay in use")
				w.srv.DeleteMonitoringRule("deleted")
				w.srv.PutMonitoringRule(ruled("changed", "jira", "DB"))
				w.srv.PutMonitoringRule(ruled("made", "jira"))
			})
			// All events were seen less than half a minute ago, and still the list after the reconnect decides.
			w.eventuallyRules(rules, "changed", "made", "untouched")
			require.Equal(t, []string{"DB"}, rules.All()[0].Recipients)
			require.Greater(t, rules.State().Lists, lists)
			w.srv.PutMonitoringRule(ruled("later", "jira"))
			w.eventuallyRules(rules, "changed", "later", "made", "untouched")
		})
	}
}

// What happened while no watch was open is not known before a list, and the list may take its time.
func TestW24_RulesAreUnsettledFromAReconnectToTheList(t *testing.T) {
	w := newWorld(t, watched())
	var told atomic.Int32
	rules, requests := w.rules(RulesOptions{OnChange: func() { told.Add(1) }})
	require.False(t, rules.State().Settled)
	receive(t, rules.Ready())
	require.True(t, rules.State().Settled)
	receive(t, requests.Ready())
	eventually(t, "told", func() bool { return told.Load() == 1 })
	release := w.srv.Inject(sim.Fault{Method: "ListAccessMonitoringRules", Err: trace.ConnectionProblem(nil, "away")})
	w.srv.BreakWatchers()
	eventually(t, "unsettled", func() bool { return !rules.State().Settled && told.Load() == 2 })
	release()
	eventually(t, "settled, although nothing has changed", func() bool { return rules.State().Settled && told.Load() == 3 })
	w.permit()
	w.srv.BreakWatchers()
	eventually(t, "denied is known as well", func() bool { s := rules.State(); return s.Settled && !s.Available })
}

func TestRules_CanBeReadOnceWithoutAWatch(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.permit(mayReadRules())
	w.srv.PutMonitoringRule(ruled("a", "jira"))
	rules := NewRules(w.dial(), RulesOptions{})
	require.NoError(t, rules.Load(t.Context()))
	require.Equal(t, []string{"a"}, ruleNames(rules))
	w.permit()
	require.Error(t, rules.Load(t.Context()))
	require.Empty(t, rules.All())
	require.True(t, rules.State().Settled)
}

func TestW24_OrInAConditionKeepsItsMeaning(t *testing.T) {
	w := newWorld(t, watched())
	w.srv.PutMonitoringRule(sim.MonitoringRule{
		Name: "or", Notification: "jira", Recipients: []string{"OPS"},
		Condition: `access_request.spec.roles.contains("other") || access_request.spec.user == "alice@example.com"`,
	})
	rules, requests := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	mine, others := w.create(sim.NewRequest{}), w.create(sim.NewRequest{User: "bob"})
	for id, want := range map[string][]recipients.Selection{
		mine: {{Integration: "jira", Recipients: []string{"OPS"}, Rules: []string{"or"}}}, others: nil,
	} {
		w.eventuallyState(requests, id, bridge.StatePending)
		req, _ := requests.Get(id)
		got, faults := selected(rules, req)
		require.Empty(t, faults)
		require.Equal(t, want, got)
	}
	// The same after the rule came by the watch, where the older plugins changed its meaning.
	w.srv.PutMonitoringRule(sim.MonitoringRule{
		Name: "or", Notification: "jira", Recipients: []string{"DB"},
		Condition: `access_request.spec.user == "alice@example.com" || access_request.spec.roles.contains("other")`,
	})
	eventually(t, "changed", func() bool { return rules.All()[0].Recipients[0] == "DB" })
	req, _ := requests.Get(others)
	got, faults := selected(rules, req)
	require.Empty(t, faults)
	require.Empty(t, got)
}

func TestW24_ARuleThatCannotBeEvaluatedIsShownAndSelectsNothing(t *testing.T) {
	w := newWorld(t, watched())
	w.srv.PutMonitoringRule(ruled("good", "jira", "OPS"))
	w.srv.PutMonitoringRule(sim.MonitoringRule{Name: "bad", Condition: `true || length(access_request.spec.roles) == 1`, Notification: "jira", Recipients: []string{"EVIL"}})
	later := ruled("later", "jira", "EVIL")
	later.Unknown = []byte{9<<3 | 2, 1, 'x'}
	w.srv.PutMonitoringRule(later)
	rules, requests := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	id := w.create(sim.NewRequest{})
	w.eventuallyState(requests, id, bridge.StatePending)
	req, _ := requests.Get(id)
	got, faults := selected(rules, req)
	require.Equal(t, []recipients.Selection{{Integration: "jira", Recipients: []string{"OPS"}, Rules: []string{"good"}}}, got)
	require.Len(t, faults, 2)
	require.Equal(t, "bad", faults[0].Rule)
	require.NotEmpty(t, faults[0].Revision)
	require.Equal(t, "later", faults[1].Rule)
	require.ErrorContains(t, faults[1], "number 9")
}

func TestRules_MissingPermissionIsSaidOnceAndMended(t *testing.T) {
	w := newWorld(t, watched())
	w.srv.PutMonitoringRule(ruled("a", "jira"))
	rules, requests := w.rules(RulesOptions{})
	w.permit()
	receive(t, requests.Ready())
	receive(t, rules.Ready())
	lists := w.srv.Calls()["ListAccessMonitoringRules"]
	eventually(t, "tried again", func() bool { return w.srv.Calls()["ListAccessMonitoringRules"] > lists+3 })
	require.True(t, requests.State().Connected, "requests do not need the rules")
	w.permit(mayReadRules())
	w.eventuallyRules(rules, "a")
	require.True(t, rules.State().Available)
	require.Empty(t, rules.State().LastError)
	w.permit()
	lists = w.srv.Calls()["ListAccessMonitoringRules"]
	w.srv.BreakWatchers()
	eventually(t, "withdrawn", func() bool { return !rules.State().Available })
	require.Empty(t, rules.All(), "rules that may not be read route nothing")
	require.Contains(t, rules.State().LastError, "access denied")
	eventually(t, "tried again", func() bool { return w.srv.Calls()["ListAccessMonitoringRules"] > lists+3 })
	require.LessOrEqual(t, w.logs.Count("Access monitoring rules cannot be read"), 2, "once for each withdrawal")
	require.Zero(t, w.logs.Count("level=WARN msg=\"Access monitoring"))
}

func TestRules_ServersWithoutThemAreNoFault(t *testing.T) {
	w := newWorld(t, sim.Options{})
	defer w.srv.Inject(sim.Fault{Method: "ListAccessMonitoringRules", Err: trace.NotImplemented("unknown service")})()
	rules, requests := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	receive(t, requests.Ready())
	eventually(t, "asked again", func() bool { return w.srv.Calls()["ListAccessMonitoringRules"] > 3 })
	require.False(t, rules.State().Available)
	require.Equal(t, 1, w.logs.Count("This Teleport has no access monitoring rules"))
	require.True(t, requests.State().Connected)
}

func TestRules_UnwatchedOnesAreListedNowAndThen(t *testing.T) {
	w := newWorld(t, sim.Options{})
	rules, requests := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	receive(t, requests.Ready())
	require.False(t, rules.State().Watched)
	w.srv.PutMonitoringRule(ruled("a", "jira"))
	w.eventuallyRules(rules, "a")
	w.srv.DeleteMonitoringRule("a")
	w.eventuallyRules(rules)
}

func TestRules_APassingFaultOfTheListIsTriedAgain(t *testing.T) {
	w := newWorld(t, watched())
	w.srv.PutMonitoringRule(ruled("a", "jira"))
	cancel := w.srv.Inject(sim.Fault{Method: "ListAccessMonitoringRules", Err: trace.ConnectionProblem(nil, "away")})
	rules, requests := w.rules(RulesOptions{})
	receive(t, requests.Ready())
	eventually(t, "tried again", func() bool { return w.srv.Calls()["ListAccessMonitoringRules"] > 3 })
	select {
	case <-rules.Ready():
		require.Fail(t, "ready without a list")
	default:
	}
	require.NotEmpty(t, rules.State().LastError)
	require.Equal(t, 1, w.logs.Count("Access monitoring rules could not be read"))
	require.True(t, requests.State().Connected)
	cancel()
	w.eventuallyRules(rules, "a")
	receive(t, rules.Ready())
	require.Equal(t, 1, w.srv.Calls()["WatchEvents"], "the watch stays open")
}

func TestRules_EventsDuringAListAreNotLost(t *testing.T) {
	w := newWorld(t, watched())
	for _, name := range []string{"changed", "deleted"} {
		w.srv.PutMonitoringRule(ruled(name, "jira", "OPS"))
	}
	// The list is read, and its answer held back while things happen.
	release := w.srv.Inject(sim.Fault{Method: "ListAccessMonitoringRules", Hang: true, AfterEffect: true, Count: 1})
	rules, requests := w.rules(RulesOptions{})
	eventually(t, "listing", func() bool { return w.srv.Calls()["ListAccessMonitoringRules"] == 1 })
	eventually(t, "watching", func() bool { return w.srv.Watchers() == 1 })
	w.srv.PutMonitoringRule(ruled("made", "jira"))
	w.srv.PutMonitoringRule(ruled("changed", "jira", "DB"))
	w.srv.DeleteMonitoringRule("deleted")
	id := w.create(sim.NewRequest{})
	w.eventuallyState(requests, id, bridge.StatePending) // The events before this one have been taken in.
	release()
	receive(t, rules.Ready())
	require.Equal(t, []string{"changed", "made"}, ruleNames(rules))
	require.Equal(t, []string{"DB"}, rules.All()[0].Recipients)
}
