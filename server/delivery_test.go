package server

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

// BenchmarkDelivery takes deliveries of Jira through everything that stands between the connection and the queue: one that is genuine, and
// others that are refused at each of the guards.
func BenchmarkDelivery(b *testing.B) {
	body := statusChange(b)
	for _, c := range []struct {
		name, path, secret string
		rate               string
		status             int
	}{
		{"taken", "/webhooks/itsm", "planted", "{per_second: 1000000000, burst: 1000000000}", http.StatusOK},
		{"forged", "/webhooks/itsm", "guessed", "{per_second: 1000000000, burst: 1000000000}", http.StatusUnauthorized},
		{"unknown", "/webhooks/other", "planted", "{per_second: 1000000000, burst: 1000000000}", http.StatusNotFound},
		{"limited", "/webhooks/itsm", "planted", "{per_second: 0.001, burst: 1}", http.StatusTooManyRequests},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := folder(b)
			cfg := load(b, write(b, dir, oneRoute, "server:\n", "server:\n  rate_limit: "+c.rate+"\n"))
			s, err := New(b.Context(), cfg, Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}) //nolint:sloglint // Making up lines is part of what is measured.
			require.NoError(b, err)
			defer func() { require.NoError(b, s.release()) }()
			public, _ := s.servers()
			content := bytes.NewReader(body)
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, c.path, content)
			require.NoError(b, err)
			request.RemoteAddr = "192.0.2.1:4711"
			request.Header.Set("X-Hub-Signature", jira.Sign(c.secret, body))
			answer := &answer{header: http.Header{}}
			public.Handler.ServeHTTP(answer, request)
			b.ReportAllocs()
			for b.Loop() {
				content.Reset(body)
				request.Body = io.NopCloser(content)
				clear(answer.header)
				public.Handler.ServeHTTP(answer, request)
			}
			require.Equal(b, c.status, answer.status)
		})
	}
}

// answer keeps the status and nothing else.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return len(p), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }

// statusChange is what Jira delivers when somebody has moved an issue.
func statusChange(b *testing.B) []byte {
	site, err := jira.New(jira.Options{})
	require.NoError(b, err)
	require.NoError(b, site.Start())
	defer site.Close()
	site.AddWebhook(jira.Webhook{URL: "http://127.0.0.1:1", Events: []string{"jira:issue_updated"}})
	site.SetWebhookFault(jira.WebhookFault{LoseEvery: 1})
	const issue = `{"fields":{"project":{"key":"ACC"},"issuetype":{"name":"Task"},"summary":"Access to prod-db","description":"The nightly job failed.",
		"labels":["accessbridge","teleport-request-01980000-0000-7000-8000-000000000001"]}}`
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, site.URL()+"/rest/api/2/issue", strings.NewReader(issue))
	require.NoError(b, err)
	request.SetBasicAuth(jira.BotEmail, jira.BotToken)
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{}
	answer, err := client.Do(request)
	require.NoError(b, err)
	require.NoError(b, answer.Body.Close())
	client.CloseIdleConnections()
	require.NoError(b, site.Move("bob", "ACC-1", "Approved"))
	require.NoError(b, site.WaitDeliveries(b.Context()))
	require.Len(b, site.Deliveries(), 1)
	return site.Deliveries()[0].Body
}
