package jsm

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Pages of Jira, as it documents them.
const (
	defaultUsers = 50
	maxUsers     = 1000
	defaultBulk  = 10
	maxBulk      = 200
	maxMembers   = 50
)

// tenantInfo is what a site tells everybody.
func (s *Server) tenantInfo(*call) (standin.Reply, error) {
	return standin.OK(map[string]string{"cloudId": s.opt.CloudID})
}

func (s *Server) myself(c *call) (standin.Reply, error) { return standin.OK(s.userJSON(c, c.user)) }

func (s *Server) getUser(c *call) (standin.Reply, error) {
	u, found := s.byAccount(c.Query.Get("accountId"))
	if !found {
		return standin.Reply{}, jiraRefuse(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return standin.OK(s.userJSON(c, u))
}

// bulkUsers leaves out whom it does not know, and all but 10 unless maxResults says otherwise.
func (s *Server) bulkUsers(c *call) (standin.Reply, error) {
	ids := c.Query["accountId"]
	if len(ids) == 0 {
		return standin.Reply{}, jiraRefuse(http.StatusBadRequest, "The query parameter 'accountId' was not provided")
	}
	var found []alerting.User
	for _, id := range ids {
		if u, ok := s.byAccount(id); ok && !slices.Contains(found, u) {
			found = append(found, u)
		}
	}
	return s.users(c, found, defaultBulk, maxBulk)
}

// searchUsers finds active users by the start of their name, of a part of it, or of their address where the caller sees it.
func (s *Server) searchUsers(c *call) (standin.Reply, error) {
	text, id := c.Query.Get("query"), c.Query.Get("accountId")
	if text == "" && id == "" {
		return standin.Reply{}, jiraRefuse(http.StatusBadRequest, "Either the 'query' or 'accountId' query parameter has to be provided")
	}
	start, size, err := c.window(defaultUsers, maxUsers)
	if err != nil {
		return standin.Reply{}, err
	}
	found := []map[string]any{}
	for _, u := range s.Users() {
		if !u.Blocked && ((id != "" && u.AccountID == id) || (id == "" && s.begins(c, u, text))) {
			found = append(found, s.userJSON(c, u))
		}
	}
	return standin.OK(cut(found, start, size))
}

func (s *Server) begins(c *call, u alerting.User, text string) bool {
	names := append(strings.Fields(u.FullName), u.FullName)
	if s.shows(c, u) {
		names = append(names, u.Username)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(strings.ToLower(name), strings.ToLower(text))
	})
}

func (s *Server) groupMembers(c *call) (standin.Reply, error) {
	g, found := one(s.opt.Groups, func(g Group) bool {
		return g.Name == c.Query.Get("groupname") || (g.ID != "" && g.ID == c.Query.Get("groupId"))
	})
	if !found {
		return standin.Reply{}, jiraRefuse(http.StatusNotFound, "The specified group does not exist")
	}
	var members []alerting.User
	for _, name := range g.Members {
		if u, _ := s.User(name); !u.Blocked || c.Query.Get("includeInactiveUsers") == "true" {
			members = append(members, u)
		}
	}
	return s.users(c, members, maxMembers, maxMembers)
}

// findGroups lists the groups whose names contain a text.
func (s *Server) findGroups(c *call) (standin.Reply, error) {
	fold := func(text string) string { return text }
	if c.Query.Get("caseInsensitive") == "true" {
		fold = strings.ToLower
	}
	groups := []map[string]any{}
	for _, g := range s.opt.Groups {
		if strings.Contains(fold(g.Name), fold(c.Query.Get("query"))) {
			groups = append(groups, map[string]any{"name": g.Name, "html": g.Name, "labels": []any{}, "groupId": g.ID})
		}
	}
	return standin.OK(map[string]any{
		"header": fmt.Sprintf("Showing %d of %d matching groups", len(groups), len(groups)), "total": len(groups), "groups": groups,
	})
}

// users answers a page of users.
func (s *Server) users(c *call, all []alerting.User, otherwise, most int) (standin.Reply, error) {
	start, size, err := c.window(otherwise, most)
	if err != nil {
		return standin.Reply{}, err
	}
	values := []map[string]any{}
	for _, u := range cut(all, start, size) {
		values = append(values, s.userJSON(c, u))
	}
	return standin.OK(map[string]any{
		"self": s.URL() + c.URL.RequestURI(), "startAt": start, "maxResults": size, "total": len(all),
		"isLast": start+size >= len(all), "values": values,
	})
}

// window reads startAt and maxResults, which Jira lowers to what it allows.
func (c *call) window(otherwise, most int) (start, size int, err error) {
	start, err1 := c.Number("startAt", 0, 0, 1<<31-1)
	size, err2 := c.Number("maxResults", otherwise, 1, 1<<31-1)
	if err1 != nil || err2 != nil {
		return 0, 0, jiraRefuse(http.StatusBadRequest, "startAt and maxResults must be numbers")
	}
	return start, min(size, most), nil
}

// shows says whether the caller sees a user's e-mail address.
func (s *Server) shows(c *call, u alerting.User) bool {
	if u.App {
		return false
	}
	if u.ID == c.user.ID {
		return true
	}
	return !s.opt.HideEmails && !slices.ContainsFunc(s.opt.Private, func(name string) bool {
		private, _ := s.User(name)
		return private.ID == u.ID
	})
}

func (s *Server) userJSON(c *call, u alerting.User) map[string]any {
	out := map[string]any{
		"self": s.URL() + c.Prefix + "/user?accountId=" + url.QueryEscape(u.AccountID), "accountId": u.AccountID,
		"accountType": "atlassian", "displayName": u.FullName, "active": !u.Blocked, "timeZone": "Etc/UTC",
	}
	if u.App {
		out["accountType"] = "app"
	}
	if s.shows(c, u) {
		out["emailAddress"] = u.Username
	}
	return out
}
