package reconcile

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// many opens the objects of n requests and then stops the instance that did it.
func many(t *testing.T, n int) (*world, *vendor) {
	t.Helper()
	w, v, i := one(t)
	for k := range n {
		w.ask(fmt.Sprint("r", k))
	}
	pass(5 * time.Minute)
	require.Equal(t, n, v.count("open"))
	i.shut()
	return w, v
}

func TestW1_DecisionsMadeWhileNothingRanCostFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v := many(t, 200)
		for _, id := range []string{"r3", "r77", "r199"} {
			v.approve(id, bob)
		}
		pass(20 * time.Minute)
		before := v.count()
		w.start("b", resyncEvery(time.Minute))
		pass(time.Second)
		require.Equal(t, 3, w.decisions())
		require.Equal(t, 4, v.count()-before, "one listing and three readings")
		pass(10 * time.Minute)
		require.Zero(t, v.count("close", "update"))
	})
}

func TestP1_ObjectDeletedWhileNothingRan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v := many(t, 20)
		v.delete("r7")
		before := v.count("evidence")
		w.start("b", resyncEvery(time.Minute))
		pass(time.Second)
		requireOpen(t, w, v, "r7")
		require.Equal(t, 1, w.link("r7", "jira").Replaced)
		require.LessOrEqual(t, v.count("evidence")-before, 2)
	})
}

func TestDecisionsArriveWithoutWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("a", resyncEvery(time.Minute))
		w.ask("r1")
		pass(10 * time.Minute)
		v.approve("r1", bob)
		pass(75 * time.Second)
		require.Equal(t, 1, w.decisions())
	})
}

func TestResyncReadsOnlyWhatLooksDecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("a", resyncEvery(time.Minute))
		w.ask("r1")
		pass(10 * time.Minute)
		before := v.count("evidence")
		for range 10 {
			v.move("r1", "In Review", bridge.Undecided, bob)
			pass(2 * time.Minute)
		}
		require.Equal(t, before, v.count("evidence"))
	})
}

func TestWholeListingCostsFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("b", resyncEvery(time.Minute))
		for k := range 200 {
			w.ask(fmt.Sprint("r", k))
		}
		pass(50 * time.Minute)
		require.Equal(t, 200, v.count("open"))
		require.Zero(t, v.count("evidence", "find"))
		require.Less(t, v.count("list"), 70)
	})
}

func TestFailedListingIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v := many(t, 3)
		v.approve("r1", bob)
		down := true
		v.fault = func(context.Context, string, string) fault {
			if down {
				return fault{before: errors.New("503")}
			}
			return fault{}
		}
		w.start("b", resyncEvery(10*time.Minute))
		pass(5 * time.Minute)
		require.Greater(t, v.count("list"), 20, "it does not wait for the next resync")
		down = false
		pass(15 * time.Second)
		require.Equal(t, 1, w.decisions(), "and still reaches back to the oldest object")
	})
}

// Without webhooks a listing cannot show that something was deleted since the last one.
func TestP1_DeletionIsNoticedWithoutWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("a", resyncEvery(time.Minute))
		w.ask("r1")
		pass(10 * time.Minute)
		v.delete("r1")
		pass(45 * time.Minute)
		requireOpen(t, w, v, "r1")
	})
}

// The other instance opened the object and died; it was decided before this instance had learnt of the object.
func TestP3_DecisionAtAnObjectLearntOfLateIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		v.traits = bridge.Traits{ApplyWithin: 10 * time.Minute, SearchLag: time.Second}
		w := newWorld(t, v)
		a := w.start("a")
		b := w.start("b", resyncEvery(time.Minute))
		b.setDeaf(true)
		w.ask("r1")
		pass(10 * time.Second)
		a.crash()
		v.approve("r1", bob)
		pass(8 * time.Minute)
		b.setDeaf(false)
		w.announce("r1")
		pass(15 * time.Minute)
		require.Equal(t, 1, w.decisions())
	})
}

func TestP6_ListingThatPanicsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v := many(t, 1)
		v.approve("r0", bob)
		panics := 2
		v.fault = func(_ context.Context, op, _ string) fault {
			if op == "list" && panics > 0 {
				panics--
				panic("an odd answer")
			}
			return fault{}
		}
		w.start("b", resyncEvery(time.Minute))
		pass(5 * time.Minute)
		require.Zero(t, panics)
		require.Equal(t, 1, w.decisions(), "the process goes on, and so do its listings")
	})
}
