package test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

// W8: everything an operator has to see is there.
func TestW8_MetricsTellEverything(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	approved, approvedKey := w.Opened()
	_, refusedKey := w.Opened()
	b.Deliver([]byte("{}"), "wrong")
	b.Deliver([]byte("{"), harness.Secret)
	b.Deliver([]byte(`{"webhookEvent":"sprint_started"}`), harness.Secret)
	w.Move("bob", approvedKey, "Approved")
	w.Move("alice", refusedKey, "Approved")
	w.Eventually("the end", func() bool { return w.Link(approved).Phase == bridge.PhaseClosed })
	w.Quiet()
	w.Jira.Inject(onCreate(jira.Fault{Status: http.StatusForbidden}))
	w.Ask()
	w.Eventually("the fault", func() bool { return b.Metric("accessbridge_unsettled", `class="terminal"`) == 1 })

	at := map[string]float64{
		`accessbridge_requests state="pending"`:                            2,
		`accessbridge_requests state="approved"`:                           1,
		`accessbridge_links integration="itsm" phase="open"`:               1,
		`accessbridge_links integration="itsm" phase="failed"`:             1,
		`accessbridge_queue_depth queue="itsm"`:                            0,
		`accessbridge_queue_oldest_seconds queue="judge"`:                  0,
		`accessbridge_vendor_calls_total integration="itsm" code="403"`:    1,
		`accessbridge_webhook_deliveries_total result="refused"`:           1,
		`accessbridge_webhook_deliveries_total result="malformed"`:         1,
		`accessbridge_decisions_total verdict="approve" outcome="applied"`: 1,
		`accessbridge_decisions_total verdict="approve" outcome="refused"`: 1,
		`accessbridge_decisions_total verdict="deny" outcome="applied"`:    0,
		`accessbridge_watcher_connected`:                                   1,
		`accessbridge_watcher_lists_total`:                                 1,
		`accessbridge_vendor_paused integration="itsm"`:                    0,
		`accessbridge_build_info version="test"`:                           1,
	}
	for sample, want := range at {
		fields := strings.Fields(sample)
		require.Contains(t, b.Admin("/metrics").Body, fields[0])
		w.Eventually(fmt.Sprintf("%s to be %v", sample, want), func() bool { return b.Metric(fields[0], fields[1:]...) == want })
	}
	for _, name := range []string{
		"accessbridge_webhook_deliveries_total", "accessbridge_credential_expiry_seconds", "accessbridge_watcher_last_list_timestamp_seconds",
		"accessbridge_reconciles_total", "accessbridge_reconcile_seconds_count", "accessbridge_vendor_call_seconds_count", "go_goroutines",
		"process_start_time_seconds",
	} {
		require.Positive(t, b.Metric(name), name)
	}
	require.Positive(t, b.Metric("accessbridge_webhook_deliveries_total", `result="hinted"`))
	require.Positive(t, b.Metric("accessbridge_webhook_deliveries_total", `result="ignored"`))

	problems, err := promlint.New(strings.NewReader(b.Admin("/metrics").Body)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestW8_HealthReadinessAndStatus(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	require.Equal(t, http.StatusOK, b.Admin("/healthz").Code)
	require.Equal(t, http.StatusOK, b.Admin("/readyz").Code)
	require.Equal(t, http.StatusNotFound, b.Admin("/other").Code)
	require.Equal(t, http.StatusNotFound, b.Send(http.MethodGet, "/healthz", nil, nil).Code, "the public listener has webhooks only")

	_, key := w.Opened()
	w.Quiet()
	status := b.Status()
	require.True(t, status.Ready)
	require.Equal(t, "test", status.Version)
	require.NotEmpty(t, status.Instance)
	require.Equal(t, "test.example.com", status.Teleport.Cluster)
	require.Equal(t, harness.BridgeUser, status.Teleport.User)
	require.True(t, status.Teleport.Watching)
	require.True(t, status.Teleport.PeopleKnown)
	require.Equal(t, 1, status.Requests[bridge.StatePending])
	require.Len(t, status.Integrations, 1)
	require.Equal(t, 1, status.Integrations[0].Links[bridge.PhaseOpen], key)
	require.Len(t, status.Queues, 2)

	// A vendor's outage is everybody's business but no reason to take the instance out of rotation.
	w.Jira.Stop()
	w.Ask()
	w.Eventually("the fault", func() bool { return len(b.Status().Unsettled) == 1 })
	require.Equal(t, http.StatusOK, b.Admin("/readyz").Code)
	require.NoError(t, w.Jira.Start())

	// Nor is a gap in the watch: state is known, and webhooks are only hints.
	w.Teleport.BreakWatchers()
	require.Equal(t, http.StatusOK, b.Admin("/readyz").Code)
}

// W29: the log of an earlier run is never cut off; audit lines are added.
func TestW29_AuditFileIsAddedTo(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	earlier := `{"time":"2026-01-01T00:00:00Z","request_id":"earlier","requester":"","verdict":"","outcome":"applied","evidence":{"target":"","object":{"id":""},"marker":"","status":"","actor":{},"at":"2026-01-01T00:00:00Z","read_at":"2026-01-01T00:00:00Z"}}`
	w.Write("audit-0.log", earlier+"\n")
	b := w.Start()
	id, key := w.Opened()
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")
	w.Eventually("the audit line", func() bool { return len(b.Audit()) == 2 })
	require.Equal(t, "earlier", b.Audit()[0].RequestID)
	require.Equal(t, id, b.Audit()[1].RequestID)
}
