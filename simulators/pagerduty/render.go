package pagerduty

func (s *Server) userJSON(u *User) map[string]any {
	return s.userRef(u.ID).object("user", map[string]any{
		"name": u.Name, "email": u.Email, "time_zone": "Etc/UTC", "color": "green", "role": u.Role, "description": nil,
		"avatar_url": webURL + "/avatar.png", "invitation_sent": false, "job_title": "Engineer", "teams": []any{},
		"contact_methods": []any{}, "notification_rules": []any{},
	})
}

func (s *Server) serviceJSON(v *Service, c *call) map[string]any {
	status := "active"
	if v.Disabled {
		status = "disabled"
	}
	policy := any(s.policyRef(v.Policy))
	if c.includes("escalation_policies") {
		policy = s.policyJSON(s.acc.policy(v.Policy))
	}
	return s.serviceRef(v.ID).object("service", map[string]any{
		"name": v.Name, "description": v.Name, "auto_resolve_timeout": nil, "acknowledgement_timeout": nil, "status": status,
		"created_at": "2026-01-01T00:00:00Z", "escalation_policy": policy, "teams": []any{}, "integrations": []any{},
		"incident_urgency_rule": map[string]any{"type": "constant", "urgency": urgencyHigh}, "scheduled_actions": []any{},
		"addons": []any{}, "alert_creation": "create_alerts_and_incidents",
	})
}

func (s *Server) policyJSON(p *Policy) map[string]any {
	rules, services := []any{}, []any{}
	for i, rule := range p.Rules {
		targets := []any{}
		for _, id := range rule.Schedules {
			targets = append(targets, s.scheduleRef(id))
		}
		for _, id := range rule.Users {
			targets = append(targets, s.userRef(id))
		}
		rules = append(rules, map[string]any{"id": made("", p.ID+"L", i), "escalation_delay_in_minutes": 30, "targets": targets})
	}
	for _, v := range s.acc.services {
		if v.Policy == p.ID {
			services = append(services, s.serviceRef(v.ID))
		}
	}
	return s.policyRef(p.ID).object("escalation_policy", map[string]any{
		"name": p.Name, "description": p.Name, "num_loops": 0, "on_call_handoff_notifications": "if_has_services",
		"escalation_rules": rules, "services": services, "teams": []any{},
	})
}

func (s *Server) scheduleJSON(v *Schedule) map[string]any {
	users, policies, seen := []any{}, []any{}, map[string]bool{}
	for _, turn := range s.shifts.during(v.ID, span{}) {
		if !seen[turn.User] {
			seen[turn.User] = true
			users = append(users, s.userRef(turn.User))
		}
	}
	for _, p := range s.acc.policies {
		for _, rule := range p.Rules {
			for _, id := range rule.Schedules {
				if id == v.ID && !seen[p.ID] {
					seen[p.ID] = true
					policies = append(policies, s.policyRef(p.ID))
				}
			}
		}
	}
	return s.scheduleRef(v.ID).object("schedule", map[string]any{
		"name": v.Name, "time_zone": "Etc/UTC", "description": v.Name, "users": users, "escalation_policies": policies,
		"teams": []any{},
	})
}

func (s *Server) finalScheduleJSON(v *Schedule, within span) map[string]any {
	entries := []any{}
	for _, turn := range s.shifts.during(v.ID, within) {
		entries = append(entries, map[string]any{
			"start": stamp(turn.From), "end": stamp(turn.Until), "user": s.userRef(turn.User),
		})
	}
	return map[string]any{"name": "Final Schedule", "rendered_schedule_entries": entries, "rendered_coverage_percentage": nil}
}

func (s *Server) priorityJSON(v priority) map[string]any {
	return s.ref(v.id, "priority_reference", v.name, "/priorities/"+v.id, "/account/incident_priorities").
		object("priority", map[string]any{"name": v.name, "description": v.description})
}

// dutyJSON is one on-call entry.
func (s *Server) dutyJSON(d duty, c *call) map[string]any {
	out := map[string]any{
		"escalation_policy": s.policyRef(d.policy.ID), "user": s.userRef(d.user.ID), "schedule": nil,
		"escalation_level": d.level, "start": stamp(d.turn.From), "end": stamp(d.turn.Until),
	}
	if d.schedule != nil {
		out["schedule"] = s.scheduleRef(d.schedule.ID)
		if c.includes("schedules") {
			out["schedule"] = s.scheduleJSON(d.schedule)
		}
	}
	if c.includes("users") {
		out["user"] = s.userJSON(d.user)
	}
	if c.includes("escalation_policies") {
		out["escalation_policy"] = s.policyJSON(d.policy)
	}
	return out
}
