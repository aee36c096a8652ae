package jira

import (
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

const contentType = "application/json;charset=UTF-8"

// Fault is a break of the REST API on demand; the path it goes by is the one below /rest/api/N.
type Fault = standin.Fault

type reply = standin.Reply

// call is one REST request on its way through a handler.
type call struct {
	*standin.Call
	v3   bool // the request came by /rest/api/3
	cat  *catalog
	user *User
}

// decode reads the JSON body.
func (c *call) decode(into any) error {
	if err := c.Decode(into); err != nil {
		return badRequest("There was an error parsing JSON. Check that your request body is valid.")
	}
	return nil
}

func ok(body any) (reply, error) { return standin.OK(body) }

// dialect is how this flavour of Jira speaks.
func (s *Server) dialect() standin.Dialect[*call] {
	prefixes := []string{"/rest/api/2", "/rest/api/latest"}
	if s.opt.Flavour == Cloud {
		prefixes = append(prefixes, "/rest/api/3")
	}
	return standin.Dialect[*call]{
		Prefixes: prefixes, ContentType: contentType, Accept: s.accept, Error: refuse, RateLimited: s.rateLimited,
	}
}

// accept authenticates the caller; only the server's own description is for everybody.
func (s *Server) accept(in *standin.Call) (*call, error) {
	c := &call{Call: in, v3: in.Prefix == "/rest/api/3", cat: s.cat.Load()}
	if in.Route == serverInfo {
		return c, nil
	}
	if c.user = s.authenticate(c); c.user == nil {
		return nil, failure(http.StatusUnauthorized, "You are not authenticated. Authentication required to perform this operation.")
	}
	return c, nil
}

// rateLimited sets the headers of a 429, which differ by flavour.
func (s *Server) rateLimited(h http.Header, _ *Fault) {
	h.Set("X-RateLimit-Limit", "100")
	h.Set("X-RateLimit-Remaining", "0")
	if s.opt.Flavour == Cloud {
		h.Set("X-RateLimit-Reset", s.now().UTC().Add(time.Second).Format("2006-01-02T15:04Z"))
		h.Set("X-RateLimit-NearLimit", "true")
		h.Set("RateLimit-Reason", "jira-burst-based")
		return
	}
	h.Set("X-RateLimit-Interval-Seconds", "1")
	h.Set("X-RateLimit-FillRate", "10")
}
