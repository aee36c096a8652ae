package pagerduty

// teamRef is a team as other objects name it.
func (s *Server) teamRef(t *Team) reference {
	return s.ref(t.ID, "team_reference", t.Name, "/teams/"+t.ID, "/teams/"+t.ID)
}

func (s *Server) listTeams(c *call) (reply, error) {
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	found := matching(c, s.acc.teams, func(t *Team) []string { return []string{t.Name} })
	return paged(p, "teams", found, func(t *Team) any {
		return s.teamRef(t).object("team", map[string]any{"name": t.Name, "description": t.Name, "default_role": "manager"})
	})
}

// listTeamMembers tells whole users if include[] asks for them, else references.
func (s *Server) listTeamMembers(c *call) (reply, error) {
	t := find(s.acc.teams, func(t *Team) bool { return t.ID == c.Path["id"] })
	if t == nil {
		return reply{}, notFound()
	}
	p, err := c.paging()
	if err != nil {
		return reply{}, err
	}
	return paged(p, "members", t.Members, func(id string) any {
		user := any(s.userRef(id))
		if c.includes("users") {
			user = s.userJSON(s.acc.userByID[id])
		}
		return map[string]any{"user": user, "role": "responder"}
	})
}
