package standin

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// maxInFlight is how many deliveries are sent at once.
	maxInFlight = 128
	// reorderHold is how long an event waits for the one that is to overtake it.
	reorderHold = 500 * time.Millisecond
)

// Sender delivers events to receivers. Events of one object start in order; different objects go side by side.
type Sender struct {
	opt   Options
	how   Sending
	ended context.Context
	slots chan struct{}

	mu         sync.Mutex
	fault      WebhookFault
	events     int
	lanes      map[laneKey]*lane
	held       map[any]*job
	pending    int
	idle       chan struct{} // closed while nothing is pending
	deliveries []Delivery
}

func newSender(ended context.Context, opt Options, how Sending) *Sender {
	how = how.withDefaults()
	idle := make(chan struct{})
	close(idle)
	context.AfterFunc(ended, how.Client.CloseIdleConnections)
	return &Sender{
		opt: opt, how: how, ended: ended, slots: make(chan struct{}, maxInFlight),
		lanes: map[laneKey]*lane{}, held: map[any]*job{}, idle: idle,
	}
}

// Send queues messages and returns at once. To keep the order of an object's events, send them in it.
func (s *Sender) Send(messages ...Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		if m.ID == "" {
			m.ID = rand.Text()
		}
		if m.At.IsZero() {
			m.At = s.opt.Clock()
		}
		s.events++
		if s.fault.LoseEvery > 0 && s.events%s.fault.LoseEvery == 0 {
			s.deliveries = append(s.deliveries, lost(&m))
			continue
		}
		s.arrange(&job{Message: m, delay: s.fault.Delay})
		if s.fault.Double {
			s.arrange(&job{Message: m, delay: s.fault.Delay})
		}
	}
}

// lost notes an event that is never sent, with the body it would have had.
func lost(m *Message) Delivery {
	d := Delivery{URL: m.URL, Event: m.Event, Object: m.Object, Identifier: m.ID, Lost: true, At: m.At}
	var err error
	if d.Body, d.Headers, err = m.Render(m, 1); err != nil {
		d.Error = err.Error()
	}
	return d
}

// skips reports whether the vendor's rule leaves a message out, which is asked before its first attempt.
func (s *Sender) skips(j *job, number int) bool {
	return number == 1 && s.how.Skip != nil && s.how.Skip(&j.Message)
}

// attempt sends once after the delay, and again while the vendor's rule says so.
func (s *Sender) attempt(j *job, number int, delay time.Duration) {
	for sleep(s.ended, delay) && s.ended.Err() == nil && !s.skips(j, number) {
		again, sent := s.send(j, number)
		if !sent || !again || number >= orElse(j.Attempts, s.how.Attempts) {
			break
		}
		number, delay = number+1, orElse(j.RetryDelay, s.how.RetryDelay)
		if s.how.Overtake {
			go s.attempt(j, number, delay)
			return
		}
	}
	s.settle()
}

func orElse[T comparable](value, otherwise T) T {
	if value == *new(T) {
		return otherwise
	}
	return value
}

// send makes one attempt and notes it. It was not sent where the simulator was closed meanwhile.
func (s *Sender) send(j *job, number int) (again, sent bool) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.ended.Done():
		return false, false
	}
	d := Delivery{
		URL: j.URL, Event: j.Event, Object: j.Object, Identifier: j.ID, Attempt: number, At: s.opt.Clock(),
	}
	var err error
	if d.Body, d.Headers, err = j.Render(&j.Message, number); err == nil {
		d.Status, err = s.post(j, d)
	}
	if err != nil {
		err = fmt.Errorf("%s: webhook: %w", s.opt.Name, err)
		d.Error = err.Error()
	}
	s.note(d)
	return s.how.Retry(&j.Message, d, err), true
}

func (s *Sender) post(j *job, d Delivery) (int, error) {
	req, err := http.NewRequestWithContext(s.ended, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, err
	}
	req.Header = d.Headers.Clone()
	resp, err := orElse(j.Client, s.how.Client).Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // only so that the connection can be used again
	return resp.StatusCode, nil
}
