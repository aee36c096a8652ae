package jira

// serverInfo is the one operation that needs no login.
const serverInfo = "GET /serverInfo"

// addRoutes fills the table of REST operations below /rest/api/{2,3}.
func (s *Server) addRoutes() {
	s.Handle(serverInfo, s.getServerInfo)
	s.Handle("GET /myself", s.getMyself)
	s.Handle("GET /mypermissions", s.getMyPermissions)
	s.Handle("GET /status", s.getStatuses)
	s.Handle("GET /priority", s.getPriorities)
	s.Handle("GET /issuetype", s.getIssueTypes)
	s.Handle("GET /user", s.getUser)
	s.Handle("GET /user/search", s.searchUsers)
	s.Handle("GET /user/assignable/search", s.searchAssignable)
	s.Handle("GET /group/member", s.getGroupMembers)
	s.Handle("GET /groups/picker", s.findGroups)
	if s.opt.Flavour == Cloud {
		s.Handle("GET /project/search", s.searchProjects)
		s.Handle("GET /search/jql", s.searchCloud)
		s.Handle("POST /search/jql", s.searchCloud)
		s.Handle("GET /search", s.searchGone)
		s.Handle("POST /search", s.searchGone)
	} else {
		s.Handle("GET /project", s.listProjects)
		s.Handle("GET /search", s.searchDataCenter)
		s.Handle("POST /search", s.searchDataCenter)
	}
	s.Handle("GET /project/{project}", s.getProject)
	s.Handle("GET /project/{project}/statuses", s.getProjectStatuses)
	s.addIssueRoutes()
}

// addIssueRoutes adds the operations on issues.
func (s *Server) addIssueRoutes() {
	s.Handle("GET /issue/createmeta", s.getCreateMeta)
	s.Handle("GET /issue/createmeta/{project}/issuetypes", s.getCreateMetaTypes)
	s.Handle("GET /issue/createmeta/{project}/issuetypes/{type}", s.getCreateMetaFields)
	s.Handle("POST /issue", s.createIssue)
	s.Handle("GET /issue/{id}", s.getIssue)
	s.Handle("PUT /issue/{id}", s.editIssue)
	s.Handle("DELETE /issue/{id}", s.deleteIssue)
	s.Handle("GET /issue/{id}/transitions", s.getTransitions)
	s.Handle("POST /issue/{id}/transitions", s.doTransition)
	s.Handle("GET /issue/{id}/comment", s.getComments)
	s.Handle("POST /issue/{id}/comment", s.addComment)
	s.Handle("GET /issue/{id}/properties", s.getPropertyKeys)
	s.Handle("GET /issue/{id}/properties/{key}", s.getProperty)
	s.Handle("PUT /issue/{id}/properties/{key}", s.putProperty)
	if s.opt.Flavour == Cloud {
		s.Handle("GET /issue/{id}/changelog", s.getChangelog)
	}
}
