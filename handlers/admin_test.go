package handlers

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

func TestW8_AdminPages(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	e := NewAdminRouter(log)
	ready := errors.New("still connecting")
	(&Admin{
		Ready:   func() error { return ready },
		Status:  func() any { return map[string]int{"open": 3} },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("requests 3\n")) }),
	}).Register(e)

	answer := ask(t, e, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.Equal(t, "not ready: still connecting\n", answer.Body.String())
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodGet, "/healthz", nil).Code, "alive is not the same as ready")

	ready = nil
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodGet, "/readyz", nil).Code)
	require.Equal(t, "requests 3\n", ask(t, e, http.MethodGet, "/metrics", nil).Body.String())
	answer = ask(t, e, http.MethodGet, "/status", nil)
	require.JSONEq(t, `{"open":3}`, answer.Body.String())
	require.Contains(t, answer.Header().Get("Content-Type"), "application/json")
	require.Equal(t, http.StatusNotFound, ask(t, e, http.MethodGet, "/debug/pprof/", nil).Code)
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, e, http.MethodPost, "/status", nil).Code)
}
