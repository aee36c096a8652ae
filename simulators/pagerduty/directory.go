package pagerduty

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// matching are the entries whose name has the query in it, in any case; for users the e-mail counts too.
func matching[T any](c *call, list []*T, names func(*T) []string) []*T {
	query := strings.ToLower(c.Query.Get("query"))
	var out []*T
	for _, entry := range list {
		if slices.ContainsFunc(names(entry), func(name string) bool { return strings.Contains(strings.ToLower(name), query) }) {
			out = append(out, entry)
		}
	}
	slices.SortStableFunc(out, func(a, b *T) int { return cmp.Compare(strings.ToLower(names(a)[0]), strings.ToLower(names(b)[0])) })
	return out
}

func (s *Server) listUsers(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	found := matching(c, s.acc.users, func(u *User) []string { return []string{u.Name, u.Email} })
	return paged(p, "users", found, func(u *User) any { return s.userJSON(u) })
}

func (s *Server) getUser(c *call) (reply, error) {
	u := s.acc.userByID[c.Path["id"]]
	if u == nil {
		return reply{}, notFound()
	}
	return ok(map[string]any{"user": s.userJSON(u)})
}

// getMe answers only a user-level key.
func (s *Server) getMe(c *call) (reply, error) {
	if c.user == nil {
		return reply{}, failure(http.StatusBadRequest, codeInvalidInput, "Account-level API keys have no current user")
	}
	return ok(map[string]any{"user": s.userJSON(c.user)})
}

func (s *Server) listServices(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	found := matching(c, s.acc.services, func(v *Service) []string { return []string{v.Name} })
	if name := c.Query.Get("name"); name != "" {
		found = slices.DeleteFunc(found, func(v *Service) bool { return v.Name != name })
	}
	return paged(p, "services", found, func(v *Service) any { return s.serviceJSON(v, c) })
}

func (s *Server) getService(c *call) (reply, error) {
	v := find(s.acc.services, func(v *Service) bool { return v.ID == c.Path["id"] })
	if v == nil {
		return reply{}, notFound()
	}
	return ok(map[string]any{"service": s.serviceJSON(v, c)})
}

func (s *Server) listPolicies(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	found := matching(c, s.acc.policies, func(v *Policy) []string { return []string{v.Name} })
	return paged(p, "escalation_policies", found, func(v *Policy) any { return s.policyJSON(v) })
}

func (s *Server) getPolicy(c *call) (reply, error) {
	v := find(s.acc.policies, func(v *Policy) bool { return v.ID == c.Path["id"] })
	if v == nil {
		return reply{}, notFound()
	}
	return ok(map[string]any{"escalation_policy": s.policyJSON(v)})
}

func (s *Server) listSchedules(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	found := matching(c, s.acc.schedules, func(v *Schedule) []string { return []string{v.Name} })
	return paged(p, "schedules", found, func(v *Schedule) any { return s.scheduleJSON(v) })
}

// scheduleOf is the schedule of the path.
func (s *Server) scheduleOf(c *call) (*Schedule, error) {
	if v := find(s.acc.schedules, func(v *Schedule) bool { return v.ID == c.Path["id"] }); v != nil {
		return v, nil
	}
	return nil, notFound()
}

// getSchedule tells the turns of a range in final_schedule when since or until is given.
func (s *Server) getSchedule(c *call) (reply, error) {
	v, err := s.scheduleOf(c)
	if err != nil {
		return reply{}, err
	}
	within, err := c.span()
	if err != nil {
		return reply{}, err
	}
	body := s.scheduleJSON(v)
	if within != (span{}) {
		body["final_schedule"] = s.finalScheduleJSON(v, within)
	}
	return ok(map[string]any{"schedule": body})
}

// listScheduleUsers tells who is on call in a schedule within a range; now, if none is given.
func (s *Server) listScheduleUsers(c *call) (reply, error) {
	v, err := s.scheduleOf(c)
	if err != nil {
		return reply{}, err
	}
	within, err := c.span()
	if err != nil {
		return reply{}, err
	}
	if within == (span{}) {
		now := s.now()
		within = span{now, now}
	}
	users, seen := []any{}, map[string]bool{}
	for _, turn := range s.shifts.during(v.ID, within) {
		if !seen[turn.User] {
			seen[turn.User] = true
			users = append(users, s.userJSON(s.acc.userByID[turn.User]))
		}
	}
	return ok(map[string]any{"users": users})
}

func (s *Server) listPriorities(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	return paged(p, "priorities", s.acc.priorities, func(v priority) any { return s.priorityJSON(v) })
}

func (s *Server) listAbilities(*call) (reply, error) {
	return ok(map[string]any{"abilities": []string{"teams", "read_only_users", "service_support_hours", "urgencies"}})
}
