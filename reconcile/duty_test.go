package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

func requireState(t *testing.T, w *world, id string, state bridge.State) {
	t.Helper()
	req, _ := w.request(id)
	require.Equal(t, state, req.State)
}

func TestRequesterOnCallIsApprovedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		i := w.start("a")
		pager.puts(alice, 1, -time.Hour, 8*time.Hour)
		until := time.Now().Add(7 * time.Hour).UTC().Format("2006-01-02 15:04 MST")
		w.ask("r1")
		pass(0)
		requireState(t, w, "r1", bridge.StateApproved)
		pass(10 * time.Minute)
		require.Equal(t, 1, w.decisions())
		require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
		entry := w.audit[0]
		require.Equal(t, bridge.RuleOnCall, entry.Rule)
		require.Equal(t, requester, entry.Person)
		require.Equal(t, alice, entry.Evidence.Actor)
		require.Equal(t, `alice@example.com is on call by "Primary", level 1, until `+until, entry.Reason)
		require.Equal(t, entry.Reason, w.submitted[0].Reason)
		require.Equal(t, 1, pager.count("oncall"), "nobody asks any more")
		for _, o := range append(jira.living("r1"), pager.living("r1")...) {
			require.Equal(t, bridge.EndApproved, o.ending)
		}
		require.Zero(t, i.memory())
		require.Empty(t, i.engine.Failures())
	})
}

func TestOnlyTheRequesterWithinTheLevelsCounts(t *testing.T) {
	levels := func(n int) func(*policy.Route) {
		return func(r *policy.Route) { r.OnCall[0].Query.Levels = n }
	}
	automated := alice
	automated.Automated = true
	for name, c := range map[string]struct {
		who    bridge.Actor
		level  int
		change func(*policy.Route)
		want   bridge.State
	}{
		"called first":                {alice, 1, levels(1), bridge.StateApproved},
		"second tier":                 {alice, 2, levels(1), bridge.StatePending},
		"second tier, two count":      {alice, 2, levels(2), bridge.StateApproved},
		"second tier, all count":      {alice, 2, levels(0), bridge.StateApproved},
		"another case":                {bridge.Actor{ID: "x", Email: "ALICE@Example.com"}, 1, levels(1), bridge.StateApproved},
		"another person":              {bob, 1, levels(1), bridge.StatePending},
		"a person without an address": {bridge.Actor{ID: "x", Name: requester}, 1, levels(1), bridge.StatePending},
		"automation":                  {automated, 1, levels(1), bridge.StatePending},
		"another service": {alice, 1, func(r *policy.Route) {
			r.OnCall = []policy.OnCall{{Integration: "pager", Query: bridge.OnCallQuery{Services: []string{"Staging"}}}}
		}, bridge.StatePending},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager := staffed(t, c.change)
				w.start("a")
				pager.puts(c.who, c.level, -time.Hour, 8*time.Hour)
				w.ask("r1")
				pass(5 * time.Minute)
				requireState(t, w, "r1", c.want)
				if c.want == bridge.StatePending {
					require.Zero(t, w.decisions())
					require.Empty(t, w.audited(), "a shift that does not count is no decision to refuse")
					requireOpen(t, w, jira, "r1")
				}
			})
		})
	}
}

func TestShiftThatStartsMeanwhileDecidesThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		i := w.start("a")
		pager.puts(alice, 1, -2*time.Hour, 2*time.Hour-time.Second)
		pager.puts(alice, 1, 5*time.Minute, 8*time.Hour)
		pass(0)
		w.ask("r1")
		pass(5*time.Minute - time.Second)
		require.Zero(t, w.decisions(), "the shift before has run out")
		require.LessOrEqual(t, pager.count("oncall"), 14)
		requireOpen(t, w, jira, "r1")
		require.Empty(t, i.engine.Failures())
		pass(rosterPause + rosterPause/5 + time.Second)
		requireState(t, w, "r1", bridge.StateApproved)
		requireClosed(t, w, jira, "r1", bridge.EndApproved)
		requireClosed(t, w, pager, "r1", bridge.EndApproved)
		require.Equal(t, 1, w.decisions())
	})
}

func TestOnCallDecidesOnlyWhereTheRouteSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*policy.Route)
		asked  bool
		want   bridge.State
	}{
		"no rule":     {func(r *policy.Route) { r.OnCall = nil }, false, bridge.StatePending},
		"notify only": {func(r *policy.Route) { r.NotifyOnly = true }, false, bridge.StatePending},
		"empty query": {func(r *policy.Route) {
			r.OnCall = []policy.OnCall{{Integration: "pager", ServicesFrom: "pagerduty_services"}}
		}, false, bridge.StatePending},
		"route of others":        {func(r *policy.Route) { r.When = `request.user == "carol"` }, false, bridge.StatePending},
		"policy error":           {func(r *policy.Route) { r.When = `request.annotations["absent"][0] == "x"` }, false, bridge.StatePending},
		"override of its roles":  {func(r *policy.Route) { r.Mode, r.OverrideRoles = bridge.ModeOverride, []string{"prod"} }, true, bridge.StateApproved},
		"override of other ones": {func(r *policy.Route) { r.Mode, r.OverrideRoles = bridge.ModeOverride, []string{"dev"} }, true, bridge.StatePending},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, pager := staffed(t, c.change)
				w.start("a")
				pager.puts(alice, 1, -time.Hour, 8*time.Hour)
				w.ask("r1")
				pass(5 * time.Minute)
				requireState(t, w, "r1", c.want)
				require.Equal(t, c.asked, pager.count("oncall") > 0)
				if c.want == bridge.StateApproved {
					require.Equal(t, bridge.ModeOverride, w.submitted[0].Mode)
				}
			})
		})
	}
}

func TestServicesOfTheRequestersRolesAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t, func(r *policy.Route) {
			r.OnCall[0] = policy.OnCall{Integration: "pager", ServicesFrom: "pagerduty_services"}
		})
		w.start("a")
		pager.puts(alice, 1, -time.Hour, 8*time.Hour)
		now := time.Now()
		w.put(bridge.Request{
			ID: "r1", User: requester, Roles: []string{"prod"}, State: bridge.StatePending, Created: now, PendingUntil: now.Add(time.Hour),
			Annotations: map[string][]string{"pagerduty_services": {"Staging", "Production"}},
		})
		pass(time.Second)
		requireState(t, w, "r1", bridge.StateApproved)
	})
}

// Teleport could not be asked for a while, and nobody has read the rota since.
func TestP3_StaleDutyIsReadAgainBeforeDeciding(t *testing.T) {
	for name, lasts := range map[string]time.Duration{"still on call": 8 * time.Hour, "shift has ended": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, pager := staffed(t)
				i := w.start("a")
				i.faults(always("fresh", errors.New("Teleport is unavailable")), nil)
				pager.puts(alice, 1, 0, lasts)
				w.ask("r1")
				pass(freshEnough + time.Second)
				require.Zero(t, w.decisions())
				require.Equal(t, 1, pager.count("oncall"))
				healed := time.Now()
				i.faults(nil, nil)
				i.engine.judge.queue.add("r1")
				pass(0)
				require.Equal(t, 2, pager.count("oncall"))
				if lasts < freshEnough {
					pass(10 * time.Minute)
					require.Zero(t, w.decisions())
					return
				}
				require.Equal(t, 1, w.decisions())
				require.False(t, w.submitted[0].Evidence.ReadAt.Before(healed))
			})
		})
	}
}

// A slow vendor is asked once, not over and over because its answer took longer than an answer stays fresh.
func TestSlowAnswerIsNotStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		w.start("a")
		pager.fails("oncall", func(context.Context) fault {
			<-time.After(2 * freshEnough)
			return fault{}
		})
		pager.puts(alice, 1, -time.Hour, 8*time.Hour)
		w.ask("r1")
		pass(2 * freshEnough)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, 1, pager.count("oncall"))
	})
}

func TestDenialOfAPersonGoesBeforeBeingOnCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		i.faults(always("fresh", errors.New("Teleport is unavailable")), nil)
		pager.puts(alice, 1, 0, 8*time.Hour)
		pass(time.Minute)
		require.NotEmpty(t, i.engine.Failures(), "on-call waits for Teleport")
		jira.move("r1", "Denied", bridge.Deny, bob)
		i.hint("r1")
		pass(time.Second)
		i.faults(nil, nil)
		pass(2 * time.Minute)
		requireState(t, w, "r1", bridge.StateDenied)
		require.Equal(t, 1, w.decisions())
		require.Equal(t, "status", w.submitted[0].Rule)
	})
}

func TestRefusedDecisionIsToldWhileOnCallDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		i.faults(always("fresh", errors.New("Teleport is unavailable")), nil)
		pager.puts(alice, 1, 0, 8*time.Hour)
		pass(time.Minute)
		jira.move("r1", "Denied", bridge.Deny, alice)
		i.hint("r1")
		pass(time.Second)
		texts := requireOpen(t, w, jira, "r1").texts()
		require.Len(t, texts, 1)
		require.Contains(t, texts[0], "nobody can decide their own Access Request")
		i.faults(nil, nil)
		pass(2 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, []string{"refused requester", bridge.OutcomeApplied}, w.audited())
	})
}

func TestThresholdNotMetAfterOnCallIsRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t)
		w.threshold = 2
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		pager.puts(alice, 1, 0, 8*time.Hour)
		pass(time.Minute)
		require.Equal(t, []string{bridge.OutcomeRecorded}, w.audited())
		asked := pager.count("oncall")
		for range 10 {
			i.hint("r1")
			pass(2 * time.Minute)
		}
		require.Equal(t, 1, w.decisions())
		require.Equal(t, []string{bridge.OutcomeRecorded}, w.audited())
		require.Equal(t, asked, pager.count("oncall"), "nothing is left to learn")
		texts := requireOpen(t, w, jira, "r1").texts()
		require.Len(t, texts, 1)
		require.Contains(t, texts[0], "Teleport has 1 of 2 approvals")

		// A person's denial comes too late for the bridge's only review, which is told and not kept silent.
		jira.move("r1", "Denied", bridge.Deny, bob)
		i.hint("r1")
		pass(time.Second)
		require.Equal(t, []string{bridge.OutcomeRecorded, bridge.OutcomeFailed + " already_reviewed"}, w.audited())
		w.resolve("r1", bridge.StateDenied, "no")
		pass(time.Minute)
		require.Zero(t, i.memory())
	})
}

func TestP1_RequestsThatEndAreForgotten(t *testing.T) {
	for name, end := range map[string]func(*world){
		"approved":  func(w *world) { w.resolve("r1", bridge.StateApproved, "") },
		"denied":    func(w *world) { w.resolve("r1", bridge.StateDenied, "") },
		"withdrawn": func(w *world) { w.remove("r1") },
		"expired": func(w *world) {
			pass(time.Hour)
			w.remove("r1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, pager := staffed(t)
				i := w.start("a")
				pager.puts(bob, 1, 0, 8*time.Hour)
				w.ask("r1")
				pass(time.Minute)
				require.Len(t, i.engine.judge.onCall("r1"), 1)
				end(w)
				pass(time.Minute)
				asked := pager.count("oncall")
				pass(time.Hour)
				require.Zero(t, i.memory())
				require.Equal(t, asked, pager.count("oncall"))
				require.Zero(t, w.decisions())
			})
		})
	}
}

func TestP3_SeveralInstancesReviewOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		w.threshold = 2
		for n := range 4 {
			w.start(fmt.Sprint("instance-", n))
		}
		pager.puts(alice, 1, 2*time.Minute, 8*time.Hour)
		for n := range 5 {
			w.ask(fmt.Sprint("r", n))
		}
		pass(30 * time.Minute)
		for id, req := range w.all() {
			require.Len(t, req.Reviews, 1, id)
		}
		require.Equal(t, 5, w.decisions())
	})
}

// Teleport refuses the bridge's review. That is audited and told once, rests, and is tried again in case somebody has mended it.
func TestOnCallRefusedByTeleportIsToldOnceAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		i := w.start("a")
		synctest.Wait() // otherwise the first listing may ask for another try
		var tries atomic.Int64
		i.faults(func(effect string) error {
			if effect != "submit" {
				return nil
			}
			tries.Add(1)
			return bridge.Terminal(errors.New("not permitted"))
		}, nil)
		pager.puts(alice, 1, 0, 8*time.Hour)
		w.ask("r1")
		pass(freshEnough + time.Second)
		require.EqualValues(t, 1, tries.Load())
		i.engine.judge.queue.add("r1")
		pass(0)
		require.EqualValues(t, 2, tries.Load(), "the reading that was asked for leads to a new try")
		pass(15 * time.Minute)
		require.LessOrEqual(t, tries.Load(), int64(8), "although the rota is read all the time")
		require.Greater(t, tries.Load(), int64(3))
		require.Equal(t, []string{bridge.OutcomeFailed}, w.audited())
		require.Equal(t, bridge.RuleOnCall, w.audit[0].Rule)
		require.Equal(t, []string{"The approval of the request of alice@example.com, who is on call, could not be put into effect in Teleport: not permitted"},
			requireOpen(t, w, pager, "r1").texts())
		require.Equal(t, bridge.ClassTerminal, i.engine.Failures()[0].Class)

		i.faults(nil, nil)
		pass(15 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, []string{bridge.OutcomeFailed, bridge.OutcomeApplied}, w.audited())
		require.Empty(t, i.engine.Failures())
		require.Zero(t, i.memory())
	})
}

// The object is read again before each new try, which must not make the fault look new each time.
func TestDecisionRefusedByTeleportRestsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		i.faults(always("submit", bridge.Terminal(errors.New("not permitted"))), nil)
		v.approve("r1", bob)
		i.hint("r1")
		begin := time.Now()
		for range 30 {
			pass(time.Minute)
			require.Equal(t, bridge.ClassTerminal, i.engine.Failures()[0].Class)
			require.Equal(t, begin, i.engine.Failures()[0].Since)
		}
		require.LessOrEqual(t, v.count("evidence"), 10)
		i.faults(nil, nil)
		pass(13 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Empty(t, i.engine.Failures())
	})
}
