package testkit

import (
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

// Evidence is the evidence at an object.
func Evidence(t testing.TB, from bridge.DecisionSource, ref bridge.Ref) []bridge.Evidence {
	t.Helper()
	list, err := from.Evidence(t.Context(), ref)
	require.NoError(t, err)
	return list
}

// Glances are the ids of the objects that a listing shows as changed since a time, and whether it says that they may be decided.
func Glances(t testing.TB, from bridge.BulkDecisionSource, since time.Time) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for g, err := range from.Changed(t.Context(), since) {
		require.NoError(t, err)
		out[g.Object.ID] = g.Decided
	}
	return out
}
