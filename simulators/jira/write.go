package jira

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// issueUpdate is the body of a create, an edit and a transition.
type issueUpdate struct {
	Fields     map[string]json.RawMessage   `json:"fields"`
	Update     map[string][]json.RawMessage `json:"update"`
	Properties []property                   `json:"properties"`
	Transition *struct {
		ID flexID `json:"id"`
	} `json:"transition"`
}

// property is one entity property.
type property struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// flexID is an id that clients send as a string or as a number.
type flexID string

// UnmarshalJSON takes both forms.
func (f *flexID) UnmarshalJSON(data []byte) error {
	*f = flexID(strings.Trim(string(data), `"`))
	return nil
}

// createIssue is POST /issue.
func (s *Server) createIssue(c *call) (reply, error) {
	var in issueUpdate
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	d, err := s.newDraft(c, in.Fields)
	if err != nil {
		return reply{}, err
	}
	d.applyAll(in.Fields)
	d.requireAll()
	if len(d.errs) > 0 {
		return reply{}, &apiError{status: http.StatusBadRequest, fields: d.errs}
	}
	props, err := checkProperties(in.Properties)
	if err != nil {
		return reply{}, err
	}
	d.issue.Properties = props
	if d.issue.Reporter == "" {
		d.issue.Reporter = s.userID(c.user)
	}
	d.issue.Creator = s.userID(c.user)
	issue := s.store.create(d.issue, s.stamp())
	s.onIssue.Tell(*issue)
	s.issueEvent("jira:issue_created", "issue_created", c.user, issue, nil)
	return standin.Answer(http.StatusCreated, map[string]string{
		"id": issue.ID, "key": issue.Key, "self": s.self(c.v3, "/issue/"+issue.ID),
	})
}

// newDraft finds project and issue type and starts an issue in the initial status.
func (s *Server) newDraft(c *call, fields map[string]json.RawMessage) (*draft, error) {
	if fields == nil {
		return nil, badRequest("The request body has no fields.")
	}
	p := c.cat.project(reference(fields["project"], "key", "id"))
	if p == nil || !c.user.may("BROWSE_PROJECTS") {
		return nil, badField("project", "valid project is required")
	}
	if !c.user.may("CREATE_ISSUES") {
		return nil, failure(http.StatusForbidden, "You do not have permission to create issues in this project.")
	}
	typ, found := p.issueType(reference(fields["issuetype"], "id", "name"))
	if !found {
		return nil, badField("issuetype", "Specify a valid issue type")
	}
	initial, _ := p.status(p.Workflow.Initial)
	issue := &Issue{Project: p.Key, Type: typ.Name, Status: initial.Name, statusID: initial.ID}
	if slices.ContainsFunc(typ.screen(), func(f Field) bool { return f.ID == "priority" }) {
		issue.Priority = p.Priorities[len(p.Priorities)/2]
	}
	return &draft{s: s, c: c, project: p, screen: typ.screen(), issue: issue, errs: map[string]string{}, set: map[string]bool{}}, nil
}

// editIssue is PUT /issue/{id}: fields, label operations, comments and properties.
func (s *Server) editIssue(c *call) (reply, error) {
	issue, err := s.editable(c, "EDIT_ISSUES", "You do not have permission to edit issues in this project.")
	if err != nil {
		return reply{}, err
	}
	var in issueUpdate
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if err := s.applyUpdate(c, issue, in); err != nil {
		return reply{}, err
	}
	return standin.Answer(http.StatusNoContent, nil)
}

// applyUpdate changes an issue by the fields, operations and properties of an edit.
func (s *Server) applyUpdate(c *call, issue *Issue, in issueUpdate) error {
	props, err := checkProperties(in.Properties)
	if err != nil {
		return err
	}
	var items []ChangeItem
	commented := 0
	next, err := s.store.update(issue.ID, s.stamp(), func(next *Issue) error {
		before := *next
		d := s.editDraft(c, next)
		d.applyAll(in.Fields)
		d.applyOperations(in.Update)
		if len(d.errs) > 0 {
			return &apiError{status: http.StatusBadRequest, fields: d.errs}
		}
		for key, value := range props {
			next.Properties = with(next.Properties, key, value)
		}
		items, commented = differences(&before, next), len(next.Comments)-len(before.Comments)
		s.record(next, c.user, items)
		return nil
	})
	if err != nil {
		return err
	}
	s.commentEvents(next, commented)
	if len(items) > 0 {
		s.issueEvent("jira:issue_updated", "issue_updated", c.user, next, items)
	}
	return nil
}

func (s *Server) editDraft(c *call, next *Issue) *draft {
	p := c.cat.project(next.Project)
	typ, _ := p.issueType(next.Type)
	return &draft{s: s, c: c, project: p, screen: typ.screen(), issue: next, editing: true, errs: map[string]string{}, set: map[string]bool{}}
}

// record appends one changelog entry; it is called from within store.update.
func (s *Server) record(next *Issue, by *User, items []ChangeItem) {
	if len(items) == 0 {
		return
	}
	next.History = append(next.History, Change{ID: s.store.changeID(), Author: s.userID(by), At: s.stamp(), Items: items})
}

// differences are the changelog items between two states of an issue.
func differences(before, after *Issue) []ChangeItem {
	var items []ChangeItem
	add := func(field, from, to string) {
		if from != to {
			items = append(items, ChangeItem{Field: field, FieldID: strings.ToLower(field), FromString: from, ToString: to})
		}
	}
	add("summary", before.Summary, after.Summary)
	add("description", before.Description, after.Description)
	add("labels", strings.Join(before.Labels, " "), strings.Join(after.Labels, " "))
	add("priority", before.Priority, after.Priority)
	add("Component", strings.Join(before.Components, ", "), strings.Join(after.Components, ", "))
	add("reporter", before.Reporter, after.Reporter)
	add("assignee", before.Assignee, after.Assignee)
	return items
}

// deleteIssue is DELETE /issue/{id}.
func (s *Server) deleteIssue(c *call) (reply, error) {
	issue, err := s.editable(c, "DELETE_ISSUES", "You do not have permission to delete issues in this project.")
	if err != nil {
		return reply{}, err
	}
	gone, err := s.store.remove(issue.ID, s.stamp())
	if err != nil {
		return reply{}, err
	}
	s.issueEvent("jira:issue_deleted", "issue_deleted", c.user, gone, nil)
	return standin.Answer(http.StatusNoContent, nil)
}

func checkProperties(in []property) (map[string]json.RawMessage, error) {
	var out map[string]json.RawMessage
	for _, p := range in {
		if err := checkProperty(p.Key, p.Value); err != nil {
			return nil, err
		}
		out = with(out, p.Key, p.Value)
	}
	return out, nil
}

// checkProperty applies the limits of entity properties: keys of 255 characters, values of 32,768 characters of JSON.
func checkProperty(key string, value json.RawMessage) error {
	switch {
	case key == "" || len(key) > 255:
		return badRequest("The property key must have between 1 and 255 characters.")
	case len(value) == 0 || !json.Valid(value):
		return badRequest("The property value is not valid JSON.")
	case len(value) > 32768:
		return badRequest("The property value is longer than 32768 characters.")
	}
	return nil
}
