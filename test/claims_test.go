package test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/accessbridge/accessbridge/test/harness"
)

// The tests of this file wait for pauses of the product itself to run out, up to a minute each. They stand in a file that comes early, so
// that the others run meanwhile.

const (
	// runsOut is how long they wait at most, on the slowest machine.
	runsOut = 4 * time.Minute
	// callTimeout is the limit for one call to Jira where a claim has to run out, which lasts longer than a call.
	callTimeout = "5s"
)

// The call failed in a way that leaves open whether Jira carried it out, and it did not. The issue appears when it is certain that the
// call can no longer take effect, which takes close to a minute. The site without a fault waits for none of this (P6).
func TestP1_P6_UnknownOutcomesEndInOneIssue(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for claims to run out")
	}
	t.Parallel()
	faults := map[string]jira.Fault{
		"answers-500":   {Status: http.StatusInternalServerError, Count: 1},
		"answers-502":   {Status: http.StatusBadGateway, Count: 1},
		"answers-503":   {Status: http.StatusServiceUnavailable, Count: 1},
		"answers-later": {Status: http.StatusServiceUnavailable, RetryAfter: "1", Count: 1},
		"resets":        {Reset: true, Count: 1},
		"hangs":         {Hang: true, Count: 1},
		"healthy":       {Delay: time.Nanosecond, Count: 1},
	}
	sites := map[string]jira.Options{"down": {}}
	for name := range faults {
		sites[name] = jira.Options{}
	}
	w := harness.New(t, harness.Setup{Jira: sites})
	for name, f := range faults {
		w.Sites[name].Inject(onCreate(f))
	}
	for _, settings := range w.Settings.Jira {
		settings["timeout"] = callTimeout
	}
	up := w.Sites["down"].Inject(jira.Fault{Status: http.StatusBadGateway})
	b := w.Start()
	id := w.Ask()
	w.Eventually("the issue at the healthy site", func() bool { return w.LinkTo(id, "healthy").Phase == bridge.PhaseOpen })
	w.Eventually("the circuit to be broken", func() bool { return b.Metric("accessbridge_vendor_paused", `integration="down"`) == 1 })
	require.NotEmpty(t, b.Status().Unsettled)
	up()
	for name, site := range w.Sites {
		w.Within(runsOut, "the issue at "+name, func() bool { return w.LinkTo(id, name).Phase == bridge.PhaseOpen })
		require.Len(t, harness.IssuesAt(site, id), 1, name)
	}
	w.Eventually("nothing unsettled", func() bool { return len(b.Status().Unsettled) == 0 })
}

// The claim was written and its answer lost: it runs out, and then there is one issue.
func TestP2_LostAnswerToTheClaimEndsInOneIssue(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a claim to run out")
	}
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Main()["timeout"] = callTimeout
	w.Start()
	w.Teleport.Inject(teleport.Fault{Method: "UpdatePluginData", Err: trace.ConnectionProblem(nil, "lost"), AfterEffect: true, Count: 1})
	id := w.Ask()
	w.Within(runsOut, "the issue", func() bool { return w.Link(id).Phase == bridge.PhaseOpen })
	require.Len(t, w.Issues(id), 1)
}

// Without any permission the bridge says so, is not ready, and begins once the role has been mended.
func TestP8_MissingPermissionsAreSaidAndItRecovers(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the pause after a refusal")
	}
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Teleport.SetPermissions(harness.BridgeUser)
	b := w.Launch(server.Options{})
	id := w.Ask()
	w.Eventually("a clear message", func() bool {
		return b.Logs.Have(`"level":"ERROR"`, "Teleport denies the watch of Access Requests") && b.Logs.Have(`"level":"WARN"`, "access_plugin_data", "access denied")
	})
	require.Equal(t, http.StatusServiceUnavailable, b.Admin("/readyz").Code)
	require.Empty(t, w.Jira.Issues(), "without its records the bridge must not open anything")
	w.Teleport.SetPermissions(harness.BridgeUser, teleport.PluginUser(harness.BridgeUser).Permissions...)
	w.Within(runsOut, "the bridge to be ready", func() bool { return b.Server.Ready() == nil })
	w.Key(id)
	require.Len(t, w.Issues(id), 1)
}
