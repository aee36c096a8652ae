package testkit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Wrap puts one transport around another; nil leaves it as it is.
type Wrap = func(next http.RoundTripper) http.RoundTripper

// Recorder keeps the calls that pass through it.
type Recorder struct {
	next    http.RoundTripper
	headers []string

	mu   sync.Mutex
	list []call
}

type call struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

// Network is a network whose calls are kept, with some of their headers, and then go through wrap.
func Network(t testing.TB, wrap Wrap, headers ...string) *Recorder {
	t.Helper()
	network := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(network.CloseIdleConnections)
	r := &Recorder{next: network, headers: headers}
	if wrap != nil {
		r.next = wrap(network)
	}
	return r
}

// RoundTrip keeps a call and passes it on.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	c := call{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query().Encode()}
	for _, name := range r.headers {
		if value := req.Header.Get(name); value != "" {
			if c.Headers == nil {
				c.Headers = map[string]string{}
			}
			c.Headers[name] = value
		}
	}
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(raw))
		_ = json.Unmarshal(raw, &c.Body)
	}
	r.mu.Lock()
	r.list = append(r.list, c)
	r.mu.Unlock()
	return r.next.RoundTrip(req)
}

// Reset forgets the calls so far.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

// Paths are the calls in short, such as "GET /services".
func (r *Recorder) Paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, len(r.list))
	for i, c := range r.list {
		out[i] = c.Method + " " + c.Path
	}
	return out
}

// Golden is the calls as indented JSON, for a golden file.
func (r *Recorder) Golden(t testing.TB) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, c := range r.list {
		require.NoError(t, enc.Encode(c))
	}
	return b.String()
}
