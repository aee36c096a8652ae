package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func TestP6_FailingOnCallSourceIsRetriedAndHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		i := w.start("a")
		pager.fails("oncall", func(context.Context) fault { return fault{before: errors.New("502")} })
		pager.puts(alice, 1, -time.Hour, 8*time.Hour)
		w.ask("r1")
		pass(0)
		requireOpen(t, w, jira, "r1")
		requireOpen(t, w, pager, "r1")
		pass(5 * time.Minute)
		require.Zero(t, w.decisions(), "nobody is on call as far as is known")
		failures := i.engine.Failures()
		require.Len(t, failures, 1)
		require.Equal(t, "on-call/pager", failures[0].Queue)
		require.Equal(t, bridge.ClassRetry, failures[0].Class)
		require.Contains(t, failures[0].Error, "502")
		require.Greater(t, pager.count("oncall"), 5)
		pager.fails("oncall", func(context.Context) fault { return fault{} })
		pass(2 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Empty(t, i.engine.Failures())
	})
}

func TestFailureOfASourceIsForgottenOnceItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		i := w.start("a")
		failed := false
		pager.fails("oncall", func(context.Context) fault {
			if failed {
				return fault{}
			}
			failed = true
			return fault{before: errors.New("502")}
		})
		w.ask("r1")
		pass(0)
		require.Len(t, i.engine.Failures(), 1)
		pass(time.Second)
		require.Empty(t, i.engine.Failures(), "the request still waits, but nothing is wrong")
		asked := pager.count("oncall")
		pass(rosterPause + rosterPause/5)
		require.Greater(t, pager.count("oncall"), asked)
	})
}

func TestHowOftenASourceIsAskedIsTheTargetsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		w.start("a", func(_ *instance, o *Options) {
			for n := range o.Targets {
				o.Targets[n].OnCallEvery = time.Second
			}
		})
		w.ask("r1")
		pass(10 * time.Second)
		require.GreaterOrEqual(t, pager.count("oncall"), 8)
		require.LessOrEqual(t, pager.count("oncall"), 14)
		pager.puts(alice, 1, 0, 8*time.Hour)
		pass(1200 * time.Millisecond)
		requireState(t, w, "r1", bridge.StateApproved)
	})
}

// A name that the vendor does not know must not look like nobody being on call.
func TestTerminalFaultOfASourceIsShownAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		i := w.start("a")
		unknown := bridge.Terminal(errors.New(`there is no service "production"`))
		pager.fails("oncall", func(context.Context) fault { return fault{before: unknown} })
		pager.puts(alice, 1, -time.Hour, 8*time.Hour)
		w.ask("r1")
		w.ask("r2")
		pass(7 * time.Minute)
		require.LessOrEqual(t, pager.count("oncall"), 2*7, "with growing pauses")
		require.Zero(t, w.decisions())
		failures := i.engine.Failures()
		require.Len(t, failures, 2)
		for _, f := range failures {
			require.Equal(t, bridge.ClassTerminal, f.Class)
			require.Contains(t, f.Error, `there is no service "production"`)
		}
		requireOpen(t, w, jira, "r1")
		w.resolve("r2", bridge.StateDenied, "no")
		pass(time.Second)
		require.Len(t, i.engine.Failures(), 1, "nobody need mend it for a request that has ended")
		pager.fails("oncall", func(context.Context) fault { return fault{} })
		pass(10 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Empty(t, i.engine.Failures())
	})
}

// Many requests, more than there are workers, while one kind of call never comes back.
func TestP6_HangingCallsHoldUpNothingElse(t *testing.T) {
	const many = 20
	ids := func() (ids []string) {
		for n := range many {
			ids = append(ids, fmt.Sprint("r", n))
		}
		return ids
	}()
	t.Run("reading who is on call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, jira, pager := staffed(t)
			w.start("a")
			pager.fails("oncall", hang)
			for _, id := range ids {
				w.ask(id)
			}
			pass(0)
			for _, id := range ids {
				requireOpen(t, w, jira, id)
				requireOpen(t, w, pager, id)
			}
			pass(time.Minute)
			require.Zero(t, w.decisions())
		})
	})
	t.Run("opening", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, jira, pager := staffed(t)
			w.start("a")
			jira.fails("open", hang)
			pager.fails("open", hang)
			pager.puts(alice, 1, time.Second, 8*time.Hour)
			for _, id := range ids {
				w.ask(id)
			}
			pass(callLimit - time.Second)
			require.Equal(t, 4, pager.count("open"), "the calls still hang")
			for _, id := range ids {
				requireState(t, w, id, bridge.StateApproved)
			}
		})
	})
	t.Run("another vendor's rota", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, _, pager := staffed(t, func(r *policy.Route) {
				r.OnCall = append([]policy.OnCall{{Integration: "other", Query: onCallRule.Query}}, r.OnCall...)
			})
			other := newVendor("other")
			other.rota = []turn{}
			other.fails("oncall", hang)
			w.vendors = append(w.vendors, other)
			w.start("a")
			pager.puts(alice, 1, -time.Hour, 8*time.Hour)
			for _, id := range ids {
				w.ask(id)
			}
			pass(0)
			for _, id := range ids {
				requireState(t, w, id, bridge.StateApproved)
			}
			require.False(t, slices.ContainsFunc(w.submitted, func(d bridge.Decision) bool { return d.Evidence.Target != "pager" }))
		})
	})
}

// A stale answer of a vendor that is down now stands in nobody's way.
func TestP6_VendorThatWentDownDoesNotKeepAnotherFromApproving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t, func(r *policy.Route) {
			r.OnCall = append([]policy.OnCall{{Integration: "another", Query: onCallRule.Query}}, r.OnCall...)
		})
		another := newVendor("another")
		another.puts(alice, 1, 0, 8*time.Hour)
		w.vendors = append(w.vendors, another)
		i := w.start("a")
		pager.puts(alice, 1, 0, 8*time.Hour)
		i.faults(always("fresh", errors.New("Teleport is unavailable")), nil)
		w.ask("r1")
		pass(time.Second)
		another.fails("oncall", func(context.Context) fault { return fault{before: errors.New("502")} })
		pass(5 * time.Minute)
		i.faults(nil, nil)
		pass(2 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, "pager", w.submitted[0].Evidence.Target)
	})
}

// Questions about who is on call come beside the calls of the mirror. They are few at once, so that an account is not asked for twice what its
// workers allow.
func TestP6_FewQuestionsAboutWhoIsOnCallAreAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		w.start("a", func(_ *instance, o *Options) {
			for n := range o.Targets {
				o.Targets[n].Workers = 16
			}
		})
		pager.fails("oncall", hang)
		for n := range 20 {
			w.ask(fmt.Sprint("r", n))
		}
		pass(time.Second)
		require.Equal(t, rosterWorkers, pager.count("oncall"))
		require.Equal(t, 20, pager.count("open"))
	})
}
