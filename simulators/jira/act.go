package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// actor finds a user by account id, name, e-mail or display name, for what a test or the board does in their name.
func (s *Server) actor(who string) (*User, error) {
	if u := s.cat.Load().user(who); u != nil {
		return u, nil
	}
	return nil, fmt.Errorf("jira simulator: no user %q", who)
}

// Move transitions an issue to a status as the user would on the board: by the first transition that leads there from the
// current status. It writes the changelog and fires the webhooks. The status is a name or an id; moving to the current
// status needs a transition that leads back to it.
func (s *Server) Move(user, issueKeyOrID, status string) error {
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	cat := s.cat.Load()
	wanted := statusIDs(cat, status)
	pick := func(t Transition) bool {
		return slices.ContainsFunc(statusIDs(cat, t.To), func(id string) bool { return slices.Contains(wanted, id) })
	}
	refused := fmt.Sprintf("%s cannot move the issue to %q from where it is", user, status)
	return s.move(&call{cat: cat, user: u}, issueKeyOrID, pick, refused, nil)
}

// Comment adds a comment in plain text as the user.
func (s *Server) Comment(user, issueKeyOrID, body string) error {
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	if !u.may("ADD_COMMENTS") {
		return failure(http.StatusForbidden, user+" may not comment")
	}
	_, err = s.comment(u, issueKeyOrID, richText{text: body}, nil)
	return err
}

// DeleteIssue removes an issue as the user and fires jira:issue_deleted.
func (s *Server) DeleteIssue(user, issueKeyOrID string) error {
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	gone, err := s.store.remove(issueKeyOrID, s.stamp())
	if err != nil {
		return err
	}
	s.issueEvent("jira:issue_deleted", "issue_deleted", u, gone, nil)
	return nil
}

// SetLabels replaces the labels, as a person with the rights to do so might: spaces and the create screen do not matter,
// nothing is written to the changelog and no webhook is fired.
func (s *Server) SetLabels(issueKeyOrID string, labels ...string) error {
	_, err := s.store.update(issueKeyOrID, s.stamp(), func(next *Issue) error {
		next.Labels = labels
		return nil
	})
	return err
}

// SetProperty sets an entity property to the JSON of value, without a webhook.
func (s *Server) SetProperty(issueKeyOrID, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("jira simulator: property %s: %w", key, err)
	}
	return s.setProperty(issueKeyOrID, key, data)
}

// RenameStatus gives a status a new name in every workflow and every issue; its id and the changelogs stay.
func (s *Server) RenameStatus(from, to string) error {
	s.catMu.Lock()
	defer s.catMu.Unlock()
	cat := s.cat.Load()
	ids := statusIDs(cat, from)
	if len(ids) == 0 {
		return fmt.Errorf("jira simulator: no status %q", from)
	}
	next, err := cat.renamed(from, to)
	if err != nil {
		return err
	}
	s.cat.Store(next)
	s.store.rename(ids, to)
	return nil
}

// UpdateUser changes a user, for example takes a permission away or revokes the token.
func (s *Server) UpdateUser(user string, change func(*User)) error {
	s.catMu.Lock()
	defer s.catMu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	cat := s.cat.Load()
	users := cat.userValues()
	for i := range users {
		if cat.users[i] == u {
			change(&users[i])
		}
	}
	next, err := newCatalog(cat.projectValues(), users)
	if err != nil {
		return err
	}
	s.cat.Store(next)
	return nil
}

// Issues lists all issues, oldest first.
func (s *Server) Issues() []Issue {
	all := s.store.all()
	out := make([]Issue, len(all))
	for i, issue := range all {
		out[i] = *issue
	}
	return out
}

// Issue finds an issue by key or id.
func (s *Server) Issue(keyOrID string) (Issue, bool) {
	if issue := s.store.get(keyOrID); issue != nil {
		return *issue, true
	}
	return Issue{}, false
}
