package pagerduty

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// pointer is how a request names an object: {"id", "type"}.
type pointer struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// assignment is one entry of "assignments".
type assignment struct {
	Assignee pointer `json:"assignee"`
}

// draft is an incident as a create sends it.
type draft struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Service  *pointer `json:"service"`
	Priority *pointer `json:"priority"`
	Urgency  string   `json:"urgency"`
	Body     *struct {
		Type    string          `json:"type"`
		Details json.RawMessage `json:"details"`
	} `json:"body"`
	Key         string          `json:"incident_key"`
	Assignments []assignment    `json:"assignments"`
	Policy      *pointer        `json:"escalation_policy"`
	Bridge      json.RawMessage `json:"conference_bridge"`
}

func (s *Server) createIncident(c *call) (reply, error) {
	by, err := s.requester(c)
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Incident *draft `json:"incident"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	incident, err := s.fromDraft(in.Incident)
	if err != nil {
		return reply{}, err
	}
	if err := s.open(incident, by.ID); err != nil {
		return reply{}, err
	}
	return standin.Answer(http.StatusCreated, map[string]any{"incident": s.incidentJSON(incident, c)})
}

// fromDraft checks a draft; what is wrong with it is told all at once.
func (s *Server) fromDraft(d *draft) (*Incident, error) {
	var wrong []string
	switch {
	case d == nil:
		return nil, invalidInput("Incident cannot be empty")
	case d.Type != "incident":
		wrong = append(wrong, "Type must be incident")
	case strings.TrimSpace(d.Title) == "":
		wrong = append(wrong, "Title cannot be empty")
	case d.Service == nil || d.Service.ID == "":
		wrong = append(wrong, "Service cannot be empty")
	case d.Urgency != "" && d.Urgency != urgencyHigh && d.Urgency != urgencyLow:
		wrong = append(wrong, "Urgency must be high or low")
	case d.Policy != nil && len(d.Assignments) > 0:
		wrong = append(wrong, "Only one of Assignments and Escalation Policy can be specified")
	}
	if len(wrong) > 0 {
		return nil, invalidInput(wrong...)
	}
	v := find(s.acc.services, func(v *Service) bool { return v.ID == d.Service.ID })
	if v == nil {
		return nil, badArguments("Service not found")
	}
	if v.Disabled {
		return nil, badArguments("Service is disabled")
	}
	out := &Incident{
		Title: d.Title, Key: d.Key, Status: statusTriggered, Urgency: orDefault(d.Urgency, urgencyHigh), Service: v.ID,
		Policy: v.Policy, bridge: d.Bridge, Level: 1,
	}
	if d.Body != nil {
		out.Body = d.Body.Details
	}
	return out, s.place(out, placement{priority: d.Priority, policy: d.Policy, assignments: d.Assignments})
}

// placement is who and what an incident is to be given to.
type placement struct {
	priority, policy *pointer
	assignments      []assignment
}

// place sets priority, policy and assignees of an incident that is not shared yet.
func (s *Server) place(in *Incident, p placement) error {
	if p.priority != nil {
		found := s.acc.priority(p.priority.ID)
		if found == nil {
			return badArguments("Priority not found")
		}
		in.Priority = found.name
	}
	if len(p.assignments) > 0 {
		in.Assignees, in.Direct = nil, true
		for _, a := range p.assignments {
			if s.acc.userByID[a.Assignee.ID] == nil {
				return badArguments("Assignee not found")
			}
			in.Assignees = append(in.Assignees, a.Assignee.ID)
		}
		return nil
	}
	if p.policy != nil {
		found := find(s.acc.policies, func(v *Policy) bool { return v.ID == p.policy.ID })
		if found == nil {
			return badArguments("Escalation Policy not found")
		}
		in.Policy, in.Level, in.Assignees, in.Direct = found.ID, 1, nil, false
	}
	if len(in.Assignees) == 0 && in.Open() {
		in.Level, in.Assignees = s.responders(in.Policy, in.Level)
		in.Direct = false
	}
	return nil
}

// open keeps a new incident and tells about it. By is a user's id, empty for automation.
func (s *Server) open(in *Incident, by string) error {
	now := s.now()
	in.Creator, in.StatusBy = by, by
	channel := "web_trigger"
	if by == "" {
		channel = "api"
	}
	in.Log = append(in.Log, LogEntry{Type: "trigger_log_entry", User: by, Channel: channel, Text: in.Title, At: now})
	in.Log = append(in.Log, assigned(in.Assignees, "", now)...)
	if err := s.keep(in, by, now); err != nil {
		return err
	}
	s.onIncident.Tell(*in)
	return nil
}

func (s *Server) keep(in *Incident, by string, now time.Time) error {
	s.telling.Lock()
	defer s.telling.Unlock()
	if err := s.store.create(in, now); err != nil {
		return err
	}
	s.event("incident.triggered", by, in, s.incidentEvent)
	return nil
}

// assigned are the log entries of an assignment: who got it, and that they were notified.
func assigned(users []string, by string, at time.Time) []LogEntry {
	if len(users) == 0 {
		return nil
	}
	channel := "auto"
	if by != "" {
		channel = "website"
	}
	out := []LogEntry{{Type: "assign_log_entry", User: by, Channel: channel, Assignees: users, At: at}}
	for _, u := range users {
		out = append(out, LogEntry{Type: "notify_log_entry", Channel: "auto", Assignees: []string{u}, At: at})
	}
	return out
}
