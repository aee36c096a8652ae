package jsm

import (
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

// owner names who did something, in the form of the options. What is no user is named as it is.
func (s *Server) owner(name string) string {
	u, found := s.byUsername(name)
	switch {
	case !found && name == "System":
		return "system"
	case !found:
		return name
	case s.opt.Owners == ByEmail:
		return u.Username
	case s.opt.Owners == ByDisplayName:
		return u.FullName
	}
	return u.AccountID
}

func (s *Server) byUsername(name string) (alerting.User, bool) {
	return one(s.Users(), func(u alerting.User) bool { return strings.EqualFold(u.Username, name) })
}

func (s *Server) byAccount(id string) (alerting.User, bool) {
	return one(s.Users(), func(u alerting.User) bool { return u.AccountID == id })
}

func one[T any](list []T, fits func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i], true
	}
	return *new(T), false
}

// id is the id that the API has for a user, team, schedule or escalation: of a user the account's.
func (s *Server) id(kind, id string) string {
	if u, found := s.User(id); found && kind == alerting.TypeUser {
		return u.AccountID
	}
	return id
}

// responder finds who is meant by an id of the API: ids only, no names.
func (s *Server) responder(kind, id string) (alerting.Responder, bool) {
	if kind == alerting.TypeUser {
		u, found := s.byAccount(id)
		return alerting.Responder{Type: kind, ID: u.ID}, found
	}
	r, found := s.Responder(alerting.Responder{Type: kind, ID: id})
	return r, found && r.ID == id
}
