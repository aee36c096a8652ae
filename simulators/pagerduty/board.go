package pagerduty

import (
	_ "embed" // the page's template
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed board.html
var boardHTML string

// boardPage is what the template shows.
type boardPage struct {
	Base      string
	Version   int64
	Message   string
	As        string // the person named in the address, if any
	Me        string // the person forms act as without a script
	People    []boardPerson
	Actions   []string
	OnCall    []string
	Incidents []boardIncident
}

type boardPerson struct{ ID, Name string }

type boardIncident struct {
	ID, Title, Key, Status, Urgency, Service, Assignees, Body string
	Number                                                    int
	Open, Acknowledged                                        bool
	Lines                                                     []boardLine
}

type boardLine struct {
	Who, What string
	at        time.Time
}

// boardHandler serves the page where a person can act as a responder. Forms sent by other sites are refused, because the
// page needs no login.
func (s *Server) boardHandler() http.Handler {
	page := template.Must(template.New("board").Parse(boardHTML))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /board", func(w http.ResponseWriter, r *http.Request) { s.showBoard(w, r, page) })
	mux.HandleFunc("GET /board/state", s.boardState)
	mux.HandleFunc("POST /board/act", s.boardAct)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (s *Server) showBoard(w http.ResponseWriter, r *http.Request, page *template.Template) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	data := s.boardData(r.URL.Query().Get("as"))
	data.Message = r.URL.Query().Get("message")
	if err := page.Execute(w, data); err != nil {
		s.log.Error("the page could not be rendered", "error", err)
	}
}

// boardState answers the version of the incidents, for the page to notice a change.
func (s *Server) boardState(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	data, err := json.Marshal(map[string]int64{"version": s.store.version.Load()})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(data) // the caller may be gone
}

// boardAct does what a button says, as the chosen person, after their note if they wrote one.
func (s *Server) boardAct(w http.ResponseWriter, r *http.Request) {
	user, incident, text := r.FormValue("user"), r.FormValue("incident"), strings.TrimSpace(r.FormValue("note"))
	err := s.boardDo(user, incident, text, r.FormValue("do"))
	query := url.Values{"as": {user}}
	if err != nil {
		query.Set("message", strings.TrimPrefix(fmt.Sprint(err), "pagerduty simulator: "))
	}
	http.Redirect(w, r, "/board?"+query.Encode(), http.StatusSeeOther)
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

func (s *Server) boardData(as string) boardPage {
	out := boardPage{Base: "/board", Version: s.store.version.Load()}
	for _, u := range s.acc.users {
		if !strings.EqualFold(u.Email, s.opt.BotEmail) {
			out.People = append(out.People, boardPerson{ID: u.ID, Name: u.Name})
		}
	}
	if u := s.acc.user(as); u != nil {
		out.As = u.ID
	}
	out.Me = out.As
	if out.Me == "" && len(out.People) > 0 {
		out.Me = out.People[0].ID
	}
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
	body := string(in.Body)
	var text string
	if json.Unmarshal(in.Body, &text) == nil {
		body = text
	}
	out := boardIncident{
		ID: in.ID, Number: in.Number, Title: in.Title, Key: in.Key, Status: in.Status, Urgency: in.Urgency, Body: body,
		Service: s.acc.service(in.Service).Name, Assignees: strings.Join(assignees, ", "), Open: in.Open(),
		Acknowledged: in.Status == statusAcknowledged,
	}
	who := func(id string) string {
		if id == "" {
			return "automation"
		}
		return s.acc.userByID[id].Name
	}
	for _, e := range in.Log {
		switch e.Type {
		case "annotate_log_entry":
			out.Lines = append(out.Lines, boardLine{who(e.User), e.Text, e.At})
		case "acknowledge_log_entry":
			out.Lines = append(out.Lines, boardLine{who(e.User), "acknowledged", e.At})
		case "resolve_log_entry":
			out.Lines = append(out.Lines, boardLine{who(e.User), strings.TrimSuffix("resolved: "+e.Note, ": "), e.At})
		}
	}
	for _, v := range in.Invocations {
		out.Lines = append(out.Lines, boardLine{who(v.User), "action " + v.Action, v.At})
	}
	slices.SortStableFunc(out.Lines, func(a, b boardLine) int { return a.at.Compare(b.at) })
	return out
}
