package reconcile

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
)

const (
	judgeQueue   = "judge"
	judgeWorkers = 16
	// reloadEvery is how often all links are read again, to find those that another instance opened and did not live to close.
	reloadEvery = 30 * time.Minute
)

// Target is one integration and how its mirror runs.
type Target struct {
	Ticketer bridge.Ticketer
	// Decisions reads what people decided there; nil for an integration that only notifies.
	Decisions bridge.DecisionSource
	// OnCall tells who is on call there; nil for an integration that does not know.
	OnCall bridge.OnCallSource
	// OnCallEvery is how often it is asked again who is on call while a request waits, so that a shift that starts meanwhile decides it;
	// 30 seconds where it is zero.
	OnCallEvery time.Duration
	// Workers is how many calls are made to the vendor at once, not counting listings and a few questions about who is on call.
	Workers int
	// ResyncEvery is the pause between listings of changed objects; the only way to learn of decisions without webhooks.
	ResyncEvery time.Duration
	// Polls is true where no webhook tells what people do, so that listings have to tell of closed objects too.
	Polls bool
}

// Options are the parts an Engine is put together from. All but Titles, Labels, Texts and WebURL are required.
type Options struct {
	Requests Requests
	Links    Links
	Policy   Policy
	Reviewer Reviewer
	Journal  bridge.Journal
	Metrics  Metrics
	Targets  []Target
	// Instance names this process among all that share the links.
	Instance string
	// WebURL returns the address of a request in Teleport's web UI, empty when there is none.
	WebURL func(requestID string) string
	// Titles looks up the names people know resources by. It returns its argument when it cannot.
	Titles func(context.Context, []bridge.Resource) []bridge.Resource
	// Labels reads the labels of resources, as far as they can be read; nil when the policy needs none.
	Labels func(context.Context, []bridge.Resource) []bridge.Resource
	// Texts writes what is said at objects and in Teleport; the built-in texts when nil.
	Texts Texts
	// Drain is how long runs at work may take to finish once the engine is told to stop.
	Drain time.Duration
	// Jitter spreads the pauses of a queue, so that instances and requests do not come back all at once; at random by a fifth when nil.
	Jitter func(queue string, d time.Duration) time.Duration
	Log    *slog.Logger
}

// Engine runs one mirror per integration and the judge.
type Engine struct {
	requests Requests
	links    Links
	mirrors  map[string]*mirror
	rosters  map[string]*roster
	resyncs  map[string]time.Duration
	judge    *judge
	turns    *turns
	drain    time.Duration
	log      *slog.Logger
}

// New puts the engine together. Nothing runs before Run.
func New(o Options) *Engine {
	e := &Engine{requests: o.Requests, links: o.Links, mirrors: map[string]*mirror{}, rosters: map[string]*roster{}, resyncs: map[string]time.Duration{}, drain: o.Drain, log: o.Log}
	if o.WebURL == nil {
		o.WebURL = func(string) string { return "" }
	}
	if o.Titles == nil {
		o.Titles = func(_ context.Context, r []bridge.Resource) []bridge.Resource { return r }
	}
	if o.Texts == nil {
		o.Texts = (*text.Set)(nil)
	}
	e.turns = newTurns(o.Instance, o.Links, e.readAll)
	e.judge = &judge{
		words:    wording{texts: o.Texts, policy: o.Policy},
		requests: o.Requests, links: o.Links, policy: o.Policy, reviewer: o.Reviewer, journal: o.Journal, metrics: o.Metrics,
		look: e.look, tell: e.tell, ask: e.ask, labels: o.Labels, log: o.Log, files: map[string]*file{}, duties: map[string]map[string]bridge.Duty{},
	}
	e.judge.queue = newQueue(judgeQueue, judgeWorkers, o.Metrics, o.Log, e.judge.reconcile)
	for _, t := range o.Targets {
		name := t.Ticketer.Name()
		log := o.Log.With("integration", name)
		m := &mirror{
			name: name, self: o.Instance, ticketer: t.Ticketer, decisions: t.Decisions, requests: o.Requests, links: o.Links,
			polls: t.Polls, policy: o.Policy, judge: e.judge, turns: e.turns, webURL: o.WebURL, titles: o.Titles, log: log,
			due: map[string]string{}, late: map[string]string{}, created: map[string]bridge.Ref{}, doubts: map[string]doubt{}, unusedClaims: map[string]unusedClaim{}, strays: map[string]stray{}, witnessed: map[string]bool{}, endings: map[string]bridge.Outcome{}, unclosed: map[string]unclosed{}, rerouted: map[string]bool{}, watched: map[string]string{},
		}
		m.linkedElsewhere = func(id string) []string { return e.linkedBeside(name, id) }
		m.elsewhere = func(id string) { e.tellBeside(name, id) }
		workers := max(t.Workers, 1)
		m.slots = make(chan struct{}, workers)
		// While some runs talk to the vendor, others write their links to Teleport.
		m.queue = newQueue(name, 2*workers, o.Metrics, log, m.step)
		if t.OnCall != nil {
			r := &roster{name: name, source: t.OnCall, every: cmp.Or(t.OnCallEvery, rosterPause), limit: callTime(t.Ticketer.Traits()), requests: o.Requests, policy: o.Policy, judge: e.judge, log: log}
			r.queue = newQueue("on-call/"+name, min(workers, rosterWorkers), o.Metrics, log, r.reconcile)
			e.rosters[name] = r
		}
		e.mirrors[name], e.resyncs[name] = m, t.ResyncEvery
	}
	if o.Jitter != nil {
		for _, q := range e.queues() {
			q.jitter = func(d time.Duration) time.Duration { return o.Jitter(q.name, d) }
		}
	}
	return e
}

// RequestChanged tells that a request was made, changed or removed.
func (e *Engine) RequestChanged(id string) {
	// What is read because of the change asks for a judgement by itself, and must not be judged twice.
	e.judge.changed(id)
	for _, r := range sorted(e.rosters) {
		r.queue.add(id)
	}
	for _, m := range sorted(e.mirrors) {
		m.queue.add(id)
	}
}

// Reconsider judges again whatever people said and is not decided yet, because a fact that the policy needs has become known.
func (e *Engine) Reconsider() {
	for _, id := range e.judge.undecided() {
		e.judge.queue.add(id)
	}
}

// Hint tells that an object is worth reading again. It returns false when neither a link of the integration nor a request is named.
func (e *Engine) Hint(integration string, h bridge.Hint) bool {
	m := e.mirrors[integration]
	if m == nil {
		return false
	}
	id, ok := e.links.ByObject(integration, h.ObjectID)
	if !ok {
		// Another instance may have opened the object. The marker in the delivery is no proof, but it is enough to go and look.
		req, known := e.requests.Get(h.RequestID)
		if !known {
			return e.stray(m, h)
		}
		id = h.RequestID
		if !req.Pending(time.Now()) {
			return m.heardLate(id, h.DeliveryID)
		}
	}
	m.hinted(id, h.DeliveryID)
	return true
}

// stray keeps a hint that names nothing known. The link may have been written meanwhile.
func (e *Engine) stray(m *mirror, h bridge.Hint) bool {
	m.keepStray(h.ObjectID, h.DeliveryID)
	id, ok := e.links.ByObject(m.name, h.ObjectID)
	if ok && m.claimStray(id, h.ObjectID) {
		m.queue.add(id)
	}
	return ok
}

// Run works until ctx ends, then finishes what is at work. The requests must have been listed and the links loaded before.
func (e *Engine) Run(ctx context.Context) {
	e.enqueueAll()
	var parts sync.WaitGroup
	for name, m := range sorted(e.mirrors) {
		parts.Go(func() { m.queue.serve(ctx, e.drain) })
		if every := e.resyncs[name]; m.decisions != nil && every > 0 {
			parts.Go(func() { m.resync(ctx, every) })
		}
	}
	for _, r := range sorted(e.rosters) {
		parts.Go(func() { r.queue.serve(ctx, e.drain) })
	}
	parts.Go(func() { e.judge.queue.serve(ctx, e.drain) })
	parts.Go(func() { e.reload(ctx) })
	parts.Wait()
}

// Close ends an engine that was never run.
func (e *Engine) Close() {
	for _, q := range e.queues() {
		q.work.ShutDown()
	}
}

// enqueueAll asks for every request and every unfinished link to be looked at.
func (e *Engine) enqueueAll() {
	for req := range e.requests.All() {
		if req.State == bridge.StatePending {
			e.RequestChanged(req.ID)
		}
	}
	open := map[string][]string{}
	for key, link := range e.links.Links() {
		if link.Phase != bridge.PhaseClosed {
			open[key.Target] = append(open[key.Target], key.RequestID)
		}
	}
	for name, m := range sorted(e.mirrors) {
		for _, id := range slices.Sorted(slices.Values(open[name])) {
			m.queue.add(id)
		}
	}
}

func (e *Engine) reload(ctx context.Context) {
	for {
		timer := time.NewTimer(e.judge.queue.jitter(reloadEvery))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := e.readAll(ctx); err != nil {
			e.log.Warn("reading all links failed", "error", err)
			continue
		}
		e.enqueueAll()
	}
}

// readAll reads all links again.
func (e *Engine) readAll(ctx context.Context) error {
	before := e.openLinks()
	if err := e.links.LoadAll(ctx); err != nil {
		return err
	}
	e.keepVanished(ctx, before)
	return nil
}

func (e *Engine) look(target, id string) {
	if m := e.mirrors[target]; m != nil {
		m.look(id)
	}
}

func (e *Engine) ask(target, id string) {
	if r := e.rosters[target]; r != nil {
		r.queue.add(id)
	}
}

func (e *Engine) tell(target, id string) {
	if m := e.mirrors[target]; m != nil {
		m.queue.add(id)
	}
}

// QueueState is how much waits in one queue.
type QueueState struct {
	Name    string        `json:"name"`
	Waiting int           `json:"waiting"`
	Oldest  time.Duration `json:"oldest"`
}

// Queues tells how much waits in each queue.
func (e *Engine) Queues() []QueueState {
	var states []QueueState
	for _, q := range e.queues() {
		waiting, oldest := q.depth()
		states = append(states, QueueState{Name: q.name, Waiting: waiting, Oldest: oldest})
	}
	return states
}

// Failures lists every request that could not be settled yet, in all queues.
func (e *Engine) Failures() []Failure {
	var all []Failure
	for _, q := range e.queues() {
		all = append(all, q.failing()...)
	}
	return all
}

func (e *Engine) queues() []*queue {
	queues := []*queue{e.judge.queue}
	for _, m := range sorted(e.mirrors) {
		queues = append(queues, m.queue)
	}
	for _, r := range sorted(e.rosters) {
		queues = append(queues, r.queue)
	}
	return queues
}
