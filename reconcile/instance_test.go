package reconcile

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// errDead is what a crashed instance gets from everything; nothing it does has an effect any more.
var errDead = errors.New("this instance has crashed")

// instance is one process: an engine with its own view of requests and links.
type instance struct {
	w        *world
	name     string
	engine   *Engine
	requests *requestView
	store    *linkView
	stop     context.CancelFunc
	done     chan struct{}

	mu      sync.Mutex
	dead    bool
	deaf    bool
	effects int
	// calls counts the effects, by name, and the readings of all links.
	calls map[string]int
	// crashAt is the number of the effect before which the instance crashes; zero for never.
	crashAt int
	// before and after are asked for a fault of every effect, named like "swap open" or "jira close": one keeps the effect from
	// happening, the other loses the answer.
	before, after func(effect string) error
}

type setting func(*instance, *Options)

// resyncEvery switches on the listing of changed objects.
func resyncEvery(d time.Duration) setting {
	return func(_ *instance, o *Options) {
		for t := range o.Targets {
			o.Targets[t].ResyncEvery = d
		}
	}
}

func crashBefore(effect int) setting { return func(i *instance, _ *Options) { i.crashAt = effect } }

// start runs a new process with a view of what there is now.
func (w *world) start(name string, settings ...setting) *instance {
	i := &instance{w: w, name: name, done: make(chan struct{}), calls: map[string]int{}}
	i.requests = &requestView{i: i, known: w.all()}
	i.store = &linkView{i: i, stale: map[string]bool{}}
	_ = i.store.LoadAll(w.t.Context())
	o := Options{
		Requests: i.requests, Links: i.store, Policy: w.policy(), Reviewer: reviewer{i}, Journal: w, Metrics: noMetrics{}, Instance: name,
		Drain: 5 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
	for _, v := range w.vendors {
		p := &port{vendor: v, i: i}
		target := Target{Ticketer: p, Decisions: p, Workers: 4}
		if v.rota != nil {
			target.OnCall = p
		}
		o.Targets = append(o.Targets, target)
	}
	for _, set := range settings {
		set(i, &o)
	}
	i.engine = New(o)
	ctx, stop := context.WithCancel(w.t.Context())
	i.stop = stop
	w.mu.Lock()
	w.instances = append(w.instances, i)
	w.mu.Unlock()
	go func() {
		defer close(i.done)
		i.engine.Run(ctx)
	}()
	return i
}

// crash ends the instance as a power cut would.
func (i *instance) crash() {
	i.mu.Lock()
	i.dead = true
	i.mu.Unlock()
	i.stop()
}

// spare takes back a crash that has not happened yet.
func (i *instance) spare() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.crashAt = 0
}

// shut ends the instance in order.
func (i *instance) shut() {
	i.stop()
	<-i.done
	i.mu.Lock()
	i.dead = true
	i.mu.Unlock()
}

func (i *instance) crashed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.dead
}

func (i *instance) listens() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.dead && !i.deaf
}

func (i *instance) setDeaf(deaf bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.deaf = deaf
}

// faults sets the questions that are asked before and after each effect.
func (i *instance) faults(before, after func(effect string) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.before, i.after = before, after
}

// effect does something that the world outside can see, unless the instance is dead or dies right now.
func (i *instance) effect(name string, do func() error) error {
	inOrder()
	i.mu.Lock()
	i.effects++
	i.calls[name]++
	if !i.dead && i.effects == i.crashAt {
		i.dead = true
		i.stop()
	}
	dead, before, after := i.dead, i.before, i.after
	i.mu.Unlock()
	if dead {
		return errDead
	}
	if before != nil {
		if err := before(name); err != nil {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	if after != nil {
		if err := after(name); err != nil {
			return err
		}
	}
	return i.read()
}

// called counts the effects with one of these names.
func (i *instance) called(names ...string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for _, name := range names {
		n += i.calls[name]
	}
	return n
}

// read fails for a dead instance.
func (i *instance) read() error {
	if i.crashed() {
		return errDead
	}
	return nil
}

// requestView is one instance's knowledge of the requests.
type requestView struct {
	i     *instance
	mu    sync.Mutex
	known map[string]bridge.Request
}

func (v *requestView) Get(id string) (bridge.Request, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	req, ok := v.known[id]
	return req, ok
}

func (v *requestView) Fresh(_ context.Context, id string) (bridge.Request, error) {
	err := v.i.effect("fresh", func() error { return nil })
	if err != nil {
		return bridge.Request{}, err
	}
	req, ok := v.i.w.request(id)
	v.take(id, req, ok)
	if !ok {
		return bridge.Request{}, bridge.ErrGone
	}
	return req, nil
}

func (v *requestView) Merge(req bridge.Request) { v.take(req.ID, req, true) }

// take remembers what was learnt and tells the engine when it is news.
func (v *requestView) take(id string, req bridge.Request, exists bool) {
	v.mu.Lock()
	old, known := v.known[id]
	news := exists != known || exists && (old.State != req.State || len(old.Reviews) != len(req.Reviews))
	if exists {
		v.known[id] = req
	} else {
		delete(v.known, id)
	}
	v.mu.Unlock()
	if news {
		v.i.engine.RequestChanged(id)
	}
}

func (v *requestView) All() iter.Seq[bridge.Request] {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Values(maps.Clone(v.known))
}

// reviewer acts on the world's requests as the bridge's own user.
type reviewer struct{ i *instance }

func (r reviewer) Self() string { return self }

func (r reviewer) Submit(_ context.Context, id string, d bridge.Decision) (after bridge.Request, err error) {
	state := bridge.StateApproved
	if d.Verdict == bridge.Deny {
		state = bridge.StateDenied
	}
	err = r.i.effect("submit", func() error {
		req, ok := r.i.w.request(id)
		if !ok {
			return bridge.ErrGone
		}
		if own, done := req.ReviewBy(self); done && own.State == state {
			after = req
			return nil
		}
		if _, done := req.ReviewBy(self); done || req.State != bridge.StatePending {
			return bridge.Terminal(errors.New("Teleport does not take this review"))
		}
		req.Reviews = append(slices.Clone(req.Reviews), bridge.Review{Author: self, State: state, Reason: d.Reason, At: time.Now()})
		same := slices.DeleteFunc(slices.Clone(req.Reviews), func(v bridge.Review) bool { return v.State != state })
		if state == bridge.StateDenied || len(same) >= r.i.w.threshold {
			req.State, req.ResolveReason = state, d.Person+": "+d.Reason
		}
		r.i.w.mu.Lock()
		r.i.w.submitted = append(r.i.w.submitted, d)
		r.i.w.mu.Unlock()
		r.i.w.put(req)
		after = req
		return nil
	})
	return after, err
}

type noMetrics struct{}

func (noMetrics) Reconciled(string, string, time.Duration) {}
func (noMetrics) Decided(string, bridge.Verdict, string)   {}
