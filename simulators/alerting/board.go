package alerting

import (
	_ "embed" // the page's template
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

//go:embed board.html
var boardHTML string

type boardContent struct {
	OnCall []string
	Alerts []boardAlert
}

type boardAlert struct {
	Alert
	State, Responders string
	Lines             []LogEntry
}

// Board is the page where a person can act as a responder: see the alerts, write notes, acknowledge, close and execute custom
// actions.
func (a *Account) Board(product string) standin.Page {
	return standin.Page{
		Title: product + " simulator", Subtitle: "alerts", Template: boardHTML, Version: a.Version,
		People: func() []standin.Person {
			var out []standin.Person
			for _, u := range a.dir.users {
				if u.Username != DefaultBot {
					out = append(out, standin.Person{ID: u.ID, Name: u.FullName})
				}
			}
			return out
		},
		Find: func(who string) string {
			u, _ := a.dir.user(who)
			return u.ID
		},
		Content: func() any { return a.boardContent() },
		Actions: map[string]func(string, *http.Request) error{"act": a.boardAct},
	}
}

// boardAct does what a button says, with the note if one was written.
func (a *Account) boardAct(user string, r *http.Request) error {
	alert, note, do := r.FormValue("alert"), strings.TrimSpace(r.FormValue("note")), r.FormValue("do")
	if user == "" {
		return errors.New("nobody was chosen to act as")
	}
	c := Command{Kind: do, Note: note}
	if name, isAction := strings.CutPrefix(do, "action:"); isAction {
		c.Kind, c.Action = CustomAction, name
	}
	if !slices.Contains([]string{AddNote, Acknowledge, Unacknowledge, CloseAlert, CustomAction}, c.Kind) {
		return errors.New("there is no such button")
	}
	return a.act(user, alert, c)
}

func (a *Account) boardContent() boardContent {
	var out boardContent
	for _, s := range a.dir.schedules {
		for _, p := range a.onCall(s, a.now(), nil) {
			out.OnCall = append(out.OnCall, fmt.Sprintf("%s: %s", s.Name, p.Name))
		}
	}
	for _, alert := range slices.Backward(a.Alerts()) {
		b := boardAlert{Alert: alert, State: "done", Lines: alert.Log}
		switch {
		case alert.Open() && alert.Acknowledged:
			b.State = "doing"
		case alert.Open():
			b.State = "alarm"
		}
		var names []string
		for _, r := range alert.Responders {
			names = append(names, r.Name)
		}
		b.Responders = strings.Join(names, ", ")
		out.Alerts = append(out.Alerts, b)
	}
	return out
}
