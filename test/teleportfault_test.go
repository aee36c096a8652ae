package test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// Whatever happens to the connection, what happened in Teleport meanwhile is found afterwards.
func TestW1_W7_GapsInTheWatchLoseNothing(t *testing.T) {
	t.Parallel()
	gaps := map[string]func(w *harness.World, inGap func()){
		"watchers broken": func(w *harness.World, inGap func()) { w.Teleport.BreakWatchers(); inGap() },
		"connections cut": func(w *harness.World, inGap func()) { w.Teleport.DropConnections(); inGap() },
		"server restarted": func(w *harness.World, inGap func()) {
			w.Teleport.Stop()
			inGap()
			require.NoError(w.T, w.Teleport.Start())
		},
	}
	for name, gap := range gaps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{})
			b := w.Start()
			decided, decidedKey := w.Opened()
			withdrawn, withdrawnKey := w.Opened()
			moved, movedKey := w.Opened()
			var made string
			gap(w, func() {
				made = w.Ask()
				require.NoError(t, w.Teleport.Review(decided, harness.Carol, false, "not now"))
				require.NoError(t, w.Teleport.Delete(withdrawn))
				w.Move("bob", movedKey, "Approved")
			})
			w.Key(made)
			w.EventuallyState(moved, "APPROVED")
			w.Eventually("the issues to be closed", func() bool {
				return w.Issue(decidedKey).Status == "Denied" && w.Issue(withdrawnKey).Status == "Expired"
			})
			require.Equal(t, 1, w.Told(withdrawnKey, "withdrawn"))
			require.Equal(t, 1, w.Reviews(moved))
			require.Len(t, w.Issues(made), 1)
			w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
			require.InDelta(t, 1, b.Metric("accessbridge_watcher_connected"), 0)
			require.NoError(t, b.Server.Ready())
		})
	}
}

func TestW7_WatchThatIsDownShowsAndDoesNotEndTheProcess(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	w.Teleport.Stop()
	w.Eventually("the watch to be down", func() bool { return b.Metric("accessbridge_watcher_connected") == 0 })
	w.Eventually("the fault on /status", func() bool { s := b.Status(); return !s.Teleport.Watching && s.Teleport.LastError != "" })
	require.NoError(t, w.Teleport.Start())
	w.Eventually("the watch to be back", func() bool { return b.Metric("accessbridge_watcher_connected") == 1 })
	w.Opened()
}

func TestW7_TeleportUnreachableAtTheStart(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{TeleportStopped: true})
	b := w.Launch(server.Options{})
	w.Eventually("the admin listener", func() bool { return b.Admin("/healthz").Code == http.StatusOK })
	require.Equal(t, http.StatusServiceUnavailable, b.Admin("/readyz").Code)
	require.False(t, b.Status().Ready)
	require.Nil(t, b.Status().Teleport)
	require.InDelta(t, 0, b.Metric("accessbridge_watcher_connected"), 0)
	w.Eventually("the fault in the log", func() bool { return b.Logs.Have("Teleport not reached", w.Teleport.Addr()) })
	id := w.Ask()
	require.NoError(t, w.Teleport.Start())
	w.Ready(b)
	require.Equal(t, http.StatusOK, b.Admin("/readyz").Code)
	w.Key(id)
}

// A stop is obeyed at once while Teleport is still being looked for.
func TestW7_StopWhileTeleportIsUnreachable(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{TeleportStopped: true})
	b := w.Launch(server.Options{})
	w.Eventually("the fault in the log", func() bool { return b.Logs.Have("Teleport not reached") })
	begun := time.Now()
	require.NoError(t, b.Stop())
	require.Less(t, time.Since(begun), time.Minute)
}

// The permission to write is taken away while the bridge runs.
func TestP8_LostPluginDataPermissionIsShown(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	full := teleport.PluginUser(harness.BridgeUser).Permissions
	w.Teleport.SetPermissions(harness.BridgeUser, full[0], full[2])
	id := w.Ask()
	w.Eventually("the fault on /status", func() bool {
		class, ok := b.Unsettled("access_plugin_data")
		return ok && class == bridge.ClassTerminal
	})
	require.Empty(t, w.Issues(id))
	w.Teleport.SetPermissions(harness.BridgeUser, full...)
	require.NoError(t, b.Stop())
	w.Start()
	w.Key(id)
}

func TestP2_W2_PluginDataConflictsAndLostAnswers(t *testing.T) {
	t.Parallel()
	faults := map[string]teleport.Fault{
		"conflict":                 {Err: trace.CompareFailed("resource changed"), Count: 5},
		"unavailable":              {Err: trace.ConnectionProblem(nil, "try again"), Count: 3},
		"limited":                  {Err: trace.LimitExceeded("too many"), Count: 1},
		"answer to the ref lost":   {Err: trace.ConnectionProblem(nil, "lost"), AfterEffect: true, Every: 2, Count: 1},
		"conflict on the ref":      {Err: trace.CompareFailed("resource changed"), Every: 2, Count: 1},
		"ref not written, once":    {Err: trace.ConnectionProblem(nil, "try again"), Every: 2, Count: 1},
		"answer to the ref denied": {Err: trace.AccessDenied("no"), AfterEffect: true, Every: 2, Count: 1},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{})
			w.Start()
			f.Method = "UpdatePluginData"
			w.Teleport.Inject(f)
			id, key := w.Opened()
			require.Len(t, w.Issues(id), 1)
			w.Move("bob", key, "Approved")
			w.EventuallyState(id, "APPROVED")
			require.Equal(t, 1, w.Reviews(id))
		})
	}
}

func TestP3_DecisionSurvivesFaultsOfTeleport(t *testing.T) {
	t.Parallel()
	faults := map[string]teleport.Fault{
		"review unavailable":      {Method: "SubmitAccessReview", Err: trace.ConnectionProblem(nil, "down"), Count: 3},
		"answer to the review":    {Method: "SubmitAccessReview", Err: trace.ConnectionProblem(nil, "lost"), AfterEffect: true, Count: 1},
		"odd error after effect":  {Method: "SubmitAccessReview", Err: trace.BadParameter("whatever"), AfterEffect: true, Count: 1},
		"reading the request":     {Method: "GetAccessRequestsV2", Err: trace.ConnectionProblem(nil, "down"), Count: 3},
		"everything for a moment": {Method: "*", Err: trace.ConnectionProblem(nil, "down"), Count: 6},
		"review limited":          {Method: "SubmitAccessReview", Err: trace.LimitExceeded("too many"), Count: 1},
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.New(t, harness.Setup{})
			b := w.Start()
			id, key := w.Opened()
			w.Quiet()
			w.Teleport.Inject(f)
			w.Move("bob", key, "Approved")
			w.EventuallyState(id, "APPROVED")
			w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
			require.Equal(t, 1, w.Reviews(id))
			w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
			require.Equal(t, bridge.OutcomeApplied, b.Audited(1)[0].Outcome)
		})
	}
}

// Teleport refuses the review for good: audited, told on the issue, and not tried for ever.
func TestP3_W26_ReviewThatTeleportForbidsIsToldAndAudited(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	user := teleport.PluginUser(harness.BridgeUser)
	user.ReviewRoles = []string{"other-*"}
	w.Teleport.AddUser(user)
	b := w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	w.EventuallyTold(key, "could not be put into effect in Teleport")
	require.Equal(t, "PENDING", w.State(id))
	require.Equal(t, bridge.OutcomeFailed, b.Audited(1)[0].Outcome)
	require.InDelta(t, 1, b.Metric("accessbridge_decisions_total", `verdict="approve"`, `outcome="failed"`), 0)
	w.Eventually("the fault on /status", func() bool {
		class, shown := b.Unsettled("submitting the decision")
		return shown && class == bridge.ClassTerminal
	})
}

func TestW6_ExpiredIdentityAtTheStartEndsWithAClearMessage(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	require.NoError(t, w.Teleport.WriteIdentity(w.Path("identity"), harness.BridgeUser, -time.Hour))
	b := w.Launch(server.Options{})
	err := b.Ended()
	require.ErrorContains(t, err, w.Path("identity"))
	require.ErrorContains(t, err, "expired")
	require.ErrorContains(t, err, "tbot")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
}

func TestW6_RenewedIdentityIsTakenOverWhileRunning(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	require.NoError(t, w.Teleport.WriteIdentity(w.Path("identity"), harness.BridgeUser, 10*time.Minute))
	b := w.Start()
	left := b.Metric("accessbridge_credential_expiry_seconds")
	require.InDelta(t, (10 * time.Minute).Seconds(), left, 30)
	w.Eventually("a warning", func() bool { return b.Logs.Have("credentials expire soon", w.Path("identity")) })

	w.Write("identity", "not an identity")
	w.Eventually("the refusal of rubbish", func() bool { return b.Logs.Have("New Teleport credentials are not usable") })
	w.Opened()

	require.NoError(t, w.Teleport.WriteIdentity(w.Path("identity"), harness.BridgeUser, 3*time.Hour))
	w.Eventually("the renewed identity", func() bool { return b.Metric("accessbridge_credential_expiry_seconds") > time.Hour.Seconds() })
	require.Greater(t, time.Until(b.Status().Teleport.CredentialExpires), time.Hour)
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
}
