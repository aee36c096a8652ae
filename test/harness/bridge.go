package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/accessbridge/accessbridge/server"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

// Bridge is one instance.
type Bridge struct {
	Server *server.Server
	// Logs is everything the instance has logged, at debug level.
	Logs *Logs

	w     *World
	audit string
	stop  context.CancelFunc
	ended chan struct{}
	err   error
	// failed is true once a test has taken notice of the error.
	failed bool
}

// Logs are log lines.
type Logs struct{ logtest.Log }

// tail is the last lines.
func (l *Logs) tail(n int) string {
	lines := slices.Collect(strings.Lines(l.String()))
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// Have reports whether a single line contains all the texts.
func (l *Logs) Have(texts ...string) bool {
	for line := range strings.Lines(l.String()) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			return true
		}
	}
	return false
}

// Start starts an instance and waits until it is ready.
func (w *World) Start() *Bridge {
	w.T.Helper()
	b := w.Launch(server.Options{})
	w.Ready(b)
	return b
}

// Ready waits until an instance is ready.
func (w *World) Ready(b *Bridge) {
	w.T.Helper()
	w.Eventually("the bridge to be ready", func() bool { return b.Server.Ready() == nil })
}

// Launch starts an instance and does not wait for it. The log and the version of the options are set here.
func (w *World) Launch(o server.Options) *Bridge {
	w.T.Helper()
	n := w.next()
	b := &Bridge{Logs: &Logs{}, w: w, audit: w.auditFile(n), ended: make(chan struct{})}
	cfg, err := server.LoadConfig(w.write(n))
	require.NoError(w.T, err)
	// The test's own context ends before its clean-up, which stops the instance in order.
	ctx, stop := context.WithCancel(context.WithoutCancel(w.T.Context()))
	o.Version, o.Log = "test", b.Logger()
	if b.Server, err = server.New(ctx, cfg, o); err != nil {
		stop()
		require.NoError(w.T, err)
	}
	b.stop = stop
	go func() {
		defer close(b.ended)
		b.err = b.Server.Run(ctx)
	}()
	w.mu.Lock()
	w.bridges = append(w.bridges, b)
	w.mu.Unlock()
	w.connectWebhooks()
	return b
}

// Logger writes into the instance's log, at debug level.
func (b *Bridge) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(b.Logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// next numbers the configuration files.
func (w *World) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started++
	return w.started - 1
}

// running are the instances that have been started and not stopped.
func (w *World) running() []*Bridge {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.bridges)
}

// connectWebhooks makes every Jira send its webhooks to all instances that run, as a load balancer that repeats everything.
func (w *World) connectWebhooks() {
	running := w.running()
	for name, site := range w.Sites {
		if w.Settings.Jira[name]["mode"] == "poll" {
			site.SetWebhooks()
			continue
		}
		var hooks []jira.Webhook
		for _, b := range running {
			hooks = append(hooks, jira.Webhook{URL: b.WebhookURL(name), Secret: Secret, Client: w.Client, RetryDelay: 200 * time.Millisecond})
		}
		site.SetWebhooks(hooks...)
	}
}

// Stop stops the instance as SIGTERM does and returns what Run returned. It may be called again.
func (b *Bridge) Stop() error {
	b.w.mu.Lock()
	b.w.bridges = slices.DeleteFunc(b.w.bridges, func(other *Bridge) bool { return other == b })
	b.w.mu.Unlock()
	b.w.connectWebhooks()
	b.stop()
	<-b.ended
	return b.err
}

// Ended waits until the instance ends by itself and returns why.
func (b *Bridge) Ended() error {
	b.w.T.Helper()
	select {
	case <-b.ended:
		b.failed = true
		return b.err
	case <-time.After(patience):
		require.FailNow(b.w.T, "the bridge goes on")
		return nil
	}
}

// WebhookURL is the address of an integration's webhook.
func (b *Bridge) WebhookURL(name string) string {
	return "https://" + b.Server.Addr().String() + "/webhooks/" + name
}

// Answer is an answer over HTTP.
type Answer struct {
	Code   int
	Body   string
	Header http.Header
}

// Send sends a request to the public listener; the path is below its root.
func (b *Bridge) Send(method, path string, body io.Reader, header http.Header) Answer {
	b.w.T.Helper()
	return b.w.send(method, "https://"+b.Server.Addr().String()+path, body, header)
}

// Deliver posts a body to the webhook of Main, with a signature made with the secret; an empty secret leaves it out.
func (b *Bridge) Deliver(body []byte, secret string) Answer {
	b.w.T.Helper()
	header := http.Header{"Content-Type": {"application/json"}}
	if secret != "" {
		header.Set("X-Hub-Signature", jira.Sign(secret, body))
	}
	return b.Send(http.MethodPost, "/webhooks/"+Main, bytes.NewReader(body), header)
}

// Admin gets a page of the private listener.
func (b *Bridge) Admin(path string) Answer {
	b.w.T.Helper()
	return b.w.send(http.MethodGet, "http://"+b.Server.AdminAddr().String()+path, nil, nil)
}

func (w *World) send(method, url string, body io.Reader, header http.Header) Answer {
	w.T.Helper()
	request, err := http.NewRequestWithContext(w.T.Context(), method, url, body)
	require.NoError(w.T, err)
	maps.Copy(request.Header, header)
	response, err := w.Client.Do(request)
	require.NoError(w.T, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(w.T, err)
	return Answer{Code: response.StatusCode, Body: string(text), Header: response.Header}
}

// Status is what /status shows.
func (b *Bridge) Status() server.Status {
	b.w.T.Helper()
	answer := b.Admin("/status")
	require.Equal(b.w.T, http.StatusOK, answer.Code)
	var status server.Status
	require.NoError(b.w.T, json.Unmarshal([]byte(answer.Body), &status))
	return status
}

// Unsettled is the first fault on /status whose text contains all the words.
func (b *Bridge) Unsettled(words ...string) (class bridge.Class, ok bool) {
	b.w.T.Helper()
	for _, f := range b.Status().Unsettled {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(f.Error, word) }) {
			return f.Class, true
		}
	}
	return "", false
}

// Metric sums the samples of a metric whose labels include all the pairs, each written as name="value".
func (b *Bridge) Metric(name string, pairs ...string) float64 {
	b.w.T.Helper()
	sum := 0.0
	for line := range strings.Lines(b.Admin("/metrics").Body) {
		rest, ours := strings.CutPrefix(line, name)
		if !ours || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		if slices.ContainsFunc(pairs, func(pair string) bool { return !strings.Contains(rest, pair) }) {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(strings.TrimSpace(rest), ' ')+1:]), 64)
		require.NoError(b.w.T, err)
		sum += value
	}
	return sum
}

// Audit are the audit lines of the instance.
func (b *Bridge) Audit() []bridge.AuditEntry {
	b.w.T.Helper()
	text, err := os.ReadFile(b.audit)
	require.NoError(b.w.T, err)
	var list []bridge.AuditEntry
	for line := range bytes.Lines(text) {
		var entry bridge.AuditEntry
		require.NoError(b.w.T, json.Unmarshal(line, &entry))
		list = append(list, entry)
	}
	return list
}

// Audited waits until the instance has audited something n times, and returns its audit lines.
func (b *Bridge) Audited(n int) []bridge.AuditEntry {
	b.w.T.Helper()
	b.w.Eventually("the audit lines", func() bool { return len(b.Audit()) >= n })
	list := b.Audit()
	require.Len(b.w.T, list, n)
	return list
}

// Refused are the codes of the refusals that the instance audited for a request.
func (b *Bridge) Refused(id string) []string {
	b.w.T.Helper()
	var codes []string
	for _, e := range b.Audit() {
		if e.RequestID == id && e.Outcome == bridge.OutcomeRefused {
			codes = append(codes, e.Code)
		}
	}
	return codes
}
