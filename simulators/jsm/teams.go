package jsm

import (
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

func (s *Server) listTeams(c *call) (standin.Reply, error) {
	list := []map[string]any{}
	for _, t := range s.Teams() {
		if !c.outsider {
			list = append(list, map[string]any{"teamId": t.ID, "teamName": t.Name})
		}
	}
	if s.opt.BareTeams {
		return standin.OK(list)
	}
	return standin.OK(map[string]any{"platformTeams": list})
}

// escalations are those of the team of the path.
func (s *Server) escalations(c *call) ([]alerting.Escalation, error) {
	team, found := one(s.Teams(), func(t alerting.Team) bool { return t.ID == c.Path["id"] })
	if !found {
		return nil, refuse(http.StatusNotFound, "Team not found with id ["+c.Path["id"]+"]")
	}
	var out []alerting.Escalation
	for _, e := range s.Escalations() {
		if e.Team == team.ID {
			out = append(out, e)
		}
	}
	return out, nil
}

func (s *Server) listEscalations(c *call) (standin.Reply, error) {
	all, err := s.escalations(c)
	if err != nil {
		return standin.Reply{}, err
	}
	size, err := c.Number("size", defaultPage, 1, maxPage)
	if err != nil {
		return standin.Reply{}, err
	}
	offset, err := c.Number("offset", 0, 0, maxWindow)
	if err != nil {
		return standin.Reply{}, err
	}
	values := []map[string]any{}
	for _, e := range cut(all, offset, size) {
		values = append(values, s.renderEscalation(e))
	}
	return standin.OK(map[string]any{"values": values, "links": s.after(c, offset, size, len(all))})
}

func (s *Server) getEscalation(c *call) (standin.Reply, error) {
	all, err := s.escalations(c)
	if err != nil {
		return standin.Reply{}, err
	}
	e, found := one(all, func(e alerting.Escalation) bool { return e.ID == c.Path["escalation"] })
	if !found {
		return standin.Reply{}, refuse(http.StatusNotFound, "Escalation not found with id ["+c.Path["escalation"]+"]")
	}
	return standin.OK(s.renderEscalation(e))
}

func (s *Server) renderEscalation(e alerting.Escalation) map[string]any {
	rules := []map[string]any{}
	for _, r := range e.Rules {
		rules = append(rules, map[string]any{
			"condition": "if-not-acked", "notifyType": "default", "delay": int(r.After / time.Minute),
			"recipient": s.target(r.User, r.Team, r.Schedule, ""),
		})
	}
	return map[string]any{"id": e.ID, "name": e.Name, "description": e.Description, "enabled": true, "rules": rules}
}
