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

// keyed is a world with one instance, and one vendor that makes no second object while the first is open.
func keyed(t *testing.T, settings ...setting) (*world, *vendor, *instance) {
	v := newVendor("pager")
	v.traits.Keyed = true
	w := newWorld(t, v)
	return w, v, w.start("a", settings...)
}

// opens lets the first create calls fail, one after the other.
func (v *vendor) opens(first ...fault) {
	v.fault = func(_ context.Context, op, _ string) fault {
		if op != "open" || len(first) == 0 {
			return fault{}
		}
		f := first[0]
		first = first[1:]
		return f
	}
}

var errUnavailable = errors.New("503 Service Unavailable")

// Where the vendor's own key rules out a second object, a creation that failed in an unknown way is repeated at once.
func TestP1_UnknownOutcomeIsRepeatedWhereTheVendorHasAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := keyed(t)
		v.opens(fault{before: errUnavailable}, fault{before: errUnavailable})
		w.ask("r1")
		pass(100 * time.Millisecond)
		require.Len(t, i.engine.Failures(), 1, "visible while it is unknown")
		pass(5 * time.Second)
		requireOpen(t, w, v, "r1")
		require.Equal(t, 3, v.count("open"))
		require.Empty(t, i.engine.Failures())
	})
}

func TestP6_UnknownOutcomeIsRepeatedWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := keyed(t)
		down := make([]fault, 1000)
		for n := range down {
			down[n].before = errUnavailable
		}
		v.opens(down...)
		w.ask("r1")
		pass(20 * time.Minute)
		require.Less(t, v.count("open"), 40)
		require.Greater(t, v.count("open"), 15)
		v.opens()
		pass(2 * time.Minute)
		requireOpen(t, w, v, "r1")
	})
}

// The object exists, but its name was lost, and no search shows it yet: the repetition joins it.
func TestP2_RepetitionJoinsTheObjectWhoseNameWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		titles := 0
		w, v, _ := keyed(t, func(_ *instance, o *Options) {
			o.Titles = func(_ context.Context, r []bridge.Resource) []bridge.Resource { titles++; return r }
		})
		v.opens(fault{after: errLost})
		w.ask("r1")
		pass(5 * time.Second)
		requireOpen(t, w, v, "r1")
		require.Equal(t, 1, titles, "the repetition says what the first call said")
	})
}

// An answered call may have joined the object of an unanswered one, or be about to be joined by it, but only as long as the object is open.
func TestP2_ObjectStaysOpenWhileAnUnansweredCreationMayCome(t *testing.T) {
	for name, crash := range map[string]bool{"one process": false, "another process closes it": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := keyed(t)
				v.opens(fault{late: callLimit + v.traits.ApplyWithin - time.Second})
				w.ask("r1")
				pass(callLimit + 5*time.Second)
				requireOpen(t, w, v, "r1")
				if crash {
					i.crash()
					w.start("b")
				}
				w.resolve("r1", bridge.StateDenied, "no")
				pass(2 * time.Second)
				require.Empty(t, requireOpen(t, w, v, "r1").ending)
				pass(v.traits.ApplyWithin)
				require.Equal(t, bridge.EndDenied, requireClosed(t, w, v, "r1", bridge.EndDenied).ending)
				pass(10 * time.Minute)
				require.Zero(t, v.doubles)
			})
		})
	}
}

// Without an unanswered call nothing is waited for.
func TestP4_ObjectIsClosedAtOnceWhereEveryCallWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := keyed(t)
		w.ask("r1")
		pass(time.Second)
		w.resolve("r1", bridge.StateDenied, "no")
		pass(time.Second)
		requireClosed(t, w, v, "r1", bridge.EndDenied)
	})
}

// That a repetition certainly did nothing says nothing of the call before it: the claim stays.
func TestP2_RepetitionWithoutEffectLeavesTheFirstCallUnknown(t *testing.T) {
	for name, second := range map[string]error{
		"refused":     bridge.Terminal(errors.New("400 there is one already")),
		"not reached": bridge.Unsent(errors.New("connection refused")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, _ := keyed(t)
				v.opens(fault{after: errLost}, fault{before: second})
				w.ask("r1")
				pass(1500 * time.Millisecond)
				require.Equal(t, 2, v.count("open"))
				require.Equal(t, bridge.PhaseClaimed, w.link("r1", "pager").Phase)
				pass(3 * time.Minute)
				requireOpen(t, w, v, "r1")
				require.LessOrEqual(t, v.count("open"), 3)
			})
		})
	}
}

// A refusal is not repeated: once the claim has run out and a search has found nothing, it is shown as what it is.
func TestRefusalOfARepetitionIsShownOnceTheClaimHasRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := keyed(t)
		refused := bridge.Terminal(errors.New("403"))
		v.opens(fault{before: errUnavailable}, fault{before: refused}, fault{before: refused})
		w.ask("r1")
		pass(10 * time.Second)
		require.Equal(t, 2, v.count("open"))
		pass(v.traits.ApplyWithin + v.traits.SearchLag + callLimit + leaseMargin)
		require.Equal(t, 3, v.count("open"))
		require.Equal(t, bridge.PhaseFailed, w.link("r1", "pager").Phase)
		require.Equal(t, bridge.ClassTerminal, i.engine.Failures()[0].Class)
	})
}

// While the account must rest, nothing is repeated; afterwards it is, and not only when the claim has run out.
func TestP1_RepetitionWaitsOutThePauseOfTheAccountOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := keyed(t)
		v.opens(fault{before: errUnavailable})
		w.ask("r1")
		pass(100 * time.Millisecond)
		v.busy = time.Now().Add(20 * time.Second)
		pass(19 * time.Second)
		require.Equal(t, 1, v.count())
		pass(3 * time.Second)
		requireOpen(t, w, v, "r1")
	})
}

// The request ends while nothing is known of its object. Nothing is created any more, and what was is closed.
func TestP4_RequestThatEndsIsNotCreatedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := keyed(t)
		v.opens(fault{after: errLost})
		w.ask("r1")
		pass(100 * time.Millisecond)
		w.resolve("r1", bridge.StateDenied, "no")
		pass(10 * time.Minute)
		require.Equal(t, 1, v.count("open"))
		requireClosed(t, w, v, "r1", bridge.EndDenied)
		require.Zero(t, i.memory())
	})
}

// The answer to the prolonging of the claim is lost. What was sent under it before stays in doubt.
func TestP2_LostAnswerToALongerClaimKeepsTheDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := keyed(t)
		v.opens(fault{late: callLimit + v.traits.ApplyWithin - time.Second}, fault{before: bridge.Unsent(errors.New("connection refused"))})
		claims := 0
		i.faults(nil, func(effect string) error {
			if effect == "swap claimed" {
				if claims++; claims == 2 {
					return errLost
				}
			}
			return nil
		})
		w.ask("r1")
		pass(callLimit + 3*time.Second)
		require.Equal(t, 2, claims)
		require.Equal(t, 2, v.count("open"))
		require.Equal(t, bridge.PhaseClaimed, w.link("r1", "pager").Phase, "the first call may still be carried out")
		pass(2 * time.Minute)
		requireOpen(t, w, v, "r1")
	})
}

// A person closes the object by hand, and so its key is free again. One creation is late, one was repeated, and to the other instances the object
// seems to be missing at first. Nothing else may be asked for that could come beside the closed one.
func TestP2_ObjectClosedByHandIsNotMadeAgain(t *testing.T) {
	const late = callLimit + 20*time.Second
	for name, c := range map[string]struct {
		closed  time.Duration
		doubles int
	}{
		"after the late creation": {late + 5*time.Second, 0},
		// This gap is left: the vendor carries out what nobody can take back.
		"before the late creation": {late - 5*time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, _ := keyed(t)
				v.traits.MadeLater = true
				w.start("b")
				w.start("c")
				begin, opens := time.Now(), 0
				v.fault = func(_ context.Context, op, _ string) fault {
					switch {
					case op == "open":
						if opens++; opens == 2 {
							return fault{}
						}
						return fault{late: late}
					case op != "find" && time.Since(begin) < callLimit+10*time.Second:
						return fault{before: bridge.ErrGone}
					}
					return fault{}
				}
				w.ask("r1")
				pass(callLimit + 3*time.Second)
				require.Equal(t, bridge.PhaseOpen, w.link("r1", "pager").Phase)
				w.review("r1", "carol", bridge.StateApproved, "fine")
				pass(c.closed - time.Since(begin))
				v.edit("r1", func(o *object) { o.ending = bridge.EndDenied })
				pass(10 * time.Minute)
				require.Equal(t, 2, v.count("open"))
				require.Equal(t, c.doubles, v.doubles)
			})
		})
	}
}

// Only one process does not reach the vendor. It must not keep its claim for as long as that lasts.
func TestP1_AnotherProcessTakesOverWhatOneRepeatsInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := keyed(t)
		i.faults(func(effect string) error {
			if effect == "pager open" {
				return errUnavailable
			}
			return nil
		}, nil)
		w.ask("r1")
		pass(time.Second)
		w.start("b")
		pass(45 * time.Minute)
		requireOpen(t, w, v, "r1")
	})
}
