package jira

import (
	"encoding/json"
	"time"
)

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
