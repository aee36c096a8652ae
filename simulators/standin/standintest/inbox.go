package standintest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Inbox is a receiver of webhooks.
type Inbox struct {
	*httptest.Server
	mu   sync.Mutex
	got  []Received
	next func(n int) int
}

// Received is one delivery that arrived.
type Received struct {
	Header http.Header
	Body   []byte
}

// Receive starts a receiver, which ends with the test. Next is the status to answer to the n-th delivery, from 1; 0 cuts the
// connection. Without it, all are answered 200.
func Receive(t testing.TB, next func(n int) int) *Inbox {
	t.Helper()
	in := &Inbox{next: next}
	in.Server = httptest.NewServer(in)
	t.Cleanup(in.Close)
	return in
}

// AnswerBy changes what is answered from now on.
func (in *Inbox) AnswerBy(next func(n int) int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.next = next
}

// ServeHTTP takes a delivery.
func (in *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	in.mu.Lock()
	in.got = append(in.got, Received{r.Header, body})
	n, next := len(in.got), in.next
	in.mu.Unlock()
	if next == nil {
		return
	}
	if status := next(n); status > 0 {
		w.WriteHeader(status)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// All are the deliveries so far.
func (in *Inbox) All() []Received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.got)
}

// Object is the body of the i-th delivery, from 0.
func (in *Inbox) Object(t testing.TB, i int) Object {
	t.Helper()
	var out Object
	require.NoError(t, json.Unmarshal(in.All()[i].Body, &out))
	return out
}
