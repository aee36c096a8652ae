package teleport

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// FuzzRequest holds the reading of an Access Request to this, whatever Teleport sends: annotations are taken over as they are, reviews are in the
// order of their times, no word or time of Teleport's own is left, and nothing is shared with the original.
func FuzzRequest(f *testing.F) {
	states := []bridge.State{"", bridge.StatePending, bridge.StateApproved, bridge.StateDenied, bridge.StatePromoted}
	f.Fuzz(func(t *testing.T, sent []byte) {
		var r types.AccessRequestV3
		if r.Unmarshal(sent) != nil {
			t.Skip("not an Access Request")
		}
		got := request("cluster", &r)
		require.True(t, maps.EqualFunc(r.Spec.SystemAnnotations, got.Annotations, slices.Equal))
		require.Contains(t, states, got.State)
		require.GreaterOrEqual(t, got.MaxDuration, time.Duration(0))
		require.True(t, slices.IsSortedFunc(got.Reviews, func(a, b bridge.Review) int { return a.At.Compare(b.At) }))
		for _, at := range []time.Time{got.Created, got.PendingUntil, got.AccessUntil, got.AccessFrom} {
			require.True(t, at.IsZero() || at.Unix() != 0 && at.Location() == time.UTC)
		}

		before := fmt.Sprintf("%+v", got)
		for _, list := range r.Spec.SystemAnnotations {
			clear(list)
		}
		clear(r.Spec.SystemAnnotations)
		clear(r.Spec.Roles)
		clear(r.Spec.SuggestedReviewers)
		require.Equal(t, before, fmt.Sprintf("%+v", got))
	})
}
