package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Webhook is one receiver of events: an admin webhook, or an automation rule that sends a web request.
type Webhook struct {
	URL string
	// Secret, if set, signs the body: X-Hub-Signature: sha256=<hex HMAC-SHA256>.
	Secret string
	// BasicUser and BasicPassword are sent as basic authentication, which Data Center offers instead of a secret.
	BasicUser, BasicPassword string
	// Headers are sent with every delivery.
	Headers map[string]string
	// Events are the names of the events to send; nil means issue created, updated, deleted and comment created.
	Events []string
	// Client sends; it decides about TLS and the time limit. Default is a client with Jira's limit of 20 seconds.
	Client *http.Client
	// RetryDelay is waited before each of the up to five retries; default 1 second. Real Jira waits minutes.
	RetryDelay time.Duration
	// NoIdentifier leaves out the X-Atlassian-Webhook headers, which are documented for Cloud only.
	NoIdentifier bool
	// Automation sends as an automation rule does: the body {"issue": KEY, "actor": ID, "ts": "..."}, the Headers, no
	// signature, no identifier and no retry.
	Automation bool
}

// WebhookFault makes the sender unreliable.
type WebhookFault = standin.WebhookFault

// Delivery is one attempt to send an event, or one event that was lost on purpose.
type Delivery struct {
	standin.Delivery
	// Issue is the key of the issue.
	Issue string
}

// Sign is the value of X-Hub-Signature for a body: "sha256=" and the lower-case hex HMAC-SHA256.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// wants says whether the webhook is registered for the event.
func (w *Webhook) wants(event string) bool {
	if w.Events == nil {
		return slices.Contains([]string{"jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"}, event)
	}
	return slices.Contains(w.Events, event)
}
