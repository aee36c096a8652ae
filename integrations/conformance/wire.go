package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fault is a break on the wire. Without any of status, reset and hang there is none.
type fault struct {
	// writes hits only calls that may change something: all but GET and HEAD.
	writes bool
	// skip lets that many calls through first; count ends the fault after that many, 0 never.
	skip, count int
	// effect has the vendor carry out the call first; only its answer is lost.
	effect bool

	// status is answered, with header and body. echo answers with what the caller sent as credentials.
	status int
	header http.Header
	body   string
	echo   bool
	// reset cuts the connection; hang never answers.
	reset, hang bool
}

// call is one call that was seen on the wire.
type call struct {
	method, path string
	header       http.Header
	body         []byte
	// status is what the vendor answered, 0 for a call that did not reach it.
	status int
}

func (c call) writes() bool { return c.method != http.MethodGet && c.method != http.MethodHead }

// String is how a call is printed: without its headers, which hold credentials.
func (c call) String() string {
	return fmt.Sprintf("%s %s: %d, body %.200q", c.method, c.path, c.status, c.body)
}

// wire stands between the integration and the stand-in.
type wire struct {
	upstream *url.URL
	server   *httptest.Server
	// hung tells of each call that is left hanging; ended lets them go.
	hung, ended chan struct{}

	mu    sync.Mutex
	fault *fault
	calls []*call
}

func newWire(t testing.TB, upstream string) *wire {
	t.Helper()
	u, err := url.Parse(upstream)
	require.NoError(t, err)
	require.Equal(t, "http", u.Scheme, "the stand-in must be reached by plain HTTP")
	w := &wire{upstream: u, hung: make(chan struct{}, 100), ended: make(chan struct{})}
	w.server = httptest.NewServer(w)
	w.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(func() {
		close(w.ended)
		w.server.Close()
	})
	return w
}

// address is where the integration reaches the stand-in.
func (w *wire) address() string { return w.server.URL + w.upstream.Path }

// breaks puts a fault in the place of the present one.
func (w *wire) breaks(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = &f
}

// heals ends the fault and forgets the calls so far.
func (w *wire) heals() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault, w.calls = nil, nil
}

// seen returns the calls since the wire healed last.
func (w *wire) seen() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]call, len(w.calls))
	for i, c := range w.calls {
		list[i] = *c
	}
	return list
}

// writes returns the calls that may have changed something.
func (w *wire) writes() []call {
	return slices.DeleteFunc(w.seen(), func(c call) bool { return !c.writes() })
}

// accepted counts the writes with some text that the vendor has carried out.
func (w *wire) accepted(text string) int {
	n := 0
	for _, c := range w.writes() {
		if c.status >= 200 && c.status <= 299 && strings.Contains(strings.Join(texts(c.body), "\n"), text) {
			n++
		}
	}
	return n
}

// ServeHTTP carries one call over, or breaks it.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		reset(rw)
		return
	}
	c := &call{method: r.Method, path: r.URL.Path, header: r.Header.Clone(), body: body}
	f := w.pick(c)
	if f == nil || f.effect {
		answer, err := w.forward(r, body)
		if err != nil {
			reset(rw)
			return
		}
		defer func() { _ = answer.Body.Close() }()
		w.mu.Lock()
		c.status = answer.StatusCode
		w.mu.Unlock()
		if f == nil {
			relay(rw, answer)
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
	}
	w.breakCall(rw, r, f)
}

// pick notes the call and returns the fault that hits it, or nil.
func (w *wire) pick(c *call) *fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
	f := w.fault
	if f == nil || f.writes && !c.writes() {
		return nil
	}
	if f.skip > 0 {
		f.skip--
		return nil
	}
	if f.count > 0 {
		if f.count--; f.count == 0 {
			w.fault = nil
		}
	}
	hit := *f
	return &hit
}

func (w *wire) forward(r *http.Request, body []byte) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = w.upstream.Scheme, w.upstream.Host, ""
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	// The host stays as the caller wrote it, so that addresses the stand-in makes of it lead back over the wire.
	return w.server.Client().Do(out) //nolint:gosec // the address is that of the stand-in, whatever the call asks for
}

func relay(rw http.ResponseWriter, answer *http.Response) {
	maps.Copy(rw.Header(), answer.Header)
	rw.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(rw, answer.Body) // the caller may be gone
}

func (w *wire) breakCall(rw http.ResponseWriter, r *http.Request, f *fault) {
	switch {
	case f.hang:
		w.hung <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-w.ended:
		}
		reset(rw)
	case f.reset:
		reset(rw)
	default:
		body := f.body
		if f.echo {
			quoted, _ := json.Marshal(strings.Join(credentials(r.Header), " ")) // a text always has a JSON form
			body = `{"message":` + string(quoted) + `}`
		}
		rw.Header().Set("Content-Type", "application/json")
		maps.Copy(rw.Header(), f.header)
		rw.WriteHeader(f.status)
		_, _ = io.WriteString(rw, body)
	}
}

// reset cuts the connection so that the caller sees a reset and no answer.
func reset(rw http.ResponseWriter) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0) // makes Close send RST instead of FIN
	}
	_ = conn.Close()
}

// credentials returns what a call's headers may hold as secrets: each value, each word of it, and what the words mean in base64.
func credentials(h http.Header) []string {
	var found []string
	for _, values := range h {
		for _, value := range values {
			found = append(found, value)
			for word := range strings.FieldsSeq(value) {
				found = append(found, word)
				if plain, err := base64.StdEncoding.DecodeString(word); err == nil {
					found = append(found, string(plain))
				}
			}
		}
	}
	return found
}

// texts returns the texts in a body: of JSON every string in it, of a form every value, else the body as it is.
func texts(body []byte) []string {
	var value any
	if json.Unmarshal(body, &value) == nil {
		return stringsIn(value)
	}
	if form, err := url.ParseQuery(string(body)); err == nil && len(form) > 0 {
		return slices.Concat(slices.Collect(maps.Values(form))...)
	}
	return []string{string(body)}
}

func stringsIn(value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		found = append(found, v)
	case []any:
		for _, inner := range v {
			found = append(found, stringsIn(inner)...)
		}
	case map[string]any:
		for _, inner := range v {
			found = append(found, stringsIn(inner)...)
		}
	}
	return found
}
