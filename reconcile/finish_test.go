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

func requireClosed(t *testing.T, w *world, v *vendor, id string, ending bridge.Ending) object {
	t.Helper()
	require.Zero(t, v.doubles)
	living := v.living(id)
	require.Len(t, living, 1)
	require.Equal(t, ending, living[0].ending)
	return living[0]
}

func TestP4_EveryEndingClosesTheObjectAndSaysWhoAndWhy(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*world)
		ending bridge.Ending
		text   string
	}{
		"approved": {func(w *world) {
			w.review("r1", "carol", bridge.StateApproved, "go on")
			w.resolve("r1", bridge.StateApproved, "go on")
		}, bridge.EndApproved, "The request was approved in Teleport by carol: go on"},
		"denied": {func(w *world) { w.resolve("r1", bridge.StateDenied, "not today") }, bridge.EndDenied, "The request was denied in Teleport: not today"},
		"promoted": {func(w *world) {
			w.change("r1", func(r *bridge.Request) { r.State, r.PromotedTo = bridge.StatePromoted, "Database admins" })
		}, bridge.EndPromoted, "The request was promoted to a membership of an Access List (\"Database admins\")."},
		"W30 expired": {func(w *world) {
			pass(59 * time.Minute)
			w.remove("r1")
		}, bridge.EndExpired, "The request expired: nobody decided in time."},
		"W30 withdrawn or deleted": {func(w *world) {
			pass(58 * time.Minute)
			w.remove("r1")
		}, bridge.EndDeleted, "The request was withdrawn by the requester, or removed by an administrator, before anybody decided."},
		"W30 expired, and no event came": {func(w *world) {
			w.instances[0].setDeaf(true)
			w.remove("r1")
			pass(time.Hour)
			w.instances[0].engine.RequestChanged("r1")
		}, bridge.EndExpired, "The request expired: nobody decided in time."},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Minute)
				c.end(w)
				pass(10 * time.Second)
				o := requireClosed(t, w, v, "r1", c.ending)
				require.Equal(t, c.text, o.notes[len(o.notes)-1].Text)
				link := w.link("r1", "jira")
				require.Equal(t, bridge.PhaseClosed, link.Phase)
				require.Equal(t, c.ending, link.Outcome)
				require.Empty(t, i.engine.Failures())
				require.Equal(t, 1, v.count("close"))
			})
		})
	}
}

// Teleport may show a request as pending for a while after its time has run out. It is not closed before it is gone.
func TestW30_LateExpiryIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Hour)
		i.engine.RequestChanged("r1")
		pass(time.Minute)
		require.Zero(t, v.count("close"))
		w.resolve("r1", bridge.StateApproved, "in the last second")
		pass(10 * time.Second)
		requireClosed(t, w, v, "r1", bridge.EndApproved)
	})
}

func TestW1_EndedWhileNothingRan(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*world)
		ending bridge.Ending
	}{
		"approved":               {func(w *world) { w.resolve("r1", bridge.StateApproved, "") }, bridge.EndApproved},
		"denied":                 {func(w *world) { w.resolve("r1", bridge.StateDenied, "") }, bridge.EndDenied},
		"gone, nobody knows how": {func(w *world) { w.remove("r1") }, bridge.EndUnknown},
		"gone before its time": {func(w *world) {
			w.remove("r1")
			pass(time.Minute)
			w.start("b")
			pass(time.Second)
		}, bridge.EndUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				w.ask("r1")
				pass(time.Second)
				i.shut()
				c.end(w)
				pass(2 * time.Hour)
				w.start("c")
				pass(time.Second)
				requireClosed(t, w, v, "r1", c.ending)
			})
		})
	}
}

func TestW3_FailedCloseIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		pass(time.Second)
		v.fault = func(_ context.Context, op, _ string) fault { return fault{before: errors.New(op + ": 503")} }
		w.resolve("r1", bridge.StateApproved, "")
		pass(time.Hour)
		require.Contains(t, i.engine.Failures()[0].Error, "503")
		require.Equal(t, bridge.PhaseOpen, w.link("r1", "jira").Phase, "nothing is recorded that was not done")
		v.fault = func(context.Context, string, string) fault { return fault{} }
		pass(2 * time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndApproved)
		require.Empty(t, i.engine.Failures())
	})
}

// The vendor is down until the request, approved long ago, has left Teleport. The object must still say that it was approved.
func TestW3_LateCloseTellsTheTrueEnding(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*world)
		ending bridge.Ending
	}{
		"approved":  {func(w *world) { w.resolve("r1", bridge.StateApproved, "fine") }, bridge.EndApproved},
		"withdrawn": {func(w *world) { w.remove("r1") }, bridge.EndDeleted},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, _ := one(t)
				w.ask("r1")
				pass(time.Second)
				v.fault = func(context.Context, string, string) fault { return fault{before: errors.New("503")} }
				c.end(w)
				pass(30 * time.Minute)
				w.remove("r1")
				pass(8 * time.Hour)
				v.fault = func(context.Context, string, string) fault { return fault{} }
				pass(2 * time.Minute)
				o := requireClosed(t, w, v, "r1", c.ending)
				require.Len(t, o.notes, 1)
				calls := v.count()
				pass(2 * time.Hour)
				require.Equal(t, calls, v.count(), "and then it is over")
			})
		})
	}
}

// Teleport removes the records of a request some time after it has gone.
func TestP4_ObjectIsClosedEvenWhenItsRecordIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.endsUnrecorded(v)
		v.fault = func(context.Context, string, string) fault { return fault{} }
		pass(2 * time.Minute)
		requireClosed(t, w, v, "r1", bridge.EndDeleted)
		require.Empty(t, i.engine.Failures())
	})
}

// The request ends while its object is being created; the create call takes effect.
func TestW2_RequestEndsDuringTheCreate(t *testing.T) {
	for name, f := range map[string]fault{
		"answered":              {},
		"answer lost":           {after: errLost},
		"carried out very late": {late: callLimit + 20*time.Second},
	} {
		for _, dataLost := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, v, i := one(t)
					v.fault = func(_ context.Context, op, _ string) fault {
						if op != "open" {
							return fault{}
						}
						<-time.After(5 * time.Second)
						return f
					}
					w.ask("r1")
					pass(time.Second)
					w.remove("r1")
					if dataLost {
						w.loseData("r1")
					}
					pass(30 * time.Minute)
					requireClosed(t, w, v, "r1", bridge.EndDeleted)
					require.Empty(t, i.engine.Failures())
				})
			})
		}
	}
}

func TestP4_ClaimOfADeadInstanceIsClosedWhenTheRequestEnds(t *testing.T) {
	for name, created := range map[string]bool{"created": true, "not created": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				w := newWorld(t, v)
				w.ask("r1")
				w.plant("r1", "jira", bridge.Link{Phase: bridge.PhaseClaimed}.Leased("dead", time.Now().Add(time.Minute)))
				if created {
					v.create("r1")
				}
				w.resolve("r1", bridge.StateDenied, "no")
				w.start("a")
				pass(30 * time.Second)
				require.Zero(t, v.count())
				pass(time.Minute)
				require.Zero(t, v.count("open"))
				if created {
					requireClosed(t, w, v, "r1", bridge.EndDenied)
					return
				}
				require.Equal(t, bridge.Link{}, w.link("r1", "jira"))
			})
		})
	}
}

func TestW3_NoReviewCommentIsLostOrDoubled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		w.threshold = 3
		w.ask("r1")
		pass(time.Second)
		down := false
		v.fault = func(context.Context, string, string) fault {
			if down {
				return fault{before: errors.New("503")}
			}
			return fault{}
		}
		w.review("r1", "carol", bridge.StateApproved, "one")
		pass(time.Second)
		down = true
		w.review("r1", "dave", bridge.StateApproved, "two")
		pass(10 * time.Minute)
		w.review("r1", "erin", bridge.StateDenied, "")
		pass(10 * time.Minute)
		down = false
		pass(2 * time.Minute)
		want := []string{
			"carol approved this request in Teleport: one", "dave approved this request in Teleport: two", "erin denied this request in Teleport.",
		}
		require.Equal(t, want, requireOpen(t, w, v, "r1").texts())
		require.Len(t, w.link("r1", "jira").Notes, 3)
		updates := v.count("update")
		w.instances[0].engine.RequestChanged("r1")
		pass(time.Minute)
		require.Equal(t, updates, v.count("update"), "what the object shows is not written again")
	})
}

// Both instances learn of the review. Whoever is second must see the first one's lease or work.
func TestP2_TwoInstancesCommentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		w.start("b")
		w.ask("r1")
		pass(10 * time.Minute)
		v.fault = func(context.Context, string, string) fault {
			<-time.After(time.Second)
			return fault{}
		}
		w.review("r1", "carol", bridge.StateApproved, "fine")
		pass(5 * time.Minute)
		require.Equal(t, 1, v.count("update"))
		w.resolve("r1", bridge.StateDenied, "no")
		pass(5 * time.Minute)
		require.Equal(t, 1, v.count("close"))
		require.Len(t, requireClosed(t, w, v, "r1", bridge.EndDenied).notes, 2)
	})
}

func TestW4_EventsOfOneRequestNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.fault = func(context.Context, string, string) fault {
			<-time.After(2 * time.Second)
			return fault{}
		}
		w.ask("r1")
		for n := range 10 {
			w.review("r1", string(rune('a'+n)), bridge.StateApproved, "")
			i.engine.Hint("jira", bridge.Hint{RequestID: "r1"})
			pass(300 * time.Millisecond)
		}
		w.resolve("r1", bridge.StateApproved, "")
		pass(5 * time.Minute)
		require.Zero(t, v.overlaps)
		requireClosed(t, w, v, "r1", bridge.EndApproved)
	})
}

func TestP6_W5_HangingVendorDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jira, pager := newVendor("jira"), newVendor("pager")
		w := newWorld(t, jira, pager)
		w.start("a")
		hangs := true
		pager.fault = func(ctx context.Context, _, _ string) fault {
			if !hangs {
				return fault{}
			}
			<-ctx.Done()
			return fault{before: ctx.Err()}
		}
		ids := []string{"r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"}
		for _, id := range ids {
			w.ask(id)
		}
		synctest.Wait()
		for _, id := range ids {
			requireOpen(t, w, jira, id)
		}
		w.resolve("r1", bridge.StateApproved, "")
		synctest.Wait()
		requireClosed(t, w, jira, "r1", bridge.EndApproved)

		pass(15 * time.Minute)
		hangs = false
		pass(15 * time.Minute)
		for _, id := range ids[1:] {
			requireOpen(t, w, pager, id)
		}
		require.Empty(t, pager.living("r1"), "what ended before it was opened is not opened any more")
	})
}

// One object is closed long before the other, whose vendor is down.
func TestP6_ClosingOneObjectDoesNotForgetTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jira, pager := newVendor("jira"), newVendor("pager")
		w := newWorld(t, jira, pager)
		w.start("a")
		w.ask("r1")
		pass(time.Second)
		pager.fault = func(context.Context, string, string) fault { return fault{before: errors.New("503")} }
		w.resolve("r1", bridge.StateDenied, "")
		pass(10 * time.Minute)
		requireClosed(t, w, jira, "r1", bridge.EndDenied)
		pager.fault = func(context.Context, string, string) fault { return fault{} }
		pass(2 * time.Minute)
		requireClosed(t, w, pager, "r1", bridge.EndDenied)
	})
}

func TestP4_FailedLinkEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.fault = func(context.Context, string, string) fault {
			return fault{before: bridge.Terminal(errors.New("no such project"))}
		}
		w.ask("r1")
		pass(time.Second)
		w.resolve("r1", bridge.StateDenied, "no")
		pass(time.Second)
		link := w.link("r1", "jira")
		require.Equal(t, bridge.PhaseClosed, link.Phase)
		require.Equal(t, bridge.EndDenied, link.Outcome)
		require.Empty(t, link.LastError)
		require.Empty(t, i.engine.Failures())
		require.Equal(t, 1, v.count())
	})
}
