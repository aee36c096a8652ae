package jsm

import (
	"cmp"
	"maps"
	"net"
	"net/http"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// payload is what the bodies of all writes may have.
type payload struct {
	alerting.Body
	ActionName      string            `json:"actionName"`
	ExtraProperties map[string]string `json:"extraProperties"`
	Responders      []recipient       `json:"responders"`
	VisibleTo       []recipient       `json:"visibleTo"`
}

type recipient struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// actor is the caller: the person to whom the token belongs.
func (s *Server) actor(c *call, source string) alerting.Actor {
	ip, _, _ := net.SplitHostPort(c.RemoteAddr)
	return alerting.Actor{User: c.user.ID, Via: "API", Source: cmp.Or(source, ip), Integration: s.Integration()}
}

func (s *Server) createAlert(c *call) (standin.Reply, error) {
	var p payload
	if err := c.Into(&p); err != nil {
		return standin.Reply{}, err
	}
	d := p.Draft(p.ExtraProperties)
	fields := map[string]string{}
	for _, r := range p.Responders {
		found, ok := s.responder(r.Type, r.ID)
		switch {
		case ok:
			d.Responders = append(d.Responders, found)
		case !s.opt.Account.IgnoreUnknownResponders:
			fields["responders"] = "There is no " + r.Type + " with the id " + r.ID + "."
		}
	}
	maps.Copy(fields, d.Check())
	if len(fields) > 0 {
		return standin.Reply{}, notProcessable(fields)
	}
	status := http.StatusOK
	if s.opt.CreateAccepted {
		status = http.StatusAccepted
	}
	return accepted(status, s.Create(s.actor(c, p.Source), d))
}

// command accepts a write of one kind to the alert of the path. The contract has no bodies for acknowledging and closing.
func (s *Server) command(kind string) handler {
	return func(c *call) (standin.Reply, error) {
		var p payload
		if kind != alerting.Acknowledge && kind != alerting.CloseAlert {
			if err := c.Into(&p); err != nil {
				return standin.Reply{}, err
			}
		}
		do := alerting.Command{Kind: kind, Action: p.ActionName, Tags: p.Tags, Details: p.ExtraProperties, Priority: p.Priority}
		if fields := do.Check(); len(fields) > 0 {
			return standin.Reply{}, notProcessable(fields)
		}
		if s.opt.RefuseUnknown {
			if _, err := s.alert(c); err != nil {
				return standin.Reply{}, err
			}
		}
		return accepted(http.StatusAccepted, s.Do(s.actor(c, ""), alerting.ByID(c.Path["id"]), do))
	}
}

// addNote writes a note at once and answers with it.
func (s *Server) addNote(c *call) (standin.Reply, error) {
	var p payload
	if err := c.Into(&p); err != nil {
		return standin.Reply{}, err
	}
	do := alerting.Command{Kind: alerting.AddNote, Note: p.Note}
	if fields := do.Check(); len(fields) > 0 {
		return standin.Reply{}, notProcessable(fields)
	}
	if _, err := s.alert(c); err != nil {
		return standin.Reply{}, err
	}
	alert, err := s.Apply(s.actor(c, ""), alerting.ByID(c.Path["id"]), do)
	if err != nil {
		return standin.Reply{}, err
	}
	return standin.OK(s.note(alert.Notes[len(alert.Notes)-1]))
}
