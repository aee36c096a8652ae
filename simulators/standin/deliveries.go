package standin

import (
	"context"
	"fmt"
	"slices"
)

// SetWebhookFault makes the sender unreliable, or reliable again with the zero value. It holds for later events.
func (s *Sender) SetWebhookFault(f WebhookFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Deliveries lists every attempt and every lost event so far, in the order in which they ended.
func (s *Sender) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// ResetDeliveries forgets the deliveries so far.
func (s *Sender) ResetDeliveries() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = nil
}

// WaitDeliveries waits until nothing is queued, under way or to be retried, or until the context ends.
func (s *Sender) WaitDeliveries(ctx context.Context) error {
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: webhooks are still under way: %w", s.opt.Name, context.Cause(ctx))
	}
}

func (s *Sender) note(d Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = append(s.deliveries, d)
}
