package pagerduty_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// inbox is a receiver of webhooks.
type inbox struct {
	*httptest.Server
	mu   sync.Mutex
	got  []received
	next func(n int) int // the status to answer to the n-th delivery, from 1; 0 cuts the connection
}

type received struct {
	header http.Header
	body   []byte
}

func receiver(t *testing.T, next func(n int) int) *inbox {
	t.Helper()
	in := &inbox{next: next}
	in.Server = httptest.NewServer(in)
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	in.mu.Lock()
	in.got = append(in.got, received{r.Header, body})
	n := len(in.got)
	in.mu.Unlock()
	if in.next == nil {
		return
	}
	if status := in.next(n); status > 0 {
		w.WriteHeader(status)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func (in *inbox) all() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]received{}, in.got...)
}

// event is the event of the i-th delivery, from 0.
func (in *inbox) event(t *testing.T, i int) object {
	t.Helper()
	var out struct{ Event object }
	require.NoError(t, json.Unmarshal(in.all()[i].body, &out))
	return out.Event
}

// types are the types of all events that came.
func (in *inbox) types(t *testing.T) []any {
	t.Helper()
	out := []any{}
	for i := range in.all() {
		out = append(out, in.event(t, i)["event_type"])
	}
	return out
}

// subscription is the body of a create.
func subscription(url string, more map[string]any) map[string]any {
	in := map[string]any{
		"type": "webhook_subscription", "events": []string{"incident.triggered", "incident.annotated"},
		"delivery_method": map[string]any{
			"type": "http_delivery_method", "url": url, "custom_headers": []any{map[string]any{"name": "X-Own", "value": "v"}},
		},
		"filter": map[string]any{"type": "account_reference"},
	}
	maps.Copy(in, more)
	return map[string]any{"webhook_subscription": in}
}
