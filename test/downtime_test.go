package test

import (
	"os"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// Everything that can happen to a request happens while no instance runs.
func TestP1_P4_W1_NothingIsLostInDowntime(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	requests := map[string]string{}
	for _, name := range []string{"approved", "denied", "cancelled", "expired", "promoted", "reviewed", "moved", "refused", "untouched"} {
		id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, ThresholdApprove: 1})
		w.Key(id)
		requests[name] = id
	}
	slow := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, ThresholdApprove: 2})
	w.Key(slow)
	keys := map[string]string{"slow": w.Link(slow).Ref.Key}
	for name, id := range requests {
		keys[name] = w.Link(id).Ref.Key
	}
	require.NoError(t, b.Stop())

	require.NoError(t, w.Teleport.Review(requests["approved"], harness.Carol, true, "go ahead"))
	require.NoError(t, w.Teleport.Review(requests["denied"], harness.Carol, false, "not now"))
	require.NoError(t, w.Teleport.Delete(requests["cancelled"]))
	require.NoError(t, w.Teleport.Expire(requests["expired"]))
	require.NoError(t, w.Teleport.Promote(requests["promoted"], "Database people"))
	require.NoError(t, w.Teleport.Review(slow, harness.Carol, true, "one of two"))
	w.Move("bob", keys["moved"], "Approved")
	w.Move("bob", keys["refused"], "Denied")
	made := w.Ask()

	b = w.Start()
	w.Key(made)
	w.EventuallyState(requests["moved"], "APPROVED")
	w.EventuallyState(requests["refused"], "DENIED")
	status := map[string]string{
		"approved": "Approved", "denied": "Denied", "cancelled": "Expired", "expired": "Expired", "promoted": "Promoted",
		"moved": "Approved", "refused": "Denied", "untouched": "Pending", "slow": "Pending",
	}
	for name, want := range status {
		w.Eventually(name+" to be "+want, func() bool { return w.Issue(keys[name]).Status == want })
	}
	w.EventuallyTold(keys["approved"], harness.Carol+": go ahead")
	w.EventuallyTold(keys["denied"], harness.Carol+": not now")
	w.EventuallyTold(keys["promoted"], "Database people")
	w.EventuallyTold(keys["cancelled"], "ended in Teleport while accessbridge was not running")
	w.EventuallyTold(keys["expired"], "ended in Teleport while accessbridge was not running")
	w.EventuallyTold(keys["slow"], "one of two")
	w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
	require.Len(t, w.Jira.Issues(), len(keys)+1)
	requireNoRepeats(t, w)
}

func TestP4_W1_TwentyRequestsResolvedInDowntimeAreClosed(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	ids := askMany(w, 20)
	w.Eventually("all issues", allIn(w, ids, bridge.PhaseOpen))
	require.NoError(t, b.Stop())
	for n, id := range ids {
		require.NoError(t, w.Teleport.Review(id, harness.Carol, n%2 == 0, "seen"))
	}
	w.Start()
	w.Eventually("all links closed", allIn(w, ids, bridge.PhaseClosed))
	for n, id := range ids {
		require.Equal(t, []string{"Approved", "Denied"}[n%2], w.Issues(id)[0].Status)
	}
	requireOneEach(t, w, ids)
	requireNoRepeats(t, w)
}

// W30: how a request ended is told apart while an instance watches.
func TestP4_W30_ExpiryWithdrawalAndDecisionLookDifferent(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Start()
	expiredKey := expiring(w)
	withdrawn, withdrawnKey := w.Opened()
	overruled, overruledKey := w.Opened()
	require.NoError(t, w.Teleport.Delete(withdrawn))
	require.NoError(t, w.Teleport.SetState(overruled, harness.Carol, types.RequestState_DENIED, "policy"))
	w.EventuallyTold(withdrawnKey, "withdrawn by the requester")
	w.EventuallyTold(overruledKey, "denied in Teleport: policy")
	w.EventuallyTold(expiredKey, "nobody decided in time")
	for key, status := range map[string]string{expiredKey: "Expired", withdrawnKey: "Expired", overruledKey: "Denied"} {
		w.Eventually(key+" to be "+status, func() bool { return w.Issue(key).Status == status })
	}
}

// expiring opens an issue for a request that soon runs out, and returns its key. Where the request runs out first, another lasts longer.
func expiring(w *harness.World) (key string) {
	w.T.Helper()
	for ttl := 3 * time.Second; ; ttl *= 2 {
		id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, PendingTTL: ttl})
		w.Eventually("the issue, or the end of the request", func() bool {
			key = w.Link(id).Ref.Key
			return key != "" || w.State(id) == "GONE"
		})
		if key != "" {
			return key
		}
	}
}

// A stop finishes what is at work, so that the next start has nothing to doubt and nothing to wait for.
func TestP1_P2_StopAmidCreationsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Latency: 100 * time.Millisecond}}})
	w.Settings.Main()["mode"] = "poll" // Without deliveries under way the listener closes at once.
	b := w.Start()
	ids := askMany(w, 200)
	w.Eventually("some issues", func() bool { return len(w.Jira.Issues()) >= 30 })
	require.NoError(t, b.Stop())
	made := len(w.Jira.Issues())
	require.Less(t, made, len(ids))
	linked := 0
	for _, id := range ids {
		switch link := w.Link(id); link.Phase {
		case bridge.PhaseOpen:
			linked++
		default:
			require.Equal(t, bridge.PhaseNone, link.Phase, "a stop leaves no claim behind")
		}
	}
	require.Equal(t, made, linked, "a stop leaves no issue without its link")

	w.Start()
	w.Eventually("all issues", allIn(w, ids, bridge.PhaseOpen))
	requireOneEach(t, w, ids)
}

// A connection on which nothing is ever sent, as load balancers and strangers open them, keeps nobody from stopping.
func TestStopIsNotHeldUpBySilentConnections(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	conn := dial(t, w, b)
	require.NoError(t, b.Stop())
	require.False(t, b.Logs.Have("not stopped in time"))
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection is cut")
	_ = conn.Close()
}

// W4: however many events of one request come at once, one run at a time deals with them.
func TestP2_W4_ManyEventsOfOneRequestAtOnce(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Latency: 5 * time.Millisecond}}})
	b := w.Start()
	id := w.Request(teleport.NewRequest{User: harness.Alice, Roles: []string{"prod-db"}, ThresholdApprove: 4})
	require.NoError(t, w.Teleport.Review(id, harness.Carol, true, "first"))
	require.NoError(t, w.Teleport.Review(id, harness.Bob, true, "second"))
	key := w.Key(id)
	for range 5 {
		w.Move("carol", key, "In Review")
		w.Move("carol", key, "Pending")
		w.Teleport.BreakWatchers()
	}
	w.EventuallyTold(key, "first")
	w.EventuallyTold(key, "second")
	w.Move("bob", key, "Denied")
	w.EventuallyState(id, "DENIED")
	w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
	require.Len(t, w.Issues(id), 1)
	requireNoRepeats(t, w)
	require.Equal(t, 1, w.Reviews(id))
	require.False(t, b.Logs.Have("panicked"))
}

// Decisions whose webhooks all got lost are found by the listing of changed issues.
func TestP5_LostWebhooksAreFoundByTheListing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Main()["resync_every"] = "10s"
	w.Jira.SetWebhookFault(jira.WebhookFault{LoseEvery: 1})
	w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Denied")
	w.EventuallyState(id, "DENIED")
}
