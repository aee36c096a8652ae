package test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// askMany makes many requests at once.
func askMany(w *harness.World, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, Reason: fmt.Sprintf("number %d", i)})
	}
	return ids
}

// requireOneEach asserts that every request has exactly one issue, which is the one it is linked to.
func requireOneEach(t *testing.T, w *harness.World, ids []string) {
	t.Helper()
	count := map[string]int{}
	for _, issue := range w.Jira.Issues() {
		for _, label := range issue.Labels {
			count[label]++
		}
	}
	for _, id := range ids {
		require.Equal(t, 1, count["teleport-request-"+id], id)
	}
	require.Len(t, w.Jira.Issues(), len(ids))
}

// requireNoRepeats asserts that no issue has the same comment twice.
func requireNoRepeats(t *testing.T, w *harness.World) {
	t.Helper()
	for _, issue := range w.Jira.Issues() {
		seen := map[string]bool{}
		for _, c := range issue.Comments {
			require.False(t, seen[c.Body], "%s has twice: %s", issue.Key, c.Body)
			seen[c.Body] = true
		}
	}
}

func allIn(w *harness.World, ids []string, phase bridge.Phase) func() bool {
	return func() bool {
		for _, id := range ids {
			if w.Link(id).Phase != phase {
				return false
			}
		}
		return true
	}
}

func TestP2_P3_SeveralInstancesDoEverythingOnce(t *testing.T) {
	t.Parallel()
	for _, instances := range []int{2, 3} {
		t.Run(fmt.Sprint(instances), func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Latency: 10 * time.Millisecond}}})
			var running []*harness.Bridge
			for range instances {
				running = append(running, w.Start())
			}
			ids := askMany(w, 50)
			w.Eventually("all issues", allIn(w, ids, bridge.PhaseOpen))
			requireOneEach(t, w, ids)

			for n, id := range ids {
				w.Move("bob", w.Link(id).Ref.Key, []string{"Approved", "Denied"}[n%2])
			}
			w.Eventually("all links closed", allIn(w, ids, bridge.PhaseClosed))
			for n, id := range ids {
				require.Equal(t, []string{"APPROVED", "DENIED"}[n%2], w.State(id))
				require.Equal(t, 1, w.Reviews(id), id)
			}
			w.Eventually("every decision to be audited", func() bool {
				audited := map[string]bool{}
				for _, b := range running {
					for _, e := range b.Audit() {
						audited[e.RequestID] = audited[e.RequestID] || e.Outcome == bridge.OutcomeApplied
					}
				}
				return len(audited) == len(ids)
			})
			w.Quiet()
			requireOneEach(t, w, ids)
			requireNoRepeats(t, w)
		})
	}
}

// All instances see the same review and the same end; one tells of it.
func TestP2_W5_SeveralInstancesTellEverythingOnce(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	for range 3 {
		w.Start()
	}
	var ids []string
	for range 10 {
		ids = append(ids, w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, ThresholdApprove: 3}))
	}
	w.Eventually("all issues", allIn(w, ids, bridge.PhaseOpen))
	for _, id := range ids {
		require.NoError(t, w.Teleport.Review(id, harness.Carol, true, "fine with me"))
		require.NoError(t, w.Teleport.Review(id, harness.Bob, true, "seen"))
	}
	w.Eventually("all reviews told", func() bool {
		for _, id := range ids {
			key := w.Link(id).Ref.Key
			if w.Told(key, "fine with me") == 0 || w.Told(key, "seen") == 0 {
				return false
			}
		}
		return true
	})
	for _, id := range ids {
		require.NoError(t, w.Teleport.SetState(id, harness.Carol, 3, "no longer needed"))
	}
	w.Eventually("all links closed", allIn(w, ids, bridge.PhaseClosed))
	w.Quiet()
	requireNoRepeats(t, w)
	for _, id := range ids {
		issue := w.Issues(id)[0]
		require.Equal(t, "Denied", issue.Status)
		require.Len(t, issue.Comments, 3, issue.Key)
	}
}

func TestP2_InstanceThatStopsLeavesItsWorkToTheOthers(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Latency: 20 * time.Millisecond}}})
	first, second := w.Start(), w.Start()
	ids := askMany(w, 60)
	w.Eventually("some issues", func() bool { return len(w.Jira.Issues()) > 10 })
	require.NoError(t, first.Stop())
	w.Eventually("all issues", allIn(w, ids, bridge.PhaseOpen))
	requireOneEach(t, w, ids)
	for _, id := range ids[:10] {
		w.Move("bob", w.Link(id).Ref.Key, "Approved")
	}
	w.Eventually("the decisions", allIn(w, ids[:10], bridge.PhaseClosed))
	require.NoError(t, second.Server.Ready())
	requireNoRepeats(t, w)
}

// The webhook of a decision reaches an instance that did not open the issue.
func TestP3_DecisionIsTakenByWhicheverInstanceIsTold(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Start()
	second := w.Start()
	w.Jira.SetWebhooks(jira.Webhook{URL: second.WebhookURL(harness.Main), Secret: harness.Secret, Client: w.Client})
	var ids []string
	for range 8 {
		id, key := w.Opened()
		w.Move("bob", key, "Approved")
		ids = append(ids, id)
	}
	for _, id := range ids {
		w.EventuallyState(id, "APPROVED")
		require.Equal(t, 1, w.Reviews(id))
	}
}

// Webhooks that come twice, late and in the wrong order change nothing.
func TestP3_DoubledAndReorderedWebhooks(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Jira.SetWebhookFault(jira.WebhookFault{Double: true, Reorder: true})
	w.Start()
	var ids []string
	for range 10 {
		id, key := w.Opened()
		w.Move("carol", key, "In Review")
		w.Move("bob", key, "Approved")
		ids = append(ids, id)
	}
	w.Eventually("the decisions", allIn(w, ids, bridge.PhaseClosed))
	for _, id := range ids {
		require.Equal(t, "APPROVED", w.State(id))
		require.Equal(t, 1, w.Reviews(id))
	}
	requireNoRepeats(t, w)
}
