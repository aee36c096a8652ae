package pagerduty

import (
	"fmt"
	"slices"
)

// actor is the id of a user found by id, e-mail, name or the part of the e-mail before the @; nobody is automation.
func (s *Server) actor(who string) (string, error) {
	if who == "" {
		return "", nil
	}
	if u := s.acc.user(who); u != nil {
		return u.ID, nil
	}
	return "", fmt.Errorf("pagerduty simulator: no user %q", who)
}

// AddNote writes a note as a user; an empty user is automation.
func (s *Server) AddNote(user, incident, text string) error {
	by, err := s.actor(user)
	if err != nil {
		return err
	}
	_, _, err = s.note(by, s.idOf(incident), text)
	return err
}

// EditNote gives a note another text. Its author and its log entry stay as they were, and no webhook is sent.
func (s *Server) EditNote(incident, noteID, text string) error {
	now := s.now()
	_, _, err := s.store.update(s.idOf(incident), now, func(in *Incident) error {
		i := slices.IndexFunc(in.Notes, func(n Note) bool { return n.ID == noteID })
		if i < 0 {
			return notFound()
		}
		in.Notes = slices.Clone(in.Notes)
		in.Notes[i].Content, in.Notes[i].Edited = text, now
		return nil
	})
	return err
}

// Acknowledge acknowledges an incident as a user; an empty user is automation.
func (s *Server) Acknowledge(user, incident string) error {
	return s.act(user, incident, edit{Status: statusAcknowledged})
}

// Resolve resolves an incident as a user; an empty user is automation.
func (s *Server) Resolve(user, incident string) error {
	return s.act(user, incident, edit{Status: statusResolved})
}

// Reopen puts a resolved incident back to triggered as a user; an empty user is automation.
func (s *Server) Reopen(user, incident string) error {
	return s.act(user, incident, edit{Status: statusTriggered})
}

// Reassign gives an incident to other users, as a user.
func (s *Server) Reassign(user, incident string, to ...string) error {
	var e edit
	for _, who := range to {
		id, err := s.actor(who)
		if err != nil {
			return err
		}
		e.Assignments = append(e.Assignments, assignment{pointer{ID: id, Type: "user_reference"}})
	}
	return s.act(user, incident, e)
}

// Escalate moves an incident to a level of its escalation policy, as a user; an empty user is the policy's timeout.
func (s *Server) Escalate(user, incident string, level int) error {
	return s.act(user, incident, edit{Level: level})
}

func (s *Server) act(user, incident string, e edit) error {
	by, err := s.actor(user)
	if err != nil {
		return err
	}
	e.Type = "incident_reference"
	_, err = s.change(s.idOf(incident), by, e)
	return err
}

// idOf turns an incident_key into the id of the newest incident that has it; anything else stays.
func (s *Server) idOf(idOrKey string) string {
	if in, found := s.Incident(idOrKey); found {
		return in.ID
	}
	return idOrKey
}

// Incidents lists all incidents, oldest first.
func (s *Server) Incidents() []Incident {
	all := s.store.all()
	out := make([]Incident, len(all))
	for i, in := range all {
		out[i] = *in
	}
	return out
}

// Incident finds an incident by id, number or incident_key; of several with the key, the newest.
func (s *Server) Incident(idOrKey string) (Incident, bool) {
	if in := s.store.get(idOrKey); in != nil {
		return *in, true
	}
	if list := s.store.withKey(idOrKey); len(list) > 0 {
		return *list[len(list)-1], true
	}
	return Incident{}, false
}
