package pagerduty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Subscription is one webhook subscription, as [Server.AddSubscription] takes it and [Server.Subscriptions] tells it.
type Subscription struct {
	// ID is PagerDuty's id; made up if empty.
	ID, URL, Description string
	// Secrets sign the deliveries, each with a signature of its own; one is made up where there is none. More than one is a
	// rotation under way.
	Secrets []string
	// Events are the types to send; nil means all.
	Events []string
	// Service narrows the subscription to one service, by id; empty means the whole account.
	Service string
	// Headers are sent with every delivery.
	Headers map[string]string
	// Inactive subscriptions get nothing.
	Inactive bool
	// Drops counts deliveries that were refused with a status of 4xx, one after another. With the third the subscription is
	// disabled until DisabledUntil and what still waits is thrown away.
	Drops         int
	DisabledUntil time.Time
}

// WebhookFault makes the sender unreliable.
type WebhookFault = standin.WebhookFault

// Delivery is one attempt to send an event, or one event that was lost on purpose. Its Object is the incident's id, empty for
// pagey.ping; its Identifier is the X-Webhook-Id.
type Delivery = standin.Delivery

// Sign is the value of X-PagerDuty-Signature for a body: "v1=" and the lower-case hex HMAC-SHA256, for each secret.
func Sign(body []byte, secrets ...string) string {
	var out []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		out = append(out, "v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(out, ",")
}

// eventTypes are the types a subscription can ask for.
func eventTypes() []string {
	return []string{
		"incident.acknowledged", "incident.action_invocation.created", "incident.action_invocation.terminated",
		"incident.action_invocation.updated", "incident.annotated", "incident.conference_bridge.updated",
		"incident.custom_field_values.updated", "incident.delegated", "incident.escalated", "incident.incident_type.changed",
		"incident.priority_updated", "incident.reassigned", "incident.reopened", "incident.resolved", "incident.responder.added",
		"incident.responder.replied", "incident.role.assigned", "incident.service_updated", "incident.status_update_published",
		"incident.task.completed", "incident.task.created", "incident.task.updated", "incident.triggered",
		"incident.unacknowledged", "incident.workflow.completed", "incident.workflow.started", "service.created",
		"service.custom_field_values.updated", "service.deleted", "service.updated",
	}
}

// wants says whether the subscription gets the event of the service.
func (sub *Subscription) wants(event, service string) bool {
	return !sub.Inactive && (sub.Events == nil || slices.Contains(sub.Events, event)) && (sub.Service == "" || sub.Service == service)
}

const (
	dropsToDisable = 3
	disabledFor    = 24 * time.Hour
)

// disabled says whether the subscription gets nothing for the time being, and ends that when it is over.
func (sub *Subscription) disabled(now time.Time) bool {
	if sub.DisabledUntil.IsZero() {
		return false
	}
	if now.Before(sub.DisabledUntil) {
		return true
	}
	sub.DisabledUntil, sub.Drops = time.Time{}, 0
	return false
}
