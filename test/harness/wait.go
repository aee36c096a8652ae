package harness

import (
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// patience is how long something that must happen may take on the slowest machine. Only what does not happen at all takes as long.
	patience = 2 * time.Minute
	// settle is how long something that must not happen is given to happen.
	settle = 700 * time.Millisecond
	tick   = 20 * time.Millisecond
)

// Eventually waits until the condition holds. Real sockets allow no other way than to look again and again.
func (w *World) Eventually(what string, holds func() bool) {
	w.T.Helper()
	w.Within(patience, what, holds)
}

// Within is Eventually with its own limit.
func (w *World) Within(limit time.Duration, what string, holds func() bool) {
	w.T.Helper()
	ended := time.NewTimer(limit)
	defer ended.Stop()
	again := time.NewTicker(tick)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-ended.C:
			require.FailNow(w.T, "waited in vain for "+what)
		}
	}
}

// EventuallyState waits until the request is in the state.
func (w *World) EventuallyState(id, state string) {
	w.T.Helper()
	w.Eventually("request "+id+" to be "+state, func() bool { return w.State(id) == state })
}

// EventuallyTold waits until the bridge has written a comment with the text on an issue at Main.
func (w *World) EventuallyTold(key, text string) {
	w.T.Helper()
	w.Eventually("a comment on "+key+": "+text, func() bool { return w.Told(key, text) > 0 })
}

// Stays fails when the condition ceases to hold within a moment.
func (w *World) Stays(what string, holds func() bool) {
	w.T.Helper()
	w.StaysFor(settle, what, holds)
}

// StaysFor is Stays with its own time.
func (w *World) StaysFor(d time.Duration, what string, holds func() bool) {
	w.T.Helper()
	ended := time.NewTimer(d)
	defer ended.Stop()
	again := time.NewTicker(tick)
	defer again.Stop()
	for {
		require.True(w.T, holds(), what)
		select {
		case <-again.C:
		case <-ended.C:
			return
		}
	}
}

// Quiet waits until Jira's webhooks are delivered and the bridge has, as far as can be seen, done all that came of them.
func (w *World) Quiet() {
	w.T.Helper()
	for _, site := range w.Sites {
		require.NoError(w.T, site.WaitDeliveries(w.T.Context()))
	}
	last, since := -1.0, time.Now()
	w.Eventually("quiet", func() bool {
		now := 0.0
		for _, site := range w.Sites {
			now += float64(site.TotalCalls() + len(site.Deliveries()))
		}
		for _, b := range w.running() {
			now += b.Metric("accessbridge_reconciles_total") + b.Metric("accessbridge_queue_depth")/2
		}
		if now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > settle/2
	})
}
