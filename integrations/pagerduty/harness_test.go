package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

const reqID = "11111111-2222-3333-4444-555555555555"

// site is a simulated PagerDuty and the integration that works with it.
type site struct {
	*sim.Server
	*PagerDuty
	log   *safeBuffer
	calls *recorder
}

type setup struct {
	sim       sim.Options
	settings  func(*Settings)
	targets   []*Target
	transport func(http.RoundTripper) http.RoundTripper
}

func newSite(t *testing.T, s setup) *site {
	t.Helper()
	srv, err := sim.New(s.sim)
	require.NoError(t, err)
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)

	set := defaults()
	set.Endpoint, set.From, set.RateLimit = srv.URL(), sim.DefaultBotEmail, 0
	set.APIToken = config.NewSecret(sim.DefaultToken)
	set.Service = sim.DefaultService
	set.Webhook.Secrets = secrets("hook-secret")
	if s.settings != nil {
		s.settings(set)
	}
	problems := config.NewProblems("config.yaml")
	set.Validate(problems)
	require.NoError(t, problems.Err())

	network := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(network.CloseIdleConnections)
	rec := &recorder{next: network}
	if s.transport != nil {
		rec.next = s.transport(network)
	}
	logged := &safeBuffer{}
	p, err := New("oncall", set, Options{
		Log:       slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Targets:   s.targets,
		Transport: rec,
	})
	require.NoError(t, err)
	return &site{Server: srv, PagerDuty: p, log: logged, calls: rec}
}

func secrets(list ...string) config.Secrets {
	var out config.Secrets
	for _, s := range list {
		out = append(out, config.NewSecret(s))
	}
	return out
}

func draft() bridge.Draft {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return bridge.Draft{
		WebURL: "https://tele.example.com/web/requests/" + reqID,
		Request: bridge.Request{
			ID:      reqID,
			Cluster: "tele.example.com",
			User:    "dave@example.com",
			Roles:   []string{"prod-db", "prod-web"},
			Resources: []bridge.Resource{
				{Cluster: "tele.example.com", Kind: "node", Name: "8a6f", Title: "db-1"},
				{Cluster: "tele.example.com", Kind: "app", Name: "grafana"},
			},
			Reason:             "Fix the outage\nsee ticket 7",
			State:              bridge.StatePending,
			Created:            created,
			PendingUntil:       created.Add(time.Hour),
			AccessUntil:        created.Add(9 * time.Hour),
			MaxDuration:        8 * time.Hour,
			SuggestedReviewers: []string{"bob@example.com"},
			Thresholds:         []bridge.Threshold{{Approve: 2, Deny: 1}},
		},
	}
}

var marker = bridge.Marker{RequestID: reqID}

func (s *site) open(t *testing.T) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), marker, draft())
	require.NoError(t, err)
	return ref
}

// shown is the simulator's view of an incident.
func (s *site) shown(t *testing.T, ref bridge.Ref) sim.Incident {
	t.Helper()
	i, ok := s.Incident(ref.ID)
	require.True(t, ok)
	return i
}

func (s *site) evidence(t *testing.T, ref bridge.Ref) []bridge.Evidence {
	t.Helper()
	list, err := s.Evidence(t.Context(), ref)
	require.NoError(t, err)
	return list
}

func (s *site) glances(t *testing.T, since time.Time) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for g, err := range s.Changed(t.Context(), since) {
		require.NoError(t, err)
		out[g.Object.ID] = g.Decided
	}
	return out
}

// recorder keeps the calls that pass through it.
type recorder struct {
	next http.RoundTripper
	mu   sync.Mutex
	list []recorded
}

type recorded struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	From   string `json:"from,omitempty"`
	Accept string `json:"accept,omitempty"`
	Body   any    `json:"body,omitempty"`
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	c := recorded{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query().Encode(), From: req.Header.Get("From"), Accept: req.Header.Get("Accept")}
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

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

// paths are the calls in short, such as "GET /services".
func (r *recorder) paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, len(r.list))
	for i, c := range r.list {
		out[i] = c.Method + " " + c.Path
	}
	return out
}

// golden is the calls as indented JSON.
func (r *recorder) golden(t *testing.T) string {
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

// safeBuffer is a log that several goroutines write to.
type safeBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// rewrite changes answers on their way.
func rewrite(change func(r *http.Request, body string) string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			raw, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			text := change(r, string(raw))
			resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
			return resp, nil
		})
	}
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
