package pagerduty

import (
	"net/http"
	"strconv"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// Fault is a break of the REST API on demand.
type Fault = standin.Fault

type reply = standin.Reply

// call is one REST request on its way through a handler.
type call struct {
	*standin.Call
	user *User // the user of a user-level key; nil for the account's key
}

// decode reads the JSON body.
func (c *call) decode(into any) error {
	if err := c.Decode(into); err != nil {
		return invalidInput("The request body is not the JSON that is wanted here.")
	}
	return nil
}

func ok(body any) (reply, error) { return standin.OK(body) }

// dialect is how PagerDuty speaks.
func (s *Server) dialect() standin.Dialect[*call] {
	return standin.Dialect[*call]{
		ContentType: "application/json; charset=utf-8", Accept: s.accept, Error: refuse,
		RateLimited: func(h http.Header, f *Fault) { rateLimit(h, 0, orDefault(f.RetryAfter, "1")) },
		Always:      func(h http.Header) { rateLimit(h, 959, "60") },
	}
}

func (s *Server) accept(in *standin.Call) (*call, error) {
	user, err := s.authenticate(in.Request)
	if err != nil {
		return nil, err
	}
	return &call{Call: in, user: user}, versioned(in.Request)
}

// rateLimit sets the headers that tell how much of the limit of 960 calls a minute is left.
func rateLimit(h http.Header, remaining int, reset string) {
	h.Set("ratelimit-limit", "960")
	h.Set("ratelimit-remaining", strconv.Itoa(remaining))
	h.Set("ratelimit-reset", reset)
}
