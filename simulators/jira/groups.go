package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxMembers is the largest page of a group's members.
const maxMembers = 50

// checkGroups finds members who are no users.
func (c *catalog) checkGroups(groups []Group) error {
	for _, g := range groups {
		for _, name := range g.Members {
			if c.user(name) == nil {
				return fmt.Errorf("jira simulator: group %s: no user %q", g.Name, name)
			}
		}
	}
	return nil
}

// mayBrowse says whether the caller may see who is in a group: on Data Center an administrator only.
func (s *Server) mayBrowse(u *User) bool {
	return u.may("ADMINISTER") || s.opt.Flavour == Cloud && u.may("USER_PICKER")
}

// getGroupMembers is GET /group/member, ordered by name.
func (s *Server) getGroupMembers(c *call) (reply, error) {
	if !s.mayBrowse(c.user) {
		return reply{}, failure(http.StatusForbidden, "You do not have the permission to see the members of groups.")
	}
	name, id := c.Query.Get("groupname"), c.Query.Get("groupId")
	if name == "" && id == "" {
		return reply{}, badRequest("The group name was not provided.")
	}
	i := slices.IndexFunc(s.opt.Groups, func(g Group) bool {
		return name != "" && g.Name == name || s.opt.Flavour == Cloud && id != "" && g.ID == id
	})
	if i < 0 {
		return reply{}, failure(http.StatusNotFound, "The group named '"+name+"' does not exist.")
	}
	start, size, err := c.page(maxMembers, maxMembers)
	if err != nil {
		return reply{}, err
	}
	all := []*User{}
	for _, member := range s.opt.Groups[i].Members {
		if u := c.cat.user(member); u != nil && (!u.Inactive || c.Query.Get("includeInactiveUsers") == "true") {
			all = append(all, u)
		}
	}
	slices.SortStableFunc(all, func(a, b *User) int { return strings.Compare(a.Name, b.Name) })
	shown := []*userJSON{}
	for _, u := range page(all, start, size) {
		shown = append(shown, s.userJSON(c.view(), u))
	}
	return ok(map[string]any{
		"self": s.self(c.v3, "/group/member?"+c.URL.RawQuery), "startAt": start, "maxResults": size, "total": len(all),
		"isLast": start+len(shown) >= len(all), "values": shown,
	})
}

// findGroups is GET /groups/picker: those whose names contain a text, for whoever may see groups; for others none.
func (s *Server) findGroups(c *call) (reply, error) {
	query := c.Query.Get("query")
	fold := func(text string) string { return text }
	if s.opt.Flavour == DataCenter || c.Query.Get("caseInsensitive") == "true" {
		fold = strings.ToLower
	}
	groups := []map[string]any{}
	for _, g := range s.opt.Groups {
		if c.user.may("USER_PICKER") && strings.Contains(fold(g.Name), fold(query)) {
			groups = append(groups, map[string]any{"name": g.Name, "html": g.Name, "labels": []any{}, "groupId": g.ID})
		}
	}
	total := len(groups)
	if most, err := strconv.Atoi(c.Query.Get("maxResults")); err == nil && most > 0 {
		groups = groups[:min(most, total)]
	}
	return ok(map[string]any{
		"header": fmt.Sprintf("Showing %d of %d matching groups", len(groups), total), "total": total, "groups": groups,
	})
}
