package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// generator makes a history of a seed.
type generator struct {
	*rand.Rand
	setup setup
	steps []step
	// deleted counts the deletions of the objects of a request at a vendor: after three the bridge makes no more.
	deleted map[string]int
}

// generate makes the history of a seed.
func generate(seed uint64) history {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), deleted: map[string]int{}}
	g.setup = g.world()
	for range 1 + g.IntN(5) {
		g.request()
	}
	g.shifts()
	g.troubles()
	if g.oneIn(2) {
		g.together()
	}
	slices.SortStableFunc(g.steps, func(a, b step) int { return int(a.At - b.At) })
	return history{Seed: seed, Setup: g.setup, Steps: g.steps}
}

// world chooses what the history is played with.
func (g *generator) world() setup {
	s := setup{Instances: 1 + g.IntN(4), OnCall: g.oneIn(2), Anyone: g.oneIn(3), Approvers: g.oneIn(4), Pair: g.oneIn(3), DataCenter: g.oneIn(3)}
	for _, name := range []string{jiraName, pagerName, opsgenieName, jsmName} {
		if g.oneIn(2) {
			s.Vendors = append(s.Vendors, name)
		}
	}
	if len(s.Vendors) == 0 {
		s.Vendors = []string{jiraName}
	}
	for _, name := range s.Vendors {
		if g.oneIn(4) {
			s.Poll = append(s.Poll, name)
		}
	}
	if g.oneIn(2) {
		s.Lag = g.upTo(searchLag - time.Second)
	}
	if g.oneIn(3) {
		s.LaterBy = g.upTo(g.choose(5*time.Second, applyWithin-2*time.Second))
	}
	if s.OnCall && g.oneIn(2) {
		s.Quiet = 10 * time.Second
	}
	return s
}

func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// upTo is a random time, to the nanosecond.
func (g *generator) upTo(most time.Duration) time.Duration {
	return time.Duration(g.Int64N(int64(most)))
}

func (g *generator) among(words ...string) string { return words[g.IntN(len(words))] }

func (g *generator) add(s step) step {
	s.ID = len(g.steps) + 1
	if s.Kind == stepAsk {
		s.Request = s.ID
	}
	g.steps = append(g.steps, s)
	return s
}

// request makes somebody ask, and people do something about it.
func (g *generator) request() {
	ask := step{At: time.Second + g.upTo(chaos-3*time.Minute), Kind: stepAsk, Who: g.among(alice, bob, dave), N: 1, For: 2 * time.Hour}
	ask.Text = g.among(append([]string{everywhere, everywhere, nowhere}, g.setup.Vendors...)...)
	if g.oneIn(4) {
		ask.N = 2
	}
	if g.oneIn(5) {
		ask.For = time.Minute + g.upTo(8*time.Minute)
	}
	ask = g.add(ask)
	for range g.IntN(5) {
		g.about(ask)
	}
}

// about makes somebody do something about a request.
func (g *generator) about(ask step) {
	s := step{At: ask.At + g.upTo(g.choose(20*time.Second, 3*time.Minute, chaos-ask.At)), Request: ask.ID, Who: g.among(alice, bob, carol, dave)}
	targets := g.setup.targets(ask.Text)
	switch n := g.IntN(10); {
	case n == 0:
		s.Kind, s.Text = stepReview, g.among("approve", "approve", "deny")
	case n == 1 && g.oneIn(2):
		s.Kind, s.Who = stepWithdraw, ""
	case n == 1 && g.oneIn(2):
		s.Kind, s.Who = stepPromote, ""
	case len(targets) == 0:
		return
	default:
		s.Kind, s.Where = stepAct, g.among(targets...)
		s.Text = string(g.deed(s.Where))
		if g.oneIn(8) {
			s.Who = automation
		}
		if deed(s.Text) == deedDelete {
			key := fmt.Sprint(ask.ID, s.Where)
			if g.deleted[key]++; g.deleted[key] > 2 {
				return
			}
		}
	}
	g.add(s)
}

func (g *generator) choose(times ...time.Duration) time.Duration {
	return max(times[g.IntN(len(times))], time.Second)
}

func (g *generator) deed(vendor string) deed {
	list := []deed{deedApprove, deedApprove, deedApprove, deedDeny, deedDeny, deedBegin, deedTakeBack, deedComment}
	if vendor != jiraName {
		list = append(list, deedActApprove, deedActDeny, deedEnd)
	}
	if vendor != pagerName {
		list = append(list, deedDelete)
	}
	return list[g.IntN(len(list))]
}

// shifts changes who is on call.
func (g *generator) shifts() {
	for _, vendor := range g.setup.Vendors {
		if vendor == jiraName {
			continue
		}
		for range g.IntN(3) {
			g.add(step{At: g.upTo(chaos), Kind: stepDuty, Where: vendor, Who: g.among(alice, bob, carol, dave), For: time.Minute + g.upTo(2*time.Hour)})
		}
	}
}
