package reconcile

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// The create call had no answer, nothing was created, and the request is gone before that is known. No event comes any more.
func TestNothingIsKeptOfAClaimThatCameToNothing(t *testing.T) {
	for name, end := range map[string]func(*world){
		"withdrawn":                      func(w *world) { w.remove("r1") },
		"withdrawn, and its record lost": func(w *world) { w.remove("r1"); w.loseData("r1") },
		"denied":                         func(w *world) { w.resolve("r1", bridge.StateDenied, "no") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				v.fails("open", func(context.Context) fault { return fault{before: errors.New("503")} })
				w.ask("r1")
				pass(time.Second)
				end(w)
				pass(10 * time.Minute)
				require.Equal(t, bridge.Link{}, w.link("r1", "jira"))
				require.Empty(t, i.engine.Failures())
				require.Zero(t, i.memory())
			})
		})
	}
}

// While Teleport is slow to answer, the object is moved back and read again. What is known by then decides.
func TestP3_DecisionWithdrawnWhileTheRequestIsReadDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		slow := false
		i.faults(func(effect string) error {
			if effect == "fresh" && slow {
				<-time.After(8 * time.Second)
			}
			return nil
		}, func(string) error { return nil })
		slow = true
		v.approve("r1", bob)
		i.hint("r1")
		pass(2 * time.Second)
		v.move("r1", "Open", bridge.Undecided, bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions())
		requireState(t, w, "r1", bridge.StatePending)

		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		require.Equal(t, 1, w.decisions())
		requireState(t, w, "r1", bridge.StateApproved)
	})
}
