package reconcile

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

var errLost = errors.New("connection reset")

// onFirst returns a hook that fails the first effect of that name.
func onFirst(name string, err error) func(string) error {
	failed := false
	return func(effect string) error {
		if effect != name || failed {
			return nil
		}
		failed = true
		return err
	}
}

// always returns a hook that fails every effect of that name.
func always(name string, err error) func(string) error {
	return func(effect string) error {
		if effect == name {
			return err
		}
		return nil
	}
}

func requireOpen(t *testing.T, w *world, v *vendor, id string) object {
	t.Helper()
	require.Zero(t, v.doubles)
	living := v.living(id)
	require.Len(t, living, 1)
	link := w.link(id, v.name)
	require.Equal(t, bridge.PhaseOpen, link.Phase)
	require.Equal(t, living[0].ref, link.Ref)
	return living[0]
}

func TestP1_RequestOpensOneObjectInOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		synctest.Wait()
		requireOpen(t, w, v, "r1")
		require.Equal(t, 1, v.count(), "one vendor call")
		require.Equal(t, 3, i.effects, "claim, create, name")
		link := w.link("r1", "jira")
		require.Empty(t, link.Owner)
		require.True(t, link.Opened.Equal(time.Now().Truncate(time.Second)))
		require.True(t, link.PendingUntil.Equal(time.Now().Add(time.Hour)))
		for range 20 {
			i.engine.RequestChanged("r1")
			pass(time.Second)
		}
		require.Equal(t, 1, v.count())
		require.Equal(t, 3, i.effects)
	})
}

func TestP2_TenInstancesOpenOneObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		v.fault = func(context.Context, string, string) fault {
			<-time.After(time.Second)
			return fault{}
		}
		for n := range 10 {
			w.start(fmt.Sprint("instance-", n))
		}
		for n := range 5 {
			w.ask(fmt.Sprint("r", n))
		}
		pass(20 * time.Minute)
		for n := range 5 {
			requireOpen(t, w, v, fmt.Sprint("r", n))
		}
		require.Equal(t, 5, v.count("open"))
	})
}

func TestW1_RequestMadeWhileNothingRan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.ask("r1")
		w.start("a")
		synctest.Wait()
		requireOpen(t, w, v, "r1")
	})
}

func TestRequestThatNoRouteSelectsOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.vendors = nil
		unrouted := w.policy()
		w.vendors = []*vendor{v}
		i := w.start("a", func(_ *instance, o *Options) { o.Policy = unrouted })
		w.ask("r1")
		pass(time.Minute)
		require.Zero(t, v.count())
		require.Zero(t, i.effects)
	})
}

func TestDefiniteFailureGivesTheClaimBackAndRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		down := true
		v.fault = func(context.Context, string, string) fault {
			if down {
				return fault{before: bridge.Unsent(errors.New("connection refused"))}
			}
			return fault{}
		}
		w.ask("r1")
		synctest.Wait()
		require.Equal(t, bridge.Link{}, w.link("r1", "jira"))
		require.Contains(t, i.engine.Failures()[0].Error, "connection refused")
		pass(10 * time.Minute)
		require.Greater(t, v.count("open"), 8)
		require.Zero(t, v.count("find"), "what certainly was not created need not be looked for")
		down = false
		pass(2 * time.Minute)
		requireOpen(t, w, v, "r1")
		require.Empty(t, i.engine.Failures())
	})
}

func TestW9_RetryAfterIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, _ := one(t)
		var tries []time.Time
		v.fault = func(context.Context, string, string) fault {
			if tries = append(tries, time.Now()); len(tries) == 1 {
				return fault{before: bridge.RetryAfter(5*time.Minute, errors.New("429"))}
			}
			return fault{}
		}
		pass(time.Second) // what there is at the start is listed once more
		w.ask("r1")
		pass(6 * time.Minute)
		require.Len(t, tries, 2)
		require.GreaterOrEqual(t, tries[1].Sub(tries[0]), 5*time.Minute)
		requireOpen(t, w, v, "r1")
	})
}

func TestW9_ThrottledVendorBeginsNoClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		v.busy = time.Now().Add(5 * time.Minute)
		w.ask("r1")
		pass(5*time.Minute - time.Second)
		require.Zero(t, i.effects)
		pass(2 * time.Second)
		requireOpen(t, w, v, "r1")
	})
}

func TestTerminalFaultIsShownAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		mended := false
		v.fault = func(context.Context, string, string) fault {
			if mended {
				return fault{}
			}
			return fault{before: bridge.Terminal(errors.New("no such project"))}
		}
		w.ask("r1")
		synctest.Wait()
		link := w.link("r1", "jira")
		require.Equal(t, bridge.PhaseFailed, link.Phase)
		require.Contains(t, link.LastError, "no such project")
		require.Equal(t, bridge.ClassTerminal, i.engine.Failures()[0].Class)

		for range 30 {
			i.engine.RequestChanged("r1")
			pass(time.Minute)
		}
		tries := v.count("open")
		require.LessOrEqual(t, tries, 10, "it does not loop: each pause is as long as the fault has lasted, up to ten minutes")
		require.Greater(t, tries, 5)
		require.Len(t, i.engine.Failures(), 1, "but stays visible")

		mended = true
		pass(11 * time.Minute)
		requireOpen(t, w, v, "r1")
		require.Empty(t, w.link("r1", "jira").LastError)
		require.Zero(t, w.link("r1", "jira").FailedSince)
		require.Empty(t, i.engine.Failures())
	})
}

func TestFaultThatIsMendedSoonIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		i.faults(always("jira open", bridge.Terminal(errors.New("token revoked"))), nil)
		w.ask("r1")
		pass(time.Second)
		i.faults(nil, nil)
		pass(40 * time.Second)
		requireOpen(t, w, v, "r1")
	})
}

func TestTerminalFaultIsTriedAtOnceByAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		i.faults(always("jira open", bridge.Terminal(errors.New("no such project"))), nil)
		w.ask("r1")
		pass(time.Second)
		i.shut()
		w.start("b")
		pass(time.Second)
		requireOpen(t, w, v, "r1")
	})
}

func TestOfficialPluginsObjectIsAdopted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.official["r1"] = v.create("r1")
		v.approve("r1", bob)
		w.ask("r1")
		w.start("a")
		pass(time.Second)
		require.Zero(t, v.count("open"))
		require.Zero(t, v.doubles)
		req, _ := w.request("r1")
		require.Equal(t, bridge.StateApproved, req.State, "a decision made before counts as well, once it has been read")
	})
}

func TestP1_DeletedObjectIsCreatedAgainThreeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, v, i := one(t)
		w.ask("r1")
		w.review("r1", "carol", bridge.StateApproved, "fine")
		for n := range mostReplacements {
			pass(time.Second)
			ref := requireOpen(t, w, v, "r1").ref
			v.delete("r1")
			require.True(t, i.engine.Hint("jira", bridge.Hint{ObjectID: ref.ID}))
			pass(time.Second)
			require.Equal(t, n+1, w.link("r1", "jira").Replaced)
			require.Len(t, requireOpen(t, w, v, "r1").notes, 1, "the new object tells what the old one told")
		}
		v.delete("r1")
		i.engine.Hint("jira", bridge.Hint{RequestID: "r1", ObjectID: w.link("r1", "jira").Ref.ID})
		pass(time.Minute)
		require.Empty(t, v.living("r1"))
		require.Equal(t, 1+mostReplacements, v.count("open"))
		require.Equal(t, bridge.ClassTerminal, i.engine.Failures()[0].Class)
		require.Contains(t, i.engine.Failures()[0].Error, "not created again")

		w.resolve("r1", bridge.StateApproved, "")
		pass(2 * time.Minute)
		require.Equal(t, bridge.PhaseClosed, w.link("r1", "jira").Phase, "a deleted object needs no closing")
		require.Empty(t, i.engine.Failures())
	})
}

func TestW27_DraftCarriesWhatTheVendorShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("jira")
		w := newWorld(t, v)
		w.start("a", func(_ *instance, o *Options) {
			o.WebURL = func(id string) string { return "https://tele.example.com/" + id }
			o.Titles = func(_ context.Context, r []bridge.Resource) []bridge.Resource {
				named := append([]bridge.Resource(nil), r...)
				for n := range named {
					named[n].Title = "web-1"
				}
				return named
			}
		})
		w.put(bridge.Request{
			ID: "r1", User: requester, State: bridge.StatePending, PendingUntil: time.Now().Add(time.Hour),
			Resources: []bridge.Resource{{Cluster: "main", Kind: "node", Name: "n1"}},
		})
		synctest.Wait()
		requireOpen(t, w, v, "r1")
		require.Equal(t, "https://tele.example.com/r1", v.drafts["r1"].WebURL)
		require.Equal(t, "web-1", v.drafts["r1"].Request.Resources[0].Title)
		req, _ := w.request("r1")
		require.Empty(t, req.Resources[0].Title, "the shared request is not changed")
	})
}
