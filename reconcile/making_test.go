package reconcile

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// A vendor that carries out a creation later answers that the object is gone, when it is still to come. The closing must not be forgotten.
func TestP4_ObjectThatIsStillInTheMakingIsClosedLater(t *testing.T) {
	for later, closed := range map[bool]int{true: 1, false: 0} {
		t.Run(fmt.Sprint("made later ", later), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, _ := one(t)
				v.traits.MadeLater = later
				made := time.Now().Add(20 * time.Second)
				v.fault = func(_ context.Context, op, _ string) fault {
					if op == "close" && time.Now().Before(made) {
						return fault{before: bridge.ErrGone}
					}
					return fault{}
				}
				w.ask("r1")
				pass(time.Second)
				w.resolve("r1", bridge.StateApproved, "fine")
				pass(5 * time.Minute)
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				n := 0
				for _, o := range v.objects {
					if o.ending != "" {
						n++
					}
				}
				require.Equal(t, closed, n)
			})
		})
	}
}

// Only the process that asked for it knows that it is to come. Another one that finds nothing must not take it for deleted: what is asked for a
// second time may be carried out when the first is closed.
func TestP2_ObjectThatIsStillInTheMakingIsNotMadeAgain(t *testing.T) {
	for name, touch := range map[string]func(*world, *instance){
		"a note":    func(w *world, _ *instance) { w.review("r1", "carol", bridge.StateApproved, "fine") },
		"a reading": func(w *world, i *instance) { i.engine.Hint("jira", bridge.Hint{ObjectID: w.link("r1", "jira").Ref.ID}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				v.traits.MadeLater, v.traits.Keyed = true, true
				w := newWorld(t, v)
				w.threshold = 2
				i := w.start("a")
				made := time.Now().Add(20 * time.Second)
				v.fault = func(_ context.Context, op, _ string) fault {
					if op != "open" && time.Now().Before(made) {
						return fault{before: bridge.ErrGone}
					}
					return fault{}
				}
				w.ask("r1")
				pass(time.Second)
				touch(w, i)
				pass(time.Minute)
				require.Equal(t, 1, v.count("open"))
				require.Empty(t, i.engine.Failures())
				v.delete("r1")
				w.review("r1", "dave", bridge.StateApproved, "fine too")
				pass(5 * time.Minute)
				require.Equal(t, 2, v.count("open"), "what people delete is made again")
			})
		})
	}
}
