package opsgenie

import (
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// schedule is the schedule of the path, by id or name as the parameter says.
func (s *Server) schedule(c *call, parameter string) (alerting.Schedule, error) {
	kind, err := c.Choice(parameter, "id", "name")
	if err != nil {
		return alerting.Schedule{}, err
	}
	for _, one := range s.Schedules() {
		if (kind == "id" && one.ID == c.Path["id"]) || (kind == "name" && one.Name == c.Path["id"]) {
			return one, nil
		}
	}
	return alerting.Schedule{}, refuse(http.StatusNotFound, "No schedule exists with "+kind+" ["+c.Path["id"]+"]")
}

func (s *Server) getOnCalls(c *call) (standin.Reply, error) {
	sched, err := s.schedule(c, "scheduleIdentifierType")
	if err != nil {
		return standin.Reply{}, err
	}
	at, err := c.moment("date", s.Now())
	if err != nil {
		return standin.Reply{}, err
	}
	return c.answer(envelope{Data: s.onCall(c, sched, at)})
}

func (s *Server) listOnCalls(c *call) (standin.Reply, error) {
	at, err := c.moment("date", s.Now())
	if err != nil {
		return standin.Reply{}, err
	}
	data := []map[string]any{}
	for _, sched := range s.Schedules() {
		data = append(data, s.onCall(c, sched, at))
	}
	return c.answer(envelope{Data: data})
}

// onCall is who is on call in a schedule: flat the usernames of all, otherwise the participants with those inside.
func (s *Server) onCall(c *call, sched alerting.Schedule, at time.Time) map[string]any {
	list, _ := s.OnCall(sched.ID, at)
	out := map[string]any{"_parent": parent(sched)}
	if c.flat() {
		out["onCallRecipients"] = s.usernames(list)
	} else {
		out["onCallParticipants"] = participants(list)
	}
	return out
}

func (s *Server) getNextOnCalls(c *call) (standin.Reply, error) {
	sched, err := s.schedule(c, "scheduleIdentifierType")
	if err != nil {
		return standin.Reply{}, err
	}
	at, err := c.moment("date", s.Now())
	if err != nil {
		return standin.Reply{}, err
	}
	list, _ := s.NextOnCall(sched.ID, at)
	out := map[string]any{"_parent": parent(sched)}
	if c.flat() {
		out["nextOnCallParticipants"], out["exactNextOnCallParticipants"] = s.usernames(list), s.usernames(list)
	} else {
		out["nextOnCallRecipients"], out["exactNextOnCallRecipients"] = participants(list), participants(list)
	}
	return c.answer(envelope{Data: out})
}

func (c *call) flat() bool { return c.Query.Get("flat") == "true" }

func parent(sched alerting.Schedule) map[string]any {
	return map[string]any{"id": sched.ID, "name": sched.Name, "enabled": !sched.Disabled}
}

func (s *Server) usernames(list []alerting.Participant) []string {
	out := []string{}
	for _, u := range s.People(list) {
		out = append(out, u.Username)
	}
	return out
}

func participants(list []alerting.Participant) []map[string]any {
	out := []map[string]any{}
	for _, p := range list {
		out = append(out, participant(p))
	}
	return out
}

func participant(p alerting.Participant) map[string]any {
	out := map[string]any{"id": p.ID, "name": p.Name, "type": p.Type}
	if p.NotifyType != "" {
		out["escalationTime"], out["notifyType"] = p.EscalationTime, p.NotifyType
	}
	if p.ForwardedFrom != nil {
		out["forwardedFrom"] = participant(*p.ForwardedFrom)
	}
	if len(p.Participants) > 0 {
		out["onCallParticipants"] = participants(p.Participants)
	}
	return out
}
