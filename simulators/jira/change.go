package jira

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// stamp is the present moment in the resolution Jira keeps.
func (s *Server) stamp() time.Time { return s.now().Truncate(time.Millisecond) }

// getTransitions is GET /issue/{id}/transitions: what starts at the current status, nothing without the permission.
func (s *Server) getTransitions(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	list := s.transitionsJSON(c, issue)
	if id := c.Query.Get("transitionId"); id != "" {
		list = slices.DeleteFunc(list, func(t transitionJSON) bool { return t.ID != id })
	}
	return ok(map[string]any{"expand": "transitions", "transitions": list})
}

// doTransition is POST /issue/{id}/transitions.
func (s *Server) doTransition(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	var in issueUpdate
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.Transition == nil || in.Transition.ID == "" {
		return reply{}, badRequest("Missing 'transition' identifier")
	}
	pick := func(t Transition) bool { return t.ID == string(in.Transition.ID) }
	if err := s.move(c, issue.ID, pick, "Transition id '"+string(in.Transition.ID)+"' is not valid for this issue.", &in); err != nil {
		return reply{}, err
	}
	return standin.Answer(http.StatusNoContent, nil)
}

// move takes the first available transition that pick likes; refused is the text when there is none.
func (s *Server) move(c *call, issueID string, pick func(Transition) bool, refused string, in *issueUpdate) error {
	var items []ChangeItem
	commented := 0
	now := s.stamp()
	next, err := s.store.update(issueID, now, func(next *Issue) error {
		p := c.cat.project(next.Project)
		available := p.available(next.Status)
		i := slices.IndexFunc(available, pick)
		if i < 0 || !c.user.may("TRANSITION_ISSUES") {
			return badRequest(refused)
		}
		before := len(next.Comments)
		if err := s.transitionScreen(c, next, available[i], in); err != nil {
			return err
		}
		commented = len(next.Comments) - before
		to, _ := p.status(available[i].To)
		items = []ChangeItem{statusChange(next, to)}
		next.Status, next.statusID = to.Name, to.ID
		s.record(next, c.user, items)
		return nil
	})
	if err != nil {
		return err
	}
	s.onIssue.Tell(*next)
	s.commentEvents(next, commented)
	s.issueEvent("jira:issue_updated", "issue_generic", c.user, next, items)
	return nil
}

// commentEvents tells the webhooks of the last n comments.
func (s *Server) commentEvents(issue *Issue, n int) {
	for _, comment := range issue.Comments[len(issue.Comments)-n:] {
		s.commentEvent(issue, comment)
	}
}

// transitionScreen applies what was sent along with a transition; without a screen nothing may be.
func (s *Server) transitionScreen(c *call, next *Issue, t Transition, in *issueUpdate) error {
	if in == nil || (len(in.Fields) == 0 && len(in.Update) == 0) {
		return nil
	}
	d := s.editDraft(c, next)
	if !t.Screen {
		for field := range in.Fields {
			d.fail(field, "Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", field)
		}
		for field := range in.Update {
			d.fail(field, "Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", field)
		}
	} else {
		d.applyAll(in.Fields)
		d.applyOperations(in.Update)
	}
	if len(d.errs) > 0 {
		return &apiError{status: http.StatusBadRequest, fields: d.errs}
	}
	return nil
}

func statusChange(issue *Issue, to Status) ChangeItem {
	return ChangeItem{
		Field: "status", FieldID: "status",
		From: issue.statusID, FromString: issue.Status, To: to.ID, ToString: to.Name,
	}
}

// commentInput is the body of POST /issue/{id}/comment.
type commentInput struct {
	Body       json.RawMessage `json:"body"`
	Properties []property      `json:"properties"`
}

// addComment is POST /issue/{id}/comment.
func (s *Server) addComment(c *call) (reply, error) {
	issue, err := s.editable(c, "ADD_COMMENTS", "You do not have the permission to comment on this issue.")
	if err != nil {
		return reply{}, err
	}
	var in commentInput
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	rt, problem := parseRichText(in.Body, c.v3)
	if problem != "" {
		return reply{}, badField("comment", problem)
	}
	props, err := checkProperties(in.Properties)
	if err != nil {
		return reply{}, err
	}
	comment, err := s.comment(c.user, issue.ID, rt, props)
	if err != nil {
		return reply{}, err
	}
	return standin.Answer(http.StatusCreated, s.commentJSON(c.view(), issue.ID, comment, strings.Contains(c.Query.Get("expand"), "properties")))
}

// comment appends a comment and tells the webhooks.
func (s *Server) comment(by *User, issueID string, rt richText, props map[string]json.RawMessage) (Comment, error) {
	if strings.TrimSpace(rt.text) == "" {
		return Comment{}, badField("comment", "Comment body can not be empty!")
	}
	var added Comment
	next, err := s.store.update(issueID, s.stamp(), func(next *Issue) error {
		added = s.newComment(by, rt, props)
		next.Comments = append(next.Comments, added)
		return nil
	})
	if err != nil {
		return Comment{}, err
	}
	s.commentEvent(next, added)
	return added, nil
}

// newComment is called from within store.update, which guards the comment numbers.
func (s *Server) newComment(by *User, rt richText, props map[string]json.RawMessage) Comment {
	now := s.stamp()
	return Comment{
		ID: s.store.commentID(), Author: s.userID(by), Body: rt.text, document: rt.document,
		Properties: props, Created: now, Updated: now,
	}
}

// getPropertyKeys is GET /issue/{id}/properties.
func (s *Server) getPropertyKeys(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	keys := []map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(issue.Properties)) {
		keys = append(keys, map[string]string{"key": key, "self": s.self(c.v3, "/issue/"+issue.ID+"/properties/"+key)})
	}
	return ok(map[string]any{"keys": keys})
}

// getProperty is GET /issue/{id}/properties/{key}.
func (s *Server) getProperty(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	value, found := issue.Properties[c.Path["key"]]
	if !found {
		return reply{}, failure(http.StatusNotFound, fmt.Sprintf("The property with key '%s' does not exist.", c.Path["key"]))
	}
	return ok(property{Key: c.Path["key"], Value: value})
}

// putProperty is PUT /issue/{id}/properties/{key}.
func (s *Server) putProperty(c *call) (reply, error) {
	issue, err := s.editable(c, "EDIT_ISSUES", "You do not have permission to edit issues in this project.")
	if err != nil {
		return reply{}, err
	}
	if err := checkProperty(c.Path["key"], c.Content); err != nil {
		return reply{}, err
	}
	_, existed := issue.Properties[c.Path["key"]]
	if err := s.setProperty(issue.ID, c.Path["key"], c.Content); err != nil {
		return reply{}, err
	}
	if existed {
		return standin.Answer(http.StatusOK, nil)
	}
	return standin.Answer(http.StatusCreated, nil)
}

func (s *Server) setProperty(issue, key string, value json.RawMessage) error {
	_, err := s.store.update(issue, s.stamp(), func(next *Issue) error {
		next.Properties = with(next.Properties, key, value)
		return nil
	})
	return err
}
