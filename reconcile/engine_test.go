package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// The instance that opened the object died, and the other one heard nothing of the request at all.
func TestP4_LinksOfADeadInstanceAreFoundByReadingAllAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		b := w.start("b")
		b.setDeaf(true)
		a := w.start("a")
		w.ask("r1")
		pass(time.Second)
		a.crash()
		w.remove("r1")
		pass(10 * time.Minute)
		require.Zero(t, v.count("close"))
		pass(30 * time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndUnknown)
	})
}

func TestQueuesTellWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.fault = func(ctx context.Context, _, _ string) fault {
			<-ctx.Done()
			return fault{before: bridge.Unsent(ctx.Err())}
		}
		for n := range 10 {
			w.ask(fmt.Sprint("r", n))
		}
		pass(7 * time.Second)
		states := map[string]QueueState{}
		for _, s := range i.engine.Queues() {
			states[s.Name] = s
		}
		require.Equal(t, map[string]QueueState{
			"jira":  {Name: "jira", Waiting: 2, Oldest: 7 * time.Second},
			"judge": {Name: "judge"},
		}, states, "four are at the vendor, four more have their claims and wait for it")
	})
}

// The vendor never sees more calls at once than were configured, although more requests are at work.
func TestP6_CallsAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		var now, most atomic.Int64
		v.fault = func(context.Context, string, string) fault {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(time.Second)
			now.Add(-1)
			return fault{}
		}
		for n := range 40 {
			w.ask(fmt.Sprint("r", n))
		}
		pass(time.Minute)
		require.EqualValues(t, 4, most.Load())
		require.Equal(t, 40, v.count("open"))
	})
}

// A stop in the middle of a create call lets it finish, so that nothing has to be looked for later.
func TestP1_StopFinishesWhatIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.fault = func(context.Context, string, string) fault {
			<-time.After(3 * time.Second)
			return fault{}
		}
		w.ask("r1")
		pass(time.Second)
		begin := time.Now()
		i.shut()
		require.Equal(t, 2*time.Second, time.Since(begin))
		requireOpen(t, w, v, "r1")
	})
}

func TestP1_VendorDownForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.fault = func(context.Context, string, string) fault { return fault{before: errors.New("502")} }
		for n := range 5 {
			id := fmt.Sprint("r", n)
			w.ask(id)
			w.change(id, func(r *bridge.Request) { r.PendingUntil = r.PendingUntil.Add(24 * time.Hour) })
		}
		pass(time.Hour)
		require.Len(t, i.engine.Failures(), 5)
		v.fault = func(context.Context, string, string) fault { return fault{} }
		pass(5 * time.Minute)
		for n := range 5 {
			requireOpen(t, w, v, fmt.Sprint("r", n))
		}
		require.Empty(t, i.engine.Failures())
	})
}
