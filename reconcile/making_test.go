package reconcile

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// Some vendors accept a creation and carry it out later. Another instance than the one that asked for it does not see the object until then,
// and must not take it for deleted.
func TestP4_ObjectInTheMakingIsClosedOnceItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		var hidden atomic.Bool
		v.fault = func(_ context.Context, op, _ string) fault {
			if op == "close" && hidden.Load() {
				return fault{before: bridge.ErrGone}
			}
			return fault{}
		}
		w.ask("r1")
		pass(time.Second)
		requireOpen(t, w, v, "r1")
		hidden.Store(true)
		w.resolve("r1", bridge.StateDenied, "")
		pass(20 * time.Second)
		require.Equal(t, bridge.PhaseOpen, w.link("r1", "jira").Phase, "it may still appear")
		hidden.Store(false)
		pass(10 * time.Second)
		require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
		require.Equal(t, bridge.EndDenied, v.living("r1")[0].ending)
		require.Empty(t, i.engine.Failures())
	})
}
