package test

import (
	"strings"
	"testing"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// requireRefused asserts that a decision on the issue was refused once, with the code, audited and told.
func requireRefused(t *testing.T, w *harness.World, b *harness.Bridge, id, key, code, told string) {
	t.Helper()
	w.Eventually("the refusal", func() bool { return len(b.Refused(id)) > 0 })
	require.Equal(t, []string{code}, b.Refused(id))
	w.EventuallyTold(key, told)
	require.Equal(t, 1, w.Told(key, told))
	require.Equal(t, "PENDING", w.State(id))
	require.Zero(t, w.Reviews(id))
}

func TestP3_ApprovedInJiraIsOneReviewThatNamesThePersonAndTheIssue(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	require.NoError(t, w.Jira.Comment("bob", key, "Reason: checked with the owner"))
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
	r, _ := w.Teleport.Request(id)
	require.Len(t, r.GetReviews(), 1)
	review := r.GetReviews()[0]
	require.Equal(t, harness.BridgeUser, review.Author)
	for _, want := range []string{harness.Bob, key, w.Jira.URL() + "/browse/" + key, "checked with the owner"} {
		require.Contains(t, review.Reason, want)
	}
	entry := b.Audited(1)[0]
	require.Equal(t, id, entry.RequestID)
	require.Equal(t, harness.Alice, entry.Requester)
	require.Equal(t, bridge.Approve, entry.Verdict)
	require.Equal(t, bridge.OutcomeApplied, entry.Outcome)
	require.Equal(t, harness.Bob, entry.Person)
	require.Equal(t, "checked with the owner", entry.Reason)
	require.Equal(t, "everything", entry.Route)
	require.Equal(t, bridge.ModeReview, entry.Mode)
	require.NotEmpty(t, entry.Rule)
	require.Equal(t, "Approved", entry.Evidence.Status)
	require.Equal(t, key, entry.Evidence.Object.Key)
	require.Equal(t, id, entry.Evidence.Marker)
	require.NotZero(t, entry.Evidence.At)
	require.InDelta(t, 1, b.Metric("accessbridge_decisions_total", `verdict="approve"`, `outcome="applied"`), 0)
}

func TestP3_W13_RequesterCannotDecide(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	w.Move("alice", key, "Approved")
	requireRefused(t, w, b, id, key, "requester", "nobody can decide their own")

	// Taken back and decided by somebody else it counts.
	w.Move("bob", key, "Pending")
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
}

// The requester is known in Jira by another address, which Teleport has as a trait.
func TestP3_W13_RequesterIsRecognisedByTheirTraits(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Teleport.AddUser(teleport.User{
		Name: "ddyer", Traits: map[string][]string{"email": {"DAVE@example.com"}}, RequestableRoles: []string{"*"},
	})
	b := w.Start()
	id := w.Request(teleport.NewRequest{User: "ddyer", Roles: []string{"prod-db"}})
	key := w.Key(id)
	w.Move("dave", key, "Approved")
	requireRefused(t, w, b, id, key, "requester", "nobody can decide their own")
}

func TestP3_W15_HiddenAddressDecidesNothingUntilItIsMapped(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {HideEmails: true}}})
	b := w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	requireRefused(t, w, b, id, key, "unmapped", "hidden or absent")
	require.NoError(t, b.Stop())

	w.Settings.Teleport["people"] = harness.Section{"table": []harness.Section{
		{"integration": harness.Main, "id": "712020:bob", "user": harness.Bob},
		{"integration": harness.Main, "id": "712020:alice", "user": harness.Alice},
	}}
	b = w.Start()
	w.EventuallyState(id, "APPROVED")
	require.Equal(t, harness.Bob, b.Audited(1)[0].Person)

	own, ownKey := w.Opened()
	w.Move("alice", ownKey, "Approved")
	requireRefused(t, w, b, own, ownKey, "requester", "nobody can decide their own")
}

func TestP3_StrangerDecidesNothingWhereUsersAreRequired(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Teleport["people"] = harness.Section{"require_user": true}
	b := w.Start()
	id, key := w.Opened()
	w.Move("dave", key, "Approved")
	requireRefused(t, w, b, id, key, "not_a_user", "no Teleport user matches")
}

func TestP3_AutomationDecidesNothing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	w.Move("automation", key, "Approved")
	requireRefused(t, w, b, id, key, "automation", "automation and bots cannot decide")

	// Nor does whoever has got hold of the bridge's own account.
	own, ownKey := w.Opened()
	w.Move(jira.BotName, ownKey, "Approved")
	requireRefused(t, w, b, own, ownKey, "automation", "automation and bots cannot decide")
}

func TestP3_OnlyApproversDecide(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Routes = []harness.Section{harness.Route("strict", harness.Section{
		"approvers": harness.Section{"emails": []string{"CAROL@example.com"}, "domains": []string{"security.example.com"}},
	}, harness.Main)}
	b := w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	requireRefused(t, w, b, id, key, "not_approver", "not among the approvers")
	require.Equal(t, "strict", b.Audit()[0].Route)
	w.Move("carol", key, "Denied")
	w.EventuallyState(id, "DENIED")
}

func TestP3_LaterDenialOnTheIssueCounts(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	require.NoError(t, b.Stop())
	w.Move("bob", key, "Approved")
	w.Move("carol", key, "Denied")
	w.Start()
	w.EventuallyState(id, "DENIED")
	require.Equal(t, 1, w.Reviews(id))
}

// Two places disagree while Teleport cannot be told of either: the denial wins, whichever came first.
func TestP3_DenialBeatsApproval(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{"itsm": {}, "other": {}}})
	b := w.Start()
	runs := func(queue string) float64 { return b.Metric("accessbridge_reconciles_total", `queue="`+queue+`"`) }
	id, key := w.Opened()
	w.Eventually("the other issue", func() bool { return w.LinkTo(id, "other").Phase == bridge.PhaseOpen })
	w.Quiet()
	back := w.Teleport.Inject(teleport.Fault{Method: "SubmitAccessReview", Err: trace.ConnectionProblem(nil, "down")})
	w.Move("bob", key, "Approved")
	w.Eventually("the approval to be tried", func() bool { _, ok := b.Unsettled("submitting the decision"); return ok })
	before := runs("other")
	require.NoError(t, w.Sites["other"].Move("carol", w.LinkTo(id, "other").Ref.Key, "Denied"))
	w.Eventually("the denial to be read", func() bool { return runs("other") > before })
	// A judgement under way may still know of the approval only.
	before = runs("judge")
	w.Eventually("the denial to be judged", func() bool { return runs("judge") > before+1 })
	back()
	w.EventuallyState(id, "DENIED")
	require.Equal(t, 1, w.Reviews(id))
	w.Eventually("both issues to show it", func() bool {
		other, _ := w.Sites["other"].Issue(w.LinkTo(id, "other").Ref.Key)
		return w.Issue(key).Status == "Denied" && other.Status == "Denied"
	})
}

func TestP3_W13_ThresholdStaysInForceAndIsToldOnTheIssue(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, ThresholdApprove: 2})
	key := w.Key(id)
	w.Move("bob", key, "Approved")
	w.EventuallyTold(key, "1 of 2 approvals")
	require.Equal(t, "PENDING", w.State(id))
	require.Equal(t, bridge.OutcomeRecorded, b.Audited(1)[0].Outcome)
	require.NoError(t, w.Teleport.Review(id, harness.Carol, true, "me too"))
	w.EventuallyState(id, "APPROVED")
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
	require.Equal(t, 1, w.Reviews(id))
}

func TestP3_W13_OverrideNamesThePersonAndOnlyDecidesItsRoles(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	user := teleport.PluginUser(harness.BridgeUser)
	user.Permissions[0].Verbs = append(user.Permissions[0].Verbs, types.VerbUpdate)
	w.Teleport.AddUser(user)
	w.Settings.Routes = []harness.Section{harness.Route("fast", harness.Section{
		"decide": "override", "override_roles": []string{"prod-db"},
	}, harness.Main)}
	b := w.Start()
	id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, ThresholdApprove: 2})
	w.Move("bob", w.Key(id), "Approved")
	w.EventuallyState(id, "APPROVED")
	require.Zero(t, w.Reviews(id))
	var delegators []string
	for _, e := range w.Teleport.Audit() {
		if e.Kind == teleport.AuditUpdate && e.Request == id {
			delegators = append(delegators, e.Delegator)
		}
	}
	require.Len(t, delegators, 1)
	require.Contains(t, delegators[0], harness.Bob)
	require.Contains(t, delegators[0], harness.Main)
	require.Equal(t, bridge.ModeOverride, b.Audited(1)[0].Mode)

	other, key := w.Opened("prod-db", "prod-admin")
	w.Move("bob", key, "Approved")
	requireRefused(t, w, b, other, key, "override_not_allowed", "may not be decided without a review")
}

func TestNotifyOnlyRouteOpensAndClosesAndDecidesNothing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Routes = []harness.Section{harness.Route("tell", harness.Section{"notify_only": true}, harness.Main)}
	b := w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	w.Quiet()
	require.Equal(t, "PENDING", w.State(id))
	require.Empty(t, b.Audit())
	require.NoError(t, w.Teleport.Review(id, harness.Carol, false, "not now"))
	w.Eventually("the issue to be closed", func() bool { return w.Issue(key).Status == "Denied" && w.Told(key, "not now") > 0 })
}

// W16, W27: routes choose project and settings, and what no route selects is left alone.
func TestW16_RoutesChooseProjectTypeAndFields(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{
		harness.Main: {Projects: []jira.Project{harness.Board(harness.Project), harness.Board("PROD")}},
	}})
	w.Settings.Routes = []harness.Section{
		{
			"name": "production", "when": `request.roles.exists(r, r.startsWith("prod-"))`,
			"targets": []harness.Section{{
				"integration": harness.Main, "project": "PROD", "issue_type": "Access Request", "labels": []string{"production"}, "priority": "Highest",
			}},
		},
		harness.Route("billing", harness.Section{"when": `"billing-read" in request.roles`}, harness.Main),
	}
	w.Start()
	_, production := w.Opened("prod-db")
	_, billing := w.Opened("billing-read")
	left := w.Ask("staging")
	require.True(t, strings.HasPrefix(production, "PROD-"))
	require.True(t, strings.HasPrefix(billing, "ACC-"))
	issue := w.Issue(production)
	require.Equal(t, "Access Request", issue.Type)
	require.Equal(t, "Highest", issue.Priority)
	require.Contains(t, issue.Labels, "production")
	w.Stays("no issue", func() bool { return len(w.Issues(left)) == 0 })
}

// W27: the names of resources cannot be looked up; the request is told all the same.
func TestW27_FailedLookUpOfResourceNamesDoesNotStopTheIssue(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Teleport.AddUser(teleport.User{
		Name: "rita@example.com", RequestableRoles: []string{"*"}, SearchAsRoles: []string{"access"},
	})
	w.Teleport.AddNode("9f5a1d9e-0000-4000-8000-000000000001", "db-primary")
	w.Teleport.Inject(teleport.Fault{Method: "ListResources", Err: trace.AccessDenied("no")})
	w.Teleport.Inject(teleport.Fault{Method: "ListUnifiedResources", Err: trace.AccessDenied("no")})
	w.Start()
	id := w.Request(teleport.NewRequest{User: "rita@example.com", Resources: []types.ResourceID{
		{ClusterName: "test.example.com", Kind: types.KindNode, Name: "9f5a1d9e-0000-4000-8000-000000000001"},
	}})
	key := w.Key(id)
	require.Contains(t, strings.ReplaceAll(w.Issue(key).Description, `\`, ""), "9f5a1d9e-0000-4000-8000-000000000001")
}

// W25: a reason full of markup, commas and slashes arrives as it was written, and breaks nothing.
func TestW25_OddTextsSurvive(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Start()
	reason := "a,b/c=d;\n{code}h1. x|y{code} [link|http://example.com] \u00e4\u65e5\U0001F512 " + strings.Repeat("long ", 500)
	id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, Reason: reason})
	key := w.Key(id)
	require.Contains(t, strings.ReplaceAll(w.Issue(key).Description, `\`, ""), "\u00e4\u65e5\U0001F512")
	require.NoError(t, w.Jira.Comment("bob", key, "reason: no, \"really\"/no\u00e4\u65e5 'x'"))
	w.Move("bob", key, "Denied")
	w.EventuallyState(id, "DENIED")
	r, _ := w.Teleport.Request(id)
	require.Contains(t, r.GetResolveReason(), "no, \"really\"/no\u00e4\u65e5 'x'")
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
}
