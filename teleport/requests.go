package teleport

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/bridge"
)

// RequestsOptions tune the cache of requests.
type RequestsOptions struct {
	// Resync is the pause between two complete lists; 5 min when zero.
	Resync time.Duration
	// OnChange is called with the id of each request that was added, changed or removed, and of each pending request whose time
	// has run out. It must not block.
	OnChange func(id string)
	// Rules is the cache of Access Monitoring Rules to keep up to date with the same watch; none when nil.
	Rules *Rules
	// Log receives what an operator should know; nothing is logged when nil.
	Log *slog.Logger
}

// Requests is the cache of all Access Requests, fed by a watch and by complete lists.
type Requests struct {
	client *Client
	resync time.Duration
	notify func(id string)
	log    *slog.Logger
	cache  *cache
	rules  *Rules
	ready  chan struct{}
	// firstPause is the shortest pause before a reconnect.
	firstPause time.Duration
	// deniedEvery is the pause between two tries while Teleport denies the watch.
	deniedEvery time.Duration
	// initWithin bounds the wait for a watch's first event.
	initWithin time.Duration

	mu    sync.Mutex
	state WatchState
	// denied is true when the last error was a denial.
	denied   bool
	complete sync.Once
}

// WatchState says how the watch is doing.
type WatchState struct {
	// Connected is true while events arrive and a complete list has been taken over.
	Connected bool
	// Since is when Connected last changed.
	Since time.Time
	// LastError is why the watch is not connected; empty while it is.
	LastError string
	// Lists counts the complete lists since the start, LastList is when the last one was taken over.
	Lists    int
	LastList time.Time
	// Kinds are the kinds of resources that Teleport lets us watch.
	Kinds []string
}

// NewRequests returns an empty cache. Run fills it.
func NewRequests(c *Client, o RequestsOptions) *Requests {
	if o.Resync <= 0 {
		o.Resync = 5 * time.Minute
	}
	if o.OnChange == nil {
		o.OnChange = func(string) {}
	}
	return &Requests{
		client: c, resync: o.Resync, notify: o.OnChange, log: logger(o.Log), cache: newCache(), rules: o.Rules, ready: make(chan struct{}),
		firstPause: 50 * time.Millisecond, deniedEvery: 30 * time.Second, initWithin: 15 * time.Second, state: WatchState{Since: time.Now()},
	}
}

// Run keeps the cache true until the context ends, and then returns nil. It reconnects for ever, whatever the fault: with growing
// pauses from 50 ms to 10 s, and every 30 s while Teleport denies the watch. The only error it returns is that the client was
// closed under it.
func (r *Requests) Run(ctx context.Context) error {
	var lapses sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	lapses.Go(func() { r.tellLapses(ctx) })
	defer lapses.Wait()
	defer cancel()
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: r.firstPause, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: 10 * time.Second,
	}
	if r.client.options.Jitter != nil {
		pauses.RandomizationFactor = 0
	}
	for {
		begun := time.Now()
		err := r.session(ctx)
		if time.Since(begun) > pauses.MaxInterval {
			// Shorter sessions keep the pauses growing: each costs Teleport a complete list.
			pauses.Reset()
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errClosed):
			r.disconnected(err)
			return err
		case errors.Is(err, errRenewed):
			continue
		}
		r.disconnected(err)
		pause := pauses.NextBackOff()
		if r.client.options.Jitter != nil {
			pause = r.client.options.Jitter(pause)
		}
		if terminal(err) {
			pause = r.deniedEvery
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// tellLapses reports pending requests whose time runs out: Teleport's own event may never come.
func (r *Requests) tellLapses(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.cache.wake:
		}
		ids, pause := r.cache.lapse(time.Now())
		r.changed(ids...)
		timer.Reset(pause)
	}
}

func (r *Requests) changed(ids ...string) {
	for _, id := range ids {
		r.notify(id)
	}
}

// Ready is closed after the first complete list.
func (r *Requests) Ready() <-chan struct{} { return r.ready }

// State says how the watch is doing.
func (r *Requests) State() WatchState {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.state
	out.Kinds = slices.Clone(out.Kinds)
	return out
}

// Get returns the last known state of a request. Its slices and maps must not be changed.
func (r *Requests) Get(id string) (bridge.Request, bool) { return r.cache.get(id) }

// All yields every known request, oldest first, as they were when the iteration began.
func (r *Requests) All() iter.Seq[bridge.Request] {
	return func(yield func(bridge.Request) bool) {
		for _, req := range r.cache.all() {
			if !yield(req) {
				return
			}
		}
	}
}

// Count returns the number of known requests in each state; states without any are there with 0.
func (r *Requests) Count() map[bridge.State]int { return r.cache.count() }

// Merge takes over a request that Teleport gave in an answer.
func (r *Requests) Merge(req bridge.Request) {
	if r.cache.put(req) {
		r.notify(req.ID)
	}
}

// Fresh reads one request from Teleport and takes it over. Teleport answers such reads from its backend, not from a cache. The
// error is bridge.ErrGone when the request no longer exists.
func (r *Requests) Fresh(ctx context.Context, id string) (bridge.Request, error) {
	if id == "" {
		// An empty filter would ask for all of them.
		return bridge.Request{}, gone(id)
	}
	var found []types.AccessRequest
	err := r.client.call(ctx, func(ctx context.Context, api *client.Client) (err error) {
		found, err = api.GetAccessRequests(ctx, types.AccessRequestFilter{ID: id})
		return err
	})
	if err != nil && !trace.IsNotFound(err) {
		return bridge.Request{}, err
	}
	i := slices.IndexFunc(found, func(a types.AccessRequest) bool { return a.GetName() == id })
	if i < 0 {
		if r.cache.remove(id) {
			r.notify(id)
		}
		return bridge.Request{}, gone(id)
	}
	req := request(r.client.Cluster(), found[i])
	r.Merge(req)
	return req, nil
}
