package reconcile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/accessbridge/accessbridge/bridge"
)

// plan is one course of events; the seed settles what goes wrong with each single call.
type plan struct {
	Seed                   uint64
	Instances, Requests    int
	ApplyWithin, SearchLag time.Duration
	// Keyed is true for a vendor that makes no second object while the first is open.
	Keyed bool
	// Trouble is the share of calls, in percent, that go wrong until everything heals.
	Trouble int
	Events  []event
}

// event happens to one instance or one object at some time before everything heals.
type event struct {
	At   time.Duration
	What string
	Who  int
}

// heals is when nothing goes wrong any more, settled when everything must be as it should.
const (
	heals   = 12 * time.Minute
	settled = 42 * time.Minute
)

func plans() *rapid.Generator[plan] {
	seconds := func(t *rapid.T, label string, least, most int) time.Duration {
		return time.Duration(rapid.IntRange(least, most).Draw(t, label)) * time.Second
	}
	return rapid.Custom(func(t *rapid.T) plan {
		p := plan{
			Seed: rapid.Uint64().Draw(t, "seed"), Instances: rapid.IntRange(1, 4).Draw(t, "instances"),
			Requests: rapid.IntRange(1, 3).Draw(t, "requests"), Trouble: rapid.IntRange(0, 60).Draw(t, "trouble"),
			ApplyWithin: seconds(t, "apply within", 0, 90), SearchLag: seconds(t, "search lag", 0, 180),
			Keyed: rapid.Bool().Draw(t, "keyed"),
		}
		p.Events = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
			return event{
				At: seconds(t, "at", 0, int(heals/time.Second)), Who: rapid.IntRange(0, 3).Draw(t, "who"),
				What: rapid.SampledFrom([]string{"crash", "crash soon", "crash soon", "event", "review", "delete", "resolve"}).Draw(t, "what"),
			}
		}), 0, 12).Draw(t, "events")
		deletions := 0
		p.Events = slices.DeleteFunc(p.Events, func(e event) bool {
			if e.What == "delete" {
				deletions++
			}
			return e.What == "delete" && deletions > mostReplacements
		})
		return p
	})
}

// troubles decides call by call what goes wrong.
type troubles struct {
	plan plan
	over time.Time

	mu  sync.Mutex
	rng *rand.Rand
}

func newTroubles(p plan) *troubles {
	return &troubles{plan: p, over: time.Now().Add(heals), rng: rand.New(rand.NewPCG(p.Seed, 1))}
}

// upTo is a random time below the limit.
func (x *troubles) upTo(limit time.Duration) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return time.Duration(x.rng.Int64N(int64(limit) + 1))
}

// strikes returns which of n kinds of trouble the next call gets into; n for none.
func (x *troubles) strikes(n int) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !time.Now().Before(x.over) || x.rng.IntN(100) >= x.plan.Trouble {
		return n
	}
	return x.rng.IntN(n)
}

func (x *troubles) vendor(ctx context.Context, op, _ string) fault {
	wait := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	switch x.strikes(10) {
	case 0:
		return fault{before: errLost}
	case 1:
		return fault{after: errLost}
	case 2, 7, 8, 9:
		if op == "open" {
			return fault{late: 1 + x.upTo(callLimit+x.plan.ApplyWithin-1)}
		}
	case 3:
		return fault{before: bridge.Unsent(errors.New("connection refused"))}
	case 4:
		return fault{before: bridge.RetryAfter(x.upTo(time.Minute), errors.New("429"))}
	case 5:
		return fault{before: bridge.Terminal(errors.New("403"))}
	case 6:
		wait(x.upTo(callLimit))
		if ctx.Err() != nil {
			return fault{before: ctx.Err()}
		}
	}
	return fault{}
}

func (x *troubles) teleportBefore(effect string) error {
	if effect[:4] != "swap" && effect != "fresh" && effect != "refresh" {
		return nil
	}
	switch x.strikes(3) {
	case 0:
		return errors.New("Teleport is unavailable")
	case 1:
		<-time.After(x.upTo(8 * time.Second))
	}
	return nil
}

func (x *troubles) teleportAfter(effect string) error {
	if effect[:4] == "swap" && x.strikes(3) == 0 {
		return errLost
	}
	return nil
}

// simulate plays a plan and returns what is wrong in the end, or nothing.
func simulate(t *testing.T, p plan) (wrong string) {
	synctest.Test(t, func(t *testing.T) {
		x := newTroubles(p)
		v := newVendor("jira")
		v.traits = bridge.Traits{ApplyWithin: p.ApplyWithin, SearchLag: p.SearchLag, Keyed: p.Keyed}
		v.lag, v.fault = func() time.Duration { return max(x.upTo(p.SearchLag), x.upTo(p.SearchLag)) }, x.vendor
		w := newWorld(t, v)
		begin := time.Now()
		alive := make([]*instance, p.Instances)
		started := 0
		start := func(n int) {
			started++
			alive[n] = w.start(fmt.Sprint("instance-", started))
			alive[n].faults(x.teleportBefore, x.teleportAfter)
		}
		for n := range p.Instances {
			start(n)
		}
		var ids []string
		for n := range p.Requests {
			ids = append(ids, fmt.Sprint("r", n))
			w.ask(ids[n])
		}
		for time.Since(begin) < heals {
			for n, e := range p.Events {
				if e.At == time.Since(begin) {
					e.happen(n, w, alive[e.Who%p.Instances], ids[e.Who%len(ids)])
				}
			}
			pass(time.Second)
			for n, i := range alive {
				if i.crashed() && x.upTo(10) == 0 {
					start(n)
				}
			}
		}
		for n, i := range alive {
			i.spare()
			if i.crashed() {
				start(n)
			}
		}
		// Nobody tells of a deletion twice, so a hint that fell on a crashed instance is given again.
		for _, id := range ids {
			alive[0].hint(id)
		}
		pass(settled - time.Since(begin))
		wrong = faultsOf(w, v, ids, alive)
		for _, id := range ids {
			w.resolve(id, bridge.StateDenied, "")
		}
		pass(10 * time.Minute)
		for _, id := range ids {
			if o := v.living(id); wrong == "" && !closed(o, w.ended[id]) {
				wrong = fmt.Sprintf("request %s is denied, its objects are %+v", id, o)
			}
		}
		for _, i := range alive {
			if n := i.memory(); wrong == "" && n > 0 {
				wrong = fmt.Sprintf("%s still remembers %d things of requests that have ended", i.name, n)
			}
		}
	})
	return wrong
}

func (e event) happen(n int, w *world, i *instance, id string) {
	switch e.What {
	case "crash":
		i.crash()
	case "crash soon":
		i.mu.Lock()
		i.crashAt = i.effects + 1 + n%4
		i.mu.Unlock()
	case "event":
		i.engine.RequestChanged(id)
	case "review":
		w.review(id, fmt.Sprint("reviewer-", n), bridge.StateApproved, "")
	case "delete":
		w.vendors[0].delete(id)
		i.hint(id)
	case "resolve":
		w.ended[id] = true
		w.resolve(id, bridge.StateDenied, "")
	}
}

// closed reports whether a denied request has the objects it should: the one it was given, closed. One that ended in the midst of the trouble
// may have got none, or have lost it.
func closed(objects []object, early bool) bool {
	if early && len(objects) == 0 {
		return true
	}
	return len(objects) == 1 && objects[0].ending == bridge.EndDenied
}

// faultsOf checks that each pending request has exactly one object, linked and with every review on it, and that those of others are closed.
func faultsOf(w *world, v *vendor, ids []string, alive []*instance) string {
	if v.doubles > 0 {
		return fmt.Sprintf("%d objects were created beside a living one", v.doubles)
	}
	for _, id := range ids {
		objects, link := v.living(id), w.link(id, v.name)
		req, _ := w.request(id)
		switch {
		case w.ended[id] && closed(objects, true):
		case len(objects) != 1:
			return fmt.Sprintf("request %s has %d objects, its link is %+v", id, len(objects), link)
		case link.Phase != bridge.PhaseOpen || link.Ref != objects[0].ref:
			return fmt.Sprintf("request %s is linked to %+v", id, link)
		case len(objects[0].notes) != len(req.Reviews):
			return fmt.Sprintf("the object of request %s shows %d of %d reviews", id, len(objects[0].notes), len(req.Reviews))
		}
	}
	for _, i := range alive {
		if f := i.engine.Failures(); len(f) > 0 {
			return fmt.Sprintf("%s still fails: %+v", i.name, f)
		}
	}
	return ""
}

// Several instances, crashes, lost answers, calls carried out after the caller gave up, searches that lag behind: there are never two living
// objects for one request, and once everything is well again there is exactly one. A claim shorter than the sum of its parts, or no
// search before a second try, makes this test fail.
func TestP1_P2_SimulationOfTheClaimProtocol(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := plans().Draw(rt, "plan")
		for range 3 {
			if wrong := simulate(t, p); wrong != "" {
				rt.Fatal(wrong)
			}
			p.Seed++
		}
	})
}
