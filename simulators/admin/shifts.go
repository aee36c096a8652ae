package admin

import (
	"net/http"
	"time"
)

// rota is where a vendor keeps who is on call.
type rota interface {
	SetOnCall(schedule, user string, from, until time.Time) error
	ClearOnCall(schedule string) error
}

// shiftEndpoints say who is on call at a vendor, below its name.
func shiftEndpoints(base string, r rota) []endpoint {
	return []endpoint{
		{
			method: "POST", path: base + "/schedules/{name}/shifts", body: `{"user":"bob@example.com","in":"10s","for":"1h"}`,
			does:   "A person is on call, and whoever was is not. Without in from now on, without for for ever.",
			handle: func(req *http.Request) (any, error) { return addShift(r, req) },
		},
		{
			method: "DELETE", path: base + "/schedules/{name}/shifts", does: "Nobody is on call in the schedule any more.",
			handle: func(req *http.Request) (any, error) {
				if err := r.ClearOnCall(req.PathValue("name")); err != nil {
					return nil, notFound("%v", err)
				}
				return nil, nil
			},
		},
	}
}

func addShift(r rota, req *http.Request) (any, error) {
	var in struct {
		User string   `json:"user"`
		In   duration `json:"in"`
		For  duration `json:"for"`
	}
	if err := decode(req, &in); err != nil {
		return nil, err
	}
	if in.User == "" {
		return nil, badRequest("user is required: an e-mail address, a name or an id")
	}
	if in.For < 0 {
		return nil, badRequest("for must not be negative")
	}
	from, until := time.Now().Add(time.Duration(in.In)), time.Time{}
	if in.For > 0 {
		until = from.Add(time.Duration(in.For))
	}
	if err := r.SetOnCall(req.PathValue("name"), in.User, from, until); err != nil {
		return nil, notFound("%v", err)
	}
	return nil, nil
}
