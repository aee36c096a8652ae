package alerting

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Receiver is one webhook integration: where events go and what proves that they are the vendor's. There is no signature.
type Receiver struct {
	// ID is made up if empty. Name is what the events call the integration; default the name of the account's integration.
	ID, Name, URL string
	// Headers are sent with every delivery.
	Headers map[string]string
	// User and Password are sent as basic authentication unless both are empty; a header Authorization goes before.
	User, Password string
	// Actions are those to send, as [Command.Kind] and the names of custom actions; nil means all.
	Actions []string
	// Description and Details are ticked: these fields are sent, for Create and custom actions only.
	Description, Details bool
	// Disabled receivers get nothing.
	Disabled bool
}

// Sending says how webhooks are delivered.
type Sending struct {
	// Attempts is how often a delivery is tried at most; default 1. What the vendor does is not documented.
	Attempts int
	// RetryDelay is waited before each further attempt; default 1 second.
	RetryDelay time.Duration
	// Timeout is how long an answer is waited for; default 10 seconds.
	Timeout time.Duration
	// Roots verifies receivers; nil means the system's.
	Roots *x509.CertPool
	// Transport carries deliveries; default is one over the network.
	Transport http.RoundTripper
	// Shape says how bodies look.
	Shape Shape
}

// Shape is what is not steady in the vendor's bodies. The zero value is what most captured deliveries have.
type Shape struct {
	// UpdatedText sends updatedAt as a text and not as a number, CreatedText createdAt.
	UpdatedText, CreatedText bool
	// NumericPriority sends the priority as "3" instead of "P3".
	NumericPriority bool
	// Documented leaves out the fields that were captured but are not in the vendor's examples: responders, team, actions,
	// priority and the type of the integration.
	Documented bool
	// Spaced writes "Update Priority" instead of "UpdatePriority".
	Spaced bool
	// AccountIDs names users by their Atlassian account ids, as Jira Service Management may.
	AccountIDs bool
}

func (s Sending) withDefaults() Sending {
	s.Timeout = cmp.Or(s.Timeout, 10*time.Second)
	return s
}

// Vendor is how a [standin.Server] is to send: over TLS 1.2 or newer, without following redirects.
func (s Sending) Vendor() standin.Sending {
	s = s.withDefaults()
	transport := standin.NewTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots}
	return standin.Sending{
		Attempts: s.Attempts, RetryDelay: s.RetryDelay,
		Client: &http.Client{
			Timeout: s.Timeout, Transport: cmp.Or[http.RoundTripper](s.Transport, transport),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// receivers are those who want events.
type receivers struct {
	mu   sync.Mutex
	list []*Receiver
	made int
	send func(...standin.Message)
}

// DeliverBy says who sends the events; without it none is sent. It is called once, before anything happens.
func (a *Account) DeliverBy(send func(...standin.Message)) {
	a.receivers.mu.Lock()
	defer a.receivers.mu.Unlock()
	a.receivers.send = send
}

// AddReceiver registers a webhook. It gets the events that happen from now on. What it returns has the id.
func (a *Account) AddReceiver(r Receiver) Receiver {
	a.receivers.mu.Lock()
	defer a.receivers.mu.Unlock()
	a.receivers.made++
	r.ID = cmp.Or(r.ID, madeUp("receiver", a.receivers.made))
	r.Name = cmp.Or(r.Name, a.opt.Integration)
	kept := r.copied()
	a.receivers.list = append(a.receivers.list, &kept)
	return r.copied()
}

// SetReceiver replaces the receiver that has the same ID, for example to rotate what it sends as proof. It says whether there
// is one.
func (a *Account) SetReceiver(r Receiver) bool {
	a.receivers.mu.Lock()
	defer a.receivers.mu.Unlock()
	i := slices.IndexFunc(a.receivers.list, func(kept *Receiver) bool { return kept.ID == r.ID })
	if i < 0 {
		return false
	}
	r.Name = cmp.Or(r.Name, a.opt.Integration)
	*a.receivers.list[i] = r.copied()
	return true
}

// Receivers lists the receivers, oldest first.
func (a *Account) Receivers() []Receiver {
	a.receivers.mu.Lock()
	defer a.receivers.mu.Unlock()
	var out []Receiver
	for _, r := range a.receivers.list {
		out = append(out, r.copied())
	}
	return out
}

// copied is the receiver with memory of its own.
func (r Receiver) copied() Receiver {
	r.Headers, r.Actions = maps.Clone(r.Headers), slices.Clone(r.Actions)
	return r
}

// header makes the headers of a delivery.
func (r Receiver) header() http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	if r.User != "" || r.Password != "" {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:%s", r.User, r.Password)))
	}
	for name, value := range r.Headers {
		h.Set(name, value)
	}
	return h
}

// tell queues an event for every receiver that wants it. Telling is held, so events come in the order of the changes.
func (a *Account) tell(e *event) {
	if e == nil {
		return
	}
	a.receivers.mu.Lock()
	send := a.receivers.send
	var messages []standin.Message
	for _, r := range a.receivers.list {
		if r.Disabled || (r.Actions != nil && !slices.Contains(r.Actions, e.action)) {
			continue
		}
		body, err := e.body(a, *r)
		messages = append(messages, standin.Message{
			To: r, URL: r.URL, Event: e.action, Object: e.alert.ID, At: e.alert.Updated,
			Render: func(*standin.Message, int) ([]byte, http.Header, error) {
				a.receivers.mu.Lock()
				defer a.receivers.mu.Unlock()
				return body, r.header(), err
			},
		})
	}
	a.receivers.mu.Unlock()
	if send != nil {
		send(messages...)
	}
}
