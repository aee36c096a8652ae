package pagerduty

import (
	"encoding/json"
	"time"
)

// maxEventNote is where a note is cut in an event, which then says that it is trimmed.
const maxEventNote = 20_000

// event is something that happened, ready to be sent. Its body is made once, and is the same for every attempt.
type event struct {
	name     string
	incident string // id; empty for pagey.ping
	body     []byte
	at       time.Time
}

// eventJSON is the body of a webhook.
type eventJSON struct {
	Event struct {
		ID           string     `json:"id"`
		EventType    string     `json:"event_type"`
		ResourceType string     `json:"resource_type"`
		OccurredAt   string     `json:"occurred_at"`
		Agent        *reference `json:"agent"`
		Client       any        `json:"client"`
		Data         any        `json:"data"`
	} `json:"event"`
}

// render makes the body of an event.
func render(id, name, resource string, agent *reference, data any, at time.Time) ([]byte, error) {
	var out eventJSON
	e := &out.Event
	e.ID, e.EventType, e.ResourceType, e.Agent, e.Data = id, name, resource, agent, data
	e.OccurredAt = at.UTC().Format("2006-01-02T15:04:05.000Z")
	return json.Marshal(out)
}

// incidentEvent is the data of most incident events.
func (s *Server) incidentEvent(in *Incident) map[string]any {
	assignees := []any{}
	for _, id := range in.Assignees {
		assignees = append(assignees, s.userRef(id))
	}
	var prio any
	if v := s.acc.priority(in.Priority); v != nil {
		prio = s.ref(v.id, "priority_reference", v.name, "/priorities/"+v.id, "/account/incident_priorities")
	}
	out := s.incidentRef(in).object("incident", map[string]any{
		"number": in.Number, "status": in.Status, "incident_key": in.Key, "created_at": stamp(in.Created), "title": in.Title,
		"incident_type": map[string]any{"name": "incident_default"}, "service": s.serviceRef(in.Service), "assignees": assignees,
		"escalation_policy": s.policyRef(in.Policy), "teams": []any{}, "priority": prio, "urgency": in.Urgency,
		"conference_bridge": nil, "resolve_reason": nil,
	})
	delete(out, "summary")
	return out
}

// noteEvent is the data of incident.annotated.
func (s *Server) noteEvent(in *Incident, n Note) map[string]any {
	content := []rune(n.Content)
	trimmed := len(content) > maxEventNote
	if trimmed {
		content = content[:maxEventNote]
	}
	return map[string]any{
		"incident": s.incidentRef(in), "id": n.ID, "content": string(content), "trimmed": trimmed, "type": "incident_note",
	}
}

// invocationEvent is the data of incident.action_invocation.created.
func (s *Server) invocationEvent(in *Incident, v Invocation) map[string]any {
	a := s.acc.action(v.Action)
	web := "/automation-actions/actions/" + a.id
	out := s.ref(v.ID, "", "", "/automation_actions/invocations/"+v.ID, web+"/invocations/"+v.ID).
		object("incident_action_invocation", map[string]any{
			"incident": s.incidentRef(in), "state": "created",
			"action": s.ref(a.id, "action_reference", a.name, "/automation_actions/actions/"+a.id, web),
		})
	delete(out, "summary")
	return out
}
