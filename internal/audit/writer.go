package audit

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// mostWaiting bounds the entries that wait for an output, mostAtOnce those that share one write to the disk.
	mostWaiting = 1024
	mostAtOnce  = 256
)

// sink takes entries, from one goroutine.
type sink interface {
	name() string
	// append writes one entry. sync brings to the disk all that was appended since; its error concerns all of them.
	append(entry bridge.AuditEntry) error
	sync() error
	// miss tells that an entry was not passed to the sink at all.
	miss()
	close() error
}

// writer feeds one sink. Entries that come at the same time share one write to the disk, and a sink that hangs keeps nobody waiting
// for long.
type writer struct {
	sink  sink
	ended chan struct{}
	// stuck is true from the moment somebody waited in vain until the sink takes something again.
	stuck  atomic.Bool
	missed atomic.Int64

	mu     sync.RWMutex
	queue  chan waiting
	closed bool
}

type waiting struct {
	entry bridge.AuditEntry
	done  chan<- error
}

func startWriter(s sink) *writer {
	w := &writer{sink: s, queue: make(chan waiting, mostWaiting), ended: make(chan struct{})}
	go w.run()
	return w
}

// write passes an entry on; the channel gets one result.
func (w *writer) write(entry bridge.AuditEntry) <-chan error {
	done := make(chan error, 1)
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		done <- errShut
		return done
	}
	select {
	case w.queue <- waiting{entry, done}:
	default:
		w.missed.Add(1)
		done <- errFull
	}
	return done
}

// await waits for a result until the limit, which several outputs share, or not at all while the sink hangs.
func (w *writer) await(result <-chan error, limit <-chan time.Time, late *bool) error {
	if *late || w.stuck.Load() {
		select {
		case err := <-result:
			return err
		default:
			return errLate
		}
	}
	select {
	case err := <-result:
		return err
	case <-limit:
		*late = true
		w.stuck.Store(true)
		return errLate
	}
}

func (w *writer) run() {
	defer close(w.ended)
	for first := range w.queue {
		w.commit(w.gather(first))
		w.stuck.Store(false)
	}
}

// gather takes what waits together with the first.
func (w *writer) gather(first waiting) []waiting {
	all := []waiting{first}
	for len(all) < mostAtOnce {
		select {
		case next, open := <-w.queue:
			if !open {
				return all
			}
			all = append(all, next)
		default:
			return all
		}
	}
	return all
}

func (w *writer) commit(all []waiting) {
	for range w.missed.Swap(0) {
		w.sink.miss()
	}
	results := make([]error, len(all))
	for i, each := range all {
		results[i] = w.sink.append(each.entry)
	}
	err := w.sink.sync()
	for i, each := range all {
		if results[i] == nil {
			results[i] = err
		}
		each.done <- results[i]
	}
}

// close lets the sink finish, unless it hangs. It may be called again.
func (w *writer) close() error {
	w.mu.Lock()
	again := w.closed
	if !again {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	if again {
		return nil
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-w.ended:
		return w.sink.close()
	case <-limit.C:
		return errLate
	}
}
