package reconcile

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/accessbridge/accessbridge/policy"
)

var carol = bridge.Actor{ID: "acc-carol", Email: "carol@example.com", Name: "Carol"}

// ruled is a world with two trackers, a pager among them, and the given change to the route.
func ruled(t *testing.T, change func(*policy.Route)) (w *world, jira, pager *vendor, i *instance) {
	jira, pager = newVendor("jira"), newVendor("pager")
	pager.rota = []turn{}
	w = newWorld(t, jira, pager)
	w.route = change
	return w, jira, pager, w.start("a")
}

func twoApprovers(r *policy.Route) { r.ApproveWhen = `approvals.size() >= 2` }

func jiraAndOnCall(r *policy.Route) {
	r.OnCall = []policy.OnCall{onCallRule}
	r.ApproveWhen = `approvals.exists(a, a.target == "jira") && on_call.size() > 0`
}

func TestTwoDifferentApproversAtTwoObjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, i := ruled(t, twoApprovers)
		w.ask("r1")
		pass(time.Second)
		jira.approve("r1", bob)
		pager.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions(), "one person twice is one")
		pager.approve("r1", carol)
		i.hint("r1")
		pass(time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		require.Equal(t, []string{bridge.OutcomeApplied}, w.audited())
		entry := w.audit[0]
		require.Equal(t, bridge.RuleApproveWhen, entry.Rule)
		require.Equal(t, "carol@example.com", entry.Person)
		require.Len(t, entry.Support, 1)
		require.Equal(t, "jira", entry.Support[0].Target)
		require.Contains(t, w.submitted[0].Reason, `bob@example.com: "Approved" at jira`)
	})
}

// What was said at one object is old by the time that the other one is approved, so it is read again first.
func TestP3_EveryPieceIsReadAgainWhenItIsOld(t *testing.T) {
	for name, withdrawn := range map[string]bool{"still stands": false, "withdrawn meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager, i := ruled(t, twoApprovers)
				w.ask("r1")
				pass(time.Second)
				jira.approve("r1", bob)
				i.hint("r1")
				pass(10 * time.Minute)
				if withdrawn {
					jira.move("r1", "Open", bridge.Undecided, bob) // the webhook is lost
				}
				readings := jira.count("evidence")
				pager.approve("r1", carol)
				i.engine.Hint("pager", bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "pager").Ref.ID})
				now := time.Now()
				pass(time.Minute)
				require.Greater(t, jira.count("evidence"), readings)
				if withdrawn {
					require.Zero(t, w.decisions())
					return
				}
				require.Equal(t, 1, w.decisions())
				for _, ev := range append(w.submitted[0].Support, w.submitted[0].Evidence) {
					require.False(t, ev.ReadAt.Before(now), "%s", ev.Target)
				}
			})
		})
	}
}

func TestP3_DutyBehindAnExpressionIsReadAgainWhenItIsOld(t *testing.T) {
	for name, lasts := range map[string]time.Duration{"still on call": 8 * time.Hour, "shift has ended": 10*time.Minute + 5*time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager, i := ruled(t, jiraAndOnCall)
				pager.puts(alice, 1, 0, lasts)
				w.ask("r1")
				pass(10 * time.Minute)
				require.Zero(t, w.decisions(), "being on call alone is not enough here")
				i.faults(always("fresh", errors.New("Teleport is unavailable")), nil)
				jira.approve("r1", bob)
				i.hint("r1")
				pass(freshEnough + 6*time.Second) // longer than what was read before the end of the shift is good for
				i.faults(nil, nil)
				pass(2 * time.Minute)
				if lasts < time.Hour {
					require.Zero(t, w.decisions())
					return
				}
				require.Equal(t, 1, w.decisions())
				d := w.submitted[0]
				require.Equal(t, "jira", d.Evidence.Target)
				require.Len(t, d.Support, 1)
				require.True(t, d.Support[0].OnCall())
				require.Len(t, d.Duties, 1)
				require.Contains(t, d.Reason, "alice@example.com is on call")
			})
		})
	}
}

// A shift that begins later completes what was approved before it.
func TestOnCallIsHeardOfAfterTheApproval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, i := ruled(t, jiraAndOnCall)
		w.ask("r1")
		pass(time.Second)
		jira.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions())
		require.Empty(t, w.audited())
		pager.puts(alice, 1, 0, 8*time.Hour)
		pass(time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
	})
}

// A state that means nothing by itself decides by an expression, and so does its being left.
func TestEvidenceThatTurnsUndecidedIsJudgedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, _, i := ruled(t, func(r *policy.Route) {
			r.DenyWhen, r.ApproveWhen = `evidence.exists(e, e.status == "Vetoed")`, `evidence.exists(e, e.status == "Seen") && denials.size() == 0`
		})
		w.ask("r1")
		pass(time.Second)
		jira.move("r1", "Denied", bridge.Deny, bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions())
		jira.move("r1", "Seen", bridge.Undecided, bob)
		i.hint("r1")
		pass(time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		requireClosed(t, w, jira, "r1", bridge.EndApproved)
	})
}

// club knows the members of one group, once it is told.
type club struct {
	mu      sync.Mutex
	members []string
}

func (c *club) Holds(_, _ string, a bridge.Actor) (in, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		in = in || bridge.SameName(m, a.Email)
	}
	return in, c.members != nil
}

func TestUnknownGroupIsToldAndJudgedAgainOnceItIsRead(t *testing.T) {
	for name, told := range map[string]bool{"told": true, "by itself": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &club{}
				w, jira, _, _ := ruled(t, func(r *policy.Route) { r.Approvers.Groups = []policy.Group{{Integration: "jira", Group: "leads"}} })
				w.groups = c
				i := w.start("b")
				w.instances[0].crash()
				w.ask("r1")
				pass(5 * time.Minute)
				jira.approve("r1", bob)
				i.hint("r1")
				pass(time.Second)
				require.Equal(t, []string{"refused group_unknown"}, w.audited())
				texts := requireOpen(t, w, jira, "r1").texts()
				require.Len(t, texts, 1)
				require.Contains(t, texts[0], "not known at the moment")
				c.mu.Lock()
				c.members = []string{"bob@example.com"}
				c.mu.Unlock()
				if told {
					i.engine.Reconsider()
					pass(time.Second)
				} else {
					pass(unknownPause + unknownPause/4)
				}
				requireState(t, w, "r1", bridge.StateApproved)
			})
		})
	}
}

// The labels of a resource settle the route. While they cannot be read the request waits for them, and goes nowhere.
func TestLabelsSettleTheRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		known := false
		labels := func(_ *instance, o *Options) {
			o.Labels = func(_ context.Context, in []bridge.Resource) []bridge.Resource {
				mu.Lock()
				defer mu.Unlock()
				out := append([]bridge.Resource(nil), in...)
				if known {
					out[0].Labels = map[string]string{"env": "prod"}
				}
				return out
			}
		}
		v := newVendor("jira")
		w := newWorld(t, v)
		w.route = func(r *policy.Route) { r.When = `request.resources.exists(r, r.labels["env"] == "prod")` }
		i := w.start("a", labels)
		now := time.Now()
		w.put(bridge.Request{
			ID: "r1", User: requester, State: bridge.StatePending, Created: now, PendingUntil: now.Add(time.Hour),
			Resources: []bridge.Resource{{Cluster: "main", Kind: "node", Name: "n1"}},
		})
		pass(time.Second)
		require.Empty(t, v.living("r1"))
		mu.Lock()
		known = true
		mu.Unlock()
		pass(unknownPause + unknownPause/4)
		requireOpen(t, w, v, "r1")
		v.approve("r1", bob)
		i.hint("r1")
		pass(time.Second)
		requireState(t, w, "r1", bridge.StateApproved)
	})
}

// What keeps the rules from deciding is said once for as long as it stays the same.
func TestReasonForNotDecidingIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, _, i := ruled(t, jiraAndOnCall)
		var log logtest.Log
		i.engine.judge.log = log.Logger()
		w.vendors[1].fails("oncall", func(context.Context) fault { return fault{before: errors.New("502")} })
		w.ask("r1")
		pass(time.Second)
		jira.approve("r1", bob)
		for range 10 {
			i.hint("r1")
			pass(10 * time.Second)
		}
		require.Equal(t, 1, log.Count("on_call is not known"))
		require.Zero(t, w.decisions())
		require.Empty(t, w.audited(), "that it is not known yet who is on call is nobody's fault")
	})
}

// Without webhooks a state that means nothing by itself is found by the listing, where an expression goes by such states.
func TestStatesThatExpressionsGoByAreFoundByListing(t *testing.T) {
	for expression, want := range map[string]bridge.State{
		`evidence.exists(e, e.status == "Seen")`: bridge.StateApproved, `approvals.size() > 0`: bridge.StatePending,
	} {
		t.Run(expression, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				w := newWorld(t, v)
				w.route = func(r *policy.Route) { r.ApproveWhen = expression }
				w.start("a", resyncEvery(time.Minute))
				w.ask("r1")
				pass(5 * time.Minute)
				readings := v.count("evidence")
				v.move("r1", "Seen", bridge.Undecided, bob)
				pass(5 * time.Minute)
				requireState(t, w, "r1", want)
				require.Equal(t, want == bridge.StateApproved, v.count("evidence") > readings)
			})
		})
	}
}

// That nobody was on call is no news either, and may not be so any more.
func TestP3_OldNewsOfNobodyOnCallDecidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager, i := ruled(t, func(r *policy.Route) {
			r.OnCall = []policy.OnCall{onCallRule}
			r.ApproveWhen = `approvals.size() > 0 && on_call.size() == 0`
		})
		w.ask("r1")
		pass(time.Second)
		pager.fails("oncall", func(context.Context) fault { return fault{before: errors.New("502")} })
		pass(10 * time.Minute)
		jira.approve("r1", bob)
		i.hint("r1")
		pass(time.Minute)
		require.Zero(t, w.decisions())
		pager.fails("oncall", func(context.Context) fault { return fault{} })
		pass(5 * time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
	})
}
