package pagerduty

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// maxRange is the widest range GET /incidents takes; without since it is a month.
const maxRange = 184 * 24 * time.Hour

func (s *Server) getIncident(c *call) (reply, error) {
	in := s.store.get(c.Path["id"])
	if in == nil {
		return reply{}, notFound()
	}
	return ok(map[string]any{"incident": s.incidentJSON(in, c)})
}

func (s *Server) listIncidents(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	fits, err := s.incidentFilter(c)
	if err != nil {
		return reply{}, err
	}
	var candidates []*Incident
	if key := c.Query.Get("incident_key"); key != "" {
		candidates = s.store.withKey(key)
	} else {
		candidates = s.store.all()
	}
	candidates = slices.DeleteFunc(candidates, func(in *Incident) bool { return !fits(in) })
	if err := sortIncidents(candidates, c.Query.Get("sort_by")); err != nil {
		return reply{}, err
	}
	return paged(p, "incidents", candidates, func(in *Incident) any { return s.incidentJSON(in, c) })
}

// incidentFilter reads what GET /incidents is narrowed to.
func (s *Server) incidentFilter(c *call) (func(*Incident) bool, error) {
	within, err := s.incidentSpan(c)
	if err != nil {
		return nil, err
	}
	statuses, urgencies := c.list("statuses"), c.list("urgencies")
	for _, status := range statuses {
		if !slices.Contains([]string{statusTriggered, statusAcknowledged, statusResolved}, status) {
			return nil, invalidInput("Status must be a list of triggered, acknowledged, or resolved.")
		}
	}
	for _, urgency := range urgencies {
		if urgency != urgencyHigh && urgency != urgencyLow {
			return nil, invalidInput("Urgency must be a list of high or low.")
		}
	}
	services, users := c.list("service_ids"), c.list("user_ids")
	chosen := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return func(in *Incident) bool {
		assigned := len(users) == 0 || slices.ContainsFunc(in.Assignees, func(id string) bool { return slices.Contains(users, id) })
		return within.has(in.Created) && chosen(statuses, in.Status) && chosen(urgencies, in.Urgency) &&
			chosen(services, in.Service) && assigned
	}, nil
}

// incidentSpan is the range of creation: a month back unless something else was asked for.
func (s *Server) incidentSpan(c *call) (span, error) {
	if c.Query.Get("date_range") == "all" {
		return span{}, nil
	}
	within, err := c.span()
	if err != nil {
		return span{}, err
	}
	if within.since.IsZero() {
		from := within.until
		if from.IsZero() {
			from = s.now()
		}
		within.since = from.AddDate(0, -1, 0)
		return within, nil
	}
	until := within.until
	if until.IsZero() {
		until = s.now()
	}
	if until.Sub(within.since) > maxRange {
		return span{}, invalidInput("The date range cannot be longer than 6 months")
	}
	return within, nil
}

// sortIncidents sorts by at most two fields, such as "created_at:desc,incident_number".
func sortIncidents(list []*Incident, by string) error {
	if by == "" {
		return nil
	}
	parts := strings.Split(by, ",")
	if len(parts) > 2 {
		return invalidInput("Sort by takes at most two fields")
	}
	var orders []func(a, b *Incident) int
	for _, part := range parts {
		field, direction, _ := strings.Cut(part, ":")
		order := map[string]func(a, b *Incident) int{
			"incident_number": func(a, b *Incident) int { return cmp.Compare(a.Number, b.Number) },
			"created_at":      func(a, b *Incident) int { return a.Created.Compare(b.Created) },
			"resolved_at":     func(a, b *Incident) int { return a.Resolved.Compare(b.Resolved) },
			"urgency":         func(a, b *Incident) int { return cmp.Compare(a.Urgency, b.Urgency) },
		}[field]
		if order == nil || (direction != "" && direction != "asc" && direction != "desc") {
			return invalidInput("Sort by must be incident_number, created_at, resolved_at or urgency, and asc or desc")
		}
		sign := 1
		if direction == "desc" {
			sign = -1
		}
		orders = append(orders, func(a, b *Incident) int { return sign * order(a, b) })
	}
	slices.SortStableFunc(list, func(a, b *Incident) int {
		for _, order := range orders {
			if n := order(a, b); n != 0 {
				return n
			}
		}
		return 0
	})
	return nil
}

// incidentJSON is an incident as the REST API tells it.
func (s *Server) incidentJSON(in *Incident, c *call) map[string]any {
	assignments, acks := []any{}, []any{}
	for _, id := range in.Assignees {
		assignee := any(s.userRef(id))
		if c.includes("assignees") || c.includes("users") {
			assignee = s.userJSON(s.acc.userByID[id])
		}
		assignments = append(assignments, map[string]any{"at": stamp(in.assignedAt), "assignee": assignee})
	}
	for _, a := range in.Acknowledgements {
		by := any(s.agentRef(in, a.User))
		if a.User != "" && c.includes("acknowledgers") {
			by = s.userJSON(s.acc.userByID[a.User])
		}
		acks = append(acks, map[string]any{"at": stamp(a.At), "acknowledger": by})
	}
	via := "escalation_policy"
	if in.Direct {
		via = "direct_assignment"
	}
	first := in.Log[0]
	out := s.incidentRef(in).object("incident", map[string]any{
		"incident_number": in.Number, "title": in.Title, "description": in.Title, "created_at": stamp(in.Created),
		"updated_at": stamp(in.Updated), "status": in.Status, "incident_key": in.Key, "service": s.serviceRef(in.Service),
		"assignments": assignments, "assigned_via": via, "last_status_change_at": stamp(in.StatusChanged),
		"resolved_at": stamp(in.Resolved), "alert_counts": map[string]any{"all": 0, "triggered": 0, "resolved": 0},
		"is_mergeable": true, "incident_type": map[string]any{"name": "incident_default"},
		"escalation_policy": s.policyRef(in.Policy), "teams": []any{}, "pending_actions": []any{}, "acknowledgements": acks,
		"alert_grouping": nil, "last_status_change_by": s.agentRef(in, in.StatusBy), "priority": nil, "resolve_reason": nil,
		"incidents_responders": []any{}, "responder_requests": []any{}, "urgency": in.Urgency,
		"first_trigger_log_entry": s.logRef(in, first, "_reference"),
	})
	s.includeMore(out, in, c)
	return out
}

// includeMore adds what include[] asks for.
func (s *Server) includeMore(out map[string]any, in *Incident, c *call) {
	if in.Priority != "" {
		out["priority"] = s.priorityJSON(*s.acc.priority(in.Priority))
	}
	if c.includes("body") && in.Body != nil {
		out["body"] = map[string]any{"type": "incident_body", "details": in.Body}
	}
	if c.includes("conference_bridge") && in.bridge != nil {
		out["conference_bridge"] = in.bridge
	}
	if c.includes("services") {
		out["service"] = s.serviceJSON(s.acc.service(in.Service), c)
	}
	if c.includes("escalation_policies") {
		out["escalation_policy"] = s.policyJSON(s.acc.policy(in.Policy))
	}
	if c.includes("first_trigger_log_entries") {
		out["first_trigger_log_entry"] = s.logJSON(in, in.Log[0], c)
	}
	if c.includes("agents") && in.StatusBy != "" {
		out["last_status_change_by"] = s.userJSON(s.acc.userByID[in.StatusBy])
	}
}
