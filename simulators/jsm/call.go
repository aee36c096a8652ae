package jsm

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// took is how many seconds every write took.
const took = 0.004

// call is one REST request on its way through a handler. Calls below edge have nobody logged in.
type call struct {
	alerting.Call
	login
}

func (s *Server) dialect() standin.Dialect[*call] {
	return standin.Dialect[*call]{
		Prefixes: append([]string{s.ops, edge}, s.jira...), Accept: s.accept, Error: renderError,
	}
}

// accept finds out who calls: by the e-mail address of the account and an API token.
func (s *Server) accept(in *standin.Call) (*call, error) {
	if in.Prefix == edge {
		return &call{Call: alerting.Call{Call: in}}, nil
	}
	email, token, _ := in.BasicAuth()
	for _, l := range s.logins {
		if strings.EqualFold(l.user.Username, email) && standin.SameSecret(l.token, token) {
			return &call{Call: alerting.Call{Call: in}, login: l}, nil
		}
	}
	if slices.Contains(s.jira, in.Prefix) {
		return nil, jiraRefuse(http.StatusUnauthorized, "Client must be authenticated to access this resource.")
	}
	return nil, unauthorized("Unauthorized")
}

// success is the answer to a write that was accepted.
type success struct {
	Result    string  `json:"result"`
	RequestID string  `json:"requestId"`
	Took      float64 `json:"took"`
}

func accepted(status int, id string) (standin.Reply, error) {
	return standin.Answer(status, success{Result: "Request will be processed", RequestID: id, Took: took})
}

// links are the addresses of other pages.
type links struct {
	Next string `json:"next,omitempty"`
}

// next is the address of a page of the same list, with some parameters replaced.
func (s *Server) next(c *call, replace url.Values) links {
	query := c.URL.Query()
	maps.Copy(query, replace)
	path := "/v1" + strings.TrimPrefix(c.URL.EscapedPath(), s.ops) + "?" + query.Encode()
	if s.opt.AbsoluteLinks {
		path = s.URL() + strings.TrimSuffix(s.ops, "/v1") + path
	}
	return links{Next: path}
}

// after is the link to the rows after a page that begins at offset.
func (s *Server) after(c *call, offset, size, total int) links {
	if offset+size >= total {
		return links{}
	}
	return s.next(c, url.Values{"offset": {strconv.Itoa(offset + size)}, "size": {strconv.Itoa(size)}})
}

// cut is a page of a list.
func cut[T any](list []T, offset, size int) []T {
	from := min(offset, len(list))
	return list[from:min(from+size, len(list))]
}

// moment reads a time from the query, in seconds or milliseconds since 1970; the default is none.
func (c *call) moment(name string) (time.Time, error) {
	text := c.Query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n < 0:
		return time.Time{}, alerting.Wrong(name, "It must be a time since 1970.")
	case n < 1e11:
		return time.Unix(n, 0), nil
	}
	return time.UnixMilli(n), nil
}
