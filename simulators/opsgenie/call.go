package opsgenie

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/google/uuid"
)

// took is how many seconds every call took: the vendor tells, and clients complain where it is zero.
const took = 0.004

// call is one REST request on its way through a handler.
type call struct {
	alerting.Call
	id      string
	limited bool // the key is only for alerts
}

func (s *Server) dialect() standin.Dialect[*call] {
	return standin.Dialect[*call]{
		Accept: s.accept, Error: renderError, RateLimited: throttled,
		Always: func(h http.Header) { h.Set("X-Ratelimit-State", "OK") },
	}
}

// accept finds out which key the caller has.
func (s *Server) accept(in *standin.Call) (*call, error) {
	c := &call{Call: alerting.Call{Call: in}, id: uuid.NewString()}
	key, given := strings.CutPrefix(in.Header.Get("Authorization"), "GenieKey ")
	_, malformed := uuid.Parse(key)
	switch {
	case !given:
		return nil, refuse(http.StatusUnauthorized, "Could not authenticate")
	case standin.SameSecret(s.opt.APIKey, key):
		return c, nil
	case standin.SameSecret(s.opt.LimitedKey, key):
		c.limited = true
		return c, nil
	case malformed != nil:
		return nil, refuse(http.StatusUnprocessableEntity, "Key format is not valid!")
	}
	return nil, refuse(http.StatusUnauthorized, "Could not authenticate")
}

// configuration keeps out the key that is only for alerts.
func (s *Server) configuration(handle func(*call) (standin.Reply, error)) func(*call) (standin.Reply, error) {
	return func(c *call) (standin.Reply, error) {
		if c.limited {
			return standin.Reply{}, &refusal{
				status: http.StatusForbidden, code: 40301, message: "You are not authorized to access configuration with this API key.",
			}
		}
		return handle(c)
	}
}

func stamp(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Response-Time", strconv.FormatFloat(took, 'f', -1, 64))
}

// envelope is what every answer with data is wrapped in.
type envelope struct {
	Data       any      `json:"data,omitempty"`
	Result     string   `json:"result,omitempty"`
	Paging     *paging  `json:"paging,omitempty"`
	TotalCount *int     `json:"totalCount,omitempty"`
	Expandable []string `json:"expandable,omitempty"`
	Took       float64  `json:"took"`
	RequestID  string   `json:"requestId"`
}

// paging holds addresses of other pages.
type paging struct {
	Next  string `json:"next,omitempty"`
	Prev  string `json:"prev,omitempty"`
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
}

// answer sends 200; what is not given is left out.
func (c *call) answer(e envelope) (standin.Reply, error) {
	e.Took, e.RequestID = took, c.id
	h := http.Header{}
	stamp(h, c.id)
	if p := e.Paging; p != nil {
		for name, value := range map[string]string{"Next": p.Next, "Prev": p.Prev, "First": p.First, "Last": p.Last} {
			if value != "" {
				h.Set("X-Paging-"+name, value)
			}
		}
	}
	return standin.Reply{Status: http.StatusOK, Body: e, Header: h}, nil
}

// accepted sends 202 with the id of the request.
func accepted(id string) (standin.Reply, error) {
	h := http.Header{}
	stamp(h, id)
	return standin.Reply{
		Status: http.StatusAccepted, Header: h, Body: envelope{Result: "Request will be processed", Took: took, RequestID: id},
	}, nil
}

// moment reads a time from the query; the default is now.
func (c *call) moment(name string, now time.Time) (time.Time, error) {
	text := c.Query.Get(name)
	if text == "" {
		return now, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, alerting.Wrong(name, "It must be a date in format yyyy-MM-dd'T'HH:mm:ssZ.")
}
