package reconcile

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

func polling(every time.Duration) setting {
	return func(i *instance, o *Options) {
		resyncEvery(every)(i, o)
		for t := range o.Targets {
			o.Targets[t].Polls = true
		}
	}
}

// What people do at a closed object is found by listings where there are no webhooks.
func TestDriftAtAClosedObjectIsFoundByPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("a", polling(30*time.Second))
		w.ask("r1")
		pass(time.Minute)
		v.approve("r1", bob)
		pass(10 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
		for n := range 2 {
			v.move("r1", "Denied", bridge.Deny, carol)
			pass(10 * time.Minute)
			want := []string{bridge.OutcomeApplied, bridge.OutcomeDrift, bridge.OutcomeDrift}
			require.Equal(t, want[:n+2], w.audited())
		}
	})
}

// The closing itself changes an object, which costs one reading; listings go on only as long as Teleport knows of the request.
func TestPollingOfClosedObjectsCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		i := w.start("a", polling(30*time.Second))
		for n := range 20 {
			w.ask(fmt.Sprint("r", n))
		}
		w.ask("other")
		pass(10 * time.Minute)
		read := v.count("evidence")
		for n := range 20 {
			w.resolve(fmt.Sprint("r", n), bridge.StateDenied, "no")
		}
		pass(3 * time.Hour)
		require.LessOrEqual(t, v.count("evidence")-read, 21)
		require.Empty(t, i.engine.Failures())
		for n := range 20 {
			w.remove(fmt.Sprint("r", n))
		}
		w.remove("other")
		pass(10 * time.Minute)
		listed := v.count("list")
		pass(time.Hour)
		require.Equal(t, listed, v.count("list"))
		require.Empty(t, i.engine.mirrors["jira"].watchedObjects())
	})
}

// Where webhooks tell of closed objects, none is watched.
func TestClosedObjectsAreNotWatchedWhereWebhooksTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("a", resyncEvery(30*time.Second))
		w.ask("r1")
		pass(10 * time.Minute)
		w.resolve("r1", bridge.StateDenied, "no")
		pass(time.Minute)
		calls := v.count()
		pass(time.Hour)
		require.Equal(t, calls, v.count())
	})
}
