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

// The vendor is down for longer than Teleport keeps the records. The process that has tried goes on trying, ever more seldom, also when it has
// read meanwhile that there are no records any more.
func TestP4_ObjectIsClosedHoursAfterItsRecordIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		v.fault = func(context.Context, string, string) fault { return fault{before: errors.New("503")} }
		w.resolve("r1", bridge.StateApproved, "fine")
		pass(30 * time.Minute)
		w.remove("r1")
		w.loseData("r1")
		pass(9 * time.Hour)
		require.Len(t, i.engine.Failures(), 1, "visible all the time")
		tries := v.count("close")
		pass(2 * time.Hour)
		require.LessOrEqual(t, v.count("close")-tries, 2*60/8)
		require.Greater(t, v.count("close"), tries)
		v.fault = func(context.Context, string, string) fault { return fault{} }
		pass(12 * time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndApproved)
		require.Empty(t, i.engine.Failures())
		require.Zero(t, i.memory())
	})
}

// The request and its records go while Teleport cannot be reached, and the first that is read afterwards is that there are no records.
func TestP4_ObjectIsClosedWhoseRecordWentUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		i.setDeaf(true)
		w.remove("r1")
		w.loseData("r1")
		pass(2 * reloadEvery)
		require.Equal(t, bridge.Link{}, i.store.Link("r1", "jira"))
		i.setDeaf(false)
		i.requests.take("r1", bridge.Request{}, false)
		pass(time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndExpired)
		require.Zero(t, i.memory())
	})
}

// endsUnrecorded lets a request end while the vendor is down, and Teleport remove its record. The vendor stays down.
func (w *world) endsUnrecorded(v *vendor) {
	w.ask("r1")
	pass(time.Second)
	v.fault = func(context.Context, string, string) fault { return fault{before: errors.New("503")} }
	w.remove("r1")
	pass(time.Minute)
	w.loseData("r1")
}

// What cannot be closed is not remembered for ever, nor without a bound.
func TestP4_WhatCannotBeClosedIsGivenUpInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.endsUnrecorded(v)
		pass(unclosedFor - time.Hour)
		require.Len(t, i.engine.Failures(), 1)
		pass(2 * time.Hour)
		require.Empty(t, i.engine.Failures())
		require.Zero(t, i.memory())
		m := i.engine.mirrors["jira"]
		for n := range mostUnclosed + 10 {
			m.keepUnclosed(fmt.Sprint("x", n), bridge.Link{Phase: bridge.PhaseOpen})
		}
		require.Len(t, m.unclosed, mostUnclosed)
	})
}

// An object that is closed while all links are being read is not taken for one whose record has gone.
func TestP4_ObjectClosedDuringTheReadingOfAllLinksIsClosedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		before := i.engine.openLinks()
		require.Len(t, before, 1)
		w.remove("r1")
		pass(time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndDeleted)
		i.engine.keepVanished(t.Context(), before)
		pass(time.Minute)
		require.Equal(t, 1, v.count("close"))
		require.Zero(t, i.memory())
	})
}

// A conflict, or another instance's lease, makes an instance read that there is no record any more.
func TestP4_ObjectIsClosedAlthoughItsMissingRecordWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.endsUnrecorded(v)
		require.NoError(t, i.store.Refresh(t.Context(), "r1"))
		pass(5 * time.Minute)
		v.fault = func(context.Context, string, string) fault { return fault{} }
		pass(10 * time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndDeleted)
		require.Zero(t, i.memory())
	})
}

// The request and its records go during the creation, so the object was never written down.
func TestP4_ObjectIsClosedThatCouldNotBeWrittenDown(t *testing.T) {
	for name, deleted := range map[string]bool{"still there": false, "deleted by somebody": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				v.traits.MadeLater = true
				var failure error
				v.fault = func(_ context.Context, op, _ string) fault {
					if op == "open" {
						<-time.After(5 * time.Second)
						inOrder()
						return fault{}
					}
					return fault{before: failure}
				}
				w.ask("r1")
				pass(2 * time.Second)
				failure = errors.New("503")
				w.remove("r1")
				w.loseData("r1")
				pass(2 * reloadEvery)
				require.Equal(t, bridge.Link{}, i.store.Link("r1", "jira"))
				require.Len(t, i.engine.Failures(), 1)
				failure = nil
				if deleted {
					v.delete("r1")
				}
				pass(30 * time.Minute)
				for _, o := range v.living("r1") {
					require.Equal(t, bridge.EndDeleted, o.ending)
				}
				require.Empty(t, i.engine.Failures())
				require.Zero(t, i.memory())
			})
		})
	}
}
