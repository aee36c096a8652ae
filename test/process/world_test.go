package process

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

// seedFlag repeats the choices of an earlier run: who asks for what and dies when. What the processes do at those moments is their affair.
var seedFlag = flag.Uint64("seed", 0, "make the choices of the run that logged this seed")

// latency is how long Jira takes for each call, so that a process that dies does so between two effects.
const latency = 5 * time.Millisecond

// callWithin is the configured limit for one call to Jira. The claim of a process that was killed lasts longer than a call.
const callWithin = 5 * time.Second

// world is the simulators with instances of the real binary, and a load balancer before them that Jira sends its webhooks to.
type world struct {
	*harness.World
	instances []*instance
	balancer  *relay
	// rng makes all choices of the test; its seed is in the log.
	rng *rand.Rand
}

// newWorld starts the simulators and configures n instances.
func newWorld(t *testing.T, n int) *world {
	t.Helper()
	w := &world{World: harness.New(t, harness.Setup{Jira: map[string]jira.Options{harness.Main: {Latency: latency}}})}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	w.rng = rand.New(rand.NewPCG(seed, seed))
	w.Settings.Top = harness.Section{}
	w.Settings.Server["shutdown_timeout"] = drainWithin.String()
	w.Settings.Main()["resync_every"] = "10s"
	w.Settings.Main()["timeout"] = callWithin.String()
	w.balancer = newRelay(t)
	w.sendWebhooks(harness.Secret)
	t.Cleanup(func() {
		for _, i := range w.instances {
			i.discard()
		}
	})
	for range n {
		w.configure()
	}
	return w
}

// balance tells the balancer where the instances listen. It finds out by itself which of them take connections.
func (w *world) balance() {
	var addrs []string
	for _, i := range w.instances {
		if i.process != nil {
			addrs = append(addrs, i.public)
		}
	}
	w.balancer.lead(addrs...)
}

// startAll starts all instances.
func (w *world) startAll() {
	w.T.Helper()
	for _, i := range w.instances {
		i.start()
	}
}

// effects counts the calls the simulators have had, from whomever.
func (w *world) effects() int {
	n := w.Jira.TotalCalls()
	for _, calls := range w.Teleport.Calls() {
		n += calls
	}
	return n
}

// await waits until the condition holds, but no longer than the limit, and reports whether it does.
func await(limit time.Duration, holds func() bool) bool {
	ended := time.NewTimer(limit)
	defer ended.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-ended.C:
			return false
		}
	}
	return true
}

// awaitEffects waits until the simulators have had so many further calls. It gives up after a while, because those who call may all be
// waiting.
func (w *world) awaitEffects(further int) {
	enough := w.effects() + further
	await(3*time.Second, func() bool { return w.effects() >= enough })
}

// sendWebhooks makes Jira send its webhooks through the balancer.
func (w *world) sendWebhooks(secret string) {
	w.Jira.SetWebhooks(jira.Webhook{
		URL: "https://" + w.balancer.addr() + "/webhooks/" + harness.Main, Secret: secret, Client: w.Client, RetryDelay: 200 * time.Millisecond,
	})
}
