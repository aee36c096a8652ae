package jsm

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

const (
	defaultSchedules = 25
	maxSchedules     = 50
)

func (s *Server) listSchedules(c *call) (standin.Reply, error) {
	size, err := c.Number("size", defaultSchedules, 1, maxSchedules)
	if err != nil {
		return standin.Reply{}, err
	}
	offset, err := c.Number("offset", 0, 0, maxWindow)
	if err != nil {
		return standin.Reply{}, err
	}
	var found []alerting.Schedule
	for _, sched := range s.Schedules() {
		if !c.outsider && named(sched.Name, c.Query.Get("query")) {
			found = append(found, sched)
		}
	}
	values := []map[string]any{}
	for _, sched := range cut(found, offset, size) {
		values = append(values, s.renderSchedule(sched, slices.Contains(c.Query["expand"], "rotation")))
	}
	return standin.OK(map[string]any{
		"values": values, "links": s.after(c, offset, size, len(found)), "_expands": []string{"rotation"},
	})
}

// named compares a name without regard to case: with a whole keyword, or with its start where it ends with *.
func named(name, keyword string) bool {
	name, keyword = strings.ToLower(name), strings.ToLower(keyword)
	if start, isStart := strings.CutSuffix(keyword, "*"); isStart {
		return strings.HasPrefix(name, start)
	}
	return keyword == "" || name == keyword
}

// schedule is the schedule of the path, by id only.
func (s *Server) schedule(c *call) (alerting.Schedule, error) {
	sched, found := one(s.Schedules(), func(x alerting.Schedule) bool { return x.ID == c.Path["id"] })
	if !found {
		return sched, refuse(http.StatusNotFound, "Schedule not found with id ["+c.Path["id"]+"]")
	}
	return sched, nil
}

func (s *Server) getSchedule(c *call) (standin.Reply, error) {
	sched, err := s.schedule(c)
	if err != nil {
		return standin.Reply{}, err
	}
	return standin.OK(s.renderSchedule(sched, true))
}

func (s *Server) renderSchedule(sched alerting.Schedule, rotations bool) map[string]any {
	out := sched.Render("Etc/UTC", rotations, s.target)
	if sched.Team != "" {
		out["teamId"] = sched.Team
	}
	return out
}

// target is the one responder of which a name is given, as type and id.
func (s *Server) target(user, team, schedule, escalation string) map[string]any {
	for _, r := range []alerting.Responder{
		{Type: alerting.TypeUser, Name: user},
		{Type: alerting.TypeTeam, Name: team},
		{Type: alerting.TypeSchedule, Name: schedule},
		{Type: alerting.TypeEscalation, Name: escalation},
	} {
		if found, ok := s.Responder(r); ok && r.Name != "" {
			return map[string]any{"type": r.Type, "id": s.id(r.Type, found.ID)}
		}
	}
	return map[string]any{"type": "noone"}
}

func (s *Server) getOnCalls(c *call) (standin.Reply, error) {
	sched, err := s.schedule(c)
	if err != nil {
		return standin.Reply{}, err
	}
	flat, err := c.Choice("flat", "false", "true")
	if err != nil {
		return standin.Reply{}, err
	}
	at := s.Now()
	if text := c.Query.Get("date"); text != "" {
		if at, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return standin.Reply{}, alerting.Wrong("date", "It must be a date in the form of RFC 3339.")
		}
	}
	list, _ := s.OnCall(sched.ID, at)
	if flat == "true" {
		ids := []string{}
		for _, u := range s.People(list) {
			ids = append(ids, u.AccountID)
		}
		return standin.OK(map[string]any{"onCallUsers": ids})
	}
	return standin.OK(map[string]any{"onCallParticipants": s.participants(list)})
}

func (s *Server) participants(list []alerting.Participant) []map[string]any {
	out := []map[string]any{}
	for _, p := range list {
		out = append(out, s.participant(p))
	}
	return out
}

// participant has no name: the vendor tells ids only.
func (s *Server) participant(p alerting.Participant) map[string]any {
	out := map[string]any{"id": s.id(p.Type, p.ID), "type": p.Type}
	if p.ForwardedFrom != nil {
		out["forwardedFrom"] = s.participant(*p.ForwardedFrom)
	}
	if len(p.Participants) > 0 {
		out["onCallParticipants"] = s.participants(p.Participants)
	}
	return out
}
