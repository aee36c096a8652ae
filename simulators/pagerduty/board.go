package pagerduty

import (
	_ "embed" // the page's template
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

//go:embed board.html
var boardHTML string

// boardContent is what the template shows.
type boardContent struct {
	Actions   []string
	OnCall    []string
	Incidents []boardIncident
}

type boardIncident struct {
	ID, Title, Key, Status, Urgency, Service, Assignees, Body string
	Colour                                                    string // "alarm", "doing" or none
	Number                                                    int
	Open, Acknowledged                                        bool
	Lines                                                     []boardLine
}

type boardLine struct {
	Who, What string
	at        time.Time
}

// page is where a person can act as a responder.
func (s *Server) page() standin.Page {
	return standin.Page{
		Title: "PagerDuty simulator", Subtitle: "incidents", Template: boardHTML,
		Version: s.store.version.Load, People: s.boardPeople, Find: s.boardPerson, Content: s.boardContent,
		Actions: map[string]func(user string, r *http.Request) error{"act": s.boardAct},
	}
}

// boardAct does what a button says, as the chosen person, after their note if they wrote one.
func (s *Server) boardAct(user string, r *http.Request) error {
	return s.boardDo(user, r.FormValue("incident"), strings.TrimSpace(r.FormValue("note")), r.FormValue("do"))
}

func (s *Server) boardDo(user, incident, text, what string) error {
	if user == "" {
		return invalidInput("Nobody was chosen to act as")
	}
	if text != "" || what == "note" {
		if err := s.AddNote(user, incident, text); err != nil {
			return err
		}
	}
	switch name, isAction := strings.CutPrefix(what, "action:"); {
	case isAction:
		return s.InvokeAction(user, incident, name)
	case what == "acknowledge":
		return s.Acknowledge(user, incident)
	case what == "resolve":
		return s.Resolve(user, incident)
	case what == "reopen":
		return s.Reopen(user, incident)
	case what == "note":
		return nil
	}
	return invalidInput("There is no such button")
}

// boardPeople are all but the bridge's user.
func (s *Server) boardPeople() []standin.Person {
	var out []standin.Person
	for _, u := range s.acc.users {
		if !strings.EqualFold(u.Email, s.opt.BotEmail) {
			out = append(out, standin.Person{ID: u.ID, Name: u.Name})
		}
	}
	return out
}

func (s *Server) boardPerson(who string) string {
	if u := s.acc.user(who); u != nil {
		return u.ID
	}
	return ""
}

func (s *Server) boardContent() any {
	var out boardContent
	for _, a := range s.acc.actions {
		out.Actions = append(out.Actions, a.name)
	}
	now := s.now()
	for _, p := range s.acc.policies {
		for _, d := range s.duties(p, span{now, now}) {
			via := "directly"
			if d.schedule != nil {
				via = d.schedule.Name
			}
			out.OnCall = append(out.OnCall, fmt.Sprintf("%s, level %d: %s (%s)", p.Name, d.level, d.user.Name, via))
		}
	}
	for _, in := range slices.Backward(s.store.all()) {
		out.Incidents = append(out.Incidents, s.boardIncident(in))
	}
	return out
}

func (s *Server) boardIncident(in *Incident) boardIncident {
	var assignees []string
	for _, id := range in.Assignees {
		assignees = append(assignees, s.acc.userByID[id].Name)
	}
	out := boardIncident{
		ID: in.ID, Number: in.Number, Title: in.Title, Key: in.Key, Status: in.Status, Urgency: in.Urgency, Body: boardBody(in),
		Service: s.acc.service(in.Service).Name, Assignees: strings.Join(assignees, ", "), Open: in.Open(),
		Acknowledged: in.Status == statusAcknowledged,
	}
	switch in.Status {
	case statusTriggered:
		out.Colour = "alarm"
	case statusAcknowledged:
		out.Colour = "doing"
	}
	out.Lines = s.boardLines(in)
	return out
}

// boardBody is the incident's description; one that is no text is shown as JSON.
func boardBody(in *Incident) string {
	var text string
	if json.Unmarshal(in.Body, &text) == nil {
		return text
	}
	return string(in.Body)
}

// boardLines are what happened to the incident, oldest first.
func (s *Server) boardLines(in *Incident) []boardLine {
	var lines []boardLine
	who := func(id string) string {
		if id == "" {
			return "automation"
		}
		return s.acc.userByID[id].Name
	}
	for _, e := range in.Log {
		switch e.Type {
		case "annotate_log_entry":
			lines = append(lines, boardLine{who(e.User), e.Text, e.At})
		case "acknowledge_log_entry":
			lines = append(lines, boardLine{who(e.User), "acknowledged", e.At})
		case "resolve_log_entry":
			lines = append(lines, boardLine{who(e.User), strings.TrimSuffix("resolved: "+e.Note, ": "), e.At})
		}
	}
	for _, v := range in.Invocations {
		lines = append(lines, boardLine{who(v.User), "action " + v.Action, v.At})
	}
	slices.SortStableFunc(lines, func(a, b boardLine) int { return a.at.Compare(b.at) })
	return lines
}
