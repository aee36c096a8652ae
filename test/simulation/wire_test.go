package simulation

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"time"
)

// wire carries an instance's calls to one vendor, or does not.
type wire struct {
	i      *instance
	vendor string
	to     http.Handler
}

// The times a call takes on its way there and back.
const (
	wayLeast = 2 * time.Millisecond
	wayMost  = 150 * time.Millisecond
)

// RoundTrip carries one call. What has left the instance may have its effect even when nobody waits for the answer any more.
func (c *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w := c.i.w
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	name := fmt.Sprintf("%s %s %s", c.vendor, req.Method, req.URL.RequestURI())
	queue, _ := pprof.Label(req.Context(), "queue")
	key := w.chance.now(fmt.Sprintf("%d/%s/%s/%s", c.i.n, queue, name, body))
	after, err := c.i.before(req.Context(), key)
	if err != nil {
		return nil, err
	}
	f := w.faults.strikes(c.vendor, req.Method != http.MethodGet, key)
	answer := func() (*http.Response, error) {
		resp := c.serve(req, body)
		w.called(c.i, c.vendor, req.Method, fmt.Sprintf("%s %s %d", c.i.name, name, resp.StatusCode))
		return resp, nil
	}
	resp, err := f.spoil(req, func() error { return wait(req.Context(), w.chance.between(wayLeast, wayMost, key+"/there")) }, answer)
	if err != nil || f.what != "" {
		w.note("%s %s: %s %v", c.i.name, name, f.what, err)
	}
	if err == nil {
		err = wait(req.Context(), w.chance.between(wayLeast, wayMost, key+"/back"))
	}
	if dead := after(); dead != nil {
		return nil, dead
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// serve lets the vendor answer.
func (c *wire) serve(req *http.Request, body []byte) *http.Response {
	inner := req.Clone(context.WithoutCancel(req.Context()))
	inner.Body, inner.RequestURI, inner.RemoteAddr = io.NopCloser(bytes.NewReader(body)), req.URL.RequestURI(), "192.0.2.1:1"
	rec := httptest.NewRecorder()
	c.to.ServeHTTP(rec, inner)
	resp := rec.Result()
	resp.Request = req
	return resp
}

// answered makes an answer that no vendor gave.
func answered(req *http.Request, status int, retryAfter, body string) *http.Response {
	rec := httptest.NewRecorder()
	if retryAfter != "" {
		rec.Header().Set("Retry-After", retryAfter)
	}
	rec.Header().Set("Content-Type", "text/html")
	rec.WriteHeader(status)
	_, _ = rec.WriteString(body)
	resp := rec.Result()
	resp.Request = req
	return resp
}
