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

// The audit record names the webhook delivery that made the bridge read the object, if one did.
func TestEvidenceNamesTheDeliveryItWasReadFor(t *testing.T) {
	hint := func(i *instance, delivery string) {
		require.True(t, i.engine.Hint("jira", bridge.Hint{RequestID: "r1", ObjectID: "jira-1", DeliveryID: delivery}))
	}
	failOnce := func(v *vendor, then func()) {
		v.fault = func(_ context.Context, op, _ string) fault {
			if op != "evidence" {
				return fault{}
			}
			v.fault = func(context.Context, string, string) fault { return fault{} }
			then()
			return fault{before: errors.New("planted")}
		}
	}
	for name, c := range map[string]struct {
		happens func(v *vendor, i *instance)
		want    string
	}{
		"delivery":               {func(_ *vendor, i *instance) { hint(i, "d-1") }, "d-1"},
		"vendor without ids":     {func(_ *vendor, i *instance) { hint(i, "") }, ""},
		"resync":                 {func(*vendor, *instance) {}, ""},
		"the newest of two":      {func(_ *vendor, i *instance) { i.engine.mirrors["jira"].setDue("r1", "d-1"); hint(i, "d-2") }, "d-2"},
		"then also looked at":    {func(_ *vendor, i *instance) { hint(i, "d-1"); i.engine.look("jira", "r1") }, "d-1"},
		"read at the second try": {func(v *vendor, i *instance) { failOnce(v, func() {}); hint(i, "d-1") }, "d-1"},
		"newer at the second try": {func(v *vendor, i *instance) {
			failOnce(v, func() { hint(i, "d-2") })
			hint(i, "d-1")
		}, "d-2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				w := newWorld(t, v)
				i := w.start("a", resyncEvery(5*time.Minute))
				w.ask("r1")
				pass(10 * time.Second)
				v.approve("r1", bob)
				c.happens(v, i)
				pass(15 * time.Minute)
				require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
				require.Equal(t, c.want, w.audit[0].Evidence.DeliveryID)
			})
		})
	}
}

// A delivery that was used is not held against a later reading.
func TestLaterReadingDoesNotNameAnEarlierDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		i := w.start("a", resyncEvery(5*time.Minute))
		w.ask("r1")
		pass(10 * time.Second)
		require.True(t, i.engine.Hint("jira", bridge.Hint{ObjectID: "jira-1", DeliveryID: "d-1"}))
		pass(time.Minute)
		require.Empty(t, w.audited())
		v.approve("r1", bob)
		pass(15 * time.Minute)
		require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
		require.Empty(t, w.audit[0].Evidence.DeliveryID)
	})
}
