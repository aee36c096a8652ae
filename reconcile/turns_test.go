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

// three is a world with three instances that know of each other.
func three(t *testing.T) (*world, *vendor, []*instance) {
	v := newVendor("jira")
	w := newWorld(t, v)
	var all []*instance
	for _, name := range []string{"a", "b", "c"} {
		all = append(all, w.start(name))
	}
	for _, i := range all {
		for _, other := range all {
			i.engine.turns.lost(other.name)
		}
	}
	return w, v, all
}

func (w *world) opened(ids []string) (n int) {
	for _, id := range ids {
		if w.link(id, "jira").Phase == bridge.PhaseOpen {
			n++
		}
	}
	return n
}

func names(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("r%d", i))
	}
	return ids
}

func swaps() []string { return []string{"swap claimed", "swap open", "swap closed", "swap none"} }

// Whoever comes first opens the object at once and closes it, and costs no more calls than if it were alone. The others only read.
func TestW5_InstancesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, all := three(t)
		ids := names(300)
		for _, id := range ids {
			w.ask(id)
		}
		pass(time.Second)
		require.Equal(t, len(ids), w.opened(ids), "nobody waits for those who come later")
		pass(time.Minute)
		for _, id := range ids {
			w.resolve(id, bridge.StateDenied, "no")
		}
		pass(time.Second)
		require.Equal(t, len(ids), v.count("close"))
		pass(time.Minute)
		written, read := 0, 0
		for _, i := range all {
			share := i.called("swap claimed")
			require.InDelta(t, len(ids)/3, share, 60, "each has a share of the work")
			written += i.called(swaps()...)
			read += i.called("refresh", "load")
			require.Empty(t, i.engine.turns.waiting)
			require.Len(t, i.engine.turns.others, 2)
		}
		require.Equal(t, 4*len(ids), written, "claimed, open, leased, closed")
		require.Equal(t, 2*len(ids), v.count(), "opened and closed")
		require.Less(t, read, len(ids)/2, "many are read at once, and the last few one by one")
	})
}

// The instance that had a request decided at an object puts an end to it, at once: it has read the object. The others do not even look at the
// vendor.
func TestW5_TheDecidingInstanceCloses(t *testing.T) {
	for _, goesOn := range []bool{false, true} {
		t.Run(fmt.Sprintf("object goes on %t", goesOn), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { theDecidingInstanceCloses(t, goesOn) })
		})
	}
}

func theDecidingInstanceCloses(t *testing.T, goesOn bool) {
	w, v, all := three(t)
	v.incidents = goesOn
	closings := 0
	if goesOn {
		closings = 9
	}
	for n, id := range names(9) {
		w.ask(id)
		pass(10 * time.Second)
		object := v.living(id)[0]
		v.approve(id, bob)
		all[n%3].engine.Hint("jira", bridge.Hint{ObjectID: object.ref.ID})
		pass(time.Second)
		require.Equal(t, bridge.PhaseClosed, w.link(id, "jira").Phase)
		pass(10 * time.Second)
	}
	require.Equal(t, 2*9+closings, v.count(), "opened and read: %v", v.calls)
	for _, i := range all {
		require.Empty(t, i.engine.turns.waiting)
	}
}

// W5: what a dead instance would have done is done by the others, a little later for the first request and at once from then on.
func TestP1_W5_TurnsOfTheDeadAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, all := three(t)
		ids := names(60)
		all[0].crash()
		for _, id := range ids {
			w.ask(id)
		}
		pass(2 * turnPatience)
		require.Equal(t, len(ids), w.opened(ids))
		require.Zero(t, v.doubles)
		for n := range 20 {
			w.ask(fmt.Sprint("x", n))
			pass(time.Minute)
		}
		w.ask("last")
		pass(time.Second)
		require.Equal(t, 1, w.opened([]string{"last"}), "the dead one is not waited for any more")
		for _, i := range all[1:] {
			require.NotContains(t, i.engine.turns.others, "a")
		}
	})
}

// An instance that has died between opening and closing leaves objects that the others may not even have heard of.
func TestP4_W5_ObjectsOfTheDeadAreClosed(t *testing.T) {
	for _, after := range []time.Duration{time.Second, 3 * time.Second, 10 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, all := three(t)
				ids := names(12)
				for _, id := range ids {
					w.ask(id)
				}
				pass(after)
				require.Equal(t, len(ids), w.opened(ids))
				all[0].crash()
				all[1].crash()
				for _, id := range ids {
					w.resolve(id, bridge.StateApproved, "yes")
				}
				pass(time.Minute)
				for _, id := range ids {
					require.Equal(t, bridge.PhaseClosed, w.link(id, "jira").Phase, id)
					require.Equal(t, bridge.EndApproved, v.living(id)[0].ending, id)
				}
			})
		})
	}
}

// An instance that is slow is not overtaken as long as it gets on.
func TestW5_WhoeverIsBehindIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, all := three(t)
		all[0].faults(func(effect string) error {
			if effect == "jira open" {
				<-time.After(200 * time.Millisecond)
			}
			return nil
		}, nil)
		ids := names(300)
		for _, id := range ids {
			w.ask(id)
		}
		pass(turnPause)
		require.Less(t, w.opened(ids), len(ids))
		pass(turnPatience)
		require.Equal(t, len(ids), w.opened(ids))
		written := 0
		for _, i := range all {
			written += i.called(swaps()...)
		}
		require.InDelta(t, 2*len(ids), written, float64(len(ids))/10, "claimed and open, and hardly ever tried in vain")
	})
}

// A claim that somebody else holds is looked at again when it has run out, before one is tried.
func TestW5_ClaimOfAnotherIsLookedAtBeforeItIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		slow := true
		v.fault = func(_ context.Context, op, _ string) fault {
			if op == "open" && slow {
				slow = false
				<-time.After(5 * time.Second)
			}
			return fault{}
		}
		a := w.start("a")
		w.ask("r1")
		pass(time.Second)
		require.Equal(t, bridge.PhaseClaimed, w.link("r1", "jira").Phase)
		b := w.start("b")
		pass(10 * time.Minute)
		require.Equal(t, 1, b.called("refresh"))
		require.Zero(t, b.called(swaps()...))
		require.Equal(t, 2, a.called(swaps()...))
		require.Len(t, v.living("r1"), 1)
	})
}

// An instance alone waits for nobody, also after all others have gone.
func TestOneInstanceWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, i := one(t)
		i.engine.turns.lost("gone")
		ids := names(30)
		for _, id := range ids {
			w.ask(id)
		}
		pass(2 * (turnPause + readAllEvery))
		require.Equal(t, len(ids), w.opened(ids))
		require.Empty(t, i.engine.turns.others)
		require.NotZero(t, i.called("refresh", "load"))
		i.engine.turns.lost("a")
		i.engine.turns.lost("")
		require.Empty(t, i.engine.turns.others, "oneself is no other")
	})
}

// Reading fails, and is tried again: nobody acts without having looked.
func TestP2_TurnIsNotTakenUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		failing := true
		i.faults(func(effect string) error {
			if effect == "refresh" && failing {
				return errors.New("Teleport is unavailable")
			}
			return nil
		}, nil)
		id := "r1"
		for n := 0; place("other", id) > place("a", id); n++ {
			id = fmt.Sprint("r", n)
		}
		i.engine.turns.lost("other")
		w.ask(id)
		pass(10 * time.Second)
		require.Zero(t, v.count("open"))
		failing = false
		pass(2 * time.Minute)
		require.Len(t, v.living(id), 1)
	})
}
