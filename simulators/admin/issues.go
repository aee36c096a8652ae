package admin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

type issueView struct {
	Key         string                     `json:"key"`
	Type        string                     `json:"type"`
	Status      string                     `json:"status"`
	Summary     string                     `json:"summary"`
	Description string                     `json:"description"`
	Labels      []string                   `json:"labels"`
	Priority    string                     `json:"priority,omitempty"`
	Components  []string                   `json:"components,omitempty"`
	Reporter    string                     `json:"reporter,omitempty"`
	Assignee    string                     `json:"assignee,omitempty"`
	Fields      map[string]any             `json:"fields,omitempty"`
	Properties  map[string]json.RawMessage `json:"properties,omitempty"`
	Comments    []commentView              `json:"comments"`
	History     []changeView               `json:"history"`
	Created     time.Time                  `json:"created"`
	Updated     time.Time                  `json:"updated"`
}

type commentView struct {
	Author  string    `json:"author"`
	Body    string    `json:"body"`
	Created time.Time `json:"created"`
}

type changeView struct {
	Author string    `json:"author"`
	Field  string    `json:"field"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	At     time.Time `json:"at"`
}

func viewIssue(issue jira.Issue) issueView {
	out := issueView{
		Key: issue.Key, Type: issue.Type, Status: issue.Status, Summary: issue.Summary, Description: issue.Description,
		Labels: issue.Labels, Priority: issue.Priority, Components: issue.Components, Reporter: issue.Reporter,
		Assignee: issue.Assignee, Fields: issue.Fields, Properties: issue.Properties, Comments: []commentView{},
		History: []changeView{}, Created: issue.Created, Updated: issue.Updated,
	}
	for _, c := range issue.Comments {
		out.Comments = append(out.Comments, commentView{Author: c.Author, Body: c.Body, Created: c.Created})
	}
	for _, change := range issue.History {
		for _, item := range change.Items {
			out.History = append(out.History, changeView{
				Author: change.Author, Field: item.Field, From: item.FromString, To: item.ToString, At: change.At,
			})
		}
	}
	return out
}

func (a *api) listIssues(*http.Request) (any, error) {
	out := []issueView{}
	for _, issue := range a.world.Jira.Issues() {
		out = append(out, viewIssue(issue))
	}
	return out, nil
}

func (a *api) moveIssue(r *http.Request) (any, error) {
	var in struct {
		User    string `json:"user"`
		Status  string `json:"status"`
		Comment string `json:"comment"`
	}
	return a.changeIssue(r, &in, func(key string) error {
		if in.Status == "" {
			return badRequest("status is required: its name or id")
		}
		if err := a.person(in.User); err != nil {
			return err
		}
		// The comment comes first, so that it is there when the move is heard of.
		if in.Comment != "" {
			if err := a.world.Jira.Comment(in.User, key, in.Comment); err != nil {
				return conflict(err)
			}
		}
		if err := a.world.Jira.Move(in.User, key, in.Status); err != nil {
			return conflict(err)
		}
		return nil
	})
}

func (a *api) commentIssue(r *http.Request) (any, error) {
	var in struct {
		User string `json:"user"`
		Body string `json:"body"`
	}
	return a.changeIssue(r, &in, func(key string) error {
		if in.Body == "" {
			return badRequest("body is required: the text of the comment")
		}
		if err := a.person(in.User); err != nil {
			return err
		}
		if err := a.world.Jira.Comment(in.User, key, in.Body); err != nil {
			return conflict(err)
		}
		return nil
	})
}

func (a *api) deleteIssue(r *http.Request) (any, error) {
	issue, err := a.issue(r)
	if err != nil {
		return nil, err
	}
	user := r.URL.Query().Get("user")
	if err := a.person(user); err != nil {
		return nil, err
	}
	if err := a.world.Jira.DeleteIssue(user, issue.Key); err != nil {
		return nil, conflict(err)
	}
	return nil, nil
}

// changeIssue finds the issue, reads the body, does what is asked and answers the issue as it is then.
func (a *api) changeIssue(r *http.Request, in any, do func(key string) error) (any, error) {
	issue, err := a.issue(r)
	if err != nil {
		return nil, err
	}
	if err := decode(r, in); err != nil {
		return nil, err
	}
	if err := do(issue.Key); err != nil {
		return nil, err
	}
	if issue, err = a.issue(r); err != nil {
		return nil, err
	}
	return viewIssue(issue), nil
}

func (a *api) issue(r *http.Request) (jira.Issue, error) {
	key := r.PathValue("key")
	issue, ok := a.world.Jira.Issue(key)
	if !ok {
		return jira.Issue{}, notFound("there is no issue %q", key)
	}
	return issue, nil
}

// person checks that Jira has the user. A change of nothing is the simulator's only way to ask.
func (a *api) person(user string) error {
	if user == "" {
		return badRequest("user is required: an e-mail address, a user name or an account id at Jira")
	}
	if err := a.world.Jira.UpdateUser(user, func(*jira.User) {}); err != nil {
		return badRequest("there is no user %q at Jira", user)
	}
	return nil
}
