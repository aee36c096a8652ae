package process

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cutFor bounds each disturbance of the network.
const cutFor = 800 * time.Millisecond

// The network between the bridge and Teleport, and between the bridge and Jira, delays, loses its way, loses answers only, and resets, at
// random.
func TestP1_P2_P3_P6_NetworkCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for claims to run out")
	}
	t.Parallel()
	w := newWorld(t, 0)
	toTeleport, toJira := newRelay(t, w.Teleport.Addr()), newRelay(t, w.Jira.URL()[len("https://"):])
	w.Settings.Teleport["addr"] = toTeleport.addr()
	w.Settings.Main()["url"] = "https://" + toJira.addr()
	for range 2 {
		w.configure()
	}
	w.startAll()
	c := w.gather()
	c.begin()
	c.act()
	for n := range 12 {
		w.awaitEffects(20 + w.rng.IntN(150))
		link := []*relay{toTeleport, toJira, w.balancer}[n%3]
		w.disturb(link, n/3)
		link.mend()
	}
	c.acted()
	c.decideLate()
	c.settles()
	c.exact()
	require.Empty(t, c.audited())
	for _, i := range w.instances {
		i.requireRunning()
		w.Eventually("nothing unsettled", func() bool { return len(i.status().Unsettled) == 0 })
	}
}

// disturb lets one kind of disturbance last for a while.
func (w *world) disturb(link *relay, kind int) {
	switch kind {
	case 0: // Calls arrive and take effect; their answers never come.
		link.hold(answering)
		w.pass()
		link.reset()
	case 1: // Nothing gets through, and what was sent arrives late.
		link.hold(asking, answering)
		w.pass()
	case 2: // What was sent never arrives.
		link.hold(asking)
		w.pass()
		link.reset()
	default:
		link.slow(30 * time.Millisecond)
		w.pass()
		link.refuse()
		w.pass()
	}
}

// pass lets some calls happen somewhere, if any can, or some time pass.
func (w *world) pass() {
	enough := w.effects() + 10 + w.rng.IntN(40)
	await(cutFor, func() bool { return w.effects() >= enough })
}
