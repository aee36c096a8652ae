package jira

import (
	"net/http"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// authenticate finds the caller: e-mail and API token on Cloud; name and password, or a bearer token, on Data Center.
func (s *Server) authenticate(c *call) *User {
	if name, password, ok := c.BasicAuth(); ok {
		for _, u := range c.cat.users {
			login := u.Email
			if s.opt.Flavour == DataCenter {
				login = u.Name
			}
			if login != "" && strings.EqualFold(login, name) && u.knows(password) {
				return u
			}
		}
		return nil
	}
	token, ok := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !ok || s.opt.Flavour == Cloud {
		return nil
	}
	for _, u := range c.cat.users {
		if u.knows(token) {
			return u
		}
	}
	return nil
}

// knows reports whether a token is one of the user's.
func (u *User) knows(token string) bool {
	return standin.SameSecret(u.Token, token) || standin.SameSecret(u.NextToken, token)
}

// permissionNames are the permissions the simulator knows, and whether they are global.
func permissionNames() []string {
	return []string{
		"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS", "DELETE_ISSUES",
		"ASSIGN_ISSUES", "ASSIGNABLE_USER", "MODIFY_REPORTER", "ADMINISTER_PROJECTS", "ADMINISTER", "USER_PICKER",
	}
}

func isGlobal(permission string) bool {
	return permission == "ADMINISTER" || permission == "USER_PICKER"
}

// may says whether the user holds the permission. People and the bot hold all but administration unless told otherwise.
func (u *User) may(permission string) bool {
	if u.Administrator && permission == "ADMINISTER" {
		return true
	}
	if u.Permissions == nil {
		return permission != "ADMINISTER" && permission != "ADMINISTER_PROJECTS"
	}
	return slices.Contains(u.Permissions, permission)
}

// visible finds an issue the caller may see; one that he may not see is as good as absent.
func (s *Server) visible(c *call) (*Issue, error) {
	issue := s.store.get(c.Path["id"])
	if issue == nil || !c.user.may("BROWSE_PROJECTS") {
		return nil, errIssueNotFound()
	}
	return issue, nil
}

// editable is visible for a change that needs the permission.
func (s *Server) editable(c *call, permission, message string) (*Issue, error) {
	issue, err := s.visible(c)
	if err != nil {
		return nil, err
	}
	if !c.user.may(permission) {
		return nil, failure(http.StatusForbidden, message)
	}
	return issue, nil
}

// visibleProject finds a project the caller may see.
func (s *Server) visibleProject(c *call) (*project, error) {
	p := c.cat.project(c.Path["project"])
	if p == nil || !c.user.may("BROWSE_PROJECTS") {
		return nil, errProjectNotFound(c.Path["project"])
	}
	return p, nil
}
