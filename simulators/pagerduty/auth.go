package pagerduty

import (
	"net/http"
	"net/mail"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// authenticate finds the caller: the account's key, or a user's, whose user it returns.
func (s *Server) authenticate(r *http.Request) (*User, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Token token=")
	if ok && standin.SameSecret(s.opt.Token, token) {
		return nil, nil
	}
	for _, u := range s.acc.users {
		if ok && standin.SameSecret(u.Token, token) {
			return u, nil
		}
	}
	return nil, failure(http.StatusUnauthorized, codeAuthentication, "Authentication failed")
}

// versioned refuses a call that does not ask for version 2.
func versioned(r *http.Request) error {
	for _, accept := range r.Header.Values("Accept") {
		if strings.Contains(strings.ReplaceAll(accept, " ", ""), "application/vnd.pagerduty+json;version=2") {
			return nil
		}
	}
	return invalidInput("The Accept header must be application/vnd.pagerduty+json;version=2")
}

// requester is who a write is made for: the user of a user-level key, otherwise the user named by the From header.
func (s *Server) requester(c *call) (*User, error) {
	if c.user != nil {
		return c.user, nil
	}
	from := c.Header.Get("From")
	if from == "" {
		return nil, failure(http.StatusBadRequest, codeFromNeeded,
			`You must specify a user's email address in the "From" header to perform this action`)
	}
	if parsed, err := mail.ParseAddress(from); err == nil {
		from = parsed.Address
	}
	if u := s.acc.userByMail[strings.ToLower(from)]; u != nil {
		return u, nil
	}
	return nil, failure(http.StatusBadRequest, codeRequester, "Requester User Not Found")
}
