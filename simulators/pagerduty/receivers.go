package pagerduty

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// subscriptions are the account's webhook subscriptions. All of a subscription but its id and its URL is guarded by the lock.
type subscriptions struct {
	mu   sync.Mutex
	made int
	list []*Subscription
}

// AddSubscription registers one more receiver, as somebody might by the web application. It gets the events that happen
// from now on. What it returns has the id and the secret.
func (s *Server) AddSubscription(sub Subscription) Subscription {
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	s.subs.made++
	sub.ID = orDefault(sub.ID, fmt.Sprintf("PSUB%03d", s.subs.made))
	sub.Secrets = slices.Clone(sub.Secrets)
	if len(sub.Secrets) == 0 {
		sub.Secrets = []string{rand.Text() + rand.Text()}
	}
	sub.Headers = maps.Clone(sub.Headers)
	s.subs.list = append(s.subs.list, &sub)
	return sub.copied()
}

// copied is the subscription with memory of its own.
func (sub *Subscription) copied() Subscription {
	out := *sub
	out.Secrets, out.Events, out.Headers = slices.Clone(sub.Secrets), slices.Clone(sub.Events), maps.Clone(sub.Headers)
	return out
}

// Subscriptions lists the subscriptions, oldest first.
func (s *Server) Subscriptions() []Subscription {
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	var out []Subscription
	for _, sub := range s.subs.list {
		sub.disabled(s.now())
		out = append(out, sub.copied())
	}
	return out
}

// SetSecrets replaces the secrets of a subscription: two or more are a rotation under way. It says whether there is such a
// subscription.
func (s *Server) SetSecrets(id string, secrets ...string) bool {
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	sub := s.subs.find(id)
	if sub != nil {
		sub.Secrets = slices.Clone(secrets)
	}
	return sub != nil
}

// Ping sends pagey.ping to a subscription, whatever events it asks for.
func (s *Server) Ping(id string) error {
	s.subs.mu.Lock()
	sub := s.subs.find(id)
	s.subs.mu.Unlock()
	if sub == nil {
		return notFound()
	}
	e := event{name: "pagey.ping", at: s.now()}
	data := map[string]any{"message": "Hello from your friend Pagey!", "type": "ping"}
	body, err := render("01EVENT"+rand.Text()[:19], e.name, "pagey", nil, data, e.at)
	if err != nil {
		return fmt.Errorf("pagerduty simulator: ping: %w", err)
	}
	e.body = body
	s.Send(s.message(sub, e))
	return nil
}

// find finds a subscription by id; the lock is held.
func (d *subscriptions) find(id string) *Subscription {
	return find(d.list, func(sub *Subscription) bool { return sub.ID == id })
}

// wanting are the subscriptions that get the event of the service.
func (d *subscriptions) wanting(event, service string, now time.Time) []*Subscription {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*Subscription
	for _, sub := range d.list {
		if sub.wants(event, service) && !sub.disabled(now) {
			out = append(out, sub)
		}
	}
	return out
}

// header makes the headers of an attempt, with the secrets as they are now.
func (d *subscriptions) header(sub *Subscription, id string, body []byte) http.Header {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"PagerDuty-Webhook/V3.0"}}
	for name, value := range sub.Headers {
		h.Set(name, value)
	}
	h.Set("X-Webhook-Id", id)
	h.Set("X-Webhook-Subscription", sub.ID)
	h.Set("X-PagerDuty-Signature", Sign(body, sub.Secrets...))
	return h
}

// gone says whether the subscription is disabled for the time being.
func (d *subscriptions) gone(sub *Subscription, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return sub.disabled(now)
}

// took notes that a delivery was taken.
func (d *subscriptions) took(sub *Subscription) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sub.Drops = 0
}

// refused notes that a delivery was refused for good.
func (d *subscriptions) refused(sub *Subscription, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sub.Drops++
	if sub.Drops >= dropsToDisable && sub.DisabledUntil.IsZero() {
		sub.DisabledUntil = now.Add(disabledFor)
	}
}

// enable ends the time for which a subscription is disabled; the lock is held.
func (sub *Subscription) enable() { sub.DisabledUntil, sub.Drops = time.Time{}, 0 }
