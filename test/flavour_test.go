package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// Without webhooks everything works by listing, and there is no webhook to be found.
func TestP5_PollingNeedsNoInboundPort(t *testing.T) {
	t.Parallel()
	for _, flavour := range []jira.Flavour{jira.Cloud, jira.DataCenter} {
		t.Run(flavour.String(), func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Flavour: flavour}}})
			w.Settings.Main()["mode"], w.Settings.Main()["poll_every"] = "poll", "1s"
			delete(w.Settings.Main(), "webhook")
			b := w.Start()
			require.Equal(t, 404, b.Deliver([]byte("{}"), harness.Secret).Code)
			approved, approvedKey := w.Opened()
			denied, deniedKey := w.Opened()
			refused, refusedKey := w.Opened()
			w.Move("bob", approvedKey, "Approved")
			w.Move("carol", deniedKey, "Denied")
			w.Move("alice", refusedKey, "Approved")
			w.EventuallyState(approved, "APPROVED")
			w.EventuallyState(denied, "DENIED")
			w.Eventually("the refusal", func() bool { return len(b.Refused(refused)) == 1 })
			require.Equal(t, "PENDING", w.State(refused))
			require.Empty(t, w.Jira.Deliveries())
		})
	}
}

// The whole main job against Jira Data Center below a path, in both orders of the changelog.
func TestDataCenterDoesTheWholeJob(t *testing.T) {
	t.Parallel()
	for name, newest := range map[string]bool{"oldest first": false, "newest first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{
				harness.Main: {Flavour: jira.DataCenter, BasePath: "/jira", HistoryNewestFirst: newest},
			}})
			b := w.Start()
			approved, approvedKey := w.Opened()
			w.Move("carol", approvedKey, "In Review")
			w.Move("bob", approvedKey, "Approved")
			w.EventuallyState(approved, "APPROVED")
			r, _ := w.Teleport.Request(approved)
			require.Contains(t, r.GetReviews()[0].Reason, harness.Bob, "the one who approved, not the one who reviewed")

			denied, deniedKey := w.Opened()
			require.NoError(t, w.Jira.Comment("bob", deniedKey, "Reason: not during the release"))
			w.Move("bob", deniedKey, "Denied")
			w.EventuallyState(denied, "DENIED")
			r, _ = w.Teleport.Request(denied)
			require.Contains(t, r.GetResolveReason(), "not during the release")

			own, ownKey := w.Opened()
			w.Move("alice", ownKey, "Approved")
			requireRefused(t, w, b, own, ownKey, "requester", "nobody can decide their own")

			decided, decidedKey := w.Opened()
			require.NoError(t, w.Teleport.Review(decided, harness.Carol, true, "fine"))
			w.Eventually("the issue to be closed", func() bool { return w.Issue(decidedKey).Status == "Approved" && w.Told(decidedKey, "fine") > 0 })

			w.Jira.Inject(onCreate(jira.Fault{AfterEffect: true, Reset: true, Count: 1}))
			lost, _ := w.Opened()
			require.Len(t, w.Issues(lost), 1)

			require.NoError(t, b.Stop())
			missed := w.Ask()
			w.Move("bob", ownKey, "Pending")
			w.Move("bob", ownKey, "Denied")
			w.Start()
			w.Key(missed)
			w.EventuallyState(own, "DENIED")
		})
	}
}

// W15: Cloud answers histories in either order.
func TestW15_ActorIsTheOneWhoMovedItLastInEitherOrder(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {HistoryOldestFirst: true}}})
	b := w.Start()
	id, key := w.Opened()
	w.Move("carol", key, "In Review")
	w.Move("alice", key, "Approved")
	requireRefused(t, w, b, id, key, "requester", "nobody can decide their own")
}

// The official plugin's open issues are taken over, so that moving from it needs no second issue.
func TestOfficialPluginsOpenIssueIsTakenOver(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	id := w.Ask()
	key, number := createIssue(t, w, map[string]any{
		"fields": map[string]any{
			"project": map[string]any{"key": harness.Project}, "issuetype": map[string]any{"name": "Task"}, "summary": "opened by the official plugin",
		},
		"properties": []any{map[string]any{"key": marker, "value": id}},
	})
	require.NoError(t, w.Teleport.SetPluginData(id, "jira", map[string]string{"issue_id": number, "issue_key": key}))
	w.Start()
	require.Equal(t, key, w.Key(id))
	require.Empty(t, w.Issues(id), "no second issue")
	require.Len(t, w.Jira.Issues(), 1)
	w.Move("carol", key, "Approved")
	w.EventuallyState(id, "APPROVED")
	require.Equal(t, 1, w.Reviews(id))
}

// W34: a dry run reads and says, and has no effect anywhere.
func TestW34_DryRunDoesNothingOutside(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	linked, key := w.Opened()
	resolved, resolvedKey := w.Opened()
	require.NoError(t, b.Stop())
	before := w.Teleport.PluginData(linked)
	w.Jira.ResetCalls()
	w.Teleport.ResetCalls()
	require.NoError(t, w.Teleport.Review(resolved, harness.Carol, true, "fine"))
	w.Move("bob", key, "Approved")

	b = w.Launch(server.Options{DryRun: true})
	w.Ready(b)
	require.True(t, b.Status().DryRun)
	fresh := w.Ask()
	w.Eventually("what it would do", func() bool {
		return b.Logs.Have("would create an object", fresh) && b.Logs.Have("would decide", linked, "approve") &&
			b.Logs.Have("would close the object", w.Link(resolved).Ref.ID)
	})
	w.Quiet()
	for route, n := range w.Jira.Calls() {
		require.True(t, n == 0 || route[:4] == "GET ", "%s was called %d times", route, n)
	}
	for _, method := range []string{"UpdatePluginData", "SubmitAccessReview", "SetAccessRequestState"} {
		require.Zero(t, w.Teleport.Calls()[method], method)
	}
	require.Equal(t, before, w.Teleport.PluginData(linked))
	require.Empty(t, w.Teleport.PluginData(fresh))
	require.Equal(t, "PENDING", w.State(linked))
	require.Equal(t, "Pending", w.Issue(resolvedKey).Status)
	require.Empty(t, w.Issues(fresh))
	require.NotEmpty(t, b.Audit())
	for _, e := range b.Audit() {
		require.Equal(t, bridge.OutcomeDryRun, e.Outcome)
	}
	require.NoError(t, b.Stop())

	// Afterwards everything is still there to be done.
	w.Start()
	w.Key(fresh)
	w.EventuallyState(linked, "APPROVED")
	w.Eventually("the issue to be closed", func() bool { return w.Issue(resolvedKey).Status == "Approved" })
}

// Two integrations, one request: each has its own issue, and the end of one is told at the other.
func TestP4_DecisionInOnePlaceClosesTheOther(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{"itsm": {}, "second": {Flavour: jira.DataCenter}}})
	w.Start()
	id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}})
	key := w.Key(id)
	w.Eventually("the second issue", func() bool { return w.LinkTo(id, "second").Phase == bridge.PhaseOpen })
	w.Move("bob", key, "Denied")
	w.EventuallyState(id, "DENIED")
	w.Eventually("the second issue to be closed", func() bool {
		issues := harness.IssuesAt(w.Sites["second"], id)
		return len(issues) == 1 && issues[0].Status == "Denied" && len(issues[0].Comments) == 1
	})
}

// The other proofs of origin: basic authentication, and the header of an Automation rule that sends nothing but the issue's key.
func TestW14_OtherProofsOfOriginAreGoodToo(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]jira.Webhook{
		"basic":      {BasicUser: "jira", BasicPassword: "password"},
		"automation": {Automation: true, Headers: map[string]string{"X-Automation": "value"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{})
			w.Settings.Main()["webhook"] = harness.Section{
				"basic":  harness.Section{"user": "jira", "password": "password"},
				"header": harness.Section{"name": "X-Automation", "values": []string{"value"}},
			}
			b := w.Start()
			hook.URL, hook.Client = b.WebhookURL(harness.Main), w.Client
			w.Jira.SetWebhooks(hook)
			id, key := w.Opened()
			// A key alone says nothing to a bridge that is just writing down which request it belongs to.
			w.Eventually("the link to be known", func() bool { return b.Metric("accessbridge_links", `phase="open"`) == 1 })
			w.Move("bob", key, "Approved")
			w.EventuallyState(id, "APPROVED")

			forged := hook
			forged.Headers, forged.BasicPassword = map[string]string{"X-Automation": "guess"}, "guess"
			w.Jira.SetWebhooks(forged)
			other, otherKey := w.Opened()
			w.Move("bob", otherKey, "Approved")
			w.Quiet()
			require.Equal(t, "PENDING", w.State(other))
			require.Positive(t, b.Metric("accessbridge_webhook_deliveries_total", `result="refused"`))
		})
	}
}
