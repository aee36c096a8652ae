package jsm

import (
	"net/http"
	"slices"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// edge is the prefix of what a site tells everybody.
const edge = "/_edge"

type handler func(*call) (standin.Reply, error)

func (s *Server) addRoutes() {
	s.below("GET /alerts", s.listAlerts, s.ops)
	s.below("POST /alerts", s.inside(s.createAlert), s.ops)
	s.below("GET /alerts/alias", s.inside(s.getAlias), s.ops)
	s.below("GET /alerts/requests/{id}", s.inside(s.getRequest), s.ops)
	s.below("GET /alerts/{id}", s.inside(s.getAlert), s.ops)
	s.below("GET /alerts/{id}/notes", s.inside(s.listNotes), s.ops)
	s.below("POST /alerts/{id}/notes", s.inside(s.addNote), s.ops)
	s.below("GET /alerts/{id}/logs", s.inside(s.listLogs), s.ops)
	for path, kind := range map[string]string{
		"POST /alerts/{id}/acknowledge": alerting.Acknowledge, "POST /alerts/{id}/close": alerting.CloseAlert,
		"POST /alerts/{id}/tags": alerting.AddTags, "POST /alerts/{id}/extra-properties": alerting.AddDetails,
		"POST /alerts/{id}/action": alerting.CustomAction, "PATCH /alerts/{id}/priority": alerting.UpdatePriority,
	} {
		s.below(path, s.inside(s.command(kind)), s.ops)
	}
	s.below("GET /schedules", s.configuration(s.listSchedules), s.ops)
	s.below("GET /schedules/{id}", s.configuration(s.inside(s.getSchedule)), s.ops)
	s.below("GET /schedules/{id}/on-calls", s.configuration(s.inside(s.getOnCalls)), s.ops)
	s.below("GET /teams", s.configuration(s.listTeams), s.ops)
	s.below("GET /teams/{id}/escalations", s.configuration(s.inside(s.listEscalations)), s.ops)
	s.below("GET /teams/{id}/escalations/{escalation}", s.configuration(s.inside(s.getEscalation)), s.ops)
	s.below("GET /myself", s.myself, s.jira...)
	s.below("GET /user", s.getUser, s.jira...)
	s.below("GET /user/bulk", s.bulkUsers, s.jira...)
	s.below("GET /user/search", s.searchUsers, s.jira...)
	s.below("GET /group/member", s.groupMembers, s.jira...)
	s.below("GET /groups/picker", s.findGroups, s.jira...)
	s.below("GET /tenant_info", s.tenantInfo, edge)
}

// below adds an operation that exists only below some of the prefixes.
func (s *Server) below(name string, handle handler, prefixes ...string) {
	s.Handle(name, func(c *call) (standin.Reply, error) {
		if !slices.Contains(prefixes, c.Prefix) {
			return standin.Reply{}, &standin.Problem{Status: http.StatusNotFound, Path: c.URL.Path}
		}
		return handle(c)
	})
}

// inside keeps out those who have no access to operations.
func (s *Server) inside(handle handler) handler {
	return func(c *call) (standin.Reply, error) {
		if c.outsider {
			return standin.Reply{}, refuse(http.StatusForbidden, "You are not authorized to perform this operation")
		}
		return handle(c)
	}
}

// configuration keeps out a token that is only for alerts.
func (s *Server) configuration(handle handler) handler {
	return func(c *call) (standin.Reply, error) {
		if c.limited {
			return standin.Reply{}, unauthorized("Unauthorized; scope does not match")
		}
		return handle(c)
	}
}
