package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime/pprof"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	retryFirst = 200 * time.Millisecond
	retryMost  = time.Minute
	// A fault that only a person can mend rests as long as it has lasted, between these two. It is tried again all the same, because the
	// mend may happen outside, such as a permission granted at the vendor.
	terminalFirst = 30 * time.Second
	terminalMost  = 10 * time.Minute
	// conflictPause is kept after a conflict, and doubled up to conflictMost while one follows another.
	conflictPause = 20 * time.Millisecond
	conflictMost  = 2 * time.Second
)

// Failure is a request that a queue could not settle yet.
type Failure struct {
	RequestID string       `json:"request_id"`
	Queue     string       `json:"queue"`
	Class     bridge.Class `json:"class"`
	Error     string       `json:"error"`
	Since     time.Time    `json:"since"`
	NextTry   time.Time    `json:"next_try"`
}

// queue runs one function per request id, never two at once for the same id, with a pause that the error names.
type queue struct {
	name    string
	workers int
	run     func(ctx context.Context, requestID string) (time.Duration, error)
	work    workqueue.TypedDelayingInterface[string]
	line    *places
	// pauses grow with the failures of a request, clashes with its conflicts.
	pauses  workqueue.TypedRateLimiter[string]
	clashes workqueue.TypedRateLimiter[string]
	metrics Metrics
	log     *slog.Logger
	// jitter spreads a pause.
	jitter func(time.Duration) time.Duration

	mu       sync.Mutex
	waiting  map[string]time.Time
	failures map[string]Failure
}

func newQueue(name string, workers int, metrics Metrics, log *slog.Logger, run func(context.Context, string) (time.Duration, error)) *queue {
	line := newPlaces()
	return &queue{
		name: name, workers: workers, run: run, metrics: metrics, log: log, jitter: jitter, line: line,
		work: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[string]{
			Queue: workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[string]{Queue: line}),
		}),
		pauses:  workqueue.NewTypedItemExponentialFailureRateLimiter[string](retryFirst, retryMost),
		clashes: workqueue.NewTypedItemExponentialFailureRateLimiter[string](conflictPause, conflictMost),
		waiting: map[string]time.Time{}, failures: map[string]Failure{},
	}
}

// add asks for a run as soon as a worker is free.
func (q *queue) add(id string) {
	q.mu.Lock()
	if _, ok := q.waiting[id]; !ok {
		q.waiting[id] = time.Now()
	}
	q.mu.Unlock()
	q.work.Add(id)
}

// later asks for a run after a pause.
func (q *queue) later(id string, pause time.Duration) { q.work.AddAfter(id, pause) }

// rests reports whether the request met a fault that only a person can mend, and is not due again yet.
func (q *queue) rests(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	f, failed := q.failures[id]
	return failed && f.Class == bridge.ClassTerminal && time.Now().Before(f.NextTry)
}

// serve runs the workers until ctx ends, then lets those at work finish. What still waits is dropped: it is found again from state.
// The runs get their own context, which ends drain after ctx does.
func (q *queue) serve(ctx context.Context, drain time.Duration) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	// Profiles tell the queues apart.
	running = pprof.WithLabels(running, pprof.Labels("queue", q.name))
	var workers sync.WaitGroup
	for range q.workers {
		workers.Go(func() {
			pprof.SetGoroutineLabels(running)
			for q.next(running, ctx) {
			}
		})
	}
	<-ctx.Done()
	limit := time.AfterFunc(drain, cancel)
	defer limit.Stop()
	q.work.ShutDown()
	workers.Wait()
}

// next settles one request; false when the queue is shut down. Once stopping ends, requests still in the queue are passed over.
func (q *queue) next(running, stopping context.Context) bool {
	id, shutdown := q.work.Get()
	if shutdown {
		return false
	}
	defer q.work.Done(id)
	if stopping.Err() != nil {
		return true
	}
	q.mu.Lock()
	delete(q.waiting, id)
	q.mu.Unlock()
	start := time.Now()
	after, err := q.guarded(running, id)
	result := q.settle(id, after, err)
	q.metrics.Reconciled(q.name, result, time.Since(start))
	return true
}

// guarded turns a panic into an error, so that one bad request cannot stop the others.
func (q *queue) guarded(ctx context.Context, id string) (after time.Duration, err error) {
	err = bridge.Guard(q.log, "run panicked", func() (err error) {
		after, err = q.run(ctx, id)
		return err
	}, "request_id", id, "queue", q.name)
	return after, err
}

// settle plans the next run and remembers or forgets the failure.
func (q *queue) settle(id string, after time.Duration, err error) string {
	if errors.Is(err, bridge.ErrConflict) {
		q.work.AddAfter(id, q.jitter(q.clashes.When(id)))
		return "wait"
	}
	q.clashes.Forget(id)
	if err == nil {
		q.pauses.Forget(id)
		if after > 0 {
			q.postpone(id, after)
			q.work.AddAfter(id, after)
			return "wait"
		}
		q.line.leave(id)
		q.remember(id, nil, "", 0)
		return "ok"
	}
	class, pause := bridge.ClassOf(err)
	switch class {
	case bridge.ClassTerminal:
		pause = q.jitter(terminalPause(q.failingSince(id)))
	case bridge.ClassWait:
		q.pauses.Forget(id)
		pause += conflictPause // not spread, so that a backlog keeps its order
	default:
		pause = q.jitter(q.pauses.When(id))
	}
	q.remember(id, err, class, pause)
	q.work.AddAfter(id, pause)
	return string(class)
}

// terminalPause is how long a fault that only a person can mend rests, given when it was met first; zero for a new one.
func terminalPause(since time.Time) time.Duration {
	if since.IsZero() {
		return terminalFirst
	}
	return min(max(time.Since(since), terminalFirst), terminalMost)
}

func (q *queue) failingSince(id string) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.failures[id].Since
}

// postpone keeps an earlier failure visible: a request that waits is not settled.
func (q *queue) postpone(id string, pause time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if f, failed := q.failures[id]; failed {
		f.NextTry = time.Now().Add(pause)
		q.failures[id] = f
	}
}

// remember keeps the failure for the status page and logs it when it is new or has changed.
func (q *queue) remember(id string, err error, class bridge.Class, pause time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	last, failed := q.failures[id]
	if err == nil {
		if failed {
			delete(q.failures, id)
			q.log.Info("settled after failures", "request_id", id, "queue", q.name, "since", last.Since)
		}
		return
	}
	f := Failure{RequestID: id, Queue: q.name, Class: class, Error: err.Error(), Since: time.Now(), NextTry: time.Now().Add(pause)}
	if failed {
		f.Since = last.Since
	}
	q.failures[id] = f
	if !failed || last.Error != f.Error {
		q.log.Warn("not settled", "request_id", id, "queue", q.name, "class", string(class), "next_try", pause, "error", err)
	}
}

// failing lists what could not be settled yet.
func (q *queue) failing() []Failure {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Failure, 0, len(q.failures))
	for _, f := range q.failures {
		list = append(list, f)
	}
	return list
}

// depth is the number of requests that wait for a worker, oldest the age of the one that waits longest.
func (q *queue) depth() (waiting int, oldest time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, since := range q.waiting {
		oldest = max(oldest, time.Since(since))
	}
	return len(q.waiting), oldest
}

// jitter spreads a pause over 80 to 120 percent, so that instances and requests do not come back all at once.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // Spreading load needs no secret randomness.
}
