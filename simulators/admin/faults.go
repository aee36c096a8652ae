package admin

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// teleportErrors are the kinds of errors an RPC can be made to answer, each made from a message.
func teleportErrors() map[string]func(message string) error {
	return map[string]func(string) error{
		"access_denied":      func(m string) error { return trace.AccessDenied("%s", m) },
		"already_exists":     func(m string) error { return trace.AlreadyExists("%s", m) },
		"bad_parameter":      func(m string) error { return trace.BadParameter("%s", m) },
		"compare_failed":     func(m string) error { return trace.CompareFailed("%s", m) },
		"connection_problem": func(m string) error { return trace.ConnectionProblem(nil, "%s", m) },
		"limit_exceeded":     func(m string) error { return trace.LimitExceeded("%s", m) },
		"not_found":          func(m string) error { return trace.NotFound("%s", m) },
		"not_implemented":    func(m string) error { return trace.NotImplemented("%s", m) },
	}
}

// pace is what faults of all simulators have in common.
type pace struct {
	AfterEffect bool     `json:"after_effect"`
	Delay       duration `json:"delay"`
	Hang        bool     `json:"hang"`
	Count       int      `json:"count"`
	Every       int      `json:"every"`
}

func (p pace) check() error {
	if p.Delay < 0 || p.Count < 0 || p.Every < 0 {
		return badRequest("delay, count and every must not be negative")
	}
	return nil
}

func (a *api) breakTeleport(r *http.Request) (any, error) {
	var in struct {
		Method  string `json:"method"`
		Error   string `json:"error"`
		Message string `json:"message"`
		pace
	}
	if err := errors.Join(decode(r, &in), in.check()); err != nil {
		return nil, err
	}
	if in.Method == "" {
		return nil, badRequest(`method is required: the name of an RPC, such as SubmitAccessReview, or "*" for all`)
	}
	if in.Error == "" && in.Delay == 0 && !in.Hang {
		return nil, badRequest("error, delay or hang is required: a fault must do something")
	}
	f := teleport.Fault{
		Method: in.Method, AfterEffect: in.AfterEffect, Delay: time.Duration(in.Delay), Hang: in.Hang,
		Count: in.Count, Every: in.Every,
	}
	if in.Error != "" {
		kinds := teleportErrors()
		kind, ok := kinds[in.Error]
		if !ok {
			return nil, badRequest("error must be one of %s", strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		if in.Message == "" {
			in.Message = "fault on demand"
		}
		f.Err = kind(in.Message)
	}
	return a.addFault(a.world.Teleport.Inject(f)), nil
}

func (a *api) breakVendor(s simulator, r *http.Request) (any, error) {
	var in struct {
		Method     string `json:"method"`
		Path       string `json:"path"`
		Status     int    `json:"status"`
		RetryAfter string `json:"retry_after"`
		Body       string `json:"body"`
		Reset      bool   `json:"reset"`
		pace
	}
	if err := errors.Join(decode(r, &in), in.check()); err != nil {
		return nil, err
	}
	if in.Status == 0 && !in.Reset && in.Delay == 0 && !in.Hang {
		return nil, badRequest("status, reset, delay or hang is required: a fault must do something")
	}
	if in.Status != 0 && (in.Status < 200 || in.Status > 599) {
		return nil, badRequest("status must be an HTTP status from 200 to 599, not %d", in.Status)
	}
	return a.addFault(s.Inject(standin.Fault{
		Method: strings.ToUpper(in.Method), PathContains: in.Path, Status: in.Status, RetryAfter: in.RetryAfter, Body: in.Body,
		AfterEffect: in.AfterEffect, Reset: in.Reset, Delay: time.Duration(in.Delay), Hang: in.Hang,
		Count: in.Count, Every: in.Every,
	})), nil
}

func (a *api) breakWebhooks(s simulator, r *http.Request) (any, error) {
	var in struct {
		LoseEvery int      `json:"lose_every"`
		Double    bool     `json:"double"`
		Reorder   bool     `json:"reorder"`
		Delay     duration `json:"delay"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.LoseEvery < 0 || in.Delay < 0 {
		return nil, badRequest("lose_every and delay must not be negative")
	}
	s.SetWebhookFault(standin.WebhookFault{
		LoseEvery: in.LoseEvery, Double: in.Double, Reorder: in.Reorder, Delay: time.Duration(in.Delay),
	})
	return nil, nil
}

func (a *api) addFault(cancel func()) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	id := strconv.Itoa(a.last)
	a.faults[id] = cancel
	return map[string]string{"id": id}
}

func (a *api) endFault(r *http.Request) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := r.PathValue("id")
	cancel, ok := a.faults[id]
	if !ok {
		return nil, notFound("there is no fault %q", id)
	}
	delete(a.faults, id)
	cancel()
	return nil, nil
}
