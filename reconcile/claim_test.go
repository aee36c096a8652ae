package reconcile

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// The answer to the writing of a claim is lost, but the claim stands. Nothing was sent under it, so it need not be waited out.
func TestP1_ClaimWhoseAnswerWasLostIsUsedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		i.faults(nil, onFirst("swap claimed", errLost))
		w.ask("r1")
		pass(2 * time.Second)
		requireOpen(t, w, v, "r1")
		require.Equal(t, 1, v.count(), "one vendor call: nobody can have created the object before")
	})
}

// The same with a claim taken over from another process, which may have created the object: it is looked for first.
func TestP2_ClaimTakenOverWhoseAnswerWasLostStillLooksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		a := w.start("a", resyncEvery(time.Minute))
		a.faults(nil, func(effect string) error {
			if effect == "jira open" {
				return errDead
			}
			return nil
		})
		w.ask("r1")
		synctest.Wait()
		a.crash()
		b := w.start("b", resyncEvery(time.Minute))
		b.faults(nil, onFirst("swap claimed", errLost))
		pass(10 * time.Minute)
		requireOpen(t, w, v, "r1")
		require.Equal(t, 1, v.count("open"))
	})
}

// A claim under which the create call has gone out is waited out as before, also by the process that holds it.
func TestP2_ClaimUnderWhichSomethingWasSentIsWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		i.faults(nil, onFirst("jira open", errLost))
		w.ask("r1")
		synctest.Wait()
		require.Equal(t, bridge.PhaseClaimed, w.link("r1", "jira").Phase)
		pass(10 * time.Minute)
		requireOpen(t, w, v, "r1")
		require.Equal(t, 1, v.count("open"))
	})
}
