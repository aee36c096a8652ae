package test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

const marker = "teleportAccessRequestId"

// createIssue creates an issue as Bob, past the bridge, and returns its key and id.
func createIssue(t *testing.T, w *harness.World, body map[string]any) (key, id string) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Jira.URL()+"/rest/api/2/issue", bytes.NewReader(raw))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(harness.Bob, "bob-token")
	response, err := w.Client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, response.StatusCode, string(text))
	var made struct{ ID, Key string }
	require.NoError(t, json.Unmarshal(text, &made))
	return made.Key, made.ID
}

// lookalike is an issue that somebody made to look like the request's own.
func lookalike(id, project string) map[string]any {
	return map[string]any{
		"fields": map[string]any{
			"project": map[string]any{"key": project}, "issuetype": map[string]any{"name": "Task"}, "summary": "looks like one of ours",
			"labels": []string{"teleport-access-request", "teleport-request-" + id},
		},
		"properties": []any{map[string]any{"key": marker, "value": id}},
	}
}

func TestP3_IssuesThatAreNotLinkedDecideNothing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{
		harness.Main: {Projects: []jira.Project{harness.Board(harness.Project), otherProject()}},
	}})
	b := w.Start()
	id, own := w.Opened()
	for _, project := range []string{harness.Project, "PLAY"} {
		key, _ := createIssue(t, w, lookalike(id, project))
		w.Move("bob", key, "Approved")
	}
	require.NoError(t, w.Jira.WaitDeliveries(t.Context()))
	w.Stays("pending", func() bool { return w.State(id) == "PENDING" })
	require.Empty(t, b.Audit())
	require.Equal(t, own, w.Link(id).Ref.Key)

	w.Move("bob", own, "Denied")
	w.EventuallyState(id, "DENIED")
}

// otherProject is a second project of the site; ids of statuses are global to a site, so its board is the same.
func otherProject() jira.Project { return harness.Board("PLAY") }

// A start looks for decisions in a listing of the label that everybody can set.
func TestP3_LookalikesDecideNothingAtAStartEither(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, _ := w.Opened()
	require.NoError(t, b.Stop())
	key, _ := createIssue(t, w, lookalike(id, harness.Project))
	w.Move("bob", key, "Approved")
	b = w.Start()
	w.Stays("pending", func() bool { return w.State(id) == "PENDING" })
	require.Empty(t, b.Audit())
}

func TestP3_IssueWhoseMarkerWasEditedIsRefused(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	first, key := w.Opened()
	second, secondKey := w.Opened("prod-admin")
	require.NoError(t, w.Jira.SetProperty(key, marker, second))
	w.Move("bob", key, "Approved")
	w.Eventually("the refusal", func() bool { return len(b.Refused(first)) == 1 })
	require.Equal(t, []string{"wrong_marker"}, b.Refused(first))
	w.EventuallyTold(key, "no longer carries the request's own id")
	require.Equal(t, "PENDING", w.State(first))
	require.Equal(t, "PENDING", w.State(second))
	require.Empty(t, b.Refused(second))
	require.Positive(t, b.Metric("accessbridge_decisions_total", `outcome="refused"`, `verdict="approve"`))

	w.Move("bob", secondKey, "Approved")
	w.EventuallyState(second, "APPROVED")
	require.Equal(t, "PENDING", w.State(first))
}

func TestW16_RenamedStatusDecidesNothingUntilItIsConfigured(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	require.NoError(t, w.Jira.RenameStatus("Approved", "Genehmigt"))
	w.Move("bob", key, "Genehmigt")
	require.NoError(t, w.Jira.WaitDeliveries(t.Context()))
	w.Stays("pending", func() bool { return w.State(id) == "PENDING" })
	require.Empty(t, b.Audit())
	require.NoError(t, b.Stop())

	w.Settings.Main()["statuses"] = harness.Section{"approved": []string{"Approved", "genehmigt"}}
	w.Start()
	w.EventuallyState(id, "APPROVED")
	require.Equal(t, 1, w.Reviews(id))
}

// A status named by its id stays what it is under any name.
func TestW16_StatusNamedByIDSurvivesItsRenaming(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Main()["statuses"] = harness.Section{"approved": []string{"10102"}, "denied": []string{"10103"}}
	w.Start()
	id, key := w.Opened()
	require.NoError(t, w.Jira.RenameStatus("Denied", "Abgelehnt"))
	w.Move("bob", key, "Abgelehnt")
	w.EventuallyState(id, "DENIED")
}

func TestW16_WorkflowThatStartsElsewhereIsMovedToPending(t *testing.T) {
	t.Parallel()
	board := jira.DefaultProject(harness.Project)
	board.Workflow = jira.BacklogWorkflow()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Projects: []jira.Project{board}}}})
	w.Start()
	id, key := w.Opened()
	require.Equal(t, "Pending", w.Issue(key).Status)
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
}

func TestP1_DeletedIssueIsCreatedAgainThreeTimesAtMost(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	for n := 1; n <= 3; n++ {
		require.NoError(t, w.Jira.DeleteIssue("carol", key))
		w.Eventually("a new issue", func() bool {
			link := w.Link(id)
			return link.Phase == bridge.PhaseOpen && link.Ref.Key != key && link.Replaced == n
		})
		key = w.Link(id).Ref.Key
		require.Len(t, w.Issues(id), 1)
	}
	require.NoError(t, w.Jira.DeleteIssue("carol", key))
	w.Eventually("the fault", func() bool { class, ok := b.Unsettled("not created again"); return ok && class == bridge.ClassTerminal })
	w.Stays("no further issue", func() bool { return len(w.Issues(id)) == 0 })
	require.Equal(t, "PENDING", w.State(id))
}

func TestP3_ReplacedIssueDecides(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Start()
	id, key := w.Opened()
	require.NoError(t, w.Jira.DeleteIssue("carol", key))
	w.Eventually("a new issue", func() bool { return w.Link(id).Phase == bridge.PhaseOpen && w.Link(id).Ref.Key != key })
	w.Move("bob", w.Link(id).Ref.Key, "Approved")
	w.EventuallyState(id, "APPROVED")
	require.Equal(t, 1, w.Reviews(id))
}

func TestP4_IssueDeletedAfterTheEndStaysDeleted(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
	require.NoError(t, w.Jira.DeleteIssue("carol", key))
	require.NoError(t, w.Jira.WaitDeliveries(t.Context()))
	w.Stays("no issue", func() bool { return len(w.Issues(id)) == 0 })
	require.Empty(t, b.Status().Unsettled)
}

// The request ends while its issue, unknown to the bridge, is already gone.
func TestP4_IssueDeletedUnnoticedDoesNotStopTheClosing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	w.Quiet()
	w.Jira.SetWebhookFault(jira.WebhookFault{LoseEvery: 1})
	require.NoError(t, w.Jira.DeleteIssue("carol", key))
	require.NoError(t, w.Teleport.Review(id, harness.Carol, true, "fine"))
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
	require.Empty(t, w.Issues(id))
	require.Empty(t, b.Status().Unsettled)
}
