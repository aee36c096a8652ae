package reconcile

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// life is everything that may happen to a request, with time between the steps.
func life(w *world, v *vendor) []func() {
	return []func(){
		func() { w.ask("r1") },
		func() { w.review("r1", "carol", bridge.StateApproved, "one") },
		func() { v.approve("r1", alice) },
		func() {
			w.instances[len(w.instances)-1].engine.Hint("jira", bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "jira").Ref.ID})
		},
		func() { w.review("r1", "dave", bridge.StateApproved, "two") },
		func() { w.resolve("r1", bridge.StateApproved, "enough") },
	}
}

// The first instance crashes before its n-th effect, for every n until it survives. Another one takes over, and in the end nothing is
// missing and nothing is there twice.
func TestP1_P2_CrashBetweenAnyTwoEffects(t *testing.T) {
	survived := false
	crash := 0
	for !survived {
		crash++
		require.Less(t, crash, 100)
		t.Run(fmt.Sprint("before effect ", crash), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				w := newWorld(t, v)
				w.threshold = 5
				a := w.start("a", crashBefore(crash), resyncEvery(time.Minute))
				for _, step := range life(w, v) {
					step()
					pass(10 * time.Second)
					if a.crashed() && len(w.instances) == 1 {
						w.start("b", resyncEvery(time.Minute))
					}
					pass(8 * time.Minute)
				}
				o := requireClosed(t, w, v, "r1", bridge.EndApproved)
				require.Equal(t, 1, v.count("open"))
				require.ElementsMatch(t, []string{
					"carol approved this request in Teleport: one",
					"dave approved this request in Teleport: two",
					`"Approved" does not count as a decision: nobody can decide their own Access Request. Move it back and let another person decide.`,
					"The request was approved in Teleport by carol, dave: enough",
				}, o.texts())
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				survived = !a.crashed()
			})
		})
		if t.Failed() {
			return
		}
	}
	require.Greater(t, crash, 10, "there were effects to crash between")
}

// The same, when a person at the object decides.
func TestP3_CrashBetweenAnyTwoEffectsOfADecision(t *testing.T) {
	survived := false
	crash := 0
	for !survived {
		crash++
		require.Less(t, crash, 100)
		t.Run(fmt.Sprint("before effect ", crash), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				w := newWorld(t, v)
				a := w.start("a", crashBefore(crash), resyncEvery(time.Minute))
				steps := []func(){func() { w.ask("r1") }, func() { v.approve("r1", bob) }}
				for _, step := range steps {
					step()
					pass(2 * time.Minute)
					if a.crashed() && len(w.instances) == 1 {
						w.start("b", resyncEvery(time.Minute))
					}
					pass(8 * time.Minute)
				}
				require.Zero(t, v.doubles)
				require.Equal(t, 1, v.count("open"))
				require.Equal(t, 1, w.decisions())
				req, _ := w.request("r1")
				require.Equal(t, bridge.StateApproved, req.State)
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				survived = !a.crashed()
			})
		})
		if t.Failed() {
			return
		}
	}
	require.Greater(t, crash, 6, "there were effects to crash between")
}
