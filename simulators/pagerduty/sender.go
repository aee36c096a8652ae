package pagerduty

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const maxInFlight = 128

// sender delivers events to subscriptions. Events of one incident go to a subscription one after another: while one is
// retried, the later ones wait. Different incidents go side by side.
type sender struct {
	site   *Server
	slots  chan struct{}
	client *http.Client

	mu         sync.Mutex
	subs       []*Subscription
	made       int
	fault      WebhookFault
	events     int
	lanes      map[laneKey][]*job
	pending    int
	idle       chan struct{} // closed while nothing is pending
	deliveries []Delivery
}

// laneKey is one subscription and one incident.
type laneKey struct {
	sub      *Subscription
	incident string
}

// job is one event on its way to one subscription.
type job struct {
	sub   *Subscription
	event event
	id    string
	delay time.Duration
}

func newSender(site *Server) *sender {
	idle := make(chan struct{})
	close(idle)
	transport := &http.Transport{
		MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: time.Minute,
		// PagerDuty speaks TLS 1.2 only to receivers.
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, RootCAs: site.opt.Webhooks.Roots},
	}
	return &sender{
		site: site, slots: make(chan struct{}, maxInFlight), lanes: map[laneKey][]*job{}, idle: idle,
		client: &http.Client{
			Timeout: site.opt.Webhooks.Timeout, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// event queues an incident's event for every subscription that wants it. By is a user's id; automation has no agent.
func (d *sender) event(name, by string, in *Incident, data func(*Incident) map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var e *event
	for _, sub := range d.subs {
		if !sub.wants(name, in.Service) || sub.disabled(d.site.now()) {
			continue
		}
		if e == nil {
			e = d.make(name, by, in, data(in))
		}
		d.queue(sub, *e)
	}
}

// make renders an event.
func (d *sender) make(name, by string, in *Incident, data any) *event {
	var agent *reference
	if by != "" {
		ref := d.site.userRef(by)
		agent = &ref
	}
	e := &event{name: name, incident: in.ID, at: d.site.now()}
	body, err := render("01EVENT"+rand.Text()[:19], name, "incident", agent, data, e.at)
	if err != nil {
		d.site.log.Error("an event could not be rendered", "event", name, "error", err)
	}
	e.body = body
	return e
}

// queue puts an event into its lane, or loses it; the lock is held.
func (d *sender) queue(sub *Subscription, e event) {
	d.events++
	j := &job{sub: sub, event: e, id: rand.Text(), delay: d.fault.Delay}
	if d.fault.LoseEvery > 0 && d.events%d.fault.LoseEvery == 0 {
		lost := j.delivery(0)
		lost.Lost, lost.Headers = true, j.header()
		d.deliveries = append(d.deliveries, lost)
		return
	}
	d.push(j)
	if d.fault.Double {
		twin := *j
		d.push(&twin)
	}
}

// push appends to a lane and starts its worker if it has none; the lock is held.
func (d *sender) push(j *job) {
	d.expect(1)
	key := laneKey{j.sub, j.event.incident}
	jobs, working := d.lanes[key]
	d.lanes[key] = append(jobs, j)
	if !working {
		go d.work(key)
	}
}

// work sends the jobs of one lane until it is empty.
func (d *sender) work(key laneKey) {
	for {
		d.mu.Lock()
		jobs := d.lanes[key]
		if len(jobs) == 0 {
			delete(d.lanes, key)
			d.mu.Unlock()
			return
		}
		d.lanes[key] = jobs[1:]
		gone := key.sub.disabled(d.site.now())
		d.mu.Unlock()
		if !gone {
			d.deliver(jobs[0])
		}
		d.settle()
	}
}

// deliver tries until the receiver took the event or refused it for good.
func (d *sender) deliver(j *job) {
	delay := j.delay
	for number := 1; number <= d.site.opt.Webhooks.Attempts; number++ {
		if !d.pause(delay) {
			return
		}
		again := d.send(j, number)
		if !again {
			return
		}
		delay = d.site.opt.Webhooks.RetryDelay
	}
}

func (d *sender) pause(delay time.Duration) bool {
	if delay <= 0 {
		return d.site.life.Err() == nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.site.life.Done():
		return false
	}
}

// send makes one attempt and notes it. It says whether another is to follow.
func (d *sender) send(j *job, number int) (again bool) {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-d.site.life.Done():
		return false
	}
	d.mu.Lock()
	done := j.delivery(number)
	done.Headers, done.At = j.header(), d.site.now()
	d.mu.Unlock()
	status, err := d.post(done)
	done.Status = status
	if err != nil {
		done.Error = err.Error()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deliveries = append(d.deliveries, done)
	switch {
	case status >= 200 && status < 300:
		j.sub.Drops = 0
	case status >= 500 || status == http.StatusTooManyRequests || (status == 0 && !badTLS(err)):
		return !j.sub.disabled(d.site.now())
	default:
		j.sub.Drops++
		if j.sub.Drops >= dropsToDisable && j.sub.DisabledUntil.IsZero() {
			j.sub.DisabledUntil = d.site.now().Add(disabledFor)
		}
	}
	return false
}

// badTLS says whether an error is one of TLS other than an expired certificate: those are not retried.
func badTLS(err error) bool {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalid.Reason != x509.Expired
	}
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return verification || record || alert
}

// delivery is what is noted of an attempt; the sender's lock is held.
func (j *job) delivery(number int) Delivery {
	return Delivery{
		Subscription: j.sub.ID, URL: j.sub.URL, Event: j.event.name, Incident: j.event.incident, WebhookID: j.id,
		Attempt: number, At: j.event.at, Body: j.event.body,
	}
}

// header makes the headers of an attempt, with the secrets as they are now; the sender's lock is held.
func (j *job) header() http.Header {
	h := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"PagerDuty-Webhook/V3.0"},
	}
	for name, value := range j.sub.Headers {
		h.Set(name, value)
	}
	h.Set("X-Webhook-Id", j.id)
	h.Set("X-Webhook-Subscription", j.sub.ID)
	h.Set("X-PagerDuty-Signature", Sign(j.event.body, j.sub.Secrets...))
	return h
}

func (d *sender) post(v Delivery) (int, error) {
	req, err := http.NewRequestWithContext(d.site.life, http.MethodPost, v.URL, bytes.NewReader(v.Body))
	if err != nil {
		return 0, fmt.Errorf("pagerduty simulator: webhook: %w", err)
	}
	req.Header = v.Headers.Clone()
	if user := req.URL.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("pagerduty simulator: webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // only so that the connection can be used again
	return resp.StatusCode, nil
}

// expect counts what is still to be delivered; the lock is held.
func (d *sender) expect(n int) {
	if d.pending == 0 && n > 0 {
		d.idle = make(chan struct{})
	}
	d.pending += n
	if d.pending == 0 {
		close(d.idle)
	}
}

func (d *sender) settle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expect(-1)
}
