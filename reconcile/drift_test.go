package reconcile

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// The review is in, Teleport waits for a second one, and meanwhile the object is moved back.
func TestDriftWhileTheRequestWaitsIsToldOncePerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.threshold = 2
		w.ask("r1")
		pass(time.Minute)
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		var log logtest.Log
		i.engine.judge.log = log.Logger()
		for range 2 {
			v.move("r1", "Open", bridge.Undecided, carol)
			for range 3 {
				i.hint("r1")
				pass(time.Minute)
			}
		}
		require.Equal(t, []string{bridge.OutcomeRecorded, bridge.OutcomeDrift, bridge.OutcomeDrift}, w.audited())
		entry := w.audit[1]
		require.Equal(t, bridge.Approve, entry.Verdict)
		require.Equal(t, "bob@example.com", entry.Person)
		require.Equal(t, "Open", entry.Evidence.Status)
		require.Equal(t, 2, log.Count("evidence changed after the decision"))
		texts := requireOpen(t, w, v, "r1").texts()
		require.Len(t, texts, 3)
		require.Contains(t, texts[1], `This object says "Open" now, by carol@example.com, but Teleport has taken the decision from here (approved) already`)
		req, _ := w.request("r1")
		require.Equal(t, bridge.StatePending, req.State)
		require.Equal(t, 1, w.decisions())

		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		require.Len(t, w.audited(), 4, "another approval is another statement")
	})
}

func TestDriftAfterTheEndIsToldOncePerChange(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*vendor)
		want   string
	}{
		"the opposite":      {func(v *vendor) { v.move("r1", "Denied", bridge.Deny, carol) }, `says "Denied" now, by carol@example.com`},
		"moved back":        {func(v *vendor) { v.move("r1", "Open", bridge.Undecided, carol) }, `says "Open" now, by carol@example.com`},
		"by a program":      {func(v *vendor) { v.move("r1", "Denied", bridge.Deny, bridge.Actor{ID: "bot", Automated: true}) }, `says "Denied" now, by bot`},
		"the same again":    {func(v *vendor) { v.approve("r1", carol) }, ""},
		"a program's state": {func(v *vendor) { v.move("r1", "Archived", bridge.Undecided, bridge.Actor{ID: "bot", Automated: true}) }, ""},
		"deleted":           {func(v *vendor) { v.delete("r1") }, ""},
		"nothing":           {func(*vendor) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Minute)
				hint := bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "jira").Ref.ID, DeliveryID: "d-1"}
				v.approve("r1", bob)
				i.hint("r1")
				pass(time.Minute)
				requireState(t, w, "r1", bridge.StateApproved)
				c.change(v)
				for range 5 {
					require.True(t, i.engine.Hint("jira", hint))
					pass(2 * time.Minute)
				}
				requireState(t, w, "r1", bridge.StateApproved)
				require.Equal(t, 1, w.decisions())
				require.Zero(t, i.memory())
				require.Empty(t, i.engine.Failures())
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				if c.want == "" {
					require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
					require.Zero(t, v.count("update"))
					return
				}
				require.Equal(t, []string{bridge.OutcomeApplied, bridge.OutcomeDrift}, w.audited())
				require.Equal(t, bridge.Approve, w.audit[1].Verdict, "what was decided")
				require.Equal(t, "d-1", w.audit[1].Evidence.DeliveryID)
				require.Equal(t, 1, v.count("update"))
				require.Contains(t, v.living("r1")[0].texts()[0], c.want)

				// Another instance, or this one after a restart, tells nothing twice.
				b := w.start("b")
				require.True(t, b.engine.Hint("jira", hint))
				pass(2 * time.Minute)
				require.Len(t, w.audited(), 2)
			})
		})
	}
}

func TestManyHintsAfterTheEndCostOneReadingAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Minute)
		hint := bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "jira").Ref.ID}
		w.resolve("r1", bridge.StateDenied, "no")
		pass(time.Minute)
		before := v.count()
		for range 600 {
			i.engine.Hint("jira", hint)
			pass(time.Second)
		}
		require.LessOrEqual(t, v.count()-before, 13)
		w.remove("r1")
		pass(5 * time.Minute)
		require.False(t, i.engine.Hint("jira", hint), "nothing is known of it any more")
		require.Zero(t, i.memory())
	})
}

func TestDriftIsReportedAlthoughTheVendorFailsAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Minute)
		hint := bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "jira").Ref.ID}
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		v.move("r1", "Denied", bridge.Deny, carol)
		v.fails("evidence", func(context.Context) fault { return fault{before: errors.New("502")} })
		i.engine.Hint("jira", hint)
		pass(5 * time.Minute)
		require.Len(t, w.audited(), 1)
		v.fails("evidence", func(context.Context) fault { return fault{} })
		pass(5 * time.Minute)
		require.Equal(t, []string{bridge.OutcomeApplied, bridge.OutcomeDrift}, w.audited())
		require.Empty(t, i.engine.Failures())
	})
}

// What was said before the end, and did not count, is no change since.
func TestWhatWasSaidBeforeTheEndIsNoDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Minute)
		hint := bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "jira").Ref.ID}
		v.move("r1", "Denied", bridge.Deny, alice)
		i.hint("r1")
		pass(time.Minute)
		w.resolve("r1", bridge.StateApproved, "fine")
		pass(time.Minute)
		readings := v.count("evidence")
		i.engine.Hint("jira", hint)
		pass(2 * time.Minute)
		require.Greater(t, v.count("evidence"), readings)
		require.Equal(t, []string{"refused requester"}, w.audited())
	})
}
