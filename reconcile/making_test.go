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
