package httpx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"golang.org/x/time/rate"
)

// guard is the transport around every call: it holds calls back, counts them, names the product and bounds answers.
type guard struct {
	next    http.RoundTripper
	account *Account
	limiter *rate.Limiter
	agent   string
	maxBody int64
	observe func(method string, code int, took time.Duration)
	// traced is true when next tells httptrace of its connections.
	traced bool
}

// RoundTrip sends one call, or says why it was not sent.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	done, err := g.enter(req)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	// A connection that was never had proves that nothing was sent; an error after that proves nothing.
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	out := req.Clone(httptrace.WithClientTrace(req.Context(), trace))
	out.Header.Set("User-Agent", g.agent)

	start := time.Now()
	resp, err := g.next.RoundTrip(out)
	g.count(req.Method, resp, time.Since(start))
	if err != nil {
		done(g.account.failed(err))
		if g.traced && !connected.Load() || neverSent(err) {
			return nil, bridge.Unsent(err)
		}
		return nil, err
	}
	if resp.Request == nil {
		resp.Request = req
	}
	done(g.account.answered(resp))
	resp.Body = &capped{ReadCloser: resp.Body, left: g.maxBody}
	return resp, nil
}

// enter waits for the rate limit and asks the account. A pause is looked at first, so that nobody waits only to be refused.
func (g *guard) enter(req *http.Request) (func(error), error) {
	if err := g.account.pause(); err != nil {
		return nil, err
	}
	if err := g.limiter.Wait(req.Context()); err != nil {
		return nil, bridge.Unsent(fmt.Errorf("not sent, waiting for the rate limit: %w", err))
	}
	return g.account.admit(req.Context())
}

func (g *guard) count(method string, resp *http.Response, took time.Duration) {
	if g.observe == nil {
		return
	}
	code := 0
	if resp != nil {
		code = resp.StatusCode
	}
	g.observe(method, code, took)
}

// errTooLong means that an answer is longer than the client accepts.
var errTooLong = errors.New("the answer is too long")

// capped is a body that fails once more than the allowed bytes were read.
type capped struct {
	io.ReadCloser
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, errTooLong
	}
	// One byte more than allowed tells a body that is too long from one that just fits.
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.ReadCloser.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, errTooLong
	}
	return n, err
}
