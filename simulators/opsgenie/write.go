package opsgenie

import (
	"cmp"
	"net"
	"net/http"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// payload is what the bodies of all writes may have.
type payload struct {
	alerting.Body
	User       string            `json:"user"`
	Details    map[string]string `json:"details"`
	Responders []recipient       `json:"responders"`
	VisibleTo  []recipient       `json:"visibleTo"`
}

type recipient struct {
	Type     string `json:"type"`
	ID       string `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
}

// actor is the caller: by what they say they are, since a key belongs to no person.
func (s *Server) actor(c *call, p payload) alerting.Actor {
	ip, _, _ := net.SplitHostPort(c.RemoteAddr)
	return alerting.Actor{Name: p.User, Via: "API", Source: cmp.Or(p.Source, ip), Integration: s.Integration()}
}

func (s *Server) createAlert(c *call) (standin.Reply, error) {
	var p payload
	if err := c.Into(&p); err != nil {
		return standin.Reply{}, err
	}
	d := p.Draft(p.Details)
	d.User = p.User
	for _, r := range p.Responders {
		d.Responders = append(d.Responders, alerting.Responder{Type: r.Type, ID: r.ID, Name: cmp.Or(r.Name, r.Username)})
	}
	if fields := d.Check(); len(fields) > 0 {
		return standin.Reply{}, notProcessable(fields)
	}
	return accepted(s.Create(s.actor(c, p), d))
}

// command accepts a write of one kind to the alert of the path.
func (s *Server) command(kind string) func(*call) (standin.Reply, error) {
	return func(c *call) (standin.Reply, error) {
		p, err := c.payload()
		if err != nil {
			return standin.Reply{}, err
		}
		ref, err := c.ref()
		if err != nil {
			return standin.Reply{}, err
		}
		do := alerting.Command{
			Kind: kind, Note: p.Note, Action: c.Path["action"], Tags: p.Tags, Details: p.Details, Keys: list(c.Query.Get("keys")),
			Priority: p.Priority, Message: p.Message, Description: p.Description,
		}
		if fields := do.Check(); len(fields) > 0 {
			return standin.Reply{}, notProcessable(fields)
		}
		if _, found := s.Get(ref); !found && s.opt.RefuseUnknown {
			return standin.Reply{}, refuse(http.StatusNotFound, "Alert not found with "+ref.Type+" ["+ref.Value+"]")
		}
		return accepted(s.Do(s.actor(c, p), ref, do))
	}
}

// payload reads the body, or of a DELETE the query.
func (c *call) payload() (payload, error) {
	if c.Method == http.MethodDelete {
		body := alerting.Body{Source: c.Query.Get("source"), Note: c.Query.Get("note"), Tags: list(c.Query.Get("tags"))}
		return payload{Body: body, User: c.Query.Get("user")}, nil
	}
	var p payload
	err := c.Into(&p)
	return p, err
}
