package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// maxAttempts is the first attempt and five retries.
const maxAttempts = 6

// webhooks are the receivers.
type webhooks struct {
	mu   sync.Mutex
	list []*Webhook
}

// sending is Jira's way: a retry does not hold up what comes after it.
func sending() standin.Sending {
	return standin.Sending{
		Client:   &http.Client{Timeout: 20 * time.Second, Transport: standin.NewTransport()},
		Attempts: maxAttempts, Overtake: true, Retry: retryable,
	}
}

// retryable is Jira's rule.
func retryable(_ *standin.Message, d standin.Delivery, _ error) bool {
	return d.Status == 0 || d.Status >= 500 || slices.Contains([]int{408, 409, 425, 429}, d.Status)
}

// AddWebhook registers one more receiver. It gets the events that happen from now on.
func (s *Server) AddWebhook(w Webhook) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.list = append(s.hooks.list, &w)
}

// SetWebhooks replaces all receivers. Deliveries on their way to earlier ones go on.
func (s *Server) SetWebhooks(hooks ...Webhook) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.list = nil
	for _, w := range hooks {
		s.hooks.list = append(s.hooks.list, &w)
	}
}

// Deliveries lists every attempt and every lost event so far, in the order in which they ended.
func (s *Server) Deliveries() []Delivery {
	list := s.Server.Deliveries()
	out := make([]Delivery, len(list))
	for i, d := range list {
		out[i] = Delivery{Delivery: d, Issue: d.Object}
	}
	return out
}

// issueEvent queues an issue event for every webhook that wants it.
func (s *Server) issueEvent(name, kind string, by *User, issue *Issue, items []ChangeItem) {
	s.queue(event{name: name, kind: kind, by: by, issue: issue, items: items, at: s.stamp()})
}

// commentEvent queues comment_created.
func (s *Server) commentEvent(issue *Issue, comment Comment) {
	s.queue(event{name: "comment_created", issue: issue, comment: &comment, at: s.stamp()})
}

func (s *Server) queue(e event) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	for _, hook := range s.hooks.list {
		if hook.wants(e.name) {
			s.Send(s.message(hook, e))
		}
	}
}

func (s *Server) message(hook *Webhook, e event) standin.Message {
	m := standin.Message{
		To: hook, URL: hook.URL, Event: e.name, Object: e.issue.Key, At: e.at, Client: hook.Client, RetryDelay: hook.RetryDelay,
		Render: func(m *standin.Message, attempt int) ([]byte, http.Header, error) {
			return s.prepare(hook, e, m.ID, attempt)
		},
	}
	if hook.Automation {
		m.Attempts = 1
	}
	return m
}

// prepare makes body and headers of an attempt.
func (s *Server) prepare(hook *Webhook, e event, id string, attempt int) ([]byte, http.Header, error) {
	header := http.Header{"Content-Type": {"application/json; charset=UTF-8"}, "User-Agent": {"Atlassian HttpClient (simulator)"}}
	render := s.eventBody
	if hook.Automation {
		render = s.automationBody
	}
	body, err := render(e)
	if err != nil {
		return nil, header, fmt.Errorf("body: %w", err)
	}
	if !hook.Automation {
		hook.sign(id, attempt, body, header)
	}
	for name, value := range hook.Headers {
		header.Set(name, value)
	}
	return body, header, nil
}

func (w *Webhook) sign(id string, attempt int, body []byte, header http.Header) {
	if !w.NoIdentifier {
		header.Set("X-Atlassian-Webhook-Identifier", id)
		header.Set("X-Atlassian-Webhook-Flow", "Primary")
		header.Set("X-Atlassian-Webhook-Trace", id[:16])
		if attempt > 1 {
			header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(attempt-1))
		}
	}
	if w.Secret != "" {
		header.Set("X-Hub-Signature", Sign(w.Secret, body))
	}
	if w.BasicUser != "" {
		req := http.Request{Header: header}
		req.SetBasicAuth(w.BasicUser, w.BasicPassword)
	}
}
