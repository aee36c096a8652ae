package pagerduty

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

const maxBulk = 250 // incidents in one PUT /incidents

// edit is an incident as an update sends it; what is absent stays.
type edit struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Status      string          `json:"status"`
	Resolution  string          `json:"resolution"`
	Title       string          `json:"title"`
	Urgency     string          `json:"urgency"`
	Priority    json.RawMessage `json:"priority"`
	Level       int             `json:"escalation_level"`
	Assignments []assignment    `json:"assignments"`
	Policy      *pointer        `json:"escalation_policy"`
	Bridge      json.RawMessage `json:"conference_bridge"`
}

func (s *Server) updateIncident(c *call) (reply, error) {
	by, err := s.requester(c)
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Incident *edit `json:"incident"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Incident == nil {
		return reply{}, invalidInput("Incident cannot be empty")
	}
	next, err := s.change(c.Path["id"], by.ID, *in.Incident)
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"incident": s.incidentJSON(next, c)})
}

// updateIncidents changes several incidents, one after another; the first that fails ends it.
func (s *Server) updateIncidents(c *call) (reply, error) {
	by, err := s.requester(c)
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Incidents []edit `json:"incidents"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if len(in.Incidents) == 0 {
		return reply{}, invalidInput("Incidents cannot be empty")
	}
	if len(in.Incidents) > maxBulk {
		return reply{}, failure(http.StatusRequestEntityTooLarge, codeInvalidInput, "Request Entity Too Large")
	}
	out := []any{}
	for _, e := range in.Incidents {
		next, err := s.change(e.ID, by.ID, e)
		if err != nil {
			return reply{}, err
		}
		out = append(out, s.incidentJSON(next, c))
	}
	return ok(map[string]any{"incidents": out})
}

// change applies an edit in the name of a user (empty for automation) and tells about everything that it changed.
func (s *Server) change(id, by string, e edit) (*Incident, error) {
	if !slices.Contains([]string{"incident", "incident_reference"}, e.Type) {
		return nil, invalidInput("Type must be incident or incident_reference")
	}
	if !slices.Contains([]string{"", urgencyHigh, urgencyLow}, e.Urgency) {
		return nil, invalidInput("Urgency must be high or low")
	}
	if e.Policy != nil && len(e.Assignments) > 0 {
		return nil, invalidInput("Only one of Assignments and Escalation Policy can be specified")
	}
	now := s.now()
	next, err := s.changeAndTell(id, by, now, func(in *Incident) error {
		if err := s.setStatus(in, by, e, now); err != nil {
			return err
		}
		return s.setRest(in, by, e, now)
	})
	if err != nil {
		return nil, err
	}
	s.onIncident.Tell(*next)
	return next, nil
}

func (s *Server) changeAndTell(id, by string, now time.Time, change func(*Incident) error) (*Incident, error) {
	s.telling.Lock()
	defer s.telling.Unlock()
	old, next, err := s.store.update(id, now, change)
	if err != nil {
		return nil, err
	}
	s.tellChange(old, next, by)
	return next, nil
}

// setStatus moves the incident to the status of the edit.
func (s *Server) setStatus(in *Incident, by string, e edit, now time.Time) error {
	mine := slices.ContainsFunc(in.Acknowledgements, func(a Acknowledgement) bool { return a.User == by })
	entry := LogEntry{User: by, Channel: channelOf(by), At: now, Note: e.Resolution}
	was := in.Open()
	switch e.Status {
	case "":
		return nil
	case statusResolved:
		if !in.Open() {
			return failure(http.StatusBadRequest, codeAlreadyResolved, "Incident Already Resolved")
		}
		in.Assignees, in.Acknowledgements, in.Resolved, in.Resolution = nil, nil, now, e.Resolution
		entry.Type = "resolve_log_entry"
	case statusAcknowledged:
		if in.Status == statusAcknowledged && mine {
			return failure(http.StatusBadRequest, codeAlreadyAcked, "Incident Already Acknowledged")
		}
		in.Acknowledgements = append(in.Acknowledgements, Acknowledgement{User: by, At: now})
		entry.Type, in.Resolved = "acknowledge_log_entry", time.Time{}
	case statusTriggered:
		if in.Status == statusTriggered {
			return nil
		}
		in.Acknowledgements, in.Resolved = nil, time.Time{}
		entry.Type = "unacknowledge_log_entry"
		if !was {
			entry.Type, entry.Text = "trigger_log_entry", in.Title
		}
	default:
		return invalidInput("Status must be one of triggered, acknowledged, or resolved.")
	}
	in.Status, in.StatusChanged, in.StatusBy = e.Status, now, by
	in.Log = append(in.Log, entry)
	if !was {
		in.Level = 1
		if err := s.place(in, placement{}); err != nil {
			return err
		}
		in.assignedAt = now
	}
	return nil
}

// setRest sets everything but the status.
func (s *Server) setRest(in *Incident, by string, e edit, now time.Time) error {
	in.Title = orDefault(e.Title, in.Title)
	if e.Bridge != nil {
		in.bridge = e.Bridge
	}
	if e.Urgency != "" && e.Urgency != in.Urgency {
		in.Urgency = e.Urgency
		in.Log = append(in.Log, LogEntry{Type: "urgency_change_log_entry", User: by, Channel: channelOf(by), At: now})
	}
	p := placement{policy: e.Policy, assignments: e.Assignments}
	if e.Priority != nil && string(e.Priority) == "null" {
		in.Priority = ""
	} else if e.Priority != nil {
		p.priority = &pointer{}
		if json.Unmarshal(e.Priority, p.priority) != nil && json.Unmarshal(e.Priority, &p.priority.ID) != nil {
			return invalidInput("Priority must be a reference or a name")
		}
	}
	if e.Level > 0 {
		in.Level, in.Assignees = e.Level, nil
	}
	if err := s.place(in, p); err != nil {
		return err
	}
	if in.Open() && (e.Level > 0 || e.Policy != nil || len(e.Assignments) > 0) {
		in.assignedAt = now
		if e.Level > 0 {
			in.Log = append(in.Log, LogEntry{Type: "escalate_log_entry", User: by, Channel: channelOf(by), At: now})
		}
		in.Log = append(in.Log, assigned(in.Assignees, by, now)...)
	}
	return nil
}

// channelOf is the channel that a person, or automation, acts through.
func channelOf(by string) string {
	if by == "" {
		return "auto"
	}
	return "website"
}

// tellChange queues the webhooks of a change.
func (s *Server) tellChange(old, next *Incident, by string) {
	tell := func(when bool, name string) {
		if when {
			s.event(name, by, next, s.incidentEvent)
		}
	}
	tell(!old.Open() && next.Open(), "incident.reopened")
	tell(len(next.Acknowledgements) > len(old.Acknowledgements), "incident.acknowledged")
	tell(old.Status == statusAcknowledged && next.Status == statusTriggered, "incident.unacknowledged")
	tell(old.Open() && !next.Open(), "incident.resolved")
	tell(old.Priority != next.Priority, "incident.priority_updated")
	moved := next.Open() && old.Open() && !slices.Equal(old.Assignees, next.Assignees)
	switch {
	case next.Policy != old.Policy:
		tell(true, "incident.delegated")
	case next.Level != old.Level:
		tell(next.Open() && old.Open(), "incident.escalated")
	default:
		tell(moved, "incident.reassigned")
	}
}
