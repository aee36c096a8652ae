package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/audit"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// Two instances that wrote one file would tear its chain apart.
func TestInstancesDoNotShareAnAuditFile(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	log, _ := logtest.New()
	cfg := load(t, write(t, dir, oneRoute))
	first, err := New(t.Context(), cfg, Options{Log: log})
	require.NoError(t, err)
	_, err = New(t.Context(), cfg, Options{Log: log})
	require.ErrorContains(t, err, "another process writes this audit file")
	require.NoError(t, first.release())
	second, err := New(t.Context(), cfg, Options{Log: log})
	require.NoError(t, err, "it is free again")
	require.NoError(t, second.release())
}

// An entry that an output does not take is counted, and monitoring sees the counter before that.
func TestAuditFailuresAreCounted(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	log, out := logtest.New()
	cfg := load(t, write(t, dir, oneRoute))
	s, err := New(t.Context(), cfg, Options{Log: log})
	require.NoError(t, err)
	require.Equal(t, 1, families(t, s.metrics)["accessbridge_audit_failures_total"])
	count := func() (total float64) {
		gathered, err := s.metrics.registry.Gather()
		require.NoError(t, err)
		for _, f := range gathered {
			if f.GetName() == "accessbridge_audit_failures_total" {
				total = f.GetMetric()[0].GetCounter().GetValue()
			}
		}
		return total
	}
	require.Zero(t, count())
	s.journal.Record(bridge.AuditEntry{RequestID: "r-1"})
	require.Zero(t, count())
	require.NoError(t, s.release())
	s.journal.Record(bridge.AuditEntry{RequestID: "r-2"})
	require.InDelta(t, 1.0, count(), 0)
	require.Contains(t, out.String(), "audit entry not written")
	report, err := audit.Verify([]string{dir + "/audit.log"}, audit.VerifyOptions{})
	require.NoError(t, err)
	require.True(t, report.OK)
	require.Equal(t, 1, report.Entries)
	require.Contains(t, out.String(), report.Head, "the head of the chain is in the log")
}
