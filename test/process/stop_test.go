package process

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

// A process that gets SIGTERM under load says first that it is not ready, finishes what it has begun, and ends with status 0. It leaves
// nothing held, so the other goes on at once, and what it had only accepted is found by the other.
func TestP1_P5_DrainUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.Settings.Main()["timeout"] = "1m" // No call is given up, because that would leave its claim behind.
	for range 2 {
		w.configure()
	}
	w.startAll()
	c := w.gather()
	c.begin()
	c.act()
	leaving, draining := w.instances[0], 0
	for range 3 {
		w.awaitEffects(100 + w.rng.IntN(200))
		draining += w.drain(leaving)
		require.NotContains(t, w.owners(c.ids()), leaving.name, "it leaves no claim and no lease behind")
		leaving.start()
	}
	require.Positive(t, draining, "it was never seen to be not ready")
	c.acted()
	c.decideLate()
	c.settles()
	c.exact()
	require.Empty(t, c.audited(), "what is submitted is audited before the end")
	for _, d := range w.Jira.Deliveries() {
		require.Contains(t, []int{0, http.StatusOK}, d.Status, "deliveries are taken, or find nobody and come again: %s", d.Error)
	}
}

// drain ends a process by SIGTERM while calls to Jira take long, and counts how often it is seen to say that it is not ready. All calls may just be
// the other process's; then it ends before anybody looks.
func (w *world) drain(i *instance) (notReady int) {
	w.T.Helper()
	mend := w.Jira.Inject(jira.Fault{Delay: 2 * time.Second})
	defer mend()
	w.awaitEffects(20)
	i.terminate()
	seen := map[int]int{}
	w.Within(stopWithin, "the process to end", func() bool {
		code := i.ready()
		seen[code]++
		if seen[http.StatusServiceUnavailable] > 0 {
			mend()
			require.NotEqual(w.T, http.StatusOK, code, "ready again after the signal")
		}
		return !i.running()
	})
	i.requireCleanEnd()
	require.Zero(w.T, i.logged("accessbridge stopped", `"clean":false`))
	return seen[http.StatusServiceUnavailable]
}

// owners are the processes that hold the claims and leases.
func (w *world) owners(ids []string) []string {
	var names []string
	for _, id := range ids {
		if link := w.Link(id); link.Owner != "" && link.Phase != bridge.PhaseFailed {
			names = append(names, link.Owner)
		}
	}
	return names
}

// Two signals end the process at once, as people expect who press the keys twice. After one, it would wait for the call that hangs.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.Settings.Main()["timeout"] = "5m"
	w.Settings.Server["shutdown_timeout"] = "10m"
	i := w.configure()
	i.start()
	w.Jira.Inject(jira.Fault{Hang: true})
	w.Ask()
	w.Eventually("a call that hangs", func() bool { return w.Jira.TotalCalls() > 0 })
	i.terminate()
	w.Eventually("the drain", func() bool { return i.ready() != http.StatusOK })
	i.terminate()
	w.Eventually("the end", func() bool { return !i.running() })
}
