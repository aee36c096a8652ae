package pagerduty

import (
	"slices"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// listIncidentLog tells the timeline of one incident, newest first.
func (s *Server) listIncidentLog(c *call) (reply, error) {
	in := s.store.get(c.Path["id"])
	if in == nil {
		return reply{}, notFound()
	}
	within, err := c.span()
	if err != nil {
		return reply{}, err
	}
	var entries []LogEntry
	var incidents []*Incident
	for _, e := range slices.Backward(in.Log) {
		if within.has(e.At) {
			entries, incidents = append(entries, e), append(incidents, in)
		}
	}
	return s.logReply(c, entries, incidents)
}

// listLog tells the timeline of the account, newest first.
func (s *Server) listLog(c *call) (reply, error) {
	within, err := c.span()
	if err != nil {
		return reply{}, err
	}
	entries, incidents := s.store.entries(within)
	return s.logReply(c, entries, incidents)
}

// logReply answers a page of entries, each of the incident at the same place.
func (s *Server) logReply(c *call, entries []LogEntry, incidents []*Incident) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	overview := c.Query.Get("is_overview") == "true"
	var places []int
	for i, e := range entries {
		if !overview || e.Type != "notify_log_entry" {
			places = append(places, i)
		}
	}
	return paged(p, "log_entries", places, func(i int) any { return s.logJSON(incidents[i], entries[i], c) })
}

func (s *Server) logRef(in *Incident, e LogEntry, suffix string) reference {
	return s.ref(e.ID, e.Type+suffix, e.summary(), "/log_entries/"+e.ID+"?incident_id="+in.ID,
		"/incidents/"+in.ID+"/log_entries/"+e.ID)
}

// summary is what the timeline says in a line.
func (e LogEntry) summary() string {
	switch e.Type {
	case "trigger_log_entry":
		return "Triggered through the API"
	case "acknowledge_log_entry":
		return "Acknowledged"
	case "resolve_log_entry":
		return "Resolved"
	case "annotate_log_entry":
		return "Note added"
	case "assign_log_entry":
		return "Assigned"
	case "notify_log_entry":
		return "Notified"
	}
	return e.Type
}

// logJSON is a log entry; the channel has more than its type only with include[]=channels.
func (s *Server) logJSON(in *Incident, e LogEntry, c *call) map[string]any {
	channel := map[string]any{"type": e.Channel}
	if c.includes("channels") && e.Text != "" {
		channel["summary"] = e.Text
	}
	incident := any(s.incidentRef(in))
	if c.includes("incidents") {
		incident = s.incidentJSON(in, &call{Call: &standin.Call{}})
	}
	out := s.logRef(in, e, "").object(e.Type, map[string]any{
		"created_at": stamp(e.At), "agent": s.agentRef(in, e.User), "channel": channel, "service": s.serviceRef(in.Service),
		"incident": incident, "teams": []any{}, "contexts": []any{}, "event_details": map[string]any{},
	})
	if e.Note != "" {
		out["note"] = e.Note
	}
	if e.Type == "assign_log_entry" {
		users := []any{}
		for _, id := range e.Assignees {
			users = append(users, s.userRef(id))
		}
		out["assignees"] = users
	}
	if e.Type == "notify_log_entry" {
		out["user"] = s.userRef(e.Assignees[0])
	}
	return out
}
