package reconcile

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/policy"
)

const quietFor = time.Minute

func quiet(r *policy.Route) { r.Quiet = quietFor }

func TestQuietNobodyIsToldOfWhatOnCallApproves(t *testing.T) {
	for name, after := range map[string]time.Duration{"at once": 0, "by a shift that starts within the hold": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager := staffed(t, quiet)
				i := w.start("a")
				pager.puts(alice, 1, after, 8*time.Hour)
				w.ask("r1")
				pass(10 * time.Minute)
				requireState(t, w, "r1", bridge.StateApproved)
				require.Zero(t, jira.count())
				require.Equal(t, pager.count("oncall"), pager.count())
				require.Equal(t, bridge.Link{}, w.link("r1", "jira"))
				require.Zero(t, i.memory())
			})
		})
	}
}

// P6. The time a request was made comes from Teleport's clock, which may be ahead of this machine's.
func TestQuietNothingWaitsForAClockThatIsAheadWhereNothingIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, _ := staffed(t, func(*policy.Route) {})
		w.start("a")
		now := time.Now()
		w.put(bridge.Request{ID: "r1", User: requester, Roles: []string{"prod"}, State: bridge.StatePending, Created: now.Add(time.Minute), PendingUntil: now.Add(time.Hour)})
		pass(time.Second)
		requireOpen(t, w, jira, "r1")
	})
}

func TestQuietEndsWhenNobodyIsOnCall(t *testing.T) {
	for name, c := range map[string]func(context.Context) fault{
		"nobody is on call": func(context.Context) fault { return fault{} },
		"source fails":      func(context.Context) fault { return fault{before: errors.New("502")} },
		"source hangs":      hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, jira, pager := staffed(t, quiet)
				w.start("a")
				pager.fails("oncall", c)
				pager.puts(bob, 1, 0, 8*time.Hour)
				w.ask("r1")
				pass(quietFor - time.Millisecond)
				require.Zero(t, jira.count("open")+pager.count("open"))
				pass(time.Millisecond)
				requireOpen(t, w, jira, "r1")
				requireOpen(t, w, pager, "r1")
			})
		})
	}
}

func TestQuietRequestThatEndsMeanwhileIsNeverOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, jira, pager := staffed(t, quiet)
		i := w.start("a")
		w.ask("r1")
		w.ask("r2")
		pass(10 * time.Second)
		w.resolve("r1", bridge.StateDenied, "no")
		w.remove("r2")
		pass(10 * time.Minute)
		require.Zero(t, jira.count()+pager.count("open", "close"))
		require.Zero(t, i.memory())
	})
}

// An object that may exist already is looked after, quiet or not.
func TestQuietHoldsNoLinkThatExists(t *testing.T) {
	t.Run("claimed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, jira, _ := staffed(t, quiet)
			w.ask("r1")
			claim := bridge.Link{}.Leased("dead", time.Now().Add(10*time.Second))
			claim.Phase = bridge.PhaseClaimed
			w.plant("r1", "jira", claim)
			w.start("a")
			pass(12 * time.Second)
			requireOpen(t, w, jira, "r1")
		})
	})
	t.Run("open", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w, jira, _ := staffed(t)
			a := w.start("a")
			w.ask("r1")
			pass(time.Second)
			a.shut()
			route := w.route
			w.route = func(r *policy.Route) {
				route(r)
				quiet(r)
			}
			i := w.start("b")
			w.review("r1", "carol", bridge.StateApproved, "fine")
			pass(time.Second)
			require.Equal(t, []string{"carol approved this request in Teleport: fine"}, requireOpen(t, w, jira, "r1").texts())
			jira.approve("r1", bob)
			i.hint("r1")
			pass(time.Second)
			requireState(t, w, "r1", bridge.StateApproved)
		})
	})
}

// An incident goes on after somebody has approved in it, a ticket that was moved stands where it belongs.
func TestP4_OnlyUnsettledObjectIsClosedAfterItsOwnDecision(t *testing.T) {
	for name, incidents := range map[string]bool{"ticket": false, "incident": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				v.incidents = incidents
				w.ask("r1")
				pass(time.Second)
				v.approve("r1", bob)
				i.hint("r1")
				pass(time.Minute)
				requireState(t, w, "r1", bridge.StateApproved)
				require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase)
				require.Equal(t, incidents, v.count("close") == 1)
				if incidents {
					requireClosed(t, w, v, "r1", bridge.EndApproved)
				}
			})
		})
	}
}

// The requester has moved the pager's object, and then it is the pager that says they are on call: the object did not decide anything.
func TestP4_ObjectThatOnlyLooksDecidedIsClosedAfterOnCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		i := w.start("a")
		w.ask("r1")
		pass(time.Second)
		pager.approve("r1", alice)
		i.hint("r1")
		pass(time.Second)
		pager.puts(alice, 1, 0, 8*time.Hour)
		pass(time.Minute)
		requireState(t, w, "r1", bridge.StateApproved)
		o := requireClosed(t, w, pager, "r1", bridge.EndApproved)
		require.Contains(t, o.notes[len(o.notes)-1].Text, "is on call")
	})
}

func TestBarredDecisionIsRefusedAndToldInTheVendorsWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		v.approve("r1", bob)
		v.edit("r1", func(o *object) { o.barred = "only people who are on call for Production may decide here." })
		for range 5 {
			i.hint("r1")
			pass(time.Second)
		}
		require.Zero(t, w.decisions())
		require.Equal(t, []string{"refused barred"}, w.audited())
		require.Equal(t, []string{`"Approved" does not count as a decision: only people who are on call for Production may decide here.`},
			requireOpen(t, w, v, "r1").texts())
		v.edit("r1", func(o *object) { o.barred = "" })
		i.hint("r1")
		pass(time.Second)
		requireState(t, w, "r1", bridge.StateApproved)
	})
}
