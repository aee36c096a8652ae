package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// getServerInfo is GET /serverInfo, which needs no login.
func (s *Server) getServerInfo(*call) (reply, error) {
	info := map[string]any{
		"baseUrl": s.URL(), "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0}, "deploymentType": "Cloud",
		"buildNumber": 100200, "buildDate": "2026-01-02T00:00:00.000+0000", "serverTime": date(s.now()), "scmInfo": "simulator",
		"serverTitle": "Jira simulator",
	}
	if s.opt.Flavour == DataCenter {
		info["version"], info["versionNumbers"], info["deploymentType"] = "10.3.0", []int{10, 3, 0}, "Server"
	}
	return ok(info)
}

// getMyself is GET /myself: one's own e-mail address is never hidden.
func (s *Server) getMyself(c *call) (reply, error) {
	me := s.userJSON(c.view(), c.user)
	me.EmailAddress = c.user.Email
	return ok(me)
}

// getMyPermissions is GET /mypermissions. Cloud wants the permissions named; Data Center answers all.
func (s *Server) getMyPermissions(c *call) (reply, error) {
	if err := s.permissionContext(c); err != nil {
		return reply{}, err
	}
	names := split(c.Query["permissions"])
	if s.opt.Flavour == Cloud && len(names) == 0 {
		return reply{}, badRequest("The 'permissions' query parameter is required.")
	}
	if len(names) == 0 || s.opt.Flavour == DataCenter {
		names = permissionNames()
	}
	out := map[string]any{}
	for _, name := range names {
		i := slices.Index(permissionNames(), name)
		if i < 0 {
			return reply{}, badRequest("Unrecognized permission: " + name)
		}
		kind := "PROJECT"
		if isGlobal(name) {
			kind = "GLOBAL"
		}
		out[name] = map[string]any{
			"id": fmt.Sprint(10 + i), "key": name, "name": strings.ToLower(strings.ReplaceAll(name, "_", " ")),
			"type": kind, "description": "", "havePermission": c.user.may(name),
		}
	}
	return ok(map[string]any{"permissions": out})
}

// permissionContext checks that the project or the issue the permissions are asked for exists.
func (s *Server) permissionContext(c *call) error {
	for _, param := range []string{"projectKey", "projectId"} {
		if key := c.Query.Get(param); key != "" && (c.cat.project(key) == nil || !c.user.may("BROWSE_PROJECTS")) {
			return errProjectNotFound(key)
		}
	}
	for _, param := range []string{"issueKey", "issueId"} {
		if key := c.Query.Get(param); key != "" && s.store.get(key) == nil {
			return errIssueNotFound()
		}
	}
	return nil
}

// getStatuses is GET /status: the statuses of all workflows.
func (s *Server) getStatuses(c *call) (reply, error) {
	out := []statusJSON{}
	for _, st := range c.cat.statuses {
		out = append(out, s.statusJSON(c.view(), st))
	}
	return ok(out)
}

// getPriorities is GET /priority: the priorities of all projects.
func (s *Server) getPriorities(c *call) (reply, error) {
	out, seen := []any{}, map[string]bool{}
	for _, p := range c.cat.projects {
		for _, name := range p.Priorities {
			if !seen[name] {
				seen[name] = true
				out = append(out, s.priorityJSON(c.view(), p, name))
			}
		}
	}
	return ok(out)
}

// getIssueTypes is GET /issuetype: the issue types of all projects.
func (s *Server) getIssueTypes(c *call) (reply, error) {
	out, seen := []any{}, map[string]bool{}
	for _, p := range c.cat.projects {
		for _, t := range p.IssueTypes {
			if !seen[t.ID] {
				seen[t.ID] = true
				out = append(out, s.typeJSON(c.view(), p, t.Name))
			}
		}
	}
	return ok(out)
}

// getProject is GET /project/{project}.
func (s *Server) getProject(c *call) (reply, error) {
	p, err := s.visibleProject(c)
	if err != nil {
		return reply{}, err
	}
	return ok(s.projectJSON(c, p))
}

func (s *Server) projectJSON(c *call, p *project) map[string]any {
	v := c.view()
	types := []any{}
	for _, t := range p.IssueTypes {
		types = append(types, s.typeJSON(v, p, t.Name))
	}
	return map[string]any{
		"self": s.self(c.v3, "/project/"+p.id), "id": p.id, "key": p.Key, "name": p.Name, "description": "",
		"projectTypeKey": "software", "assigneeType": "UNASSIGNED", "issueTypes": types,
		"components": s.componentsJSON(v, p, p.Components),
	}
}

// searchProjects is GET /project/search of Cloud.
func (s *Server) searchProjects(c *call) (reply, error) {
	start, size, err := c.page(50, 100)
	if err != nil {
		return reply{}, err
	}
	all := s.projectsJSON(c)
	shown := page(all, start, size)
	return ok(map[string]any{
		"self": s.self(c.v3, "/project/search"), "startAt": start, "maxResults": size, "total": len(all),
		"isLast": start+len(shown) >= len(all), "values": shown,
	})
}

// listProjects is GET /project of Data Center.
func (s *Server) listProjects(c *call) (reply, error) { return ok(s.projectsJSON(c)) }

func (s *Server) projectsJSON(c *call) []map[string]any {
	out := []map[string]any{}
	keys := split(c.Query["keys"])
	for _, p := range c.cat.projects {
		if c.user.may("BROWSE_PROJECTS") && (len(keys) == 0 || slices.Contains(keys, p.Key)) {
			out = append(out, s.projectJSON(c, p))
		}
	}
	return out
}

// getProjectStatuses is GET /project/{project}/statuses: the workflow's statuses for each issue type.
func (s *Server) getProjectStatuses(c *call) (reply, error) {
	p, err := s.visibleProject(c)
	if err != nil {
		return reply{}, err
	}
	statuses := []statusJSON{}
	for _, st := range p.Workflow.Statuses {
		statuses = append(statuses, s.statusJSON(c.view(), st))
	}
	out := []map[string]any{}
	for _, t := range p.IssueTypes {
		out = append(out, map[string]any{
			"self": s.self(c.v3, "/issuetype/"+t.ID), "id": t.ID, "name": t.Name, "subtask": false, "statuses": statuses,
		})
	}
	return ok(out)
}

// getUser is GET /user: by account id on Cloud, by user name or key on Data Center.
func (s *Server) getUser(c *call) (reply, error) {
	want := c.Query.Get("accountId")
	if s.opt.Flavour == DataCenter {
		want = c.Query.Get("username") + c.Query.Get("key")
	}
	u := c.cat.userBy[strings.ToLower(want)]
	if want == "" || u == nil || !strings.EqualFold(s.userID(u), want) {
		return reply{}, failure(http.StatusNotFound, "The user does not exist.")
	}
	return ok(s.userJSON(c.view(), u))
}

// searchUsers is GET /user/search: by the start of a name or of a visible e-mail address.
func (s *Server) searchUsers(c *call) (reply, error) {
	return s.findUsers(c, func(u *User) bool { return !u.Inactive })
}

// searchAssignable is GET /user/assignable/search.
func (s *Server) searchAssignable(c *call) (reply, error) {
	key := c.Query.Get("project")
	if issue := s.store.get(c.Query.Get("issueKey")); issue != nil {
		key = issue.Project
	}
	if c.cat.project(key) == nil {
		return reply{}, errProjectNotFound(key)
	}
	return s.findUsers(c, func(u *User) bool { return !u.App && !u.Inactive && u.may("ASSIGNABLE_USER") })
}

func (s *Server) findUsers(c *call, fits func(*User) bool) (reply, error) {
	start, size, err := c.page(50, 1000)
	if err != nil {
		return reply{}, err
	}
	param := "query"
	if s.opt.Flavour == DataCenter {
		param = "username"
	}
	_, assignable := strings.CutSuffix(c.URL.Path, "/user/assignable/search")
	if !c.Query.Has(param) && !c.Query.Has("accountId") && !assignable {
		return reply{}, badRequest("The '" + param + "' query parameter is required.")
	}
	found := []*userJSON{}
	for _, u := range c.cat.users {
		if s.userID(u) != "" && fits(u) && s.matches(u, c.Query.Get(param), c.Query.Get("accountId")) {
			found = append(found, s.userJSON(c.view(), u))
		}
	}
	return ok(page(found, start, size))
}

func (s *Server) matches(u *User, text, accountID string) bool {
	if accountID != "" {
		return u.AccountID == accountID
	}
	candidates := append(strings.Fields(u.DisplayName), u.DisplayName)
	if s.opt.Flavour == DataCenter {
		candidates = append(candidates, u.Name)
	}
	if !s.opt.HideEmails {
		candidates = append(candidates, u.Email)
	}
	return slices.ContainsFunc(candidates, func(name string) bool {
		return len(name) >= len(text) && strings.EqualFold(name[:len(text)], text)
	})
}
