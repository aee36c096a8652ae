package pagerduty

import (
	"fmt"
	"slices"
	"time"
)

// InvokeAction uses a custom incident action as a user; an empty user is automation. The action is one of Options.Actions,
// by name in any case. It fires incident.action_invocation.created; what can be read back is said in the package's doc.
func (s *Server) InvokeAction(user, incident, name string) error {
	by, err := s.actor(user)
	if err != nil {
		return err
	}
	found := s.acc.action(name)
	if found == nil {
		return fmt.Errorf("pagerduty simulator: no action %q", name)
	}
	invocation := Invocation{Action: found.name, User: by, At: s.now()}
	s.telling.Lock()
	_, next, err := s.store.update(s.idOf(incident), invocation.At, func(in *Incident) error {
		invocation.ID = s.store.invocationID()
		in.Invocations = append(in.Invocations, invocation)
		return nil
	})
	if err == nil {
		s.event("incident.action_invocation.created", by, next, func(in *Incident) map[string]any {
			return s.invocationEvent(in, invocation)
		})
	}
	s.telling.Unlock()
	if err != nil {
		return err
	}
	s.onIncident.Tell(*next)
	return nil
}

// listInvocations tells the invocations of an incident or an action, newest first, as PagerDuty's Automation Actions API
// does. It has no pages.
func (s *Server) listInvocations(c *call) (reply, error) {
	id, wanted := c.Query.Get("incident_id"), c.Query.Get("action_id")
	out := []any{}
	among := s.store.all()
	if id != "" {
		among = slices.DeleteFunc([]*Incident{s.store.get(id)}, func(in *Incident) bool { return in == nil })
	}
	for _, in := range slices.Backward(among) {
		for _, v := range slices.Backward(in.Invocations) {
			if wanted == "" || s.acc.action(v.Action).id == wanted {
				out = append(out, s.invocationJSON(in, v))
			}
		}
	}
	return ok(map[string]any{"invocations": out})
}

func (s *Server) getInvocation(c *call) (reply, error) {
	for _, in := range s.store.all() {
		for _, v := range in.Invocations {
			if v.ID == c.Path["id"] {
				return ok(map[string]any{"invocation": s.invocationJSON(in, v)})
			}
		}
	}
	return reply{}, notFound()
}

// invocationJSON is an invocation; it ends the moment it starts.
func (s *Server) invocationJSON(in *Incident, v Invocation) map[string]any {
	at := v.At.UTC().Format(time.RFC3339Nano)
	metadata := map[string]any{"incident": map[string]any{"id": in.ID, "type": "incident_reference"}, "agent": nil}
	if v.User != "" {
		metadata["agent"] = map[string]any{"id": v.User, "type": "user_reference"}
	}
	return map[string]any{
		"id": v.ID, "action_id": s.acc.action(v.Action).id, "state": "completed", "duration": 0, "metadata": metadata,
		"action_snapshot": map[string]any{"name": v.Action, "action_type": "script"},
		"timing": []any{
			map[string]any{"creation_time": at, "state": "created"}, map[string]any{"creation_time": at, "state": "completed"},
		},
	}
}
