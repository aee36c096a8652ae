package jira

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// catalog is the configuration of the site: projects, workflows and people. It is never changed once published, so it
// is read without a lock; a change publishes a new one.
type catalog struct {
	projects  []*project
	projectBy map[string]*project
	users     []*User
	userBy    map[string]*User
	statuses  []Status
}

// project is a Project with its id and the look-ups that every call needs.
type project struct {
	Project
	id         string
	statusByID map[string]Status
}

func newCatalog(projects []Project, users []User) (*catalog, error) {
	c := &catalog{projectBy: map[string]*project{}, userBy: map[string]*User{}}
	for i, p := range projects {
		if err := c.addProject(p, strconv.Itoa(10000+i)); err != nil {
			return nil, err
		}
	}
	for _, u := range users {
		if err := c.addUser(u); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *catalog) addProject(p Project, id string) error {
	if p.Key == "" || p.Key != strings.ToUpper(p.Key) {
		return fmt.Errorf("jira simulator: project key %q must be upper case and not empty", p.Key)
	}
	if len(p.IssueTypes) == 0 || len(p.Workflow.Statuses) == 0 {
		return fmt.Errorf("jira simulator: project %s needs an issue type and a status", p.Key)
	}
	if len(p.Priorities) == 0 {
		p.Priorities = []string{"Medium"}
	}
	if p.Workflow.Initial == "" {
		p.Workflow.Initial = p.Workflow.Statuses[0].Name
	}
	out := &project{Project: p, id: id, statusByID: map[string]Status{}}
	for _, st := range p.Workflow.Statuses {
		out.statusByID[st.ID] = st
		if !slices.ContainsFunc(c.statuses, func(s Status) bool { return s.ID == st.ID }) {
			c.statuses = append(c.statuses, st)
		}
	}
	if err := out.checkWorkflow(); err != nil {
		return err
	}
	for _, key := range []string{strings.ToLower(p.Key), id} {
		if c.projectBy[key] != nil {
			return fmt.Errorf("jira simulator: project %s is there twice", p.Key)
		}
		c.projectBy[key] = out
	}
	c.projects = append(c.projects, out)
	return nil
}

func (p *project) checkWorkflow() error {
	names := []string{p.Workflow.Initial}
	for _, t := range p.Workflow.Transitions {
		names = append(append(names, t.From...), t.To)
	}
	for _, name := range names {
		if _, ok := p.status(name); !ok {
			return fmt.Errorf("jira simulator: the workflow of project %s names the unknown status %q", p.Key, name)
		}
	}
	return nil
}

// addUser makes the user known by account id, name and e-mail. These must be unique; a display name need not be.
func (c *catalog) addUser(u User) error {
	kept := &u
	c.users = append(c.users, kept)
	for _, key := range []string{u.AccountID, u.Name, u.Email} {
		if key == "" {
			continue
		}
		if other := c.userBy[strings.ToLower(key)]; other != nil && other != kept {
			return fmt.Errorf("jira simulator: two users are called %q", key)
		}
		c.userBy[strings.ToLower(key)] = kept
	}
	return nil
}

// user finds by account id, name, e-mail or display name, in this order.
func (c *catalog) user(who string) *User {
	if who == "" {
		return nil
	}
	if u := c.userBy[strings.ToLower(who)]; u != nil {
		return u
	}
	for _, u := range c.users {
		if strings.EqualFold(u.DisplayName, who) {
			return u
		}
	}
	return nil
}

func (c *catalog) project(keyOrID string) *project { return c.projectBy[strings.ToLower(keyOrID)] }

func (p *project) status(name string) (Status, bool) {
	for _, s := range p.Workflow.Statuses {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	return Status{}, false
}

func (p *project) issueType(nameOrID string) (IssueType, bool) {
	for _, t := range p.IssueTypes {
		if t.ID == nameOrID || strings.EqualFold(t.Name, nameOrID) {
			return t, true
		}
	}
	return IssueType{}, false
}

// available lists the transitions that start at the status.
func (p *project) available(statusName string) []Transition {
	var out []Transition
	for _, t := range p.Workflow.Transitions {
		if len(t.From) == 0 || slices.ContainsFunc(t.From, func(f string) bool { return strings.EqualFold(f, statusName) }) {
			out = append(out, t)
		}
	}
	return out
}

// screen is the create screen of an issue type.
func (t IssueType) screen() []Field {
	if t.Fields == nil {
		return DefaultFields()
	}
	return t.Fields
}

// renamed is a copy of the catalog in which the status has a new name everywhere.
func (c *catalog) renamed(from, to string) (*catalog, error) {
	swap := func(name string) string {
		if strings.EqualFold(name, from) {
			return to
		}
		return name
	}
	var projects []Project
	for _, p := range c.projects {
		q := p.Project
		q.Workflow.Initial = swap(q.Workflow.Initial)
		q.Workflow.Statuses = slices.Clone(q.Workflow.Statuses)
		for i := range q.Workflow.Statuses {
			q.Workflow.Statuses[i].Name = swap(q.Workflow.Statuses[i].Name)
		}
		q.Workflow.Transitions = slices.Clone(q.Workflow.Transitions)
		for i, t := range q.Workflow.Transitions {
			t.From = slices.Clone(t.From)
			for j := range t.From {
				t.From[j] = swap(t.From[j])
			}
			t.To = swap(t.To)
			q.Workflow.Transitions[i] = t
		}
		projects = append(projects, q)
	}
	return newCatalog(projects, c.userValues())
}

func (c *catalog) projectValues() []Project {
	out := make([]Project, len(c.projects))
	for i, p := range c.projects {
		out[i] = p.Project
	}
	return out
}

func (c *catalog) userValues() []User {
	out := make([]User, len(c.users))
	for i, u := range c.users {
		out[i] = *u
	}
	return out
}
