package alerting

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// queue are the accepted writes that did not take effect yet. They do so one after another, in the order in which they were
// accepted.
type queue struct {
	working sync.Mutex // held while writes take effect

	mu      sync.Mutex
	waiting []pending
	byID    map[string]*Request
	paused  bool
	closed  bool
}

type pending struct {
	request *Request
	due     time.Time
	run     func() (Alert, string, error)
}

// Create accepts a draft whose [Draft.Check] finds nothing and returns the id of the request. Whether it succeeded shows only
// in [Account.Request].
func (a *Account) Create(by Actor, d Draft) string {
	return a.accept(create, by, func() (Alert, string, error) {
		alert, err := a.create(by, d)
		return alert, "Created alert", err
	})
}

// Do accepts a command whose [Command.Check] finds nothing and returns the id of the request. Whether it succeeded shows only
// in [Account.Request].
func (a *Account) Do(by Actor, ref Ref, c Command) string {
	return a.accept(c.Kind, by, func() (Alert, string, error) {
		alert, err := a.Apply(by, ref, c)
		return alert, c.Kind + " is done", err
	})
}

func (a *Account) accept(action string, by Actor, run func() (Alert, string, error)) string {
	q := &a.queue
	q.mu.Lock()
	r := &Request{ID: uuid.NewString(), Action: action, Integration: by.Integration}
	q.byID[r.ID] = r
	q.waiting = append(q.waiting, pending{request: r, due: time.Now().Add(a.opt.ProcessLag), run: run})
	q.mu.Unlock()
	if a.opt.ProcessLag > 0 {
		time.AfterFunc(a.opt.ProcessLag, a.process)
	} else {
		a.process()
	}
	return r.ID
}

// process lets take effect whatever is due.
func (a *Account) process() {
	q := &a.queue
	q.working.Lock()
	defer q.working.Unlock()
	for {
		p, found := q.next()
		if !found {
			return
		}
		alert, status, err := p.run()
		q.mu.Lock()
		r := p.request
		r.Done, r.Success, r.Status, r.ProcessedAt = true, err == nil, status, a.now()
		if err != nil {
			r.Status = err.Error()
		} else {
			r.AlertID, r.Alias = alert.ID, alert.Alias
		}
		q.mu.Unlock()
	}
}

func (q *queue) next() (pending, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.paused || q.closed || len(q.waiting) == 0 || q.waiting[0].due.After(time.Now()) {
		return pending{}, false
	}
	p := q.waiting[0]
	q.waiting = q.waiting[1:]
	return p, true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// Request tells what became of an accepted write. It says whether there is one with the id.
func (a *Account) Request(id string) (Request, bool) {
	a.queue.mu.Lock()
	defer a.queue.mu.Unlock()
	r, found := a.queue.byID[id]
	if !found {
		return Request{}, false
	}
	return *r, true
}

// PauseRequests lets accepted writes wait until resume is called, which does them all. It may be called twice.
func (a *Account) PauseRequests() (resume func()) {
	set := func(paused bool) {
		a.queue.mu.Lock()
		defer a.queue.mu.Unlock()
		a.queue.paused = paused
	}
	set(true)
	return func() {
		set(false)
		a.process()
	}
}

// PendingRequests is how many accepted writes did not take effect yet.
func (a *Account) PendingRequests() int {
	a.queue.mu.Lock()
	defer a.queue.mu.Unlock()
	return len(a.queue.waiting)
}
