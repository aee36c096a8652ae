package opsgenie

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// took is how many seconds every call took: the vendor tells, and clients complain where it is zero.
const took = 0.004

// call is one REST request on its way through a handler.
type call struct {
	*standin.Call
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
	c := &call{Call: in, id: uuid.NewString()}
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

// decode reads the JSON body; an empty one is an empty object.
func (c *call) decode(into any) error {
	if len(c.Content) == 0 {
		return nil
	}
	err := c.Decode(into)
	if mismatch, isType := errors.AsType[*json.UnmarshalTypeError](err); isType {
		return wrong(mismatch.Field, "It must not be a "+mismatch.Value+".")
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "Malformed JSON")
	}
	return nil
}

// number reads a number from the query.
func (c *call) number(name string, otherwise, least, most int) (int, error) {
	text := c.Query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, wrong(name, "It must be a number from "+strconv.Itoa(least)+" to "+strconv.Itoa(most)+".")
	}
	return n, nil
}

// choice reads a word from the query; the first of the choices is the default.
func (c *call) choice(name string, choices ...string) (string, error) {
	text := c.Query.Get(name)
	if text == "" {
		return choices[0], nil
	}
	for _, one := range choices {
		if text == one {
			return one, nil
		}
	}
	return "", wrong(name, "It must be one of "+strings.Join(choices, ", ")+".")
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
	return time.Time{}, wrong(name, "It must be a date in format yyyy-MM-dd'T'HH:mm:ssZ.")
}

// date is how the vendor writes times.
func date(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
