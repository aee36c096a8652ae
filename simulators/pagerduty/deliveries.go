package pagerduty

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"
)

// AddSubscription registers one more receiver, as somebody might by the web application. It gets the events that happen
// from now on. What it returns has the id and the secret.
func (s *Server) AddSubscription(sub Subscription) Subscription {
	d := s.sender
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made++
	sub.ID = orDefault(sub.ID, fmt.Sprintf("PSUB%03d", d.made))
	sub.Secrets = slices.Clone(sub.Secrets)
	if len(sub.Secrets) == 0 {
		sub.Secrets = []string{rand.Text() + rand.Text()}
	}
	sub.Headers = maps.Clone(sub.Headers)
	d.subs = append(d.subs, &sub)
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
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	var out []Subscription
	for _, sub := range s.sender.subs {
		sub.disabled(s.now())
		out = append(out, sub.copied())
	}
	return out
}

// SetSecrets replaces the secrets of a subscription: two or more are a rotation under way. It says whether there is such a
// subscription.
func (s *Server) SetSecrets(id string, secrets ...string) bool {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	sub := s.sender.find(id)
	if sub != nil {
		sub.Secrets = slices.Clone(secrets)
	}
	return sub != nil
}

func (d *sender) find(id string) *Subscription {
	return find(d.subs, func(sub *Subscription) bool { return sub.ID == id })
}

// Ping sends pagey.ping to a subscription, whatever events it asks for.
func (s *Server) Ping(id string) error {
	d := s.sender
	d.mu.Lock()
	defer d.mu.Unlock()
	sub := d.find(id)
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
	d.push(&job{sub: sub, event: e, id: rand.Text()})
	return nil
}

// SetWebhookFault makes the sender unreliable, or reliable again with the zero value. It holds for later events.
func (s *Server) SetWebhookFault(f WebhookFault) {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	s.sender.fault = f
}

// Deliveries lists every attempt and every lost event so far, in the order in which they ended.
func (s *Server) Deliveries() []Delivery {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	return slices.Clone(s.sender.deliveries)
}

// ResetDeliveries forgets the deliveries so far.
func (s *Server) ResetDeliveries() {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	s.sender.deliveries = nil
}

// WaitDeliveries waits until nothing is queued, under way or to be retried, or until the context ends.
func (s *Server) WaitDeliveries(ctx context.Context) error {
	s.sender.mu.Lock()
	idle := s.sender.idle
	s.sender.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("pagerduty simulator: webhooks are still under way: %w", context.Cause(ctx))
	}
}

// enable ends the time for which a subscription is disabled; the lock is held.
func (sub *Subscription) enable() { sub.DisabledUntil, sub.Drops = time.Time{}, 0 }
