package bridge_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestRequestNewer(t *testing.T) {
	reviews := func(n int) []bridge.Review { return make([]bridge.Review, n) }
	pending, approved := bridge.Request{State: bridge.StatePending}, bridge.Request{State: bridge.StateApproved}
	denied, promoted := bridge.Request{State: bridge.StateDenied}, bridge.Request{State: bridge.StatePromoted}
	for name, c := range map[string]struct {
		a, b bridge.Request
		want bool
	}{
		"the same knowledge may be taken over":             {pending, pending, true},
		"a decision is newer than a pending request":       {approved, pending, true},
		"a promotion is newer than a pending request":      {promoted, pending, true},
		"a late pending event never undoes an approval":    {pending, approved, false},
		"a late pending event never undoes a denial":       {pending, denied, false},
		"an approval may turn into a denial":               {denied, approved, true},
		"a late approval never undoes a denial":            {approved, denied, false},
		"one more review is newer":                         {bridge.Request{State: bridge.StatePending, Reviews: reviews(2)}, bridge.Request{State: bridge.StatePending, Reviews: reviews(1)}, true},
		"a review is never lost":                           {bridge.Request{State: bridge.StatePending, Reviews: reviews(1)}, bridge.Request{State: bridge.StatePending, Reviews: reviews(2)}, false},
		"the state counts for more than the reviews":       {approved, bridge.Request{State: bridge.StatePending, Reviews: reviews(2)}, true},
		"an unknown state is no newer than a decided one":  {bridge.Request{State: "surprise"}, denied, false},
		"a decided request is newer than an unknown state": {denied, bridge.Request{State: "surprise"}, true},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.a.Newer(c.b)) })
	}
}

func TestRequestPending(t *testing.T) {
	req := bridge.Request{State: bridge.StatePending, PendingUntil: noon}
	require.True(t, req.Pending(noon.Add(-time.Nanosecond)))
	require.False(t, req.Pending(noon), "its time has run out, whatever Teleport still says")
	req.PendingUntil = time.Time{}
	require.True(t, req.Pending(noon), "a request without an end stays pending")
	req.State = bridge.StateApproved
	require.False(t, req.Pending(noon))
	require.False(t, bridge.Request{}.Pending(noon), "an absent request is not pending")
}

func TestRequestReviewBy(t *testing.T) {
	req := bridge.Request{Reviews: []bridge.Review{{Author: "ann", Reason: "first"}, {Author: "bob", Reason: "second"}}}
	r, ok := req.ReviewBy("bob")
	require.True(t, ok)
	require.Equal(t, "second", r.Reason)
	_, ok = req.ReviewBy("Bob")
	require.False(t, ok, "Teleport tells user names apart by case")
}

func TestSameName(t *testing.T) {
	for _, pair := range [][2]string{
		{"alice", "alice"}, {"Alice@Example.com", "alice@example.COM"}, {" alice@example.com ", "alice@example.com"}, {"ÉVA", "éva"},
	} {
		require.True(t, bridge.SameName(pair[0], pair[1]), "%q and %q", pair[0], pair[1])
		require.True(t, bridge.SameName(pair[1], pair[0]), "%q and %q", pair[1], pair[0])
	}
	for _, pair := range [][2]string{
		{"", ""}, {" ", ""}, {" ", "\t"}, {"alice", ""}, {"alice", "alicia"}, {"alice", "alice@example.com"}, {"alice smith", "alicesmith"},
	} {
		require.False(t, bridge.SameName(pair[0], pair[1]), "%q and %q", pair[0], pair[1])
		require.False(t, bridge.SameName(pair[1], pair[0]), "%q and %q", pair[1], pair[0])
	}
}

func TestActor(t *testing.T) {
	require.False(t, bridge.Actor{Name: "Alice"}.Known(), "a shown name proves nothing")
	require.True(t, bridge.Actor{ID: "42"}.Known())
	require.True(t, bridge.Actor{Email: "a@example.com"}.Known())
	require.Equal(t, "a@example.com", bridge.Actor{ID: "42", Email: "a@example.com", Name: "Alice"}.String())
	require.Equal(t, "Alice", bridge.Actor{ID: "42", Name: "Alice"}.String())
	require.Equal(t, "42", bridge.Actor{ID: "42"}.String())
	require.Equal(t, "nobody", bridge.Actor{}.String())
}
