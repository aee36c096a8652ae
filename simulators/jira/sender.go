package jira

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	maxRetries   = 5
	maxInFlight  = 128
	reorderHold  = 500 * time.Millisecond
	vendorLimit  = 20 * time.Second
	defaultRetry = time.Second
)

// sender delivers events to webhooks. Events of one issue start in order; a retry does not hold up what comes after it,
// and different issues go side by side.
type sender struct {
	site   *Server
	slots  chan struct{}
	client *http.Client

	mu         sync.Mutex
	hooks      []*Webhook
	fault      WebhookFault
	events     int
	lanes      map[laneKey]*lane
	held       map[*Webhook]*job
	pending    int
	idle       chan struct{} // closed while nothing is pending
	deliveries []Delivery
}

// laneKey is one webhook and issue; the issue is empty when all of the webhook's events share a lane.
type laneKey struct {
	hook  *Webhook
	issue string
}

type lane struct{ jobs []*job }

// job is one event on its way to one webhook.
type job struct {
	hook       *Webhook
	event      event
	identifier string
	delay      time.Duration
}

func newSender(site *Server) *sender {
	idle := make(chan struct{})
	close(idle)
	transport := &http.Transport{MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: time.Minute}
	return &sender{
		site: site, slots: make(chan struct{}, maxInFlight),
		client: &http.Client{Timeout: vendorLimit, Transport: transport},
		lanes:  map[laneKey]*lane{}, held: map[*Webhook]*job{}, idle: idle,
	}
}

// issueEvent queues an issue event for every webhook that wants it.
func (d *sender) issueEvent(name, kind string, by *User, issue *Issue, items []ChangeItem) {
	d.queue(event{name: name, kind: kind, by: by, issue: issue, items: items, at: d.site.stamp()})
}

// commentEvent queues comment_created.
func (d *sender) commentEvent(issue *Issue, comment Comment) {
	d.queue(event{name: "comment_created", issue: issue, comment: &comment, at: d.site.stamp()})
}

func (d *sender) queue(e event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, hook := range d.hooks {
		if !hook.wants(e.name) {
			continue
		}
		d.events++
		j := &job{hook: hook, event: e, identifier: rand.Text(), delay: d.fault.Delay}
		if d.fault.LoseEvery > 0 && d.events%d.fault.LoseEvery == 0 {
			d.lose(j)
			continue
		}
		d.arrange(j)
		if d.fault.Double {
			twin := *j
			d.arrange(&twin)
		}
	}
}

// lose notes an event that is never sent, with the body it would have had.
func (d *sender) lose(j *job) {
	body, header, err := d.prepare(j, 1)
	lost := Delivery{
		URL: j.hook.URL, Event: j.event.name, Issue: j.event.issue.Key, Identifier: j.identifier, Lost: true, At: j.event.at,
		Body: body, Headers: header,
	}
	if err != nil {
		lost.Error = err.Error()
	}
	d.deliveries = append(d.deliveries, lost)
}

// arrange puts a job into its lane, or swaps it with the next one when events are to be out of order.
func (d *sender) arrange(j *job) {
	d.expect(1)
	if !d.fault.Reorder {
		d.push(laneKey{j.hook, j.event.issue.ID}, j)
		return
	}
	shared := laneKey{hook: j.hook}
	if earlier := d.held[j.hook]; earlier != nil {
		delete(d.held, j.hook)
		d.push(shared, j)
		d.push(shared, earlier)
		return
	}
	d.held[j.hook] = j
	time.AfterFunc(reorderHold, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.held[j.hook] == j {
			delete(d.held, j.hook)
			d.push(shared, j)
		}
	})
}

// push appends to a lane and starts its worker if it has none.
func (d *sender) push(key laneKey, j *job) {
	if l := d.lanes[key]; l != nil {
		l.jobs = append(l.jobs, j)
		return
	}
	d.lanes[key] = &lane{jobs: []*job{j}}
	go d.work(key)
}

// work sends the jobs of one lane until it is empty.
func (d *sender) work(key laneKey) {
	for {
		d.mu.Lock()
		l := d.lanes[key]
		if len(l.jobs) == 0 {
			delete(d.lanes, key)
			d.mu.Unlock()
			return
		}
		j := l.jobs[0]
		l.jobs = l.jobs[1:]
		d.mu.Unlock()
		d.attempt(j, 1, j.delay)
	}
}

// attempt sends once after the delay; a failed one that may be retried goes on by itself.
func (d *sender) attempt(j *job, number int, delay time.Duration) {
	if !d.pause(delay) {
		d.settle(-1)
		return
	}
	status := d.send(j, number)
	if j.hook.Automation || number > maxRetries || !retryable(status) {
		d.settle(-1)
		return
	}
	wait := j.hook.RetryDelay
	if wait <= 0 {
		wait = defaultRetry
	}
	go d.attempt(j, number+1, wait)
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

// retryable is Jira's rule; 0 stands for no answer.
func retryable(status int) bool {
	return status == 0 || status >= 500 || slices.Contains([]int{408, 409, 425, 429}, status)
}

// send makes one attempt and notes it.
func (d *sender) send(j *job, number int) int {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-d.site.life.Done():
		return http.StatusOK // given up: not retried
	}
	body, header, err := d.prepare(j, number)
	done := Delivery{
		URL: j.hook.URL, Event: j.event.name, Issue: j.event.issue.Key, Identifier: j.identifier, Attempt: number,
		At: d.site.stamp(), Body: body, Headers: header,
	}
	if err == nil {
		done.Status, err = d.post(j.hook, body, header)
	}
	if err != nil {
		done.Error = err.Error()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deliveries = append(d.deliveries, done)
	return done.Status
}

// prepare makes body and headers of an attempt.
func (d *sender) prepare(j *job, number int) ([]byte, http.Header, error) {
	header := http.Header{"Content-Type": {"application/json; charset=UTF-8"}, "User-Agent": {"Atlassian HttpClient (simulator)"}}
	render := d.site.eventBody
	if j.hook.Automation {
		render = d.site.automationBody
	}
	body, err := render(j.event)
	if err != nil {
		return nil, header, fmt.Errorf("jira simulator: webhook body: %w", err)
	}
	if !j.hook.Automation {
		d.sign(j, number, body, header)
	}
	for name, value := range j.hook.Headers {
		header.Set(name, value)
	}
	return body, header, nil
}

func (d *sender) sign(j *job, number int, body []byte, header http.Header) {
	if !j.hook.NoIdentifier {
		header.Set("X-Atlassian-Webhook-Identifier", j.identifier)
		header.Set("X-Atlassian-Webhook-Flow", "Primary")
		header.Set("X-Atlassian-Webhook-Trace", j.identifier[:16])
		if number > 1 {
			header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(number-1))
		}
	}
	if j.hook.Secret != "" {
		header.Set("X-Hub-Signature", Sign(j.hook.Secret, body))
	}
	if j.hook.BasicUser != "" {
		req := http.Request{Header: header}
		req.SetBasicAuth(j.hook.BasicUser, j.hook.BasicPassword)
	}
}

func (d *sender) post(hook *Webhook, body []byte, header http.Header) (int, error) {
	req, err := http.NewRequestWithContext(d.site.life, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("jira simulator: webhook: %w", err)
	}
	req.Header = header.Clone()
	client := hook.Client
	if client == nil {
		client = d.client
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("jira simulator: webhook: %w", err)
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

func (d *sender) settle(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expect(n)
}
