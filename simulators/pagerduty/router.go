package pagerduty

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// maxBody is the largest request body that is read.
const maxBody = 4 << 20

// route is one REST operation. Its name, such as "POST /incidents/{id}/notes", is what Calls counts by.
type route struct {
	name     string
	method   string
	segments []string
	handle   func(*call) (reply, error)
	calls    atomic.Int64
}

// call is one REST request on its way through a handler.
type call struct {
	*http.Request
	user  *User // the user of a user-level key; nil for the account's key
	path  map[string]string
	query url.Values
	body  []byte
}

// reply is a successful answer; a nil body sends none.
type reply struct {
	status int
	body   any
}

func ok(body any) (reply, error) { return reply{http.StatusOK, body}, nil }

// ServeHTTP answers the REST API and the responder's page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if path == "/board" || strings.HasPrefix(path, "/board/") {
		s.board.ServeHTTP(w, r)
		return
	}
	s.serveREST(w, r, "/"+strings.Trim(path, "/"))
}

func (s *Server) serveREST(w http.ResponseWriter, r *http.Request, path string) {
	rt, params, err := s.match(r.Method, path)
	if err != nil {
		s.other.Add(1)
		writeError(w, asAPIError(err))
		return
	}
	rt.calls.Add(1)
	started := time.Now()
	// Read first: only then does net/http notice that a waiting caller went away.
	body, err := readBody(r)
	if err != nil {
		writeError(w, asAPIError(err))
		return
	}
	if !sleep(r, s.opt.Latency) {
		return
	}
	fault := s.faults.pick(r.Method, path)
	if fault != nil && !sleep(r, fault.Delay) {
		return
	}
	if fault.breaks() && !fault.AfterEffect {
		s.breakCall(w, r, fault)
		return
	}
	c := &call{Request: r, path: params, query: r.URL.Query(), body: body}
	out, err := s.answer(c, rt)
	s.log.Debug("rest call", "route", rt.name, "path", r.URL.Path, "error", err, "took", time.Since(started))
	if fault.breaks() {
		s.breakCall(w, r, fault)
		return
	}
	rateLimit(w.Header(), 959, "60")
	if err != nil {
		writeError(w, asAPIError(err))
		return
	}
	writeJSON(w, out.status, out.body)
}

// answer authenticates the caller and runs the handler.
func (s *Server) answer(c *call, rt *route) (reply, error) {
	user, err := s.authenticate(c.Request)
	if err != nil {
		return reply{}, err
	}
	if err := versioned(c.Request); err != nil {
		return reply{}, err
	}
	c.user = user
	return rt.handle(c)
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, failure(http.StatusRequestEntityTooLarge, codeInvalidInput, "Request Entity Too Large")
	}
	if err != nil {
		return nil, invalidInput("The request body could not be read.")
	}
	return body, nil
}

// decode reads the JSON body.
func (c *call) decode(into any) error {
	if err := json.Unmarshal(c.body, into); err != nil {
		return invalidInput("The request body is not the JSON that is wanted here.")
	}
	return nil
}

// match finds the route of a path. Literal routes stand before those with parameters in the table.
func (s *Server) match(method, path string) (*route, map[string]string, error) {
	segments := strings.Split(path[1:], "/")
	known := false
	for _, rt := range s.routes {
		params, fits := rt.fits(segments)
		if fits && rt.method == method {
			return rt, params, nil
		}
		known = known || fits
	}
	if known {
		return nil, nil, failure(http.StatusMethodNotAllowed, codeNotFound, "Method Not Allowed")
	}
	return nil, nil, notFound()
}

func (rt *route) fits(segments []string) (map[string]string, bool) {
	if len(segments) != len(rt.segments) {
		return nil, false
	}
	for i, want := range rt.segments {
		if want[0] != '{' && want != segments[i] {
			return nil, false
		}
	}
	var params map[string]string
	for i, want := range rt.segments {
		if want[0] != '{' {
			continue
		}
		value, err := url.PathUnescape(segments[i])
		if err != nil || value == "" {
			return nil, false
		}
		if params == nil {
			params = map[string]string{}
		}
		params[strings.Trim(want, "{}")] = value
	}
	return params, true
}

// sleep waits unless the caller goes away or the simulator is stopped; no lock is held meanwhile.
func sleep(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func writeError(w http.ResponseWriter, e *apiError) { writeJSON(w, e.status, e.body()) }

func writeJSON(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the caller may be gone
}

// Calls counts REST calls by route, such as "POST /incidents" or "GET /incidents/{id}"; calls of no route count as "other".
// Calls that met a fault count too.
func (s *Server) Calls() map[string]int {
	out := map[string]int{}
	for _, rt := range s.routes {
		if n := rt.calls.Load(); n > 0 {
			out[rt.name] = int(n)
		}
	}
	if n := s.other.Load(); n > 0 {
		out["other"] = int(n)
	}
	return out
}

// TotalCalls is the sum of Calls.
func (s *Server) TotalCalls() int {
	total := 0
	for _, n := range s.Calls() {
		total += n
	}
	return total
}

// ResetCalls starts counting again from zero.
func (s *Server) ResetCalls() {
	for _, rt := range s.routes {
		rt.calls.Store(0)
	}
	s.other.Store(0)
}
