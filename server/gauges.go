package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accessbridge/accessbridge/bridge"
)

// gauges reads the state of the running bridge whenever metrics are asked for, so that nothing has to be counted along the way.
type gauges struct {
	running func() *running

	requests, links, depth, oldest, failures  *prometheus.Desc
	watching, lists, listed, credential, busy *prometheus.Desc
	faulty                                    *prometheus.Desc
}

func newGauges(get func() *running) *gauges {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	return &gauges{
		running:    get,
		requests:   describe("requests", "Access Requests known, by state.", "state"),
		links:      describe("links", "Links between requests and objects, by phase.", "integration", "phase"),
		depth:      describe("queue_depth", "Requests waiting for a worker.", "queue"),
		oldest:     describe("queue_oldest_seconds", "How long the oldest of them has waited.", "queue"),
		failures:   describe("unsettled", "Requests that could not be settled yet, by class of the fault.", "queue", "class"),
		watching:   describe("watcher_connected", "1 while the watch on Access Requests is open."),
		lists:      describe("watcher_lists_total", "Complete listings of Access Requests."),
		listed:     describe("watcher_last_list_timestamp_seconds", "When the last complete listing ended."),
		credential: describe("credential_expiry_seconds", "Seconds until the Teleport credential expires."),
		busy:       describe("vendor_paused", "1 while no calls are made to a vendor account, after failures or on its request.", "integration"),
		faulty:     describe("monitoring_rule_faults", "Access Monitoring Rules that cannot be evaluated, or could not for a request lately."),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.requests, g.links, g.depth, g.oldest, g.failures, g.watching, g.lists, g.listed, g.credential, g.busy, g.faulty} {
		out <- d
	}
}

// Collect implements prometheus.Collector. Before the bridge is connected there is nothing to tell.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	r := g.running()
	if r == nil {
		out <- prometheus.MustNewConstMetric(g.watching, prometheus.GaugeValue, 0)
		return
	}
	set := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counts := r.requests.Count()
	for _, state := range []bridge.State{bridge.StatePending, bridge.StateApproved, bridge.StateDenied, bridge.StatePromoted} {
		set(g.requests, float64(counts[state]), string(state))
	}
	for key, n := range r.linkCounts() {
		set(g.links, float64(n), key.integration, string(key.phase))
	}
	for _, q := range r.engine.Queues() {
		set(g.depth, float64(q.Waiting), q.Name)
		set(g.oldest, q.Oldest.Seconds(), q.Name)
	}
	type failing struct{ queue, class string }
	failures := map[failing]int{}
	for _, f := range r.engine.Failures() {
		failures[failing{f.Queue, string(f.Class)}]++
	}
	for f, n := range failures {
		set(g.failures, float64(n), f.queue, f.class)
	}
	watch := r.requests.State()
	set(g.watching, flag(watch.Connected))
	out <- prometheus.MustNewConstMetric(g.lists, prometheus.CounterValue, float64(watch.Lists))
	set(g.listed, float64(watch.LastList.Unix()))
	set(g.credential, time.Until(r.client.CredentialExpires()).Seconds())
	if r.rules != nil {
		set(g.faulty, float64(len(r.rules.faults())))
	}
	for _, i := range r.instances {
		until, _ := i.BusyUntil()
		set(g.busy, flag(time.Now().Before(until)), i.Ticketer.Name())
	}
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
