package admin

import (
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

type incidentView struct {
	ID          string      `json:"id"`
	Number      int         `json:"number"`
	Key         string      `json:"key"`
	Title       string      `json:"title"`
	Status      string      `json:"status"`
	Urgency     string      `json:"urgency"`
	Service     string      `json:"service"`
	Policy      string      `json:"escalation_policy"`
	Priority    string      `json:"priority,omitempty"`
	Assignees   []string    `json:"assignees"`
	Body        any         `json:"body,omitempty"`
	Resolution  string      `json:"resolution,omitempty"`
	Notes       []noteView  `json:"notes"`
	Invocations []noteView  `json:"actions"`
	Log         []entryView `json:"log"`
	Created     time.Time   `json:"created"`
	Updated     time.Time   `json:"updated"`
}

func viewIncident(in pagerduty.Incident) incidentView {
	out := incidentView{
		ID: in.ID, Number: in.Number, Key: in.Key, Title: in.Title, Status: in.Status, Urgency: in.Urgency, Service: in.Service,
		Policy: in.Policy, Priority: in.Priority, Assignees: append([]string{}, in.Assignees...), Resolution: in.Resolution,
		Notes: []noteView{}, Invocations: []noteView{}, Log: []entryView{}, Created: in.Created, Updated: in.Updated,
	}
	if len(in.Body) > 0 {
		out.Body = in.Body
	}
	for _, n := range in.Notes {
		out.Notes = append(out.Notes, noteView{n.User, n.Content, n.At})
	}
	for _, v := range in.Invocations {
		out.Invocations = append(out.Invocations, noteView{v.User, v.Action, v.At})
	}
	for _, e := range in.Log {
		out.Log = append(out.Log, entryView{e.User, e.Type, e.Text, e.At})
	}
	return out
}

// incidentEndpoints let persons act at PagerDuty.
func incidentEndpoints(s *pagerduty.Server) []endpoint {
	base := "/" + string(PagerDuty)
	find := func(id string) (any, error) {
		in, found := s.Incident(id)
		if !found {
			return nil, notFound("there is no incident %q", id)
		}
		return viewIncident(in), nil
	}
	list := func(*http.Request) (any, error) {
		out := []incidentView{}
		for _, in := range s.Incidents() {
			out = append(out, viewIncident(in))
		}
		return out, nil
	}
	out := []endpoint{{
		method: "GET", path: base + "/incidents", does: "All incidents, with notes, actions and log.", handle: list,
	}}
	out = append(out, deedEndpoints(base+"/incidents", find,
		deed{
			name: "note", does: "A person writes a note. ID is the incident's id or number, here and below.", needs: "text",
			example: `{"user":"alice@example.com","text":"approve: go ahead"}`,
			do:      func(id string, in said) error { return s.AddNote(in.User, id, in.Text) },
		},
		deed{
			name: "acknowledge", does: "A person acknowledges.", example: `{"user":"alice@example.com"}`,
			do: func(id string, in said) error { return s.Acknowledge(in.User, id) },
		},
		deed{
			name: "resolve", does: "A person resolves.", example: `{"user":"alice@example.com"}`,
			do: func(id string, in said) error { return s.Resolve(in.User, id) },
		},
		deed{
			name: "action", does: "A person runs a custom incident action: Approve or Deny.", needs: "name",
			example: `{"user":"alice@example.com","name":"Approve"}`,
			do:      func(id string, in said) error { return s.InvokeAction(in.User, id, in.Name) },
		},
	)...)
	return append(out, shiftEndpoints(base, s)...)
}
