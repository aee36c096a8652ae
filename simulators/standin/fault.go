package standin

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is a break of the REST API on demand. Without Status, Reset and Hang it only delays.
type Fault struct {
	// Method and PathContains choose the calls; empty means all. The path is the one below the base path and the API's prefix,
	// without the query.
	Method, PathContains string
	// PathEnds chooses the calls whose path ends so; empty means all.
	PathEnds string
	// Status is answered instead of the true answer, with RetryAfter as the Retry-After header and Body as it is. An empty
	// Body becomes an error in the vendor's form. A 429 carries the vendor's rate limit headers.
	Status     int
	RetryAfter string
	Body       string
	// Bare sends the status with no body and no rate limit headers, as a proxy before the vendor does.
	Bare bool
	// AfterEffect does the work first and then answers the fault.
	AfterEffect bool
	// Reset cuts the connection without an answer.
	Reset bool
	// Delay waits before anything else.
	Delay time.Duration
	// Late does the work when the delay is over although the caller has given up meanwhile, as a vendor with a queue of its own does.
	Late bool
	// Hang never answers: the call ends when the caller gives up or the simulator stops.
	Hang bool
	// Count ends the fault after that many calls; 0 means it lasts until it is cancelled.
	Count int
	// Every hits only each n-th call that matches; 0 and 1 mean each.
	Every int
}

// breaks says whether the fault takes the place of the true answer.
func (f *Fault) breaks() bool {
	return f != nil && (f.Status != 0 || f.Reset || f.Hang)
}

// matches says whether the fault is about such calls.
func (f *Fault) matches(method, path string) bool {
	return (f.Method == "" || f.Method == method) && strings.Contains(path, f.PathContains) && strings.HasSuffix(path, f.PathEnds)
}

// waits lets the delay pass. False when the caller has given up and the work is not to be done.
func (f *Fault) waits(ctx context.Context) bool {
	if f == nil {
		return true
	}
	if f.Late {
		ctx = context.WithoutCancel(ctx)
	}
	return sleep(ctx, f.Delay)
}

type activeFault struct {
	Fault
	seen, hit int
}

type faults struct {
	mu     sync.Mutex
	active []*activeFault
}

// Inject starts a fault. The first one injected that fits a call is used. Cancel ends it; it may be called twice.
func (t *rest[C]) Inject(f Fault) (cancel func()) { return t.faults.add(f) }

func (f *faults) add(fault Fault) (cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	added := &activeFault{Fault: fault}
	f.active = append(f.active, added)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.active = slices.DeleteFunc(f.active, func(a *activeFault) bool { return a == added })
	}
}

// pick finds the fault that hits this call, or nil.
func (f *faults) pick(method, path string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.active {
		if !a.matches(method, path) {
			continue
		}
		a.seen++
		if a.Every > 1 && a.seen%a.Every != 0 {
			continue
		}
		a.hit++
		if a.Count > 0 && a.hit >= a.Count {
			f.active = slices.Delete(slices.Clone(f.active), i, i+1)
		}
		return &a.Fault
	}
	return nil
}

// breakCall gives the caller the fault.
func (t *rest[C]) breakCall(w http.ResponseWriter, r *http.Request, f *Fault) {
	switch {
	case f.Hang:
		<-r.Context().Done()
		cut(w)
	case f.Reset:
		cut(w)
	default:
		t.writeFault(w, f)
	}
}

func (t *rest[C]) writeFault(w http.ResponseWriter, f *Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Bare {
		w.WriteHeader(f.Status)
		return
	}
	if f.Status == http.StatusTooManyRequests && t.dialect.RateLimited != nil {
		t.dialect.RateLimited(w.Header(), f)
	}
	if f.Body != "" {
		write(w, f.Status, t.dialect.contentType(), []byte(f.Body))
		return
	}
	t.dialect.refuse(w, &Problem{Status: f.Status, Fault: true})
}
