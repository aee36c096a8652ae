package pagerduty

import "strings"

// restRoutes is the table of REST operations. Literal paths stand before those with parameters.
func (s *Server) restRoutes() []*route {
	var routes []*route
	add := func(name string, handle func(*call) (reply, error)) {
		method, path, _ := strings.Cut(name, " ")
		routes = append(routes, &route{name: name, method: method, segments: strings.Split(path[1:], "/"), handle: handle})
	}
	add("GET /incidents", s.listIncidents)
	add("POST /incidents", s.createIncident)
	add("PUT /incidents", s.updateIncidents)
	add("GET /incidents/{id}", s.getIncident)
	add("PUT /incidents/{id}", s.updateIncident)
	add("GET /incidents/{id}/notes", s.listNotes)
	add("POST /incidents/{id}/notes", s.createNote)
	add("GET /incidents/{id}/log_entries", s.listIncidentLog)
	add("GET /log_entries", s.listLog)
	add("GET /oncalls", s.listOnCalls)
	add("GET /users", s.listUsers)
	add("GET /users/me", s.getMe)
	add("GET /users/{id}", s.getUser)
	add("GET /services", s.listServices)
	add("GET /services/{id}", s.getService)
	add("GET /escalation_policies", s.listPolicies)
	add("GET /escalation_policies/{id}", s.getPolicy)
	add("GET /schedules", s.listSchedules)
	add("GET /schedules/{id}", s.getSchedule)
	add("GET /schedules/{id}/users", s.listScheduleUsers)
	add("GET /priorities", s.listPriorities)
	add("GET /abilities", s.listAbilities)
	add("GET /automation_actions/invocations", s.listInvocations)
	add("GET /automation_actions/invocations/{id}", s.getInvocation)
	add("GET /webhook_subscriptions", s.listSubscriptions)
	add("POST /webhook_subscriptions", s.createSubscription)
	add("GET /webhook_subscriptions/{id}", s.getSubscription)
	add("PUT /webhook_subscriptions/{id}", s.updateSubscription)
	add("DELETE /webhook_subscriptions/{id}", s.deleteSubscription)
	add("POST /webhook_subscriptions/{id}/ping", s.pingSubscription)
	add("POST /webhook_subscriptions/{id}/enable", s.enableSubscription)
	return routes
}
