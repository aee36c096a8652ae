package jira

import (
	"context"
	"fmt"
	"slices"
)

// AddWebhook registers one more receiver. It gets the events that happen from now on.
func (s *Server) AddWebhook(w Webhook) {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	s.sender.hooks = append(s.sender.hooks, &w)
}

// SetWebhooks replaces all receivers. Deliveries on their way to earlier ones go on.
func (s *Server) SetWebhooks(hooks ...Webhook) {
	s.sender.mu.Lock()
	defer s.sender.mu.Unlock()
	s.sender.hooks = nil
	for _, w := range hooks {
		s.sender.hooks = append(s.sender.hooks, &w)
	}
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
		return fmt.Errorf("jira simulator: webhooks are still under way: %w", context.Cause(ctx))
	}
}
