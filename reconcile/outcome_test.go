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

// An object whose creation went unanswered is found as soon as a search shows it. That a search does not show it means nothing until the
// claim has run out.
func TestW2_UnknownOutcomeKeepsTheClaimAndAdopts(t *testing.T) {
	for name, f := range map[string]fault{
		"answer lost after the effect":    {after: errLost},
		"carried out long after the call": {late: callLimit + 25*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				v.fault = func(_ context.Context, op, _ string) fault {
					if op == "open" {
						return f
					}
					return fault{}
				}
				w.start("b")
				begin := time.Now()
				w.ask("r1")
				pass(callLimit + time.Second)
				claim := w.link("r1", "jira")
				require.Equal(t, bridge.PhaseClaimed, claim.Phase)
				require.Equal(t, begin.Add(callLimit+v.traits.ApplyWithin+v.traits.SearchLag+leaseMargin).UTC(), claim.Until)
				pass(time.Second)
				require.Len(t, append(i.engine.Failures(), w.instances[1].engine.Failures()...), 1, "visible while it is unknown")
				pass(time.Until(claim.Until) + time.Second)
				require.Equal(t, 1, v.count("open"))
				requireOpen(t, w, v, "r1")
				require.Empty(t, i.engine.Failures())
			})
		})
	}
}

func TestW2_LostAnswerIsFoundBeforeTheClaimRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.traits = bridge.Traits{ApplyWithin: 10 * time.Minute, SearchLag: 5 * time.Second}
		i.faults(nil, onFirst("jira open", errLost))
		w.ask("r1")
		pass(20 * time.Second)
		requireOpen(t, w, v, "r1")
		require.Empty(t, i.engine.Failures())
	})
}

func TestW2_CrashedCreatorsClaimIsLeftAloneUntilItRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		i.faults(nil, func(effect string) error {
			if effect == "jira open" {
				i.crash()
			}
			return nil
		})
		w.ask("r1")
		pass(time.Second)
		b := w.start("b")
		claim := w.link("r1", "jira")
		for time.Until(claim.Until) > time.Minute {
			b.engine.RequestChanged("r1")
			pass(10 * time.Second)
		}
		require.Equal(t, 1, v.count())
		pass(2 * time.Minute)
		require.Equal(t, 1, v.count("open"))
		require.Equal(t, 1, v.count("find"))
		requireOpen(t, w, v, "r1")
	})
}

func TestP2_UnknownOutcomeWithoutEffectIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		tries := 0
		v.fault = func(_ context.Context, op, _ string) fault {
			if op == "open" {
				if tries++; tries <= 2 {
					return fault{before: errLost}
				}
			}
			return fault{}
		}
		w.ask("r1")
		pass(30 * time.Minute)
		require.Equal(t, 3, v.count("open"))
		require.GreaterOrEqual(t, v.count("find"), 2, "each further try looks first")
		require.Less(t, v.count("find"), 30, "with growing pauses")
		requireOpen(t, w, v, "r1")
	})
}

// Whatever the time before the create call was spent on, the claim must outlast the call, the vendor's delay and the lag of its search.
func TestP2_ClaimOutlastsASlowCreate(t *testing.T) {
	slow := func(ctx context.Context, d time.Duration) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	for name, c := range map[string]struct {
		find, titles time.Duration
	}{
		"slow search before it":   {find: callLimit - time.Second},
		"slow names of resources": {titles: callLimit},
		"both":                    {find: callLimit - time.Second, titles: 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor("jira")
				w := newWorld(t, v)
				opens := 0
				v.fault = func(ctx context.Context, op, _ string) fault {
					switch op {
					case "find":
						if opens < 2 {
							slow(ctx, c.find)
						}
					case "open":
						if opens++; opens == 1 && c.find > 0 {
							return fault{before: errLost}
						}
						if opens <= 2 {
							return fault{late: callLimit + v.traits.ApplyWithin - time.Second}
						}
					}
					return fault{}
				}
				titles := func(_ *instance, o *Options) {
					o.Titles = func(ctx context.Context, r []bridge.Resource) []bridge.Resource {
						slow(ctx, c.titles)
						return r
					}
				}
				w.start("a", titles)
				w.start("b", titles)
				w.ask("r1")
				pass(40 * time.Minute)
				requireOpen(t, w, v, "r1")
			})
		})
	}
}

func TestW2_TeleportUnavailableAfterTheCreate(t *testing.T) {
	for name, outage := range map[string]time.Duration{"short": 20 * time.Second, "longer than the claim": 20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				end := time.Now().Add(outage)
				i.faults(func(effect string) error {
					if (effect == "swap open" || effect == "refresh") && time.Now().Before(end) {
						return errors.New("Teleport is unavailable")
					}
					return nil
				}, nil)
				w.ask("r1")
				pass(outage + 2*time.Minute)
				requireOpen(t, w, v, "r1")
				require.Equal(t, 1, v.count(), "the name was kept, so nothing had to be looked for")
			})
		})
	}
}

// The write took effect but its answer was lost: the instance must find out instead of doing it again.
func TestP2_LostAnswersOfTeleport(t *testing.T) {
	for _, effect := range []string{"swap claimed", "swap open"} {
		t.Run(effect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				i.faults(nil, onFirst(effect, errLost))
				w.ask("r1")
				pass(10 * time.Minute)
				requireOpen(t, w, v, "r1")
				require.Equal(t, 1, v.count("open"))
				require.Empty(t, i.engine.Failures())
			})
		})
	}
}

// The name of an object whose link was written, although the answer was lost, must not be taken for that of a later object.
func TestP2_NameOfADeletedObjectIsNotLinkedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		i.faults(nil, onFirst("swap open", errLost))
		w.ask("r1")
		pass(time.Minute)
		requireOpen(t, w, v, "r1")
		v.delete("r1")
		i.faults(nil, onFirst("jira open", errLost))
		i.hint("r1")
		pass(10 * time.Minute)
		requireOpen(t, w, v, "r1")
		require.Equal(t, 1, w.link("r1", "jira").Replaced)
		require.Equal(t, 2, v.count("open"))
	})
}

// The time for a call follows what the integration is told to wait for an answer, and so does how long a claim lasts.
func TestP1_ClaimsAreAsShortAsTheVendorsTimeoutAllows(t *testing.T) {
	for timeout, limit := range map[time.Duration]time.Duration{0: callLimit, 5 * time.Second: 15 * time.Second, 2 * time.Minute: 130 * time.Second} {
		t.Run(timeout.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, v, i := one(t)
				v.traits.Timeout = timeout
				var given time.Duration
				v.fault = func(ctx context.Context, op, _ string) fault {
					if op == "open" && given == 0 {
						begin := time.Now()
						<-ctx.Done()
						given = time.Since(begin)
						return fault{before: ctx.Err()}
					}
					return fault{}
				}
				begin := time.Now()
				w.ask("r1")
				pass(limit + 100*time.Millisecond)
				require.Equal(t, limit, given)
				require.Equal(t, begin.Add(limit+v.traits.ApplyWithin+v.traits.SearchLag+leaseMargin).UTC(), w.link("r1", "jira").Until)
				require.Equal(t, 2*limit+leaseMargin, i.engine.mirrors["jira"].updateLease())
				pass(30 * time.Minute)
				requireOpen(t, w, v, "r1")
			})
		})
	}
}

func TestWhoIsOnCallIsReadWithinTheVendorsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, pager := staffed(t)
		pager.traits.Timeout = 5 * time.Second
		i := w.start("a")
		pager.fails("oncall", hang)
		w.ask("r1")
		pass(15*time.Second + time.Millisecond)
		require.Len(t, i.engine.Failures(), 1)
	})
}
