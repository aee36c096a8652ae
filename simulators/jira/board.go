package jira

import (
	_ "embed" // the page's template
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed board.html
var boardHTML string

// boardPage is what the template shows.
type boardPage struct {
	Base     string
	Flavour  string
	Version  int64
	Message  string
	As       string // the person named in the address, if any
	Me       string // the person forms act as without a script
	People   []boardPerson
	Projects []boardProject
}

type boardPerson struct{ ID, Name string }

type boardProject struct {
	Key, Name string
	Columns   []boardColumn
}

type boardColumn struct {
	Status, Category string
	Cards            []boardCard
}

type boardCard struct {
	Key, Summary, Description, Type, Reporter string
	Comments                                  []boardComment
	MoveTo                                    []string
}

type boardComment struct{ Author, Body string }

// boardHandler serves the page where a person can look at the issues and move them. Forms sent by other sites are
// refused, because the page needs no login.
func (s *Server) boardHandler() http.Handler {
	page := template.Must(template.New("board").Parse(boardHTML))
	mux := http.NewServeMux()
	base := s.opt.BasePath + "/board"
	mux.HandleFunc("GET "+base, func(w http.ResponseWriter, r *http.Request) { s.showBoard(w, r, page) })
	mux.HandleFunc("GET "+base+"/state", s.boardState)
	mux.HandleFunc("POST "+base+"/move", s.boardMove)
	mux.HandleFunc("POST "+base+"/comment", s.boardComment)
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
		s.log.Error("the board page could not be rendered", "error", err)
	}
}

// boardState answers the version of the issues, for the page to notice a change.
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

// boardMove moves a card as the chosen person, after their comment if they wrote one.
func (s *Server) boardMove(w http.ResponseWriter, r *http.Request) {
	user, issue, text := r.FormValue("user"), r.FormValue("issue"), strings.TrimSpace(r.FormValue("comment"))
	err := error(nil)
	if text != "" {
		err = s.Comment(user, issue, text)
	}
	if err == nil {
		err = s.Move(user, issue, r.FormValue("status"))
	}
	s.backToBoard(w, r, user, err)
}

func (s *Server) boardComment(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("user")
	s.backToBoard(w, r, user, s.Comment(user, r.FormValue("issue"), r.FormValue("comment")))
}

func (s *Server) backToBoard(w http.ResponseWriter, r *http.Request, user string, err error) {
	query := url.Values{"as": {user}}
	if err != nil {
		query.Set("message", boardMessage(err))
	}
	http.Redirect(w, r, s.opt.BasePath+"/board?"+query.Encode(), http.StatusSeeOther)
}

func boardMessage(err error) string {
	return strings.TrimPrefix(fmt.Sprint(err), "jira simulator: ")
}

func (s *Server) boardData(as string) boardPage {
	cat := s.cat.Load()
	out := boardPage{Base: s.opt.BasePath + "/board", Flavour: "Cloud", Version: s.store.version.Load()}
	if s.opt.Flavour == DataCenter {
		out.Flavour = "Data Center"
	}
	for _, u := range cat.users {
		if !u.App && s.userID(u) != "" {
			out.People = append(out.People, boardPerson{ID: s.userID(u), Name: u.DisplayName})
		}
	}
	if u := cat.user(as); u != nil {
		out.As = s.userID(u)
	}
	out.Me = out.As
	if out.Me == "" && len(out.People) > 0 {
		out.Me = out.People[0].ID
	}
	all := s.store.all()
	for _, p := range cat.projects {
		out.Projects = append(out.Projects, s.boardProject(cat, p, all))
	}
	return out
}

// boardProject is one project's columns, the newest cards first.
func (s *Server) boardProject(cat *catalog, p *project, all []*Issue) boardProject {
	out := boardProject{Key: p.Key, Name: p.Name}
	for _, st := range p.Workflow.Statuses {
		column := boardColumn{Status: st.Name, Category: strings.ReplaceAll(strings.ToLower(st.Category), " ", "-")}
		for _, issue := range slices.Backward(all) {
			if issue.Project == p.Key && issue.statusID == st.ID {
				column.Cards = append(column.Cards, s.boardCard(cat, p, issue))
			}
		}
		out.Columns = append(out.Columns, column)
	}
	return out
}

func (s *Server) boardCard(cat *catalog, p *project, issue *Issue) boardCard {
	name := func(id string) string {
		if u := cat.user(id); u != nil {
			return u.DisplayName
		}
		return ""
	}
	card := boardCard{
		Key: issue.Key, Summary: issue.Summary, Type: issue.Type, Description: issue.Description, Reporter: name(issue.Reporter),
	}
	for _, t := range p.available(issue.Status) {
		if !slices.Contains(card.MoveTo, t.To) {
			card.MoveTo = append(card.MoveTo, t.To)
		}
	}
	for _, comment := range issue.Comments {
		card.Comments = append(card.Comments, boardComment{Author: name(comment.Author), Body: comment.Body})
	}
	return card
}
