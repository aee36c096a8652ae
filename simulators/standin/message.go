package standin

import (
	"net/http"
	"time"
)

// Message is one event on its way to one receiver. Send fills in ID and At where they are empty.
type Message struct {
	// To is the registered receiver, a pointer: messages to the same one about the same Object are sent in order.
	To any
	// URL is where to send; a user and password in it are sent as basic authentication.
	URL string
	// Event is the vendor's name of the event, Object what identifies the issue, incident or alert to a person; Object is empty
	// where the event is about none.
	Event, Object string
	// ID is the same for all attempts, and for both sendings of a doubled event.
	ID string
	// At is when the event happened.
	At time.Time
	// Render makes body and headers of an attempt, which counts from 1. It is called for a lost event too, while the sender is
	// locked: it must not call the sender.
	Render func(m *Message, attempt int) (body []byte, header http.Header, err error)
	// Client, Attempts and RetryDelay take the place of those of [Sending] where they are set.
	Client     *http.Client
	Attempts   int
	RetryDelay time.Duration
}

// Sending is how a vendor delivers its webhooks.
type Sending struct {
	// Client sends; it decides about TLS, redirects and the time limit. Default is one with a limit of 10 seconds.
	Client *http.Client
	// Attempts is how often a message is tried at most; default 1.
	Attempts int
	// RetryDelay is waited before each further attempt; default 1 second.
	RetryDelay time.Duration
	// Retry says whether a failed attempt may be followed by another: it is called once after every attempt, also after the last
	// one and after a success, so that a vendor can keep count of refusals. Default is [RetryServerErrors]. The error says why
	// there was no answer.
	Retry func(m *Message, d Delivery, err error) bool
	// Skip, if set, is asked before the first attempt, and throws the message away: the receiver was disabled meanwhile.
	Skip func(m *Message) bool
	// Overtake sends the later events of an object while an earlier one waits for its next attempt; otherwise they wait too.
	Overtake bool
}

// RetryServerErrors retries when there was no answer, and after 429 and 5xx.
func RetryServerErrors(_ *Message, d Delivery, _ error) bool {
	return d.Status == 0 || d.Status >= 500 || d.Status == http.StatusTooManyRequests
}

func (s Sending) withDefaults() Sending {
	if s.Client == nil {
		s.Client = &http.Client{Timeout: 10 * time.Second, Transport: NewTransport()}
	}
	if s.Attempts == 0 {
		s.Attempts = 1
	}
	if s.RetryDelay == 0 {
		s.RetryDelay = time.Second
	}
	if s.Retry == nil {
		s.Retry = RetryServerErrors
	}
	return s
}

// NewTransport is a transport for [Sending]: it keeps as many connections to a receiver as there are deliveries at once.
func NewTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: maxInFlight, IdleConnTimeout: time.Minute}
}

// WebhookFault makes the sender unreliable.
type WebhookFault struct {
	// LoseEvery drops each n-th event; 0 loses none, 1 all.
	LoseEvery int
	// Double sends every event twice, with the same identifier.
	Double bool
	// Reorder swaps events pairwise: one is held back until the next one was sent, or for a moment if none comes.
	Reorder bool
	// Delay waits before the first attempt.
	Delay time.Duration
}

// Delivery is one attempt to send an event, or one event that was lost on purpose.
type Delivery struct {
	URL string
	// Event is the vendor's name of the event, Object what identifies the issue, incident or alert.
	Event, Object string
	// Identifier is the same for all attempts.
	Identifier string
	// Attempt counts from 1; 0 for a lost event.
	Attempt int
	// Status is what the receiver answered; 0 when there was no answer, which Error explains, or when the event was Lost.
	Status int
	Error  string
	Lost   bool
	// At is when the attempt began, or when the lost event happened.
	At   time.Time
	Body []byte
	// Headers are those sent, so that a test can send the same again or forge another.
	Headers http.Header
}
