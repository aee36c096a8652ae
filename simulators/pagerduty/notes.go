package pagerduty

import (
	"slices"
	"strings"
)

const maxNotes = 2000 // of one incident

func (s *Server) listNotes(c *call) (reply, error) {
	in := s.store.get(c.Path["id"])
	if in == nil {
		return reply{}, notFound()
	}
	notes := []any{}
	for _, n := range slices.Backward(in.Notes) {
		notes = append(notes, s.noteJSON(in, n))
	}
	return ok(map[string]any{"notes": notes})
}

func (s *Server) createNote(c *call) (reply, error) {
	by, err := s.requester(c)
	if err != nil {
		return reply{}, err
	}
	var in struct {
		Note struct {
			Content string `json:"content"`
		} `json:"note"`
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	incident, note, err := s.note(by.ID, c.Path["id"], in.Note.Content)
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"note": s.noteJSON(incident, note)})
}

// note writes a note in the name of a user (empty for automation).
func (s *Server) note(by, incident, content string) (*Incident, Note, error) {
	if strings.TrimSpace(content) == "" {
		return nil, Note{}, invalidInput("Content cannot be empty")
	}
	note := Note{User: by, Content: content, At: s.now()}
	s.telling.Lock()
	_, next, err := s.store.update(incident, note.At, func(in *Incident) error {
		if len(in.Notes) >= maxNotes {
			return invalidInput("Incident has the maximum of 2000 notes")
		}
		note.ID = s.store.noteID()
		in.Notes = append(in.Notes, note)
		in.Log = append(in.Log, LogEntry{Type: "annotate_log_entry", User: by, Channel: "note", Text: content, At: note.At})
		return nil
	})
	if err == nil {
		s.event("incident.annotated", by, next, func(in *Incident) map[string]any { return s.noteEvent(in, note) })
	}
	s.telling.Unlock()
	if err != nil {
		return nil, Note{}, err
	}
	s.onIncident.Tell(*next)
	return next, note, nil
}

func (s *Server) noteJSON(in *Incident, n Note) map[string]any {
	user := s.agentRef(in, n.User)
	channel := map[string]any{"summary": "The PagerDuty website or APIs"}
	if n.User == "" {
		user.Type = "bot_user_reference"
		channel = map[string]any{"summary": *user.Summary, "id": user.ID, "type": "service_reference"}
	}
	return map[string]any{
		"id": n.ID, "user": user, "channel": channel, "content": n.Content, "created_at": stamp(n.At),
		"updated_at": stamp(orDefault(n.Edited, n.At)),
	}
}
