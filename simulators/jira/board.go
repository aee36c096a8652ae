package jira

import (
	_ "embed" // the page's template
	"net/http"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

//go:embed board.html
var boardHTML string

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

// page is where a person can look at the issues and move them.
func (s *Server) page() standin.Page {
	flavour := "Cloud"
	if s.opt.Flavour == DataCenter {
		flavour = "Data Center"
	}
	return standin.Page{
		Title: "Jira simulator", Subtitle: flavour, Template: boardHTML,
		Version: s.store.version.Load, People: s.boardPeople, Find: s.boardPerson, Content: s.boardProjects,
		Actions: map[string]func(user string, r *http.Request) error{"move": s.boardMove, "comment": s.boardComment},
	}
}

// boardMove moves a card as the chosen person, after their comment if they wrote one.
func (s *Server) boardMove(user string, r *http.Request) error {
	issue := r.FormValue("issue")
	if text := strings.TrimSpace(r.FormValue("comment")); text != "" {
		if err := s.Comment(user, issue, text); err != nil {
			return err
		}
	}
	return s.Move(user, issue, r.FormValue("status"))
}

func (s *Server) boardComment(user string, r *http.Request) error {
	return s.Comment(user, r.FormValue("issue"), r.FormValue("comment"))
}

// boardPeople are all but the apps.
func (s *Server) boardPeople() []standin.Person {
	var out []standin.Person
	for _, u := range s.cat.Load().users {
		if !u.App && s.userID(u) != "" {
			out = append(out, standin.Person{ID: s.userID(u), Name: u.DisplayName})
		}
	}
	return out
}

func (s *Server) boardPerson(who string) string { return s.userID(s.cat.Load().user(who)) }

// boardProjects is what the template shows.
func (s *Server) boardProjects() any {
	cat, all := s.cat.Load(), s.store.all()
	out := make([]boardProject, 0, len(cat.projects))
	for _, p := range cat.projects {
		out = append(out, s.boardProject(cat, p, all))
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
