package pagerduty

import (
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a break of the REST API on demand. Without Status, Reset and Hang it only delays.
type Fault struct {
	// Method and PathContains choose the calls; empty means all. The path has no host and no query.
	Method, PathContains string
	// Status is answered instead of the true answer, with RetryAfter as the Retry-After header and Body as it is. An empty
	// Body becomes an error in PagerDuty's form. A 429 carries PagerDuty's rate limit headers.
	Status     int
	RetryAfter string
	Body       string
	// Bare sends the status with no body and no rate limit headers, which PagerDuty says may happen with 429.
	Bare bool
	// AfterEffect does the work first and then answers the fault.
	AfterEffect bool
	// Reset cuts the connection without an answer.
	Reset bool
	// Delay waits before anything else.
	Delay time.Duration
	// Hang never answers: the call ends when the caller gives up or the simulator stops.
	Hang bool
	// Count ends the fault after that many calls; 0 means it lasts until it is cancelled.
	Count int
	// Every hits only each n-th call that matches; 0 and 1 mean each.
	Every int
}

// breaks says whether the fault takes the place of the true answer.
func (f *Fault) breaks() bool {
	return f != nil && (f.Status != 0 || f.Reset || f.Hang)
}

type activeFault struct {
	Fault
	seen, hit int
}

type faults struct {
	mu     sync.Mutex
	active []*activeFault
}

// Inject starts a fault. The first one injected that fits a call is used. Cancel ends it; it may be called twice.
func (s *Server) Inject(f Fault) (cancel func()) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	added := &activeFault{Fault: f}
	s.faults.active = append(s.faults.active, added)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		s.faults.active = slices.DeleteFunc(s.faults.active, func(a *activeFault) bool { return a == added })
	}
}

// pick finds the fault that hits this call, or nil.
func (f *faults) pick(method, path string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.active {
		if (a.Method != "" && a.Method != method) || !strings.Contains(path, a.PathContains) {
			continue
		}
		a.seen++
		if a.Every > 1 && a.seen%a.Every != 0 {
			continue
		}
		a.hit++
		if a.Count > 0 && a.hit >= a.Count {
			f.active = slices.Delete(slices.Clone(f.active), i, i+1)
		}
		return &a.Fault
	}
	return nil
}

// breakCall gives the caller the fault.
func (s *Server) breakCall(w http.ResponseWriter, r *http.Request, f *Fault) {
	switch {
	case f.Hang:
		<-r.Context().Done()
		reset(w)
	case f.Reset:
		reset(w)
	default:
		s.writeFault(w, f)
	}
}

func (s *Server) writeFault(w http.ResponseWriter, f *Fault) {
	h := w.Header()
	if f.RetryAfter != "" {
		h.Set("Retry-After", f.RetryAfter)
	}
	e := &apiError{status: f.Status, code: codeInternal, message: http.StatusText(f.Status)}
	switch f.Status {
	case http.StatusTooManyRequests:
		e.code, e.message = codeRateLimit, "Rate Limit Exceeded"
	case http.StatusUnauthorized:
		e.code, e.message = codeAuthentication, "Authentication failed"
	case http.StatusForbidden:
		e.code, e.message = codeAccessDenied, "Access Denied"
	case http.StatusNotFound:
		e.code, e.message = codeNotFound, "Not Found"
	}
	switch {
	case f.Bare:
		w.WriteHeader(f.Status)
	case f.Body != "":
		h.Set("Content-Type", "application/json")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the caller may be gone
	default:
		if f.Status == http.StatusTooManyRequests {
			rateLimit(h, 0, orDefault(f.RetryAfter, "1"))
		}
		writeError(w, e)
	}
}

// rateLimit sets the headers that tell how much of the limit of 960 calls a minute is left.
func rateLimit(h http.Header, remaining int, reset string) {
	h.Set("ratelimit-limit", "960")
	h.Set("ratelimit-remaining", strconv.Itoa(remaining))
	h.Set("ratelimit-reset", reset)
}

// reset cuts the connection so that the caller sees a reset and no answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	raw := conn
	if secured, isTLS := conn.(*tls.Conn); isTLS {
		raw = secured.NetConn()
	}
	if tcp, isTCP := raw.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // makes Close send RST instead of FIN
	}
	_ = raw.Close()
}
