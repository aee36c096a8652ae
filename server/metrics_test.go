package server

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/handlers"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// families gathers what the metrics of a server without a connection show.
func families(t *testing.T, m *metrics) map[string]int {
	t.Helper()
	gathered, err := m.registry.Gather()
	require.NoError(t, err)
	found := map[string]int{}
	for _, f := range gathered {
		found[f.GetName()] = len(f.GetMetric())
	}
	problems, err := promlint.NewWithMetricFamilies(gathered).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
	return found
}

// The first step of a counter is missed by monitoring when the counter was not there before.
func TestW8_CountersOfAnIntegrationStartAtZero(t *testing.T) {
	t.Parallel()
	m := newMetrics("test")
	m.startAtZero("itsm")
	found := families(t, m)
	require.Equal(t, len(handlers.DeliveryResults()), found["accessbridge_webhook_deliveries_total"])
	require.Equal(t, 10, found["accessbridge_decisions_total"])
	m.delivered("itsm", handlers.DeliveryRefused)
	m.Decided("itsm", bridge.Deny, bridge.OutcomeApplied)
	m.Reconciled("itsm", "ok", time.Millisecond)
	m.vendorCall("itsm")("GET", 0, time.Second)
	again := families(t, m)
	require.Equal(t, found["accessbridge_webhook_deliveries_total"], again["accessbridge_webhook_deliveries_total"], "no label that was not there")
	require.Equal(t, found["accessbridge_decisions_total"], again["accessbridge_decisions_total"])
	require.Equal(t, 1, again["accessbridge_vendor_calls_total"])
}

// Before the first connection only one thing is known: that there is none.
func TestW8_GaugesBeforeTheConnection(t *testing.T) {
	t.Parallel()
	m := newMetrics("test")
	m.registry.MustRegister(newGauges(func() *running { return nil }))
	found := families(t, m)
	require.Equal(t, 1, found["accessbridge_watcher_connected"])
	require.NotContains(t, found, "accessbridge_requests")
}

func TestGaugesDescribeAllTheyCollect(t *testing.T) {
	t.Parallel()
	descriptions := make(chan *prometheus.Desc, 32)
	newGauges(func() *running { return nil }).Describe(descriptions)
	close(descriptions)
	seen := map[string]bool{}
	for d := range descriptions {
		require.False(t, seen[d.String()])
		seen[d.String()] = true
	}
	require.Len(t, seen, 11)
}

// Every metric is on the page about operations, which names none that is not there.
func TestW8_MetricsAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	s, err := New(t.Context(), load(t, write(t, folder(t), oneRoute)), Options{Log: log})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.release()) }()
	descriptions := make(chan *prometheus.Desc, 256)
	s.metrics.registry.Describe(descriptions)
	close(descriptions)
	page, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	require.NoError(t, err)
	there := map[string]bool{}
	for d := range descriptions {
		name := regexp.MustCompile(`"(accessbridge_[a-z_]+)"`).FindStringSubmatch(d.String())
		if name == nil {
			continue // of the Go runtime or the process
		}
		there[name[1]] = true
		require.True(t, bytes.Contains(page, []byte("`"+name[1]+"`")), "%s is not on the page", name[1])
	}
	require.Greater(t, len(there), 10)
	for _, name := range regexp.MustCompile(`accessbridge_[a-z_]+`).FindAllString(string(page), -1) {
		require.True(t, there[name] || name == "accessbridge_", name)
	}
}
