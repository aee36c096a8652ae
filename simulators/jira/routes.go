package jira

import "strings"

// restRoutes is the table of REST operations below /rest/api/{2,3}.
func (s *Server) restRoutes() []*route {
	var routes []*route
	add := func(name string, handle func(*call) (reply, error)) {
		method, path, _ := strings.Cut(name, " ")
		routes = append(routes, &route{
			name: name, method: method, segments: strings.Split(path[1:], "/"), handle: handle,
			anonymous: name == "GET /serverInfo",
		})
	}
	add("GET /serverInfo", s.getServerInfo)
	add("GET /myself", s.getMyself)
	add("GET /mypermissions", s.getMyPermissions)
	add("GET /status", s.getStatuses)
	add("GET /priority", s.getPriorities)
	add("GET /issuetype", s.getIssueTypes)
	add("GET /user", s.getUser)
	add("GET /user/search", s.searchUsers)
	add("GET /user/assignable/search", s.searchAssignable)
	if s.opt.Flavour == Cloud {
		add("GET /project/search", s.searchProjects)
		add("GET /search/jql", s.searchCloud)
		add("POST /search/jql", s.searchCloud)
		add("GET /search", s.searchGone)
		add("POST /search", s.searchGone)
	} else {
		add("GET /project", s.listProjects)
		add("GET /search", s.searchDataCenter)
		add("POST /search", s.searchDataCenter)
	}
	add("GET /project/{project}", s.getProject)
	add("GET /project/{project}/statuses", s.getProjectStatuses)
	s.issueRoutes(add)
	return routes
}

// issueRoutes are the operations on issues. Literal paths stand before those with parameters.
func (s *Server) issueRoutes(add func(string, func(*call) (reply, error))) {
	add("GET /issue/createmeta", s.getCreateMeta)
	add("GET /issue/createmeta/{project}/issuetypes", s.getCreateMetaTypes)
	add("GET /issue/createmeta/{project}/issuetypes/{type}", s.getCreateMetaFields)
	add("POST /issue", s.createIssue)
	add("GET /issue/{id}", s.getIssue)
	add("PUT /issue/{id}", s.editIssue)
	add("DELETE /issue/{id}", s.deleteIssue)
	add("GET /issue/{id}/transitions", s.getTransitions)
	add("POST /issue/{id}/transitions", s.doTransition)
	add("GET /issue/{id}/comment", s.getComments)
	add("POST /issue/{id}/comment", s.addComment)
	add("GET /issue/{id}/properties", s.getPropertyKeys)
	add("GET /issue/{id}/properties/{key}", s.getProperty)
	add("PUT /issue/{id}/properties/{key}", s.putProperty)
	if s.opt.Flavour == Cloud {
		add("GET /issue/{id}/changelog", s.getChangelog)
	}
}
