package alerting

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// maxEventText is where description and details are cut in an event.
const maxEventText = 1000

// event is something that happened to an alert.
type event struct {
	action string
	alert  *Alert
	by     Actor
	// full events carry description and details for those who ticked them: creations and custom actions.
	full        bool
	note        string
	oldPriority string
	added       []string
	removed     []string
}

// eventOf is the event of a command, or nil where it causes none.
func eventOf(c Command, by Actor, old, next *Alert) *event {
	e := &event{action: c.Kind, alert: next, by: by, note: c.Note}
	switch c.Kind {
	case CustomAction:
		e.action, e.full = c.Action, true
	case AddTags:
		e.added = c.Tags
	case RemoveTags:
		e.removed = c.Tags
	case UpdatePriority:
		e.oldPriority = old.Priority
	case AddDetails, RemoveDetails:
		return nil
	}
	return e
}

// eventJSON is the body of a webhook.
type eventJSON struct {
	Source struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"source"`
	Alert           map[string]any `json:"alert"`
	Action          string         `json:"action"`
	IntegrationID   string         `json:"integrationId"`
	IntegrationName string         `json:"integrationName"`
	IntegrationType string         `json:"integrationType,omitempty"`
}

// body renders an event for a receiver.
func (e *event) body(a *Account, r Receiver) ([]byte, error) {
	shape := a.opt.Webhooks.Shape
	out := eventJSON{Action: e.action, IntegrationID: r.ID, IntegrationName: r.Name, Alert: e.fields(shape)}
	out.Source.Name, out.Source.Type = e.by.Source, e.by.Via
	if shape.Spaced && strings.HasPrefix(e.action, "Update") {
		out.Action = "Update " + strings.TrimPrefix(e.action, "Update")
	}
	if !shape.Documented {
		out.IntegrationType = "Webhook"
		e.captured(out.Alert, shape)
	}
	if shape.AccountIDs {
		a.nameByAccount(out.Alert)
	}
	if e.full && r.Description {
		out.Alert["description"] = cut(e.alert.Description)
	}
	if e.full && r.Details {
		details := map[string]string{}
		for key, value := range e.alert.Details {
			details[key] = cut(value)
		}
		out.Alert["details"] = details
	}
	return json.Marshal(out)
}

// fields are those that the vendor documents. An event of an integration has no userId.
func (e *event) fields(shape Shape) map[string]any {
	alert := e.alert
	out := map[string]any{
		"alertId": alert.ID, "tinyId": alert.TinyID, "alias": alert.Alias, "message": alert.Message, "entity": alert.Entity,
		"tags": list(alert.Tags), "teams": list(alert.ids(TypeTeam)), "recipients": list(alert.ids(TypeUser)),
		"username": e.by.Name, "source": alert.Source,
		"createdAt": number(alert.Created.UnixMilli(), shape.CreatedText),
		"updatedAt": number(alert.Updated.UnixNano(), shape.UpdatedText),
	}
	if e.by.User != "" {
		out["userId"] = e.by.User
	}
	if e.note != "" {
		out["note"] = e.note
	}
	if e.oldPriority != "" {
		out["oldPriority"] = e.oldPriority
	}
	if e.added != nil {
		out["addedTags"] = strings.Join(e.added, ",")
	}
	if e.removed != nil {
		out["removedTags"] = strings.Join(e.removed, ",")
	}
	return out
}

// captured adds the fields that were seen in deliveries but are not documented.
func (e *event) captured(out map[string]any, shape Shape) {
	responders := []map[string]string{}
	for _, r := range e.alert.Responders {
		responders = append(responders, map[string]string{"id": r.ID, "type": r.Type, "name": r.Name})
	}
	priority := e.alert.Priority
	if shape.NumericPriority {
		priority = strings.TrimPrefix(priority, "P")
	}
	out["responders"], out["actions"], out["priority"] = responders, list(e.alert.Actions), priority
	if i := slices.IndexFunc(e.alert.Responders, func(r Responder) bool { return r.Type == TypeTeam }); i >= 0 {
		out["team"] = e.alert.Responders[i].Name
	}
}

// nameByAccount replaces the ids of users by those of their Atlassian accounts.
func (a *Account) nameByAccount(fields map[string]any) {
	account := func(id string) string {
		if u, found := a.dir.user(id); found {
			return u.AccountID
		}
		return id
	}
	if id, isUser := fields["userId"].(string); isUser {
		fields["userId"] = account(id)
	}
	if recipients, are := fields["recipients"].([]string); are {
		for i, id := range recipients {
			recipients[i] = account(id)
		}
	}
	responders, _ := fields["responders"].([]map[string]string)
	for _, r := range responders {
		if r["type"] == TypeUser {
			r["id"] = account(r["id"])
		}
	}
}

// ids are those of the responders of a type.
func (alert *Alert) ids(kind string) []string {
	var out []string
	for _, r := range alert.Responders {
		if r.Type == kind {
			out = append(out, r.ID)
		}
	}
	return out
}

// list is never null.
func list(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}

func number(n int64, asText bool) any {
	if asText {
		return strconv.FormatInt(n, 10)
	}
	return n
}

func cut(text string) string {
	if runes := []rune(text); len(runes) > maxEventText {
		return string(runes[:maxEventText])
	}
	return text
}
