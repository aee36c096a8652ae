package jira

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"time"
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
	URL   string
	Event string
	// Issue is the key of the issue.
	Issue string
	// Identifier is the same for all attempts.
	Identifier string
	// Attempt counts from 1.
	Attempt int
	// Status is what the receiver answered; 0 when there was no answer, which Error explains, or when the event was Lost.
	Status int
	Error  string
	Lost   bool
	At     time.Time
	Body   []byte
	// Headers are those sent, so that a test can send the same again or forge another.
	Headers http.Header
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

// event is something that happened to an issue. Its bodies are made when they are sent, outside every lock.
type event struct {
	name    string
	kind    string // issue_event_type_name
	by      *User
	issue   *Issue
	items   []ChangeItem
	comment *Comment
	at      time.Time
}

// eventJSON is the body of an admin webhook.
type eventJSON struct {
	Timestamp     int64          `json:"timestamp"`
	WebhookEvent  string         `json:"webhookEvent"`
	EventTypeName string         `json:"issue_event_type_name,omitempty"`
	User          *userJSON      `json:"user,omitempty"`
	Comment       *commentJSON   `json:"comment,omitempty"`
	Issue         map[string]any `json:"issue"`
	Changelog     map[string]any `json:"changelog,omitempty"`
}

// body renders the event for an admin webhook, in the form of API version 2 and without e-mail addresses on Cloud.
func (s *Server) eventBody(e event) ([]byte, error) {
	v := view{webhook: true, cat: s.cat.Load()}
	out := eventJSON{
		Timestamp: e.at.UnixMilli(), WebhookEvent: e.name,
		Issue: map[string]any{
			"id": e.issue.ID, "key": e.issue.Key, "self": s.self(false, "/issue/"+e.issue.ID),
			"fields": s.fieldsJSON(v, e.issue, selection{all: true, without: map[string]bool{"comment": e.comment != nil}}),
		},
	}
	if e.comment != nil {
		comment := s.commentJSON(v, e.issue.ID, *e.comment, false)
		out.Comment = &comment
		return json.Marshal(out)
	}
	out.EventTypeName = e.kind
	out.User = s.userJSON(v, e.by)
	if len(e.items) > 0 {
		out.Changelog = map[string]any{"id": e.issue.History[len(e.issue.History)-1].ID, "items": s.itemsJSON(e.items)}
	}
	return json.Marshal(out)
}

// automationBody is the custom body of an automation rule.
func (s *Server) automationBody(e event) ([]byte, error) {
	actor := s.userID(e.by)
	if e.comment != nil {
		actor = e.comment.Author
	}
	return json.Marshal(map[string]string{"issue": e.issue.Key, "actor": actor, "ts": date(e.at)})
}
