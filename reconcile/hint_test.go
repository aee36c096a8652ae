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

// A lease seen in passing must not keep a decision waiting after it was given back.
func TestDecisionDoesNotWaitForALeaseThatWasGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		b := w.start("b")
		w.threshold = 2
		w.ask("r1")
		pass(10 * time.Minute)
		latency := time.Second
		for _, i := range w.instances {
			i.faults(func(effect string) error {
				if effect == "jira update" {
					<-time.After(latency)
				}
				return nil
			}, nil)
		}
		w.review("r1", "carol", bridge.StateApproved, "fine")
		pass(3 * time.Second)
		require.Equal(t, 1, v.count("update"))
		v.approve("r1", bob)
		for _, i := range []*instance{w.instances[0], b} {
			if i.store.Link("r1", "jira").Held(i.name, time.Now()) {
				i.hint("r1")
			}
		}
		pass(time.Second)
		require.Equal(t, 1, w.decisions())
	})
}

func TestHintsAboutNothingOfOursAreNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		require.False(t, i.engine.Hint("pager", bridge.Hint{RequestID: "r1"}), "an integration that is not configured")
		require.False(t, i.engine.Hint("jira", bridge.Hint{ObjectID: "jira-99"}))
		require.False(t, i.engine.Hint("jira", bridge.Hint{ObjectID: "jira-99", RequestID: "r99"}))
		require.False(t, i.engine.Hint("jira", bridge.Hint{}))
		pass(time.Minute)
		require.Equal(t, 1, v.count())
	})
}

// The webhook reaches the instance that lost the claim and still waits for it to run out.
func TestHintAboutAnObjectThatIsStillClaimedAsFarAsIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		w.start("b")
		v.fault = func(context.Context, string, string) fault {
			<-time.After(time.Second)
			return fault{}
		}
		w.ask("r1")
		pass(5 * time.Second)
		v.approve("r1", bob)
		for _, i := range w.instances {
			if i.store.Link("r1", "jira").Phase == bridge.PhaseClaimed {
				i.hint("r1")
			}
		}
		pass(2 * time.Second)
		require.Equal(t, 1, w.decisions())
	})
}

// The webhook reaches an instance that has not heard yet that another one opened the object.
func TestHintAboutAnObjectOfAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		w.ask("r1")
		pass(time.Second)
		b := w.start("b")
		b.store.mu.Lock()
		clear(b.store.links)
		b.store.mu.Unlock()
		v.approve("r1", bob)
		require.True(t, b.engine.Hint("jira", bridge.Hint{RequestID: "r1", ObjectID: "jira-1"}))
		pass(time.Second)
		require.Equal(t, 1, w.decisions())
		require.Equal(t, 1, v.count("open"))
	})
}

// A delivery that names the object alone comes before the link is written, or to another instance that does not know the link yet. It is not
// lost until the next listing.
func TestP5_HintAboutAnObjectThatIsNotLinkedYetIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		b := w.start("b", resyncEvery(time.Hour))
		for _, one := range []*instance{i, b} {
			one.faults(func(effect string) error {
				if effect == "swap open" {
					<-time.After(time.Second)
				}
				return nil
			}, nil)
		}
		w.ask("r1")
		pass(500 * time.Millisecond)
		object := v.living("r1")[0].ref.ID
		require.False(t, i.engine.Hint("jira", bridge.Hint{ObjectID: "jira-99"}), "no object of ours")
		v.approve("r1", bob)
		for _, one := range []*instance{i, b} {
			require.False(t, one.engine.Hint("jira", bridge.Hint{ObjectID: object, DeliveryID: "d-1"}), "not known yet")
		}
		pass(2 * time.Second)
		require.Equal(t, 1, w.decisions())
	})
}

func TestHintsAboutUnknownObjectsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, i := one(t)
		for n := range 3 * mostStrays {
			i.engine.Hint("jira", bridge.Hint{ObjectID: fmt.Sprint("other-", n)})
		}
		require.Len(t, i.engine.mirrors["jira"].strays, mostStrays)
		pass(strayFor)
		i.engine.Hint("jira", bridge.Hint{ObjectID: "another"})
		require.Len(t, i.engine.mirrors["jira"].strays, 1, "old ones make room")
	})
}
