package simulation

import (
	"slices"
	"time"
)

// together makes one more request, about which things happen so close together that they matter. By chance alone they hardly ever would.
func (g *generator) together() {
	kinds := []func(){g.overtaken, g.unheard}
	if g.setup.Pair {
		kinds = append(kinds, g.twice, g.twice)
	}
	if g.setup.LaterBy > 0 {
		kinds = append(kinds, g.early)
	}
	kinds[g.IntN(len(kinds))]()
}

// asks makes somebody ask for one of some roles.
func (g *generator) asks(approvals int, roles ...string) step {
	return g.add(step{
		At: 2*time.Second + g.upTo(chaos-5*time.Minute), Kind: stepAsk, Who: g.among(alice, bob, dave), Text: g.among(roles...), N: approvals, For: 2 * time.Hour,
	})
}

// acts makes somebody do something about a request at an object.
func (g *generator) acts(ask step, after time.Duration, who, where string, what deed) {
	g.add(step{At: ask.At + after, Kind: stepAct, Request: ask.ID, Who: who, Where: where, Text: string(what)})
}

// twice lets one person approve in two ways where two people have to.
func (g *generator) twice() {
	ask := g.asks(1, everywhere)
	who := g.among(alice, bob, carol)
	for range 2 {
		g.acts(ask, 20*time.Second+g.upTo(2*time.Minute), who, g.among(g.setup.Vendors...), deedApprove)
	}
}

// unheard lets somebody approve and then take that back, which no webhook tells. Meanwhile Teleport takes no review, or a second person still
// has to approve.
func (g *generator) unheard() {
	if !slices.Contains(g.setup.Vendors, jiraName) || slices.Contains(g.setup.Poll, jiraName) {
		return
	}
	role := g.among(jiraName, everywhere)
	ask := g.asks(1, role)
	said := 20*time.Second + g.upTo(20*time.Second)
	gone := said + 5*time.Second + g.upTo(10*time.Second)
	g.acts(ask, said, g.among(bob, carol), jiraName, deedApprove)
	g.acts(ask, gone, carol, jiraName, deedTakeBack)
	g.add(step{At: ask.At + gone - time.Second, Kind: stepHooks, Where: jiraName, Text: string(hookVanishes), N: 100, For: 3 * time.Minute})
	if g.setup.pair(role) {
		g.acts(ask, gone+fresh+g.upTo(2*time.Minute), g.among(alice, bob, carol), g.among(g.setup.Vendors...), deedApprove)
		return
	}
	g.add(step{
		At: ask.At + said - time.Second, Kind: stepFault, Where: teleportName, Text: g.among(string(mishapRefused), string(mishapHang)), N: 100,
		For: time.Minute + g.upTo(time.Minute), Count: 1,
	})
}

// overtaken ends a request while the call that makes its object may still be carried out, although another has been answered.
func (g *generator) overtaken() {
	vendor := g.among(g.setup.Vendors...)
	ask := g.asks(1, vendor, everywhere)
	g.add(step{At: ask.At - time.Second, Kind: stepFault, Where: vendor, Text: string(mishapLate), N: 100, For: callTimeout - g.upTo(10*time.Second), Count: 1})
	g.add(step{At: ask.At + callTimeout + g.upTo(applyWithin), Kind: stepReview, Request: ask.ID, Who: carol, Text: "deny"})
}

// early lets somebody review requests whose objects are still being made.
func (g *generator) early() {
	for range 3 {
		ask := g.asks(2, append([]string{everywhere}, g.setup.Vendors...)...)
		g.add(step{At: ask.At + time.Second + g.upTo(g.setup.LaterBy), Kind: stepReview, Request: ask.ID, Who: carol, Text: "approve"})
	}
}
