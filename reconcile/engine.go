package reconcile

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
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
	// Workers is how many calls are made to the vendor at once.
	Workers int
	// ResyncEvery is the pause between listings of changed objects; the only way to learn of decisions without webhooks.
	ResyncEvery time.Duration
}

// Options are the parts an Engine is put together from. All but Titles and WebURL are required.
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
	// Drain is how long runs at work may take to finish once the engine is told to stop.
	Drain time.Duration
	Log   *slog.Logger
}

// Engine runs one mirror per integration and the judge.
type Engine struct {
	requests Requests
	links    Links
	mirrors  map[string]*mirror
	rosters  map[string]*roster
	resyncs  map[string]time.Duration
	judge    *judge
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
	e.judge = &judge{
		requests: o.Requests, links: o.Links, policy: o.Policy, reviewer: o.Reviewer, journal: o.Journal, metrics: o.Metrics,
		look: e.look, tell: e.tell, ask: e.ask, log: o.Log, files: map[string]*file{}, duties: map[string]map[string]bridge.Duty{},
	}
	e.judge.queue = newQueue(judgeQueue, judgeWorkers, o.Metrics, o.Log, e.judge.reconcile)
	for _, t := range o.Targets {
		name := t.Ticketer.Name()
		log := o.Log.With("integration", name)
		m := &mirror{
			name: name, self: o.Instance, ticketer: t.Ticketer, decisions: t.Decisions, requests: o.Requests, links: o.Links,
			policy: o.Policy, judge: e.judge, webURL: o.WebURL, titles: o.Titles, log: log,
			due: map[string]bool{}, created: map[string]bridge.Ref{}, unknown: map[string]int{}, witnessed: map[string]bool{}, endings: map[string]bridge.Outcome{},
		}
		workers := max(t.Workers, 1)
		m.slots = make(chan struct{}, workers)
		// While some runs talk to the vendor, others write their links to Teleport.
		m.queue = newQueue(name, 2*workers, o.Metrics, log, m.reconcile)
		if t.OnCall != nil {
			r := &roster{name: name, source: t.OnCall, requests: o.Requests, policy: o.Policy, judge: e.judge, log: log}
			r.queue = newQueue("on-call/"+name, workers, o.Metrics, log, r.reconcile)
			e.rosters[name] = r
		}
		e.mirrors[name], e.resyncs[name] = m, t.ResyncEvery
	}
	return e
}

// RequestChanged tells that a request was made, changed or removed.
func (e *Engine) RequestChanged(id string) {
	for _, r := range e.rosters {
		r.queue.add(id)
	}
	for _, m := range e.mirrors {
		m.queue.add(id)
	}
	e.judge.changed(id)
}

// Hint tells that an object is worth reading again. It returns false when no open link of the integration names the object.
func (e *Engine) Hint(integration string, h bridge.Hint) bool {
	m := e.mirrors[integration]
	if m == nil {
		return false
	}
	id, ok := e.links.ByObject(integration, h.ObjectID)
	if !ok {
		// Another instance may have opened the object. The marker in the delivery is no proof, but it is enough to go and look.
		if req, known := e.requests.Get(h.RequestID); !known || !req.Pending(time.Now()) {
			return false
		}
		id = h.RequestID
	}
	m.look(id)
	return true
}

// Run works until ctx ends, then finishes what is at work. The requests must have been listed and the links loaded before.
func (e *Engine) Run(ctx context.Context) {
	e.enqueueAll()
	var parts sync.WaitGroup
	for name, m := range e.mirrors {
		parts.Go(func() { m.queue.serve(ctx, e.drain) })
		if every := e.resyncs[name]; m.decisions != nil && every > 0 {
			parts.Go(func() { m.resync(ctx, every) })
		}
	}
	for _, r := range e.rosters {
		parts.Go(func() { r.queue.serve(ctx, e.drain) })
	}
	parts.Go(func() { e.judge.queue.serve(ctx, e.drain) })
	parts.Go(func() { e.reload(ctx) })
	parts.Wait()
}

// enqueueAll asks for every request and every unfinished link to be looked at.
func (e *Engine) enqueueAll() {
	for req := range e.requests.All() {
		if req.State == bridge.StatePending {
			e.RequestChanged(req.ID)
		}
	}
	for key, link := range e.links.Links() {
		if m := e.mirrors[key.Target]; m != nil && link.Phase != bridge.PhaseClosed {
			m.queue.add(key.RequestID)
		}
	}
}

func (e *Engine) reload(ctx context.Context) {
	for {
		timer := time.NewTimer(jitter(reloadEvery))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := e.links.LoadAll(ctx); err != nil {
			e.log.Warn("reading all links failed", "error", err)
			continue
		}
		e.enqueueAll()
	}
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
	for _, m := range e.mirrors {
		queues = append(queues, m.queue)
	}
	for _, r := range e.rosters {
		queues = append(queues, r.queue)
	}
	return queues
}
