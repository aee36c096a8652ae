package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Teleport is restarted again and again, and stays away for a while each other time, while people ask and decide.
func TestP1_P3_P4_W1_W7_TeleportRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.startAll()
	c := w.gather()
	c.begin()
	c.act()
	for n := range 6 {
		w.awaitEffects(50 + w.rng.IntN(250))
		w.Teleport.Stop()
		if n%2 == 0 {
			// People go on at Jira meanwhile.
			calls := w.Jira.TotalCalls()
			await(time.Second, func() bool { return w.Jira.TotalCalls() > calls+20 })
		}
		require.NoError(t, w.Teleport.Start())
	}
	c.acted()
	c.decideLate()
	c.settles()
	c.exact()
	require.Empty(t, c.audited())
	for _, i := range w.instances {
		i.requireRunning()
		w.Eventually("the watch to be back", func() bool { return i.metric("accessbridge_watcher_connected") == 1 })
		w.Eventually("nothing unsettled", func() bool { return len(i.status().Unsettled) == 0 })
	}
}
