package jira

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
	"unicode/utf16"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

const reqID = "11111111-2222-3333-4444-555555555555"

// site is a simulated Jira and the integration that works with it.
type site struct {
	*sim.Server
	*Jira
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
	set.URL, set.Project, set.RateLimit = srv.URL(), "ACC", 0
	set.Webhook.Secrets = config.Secrets{config.NewSecret("hook-secret")}
	if s.sim.Flavour == sim.DataCenter {
		set.Flavour, set.Token = DataCenter, config.NewSecret(sim.BotToken)
	} else {
		set.User, set.APIToken = sim.BotEmail, config.NewSecret(sim.BotToken)
	}
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
	j, err := New("itsm", set, Options{
		Log:       slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Targets:   s.targets,
		Transport: rec,
	})
	require.NoError(t, err)
	return &site{Server: srv, Jira: j, log: logged, calls: rec}
}

// eachFlavour runs a test with both products.
func eachFlavour(t *testing.T, test func(t *testing.T, flavour sim.Flavour)) {
	for _, f := range []sim.Flavour{sim.Cloud, sim.DataCenter} {
		t.Run(f.String(), func(t *testing.T) { test(t, f) })
	}
}

// who is how a flavour names a user in its changelog.
func who(f sim.Flavour, name string) string {
	if f == sim.DataCenter {
		return name
	}
	return "712020:" + name
}

func draft() bridge.Draft {
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return bridge.Draft{
		WebURL: "https://tele.example.com/web/requests/" + reqID,
		Request: bridge.Request{
			ID:      reqID,
			Cluster: "tele.example.com",
			User:    "alice@example.com",
			Roles:   []string{"prod-db", "prod_*"},
			Resources: []bridge.Resource{
				{Cluster: "tele.example.com", Kind: "node", Name: "8a6f", Title: "db-1"},
				{Cluster: "tele.example.com", Kind: "app", Name: "grafana"},
			},
			Reason:             "Fix *the* outage [~bob] !http://x/y.png!",
			State:              bridge.StatePending,
			Created:            created,
			PendingUntil:       created.Add(time.Hour),
			AccessUntil:        created.Add(9 * time.Hour),
			MaxDuration:        8 * time.Hour,
			SuggestedReviewers: []string{"nobody@example.com", "bob@example.com"},
			Thresholds:         []bridge.Threshold{{Approve: 2, Deny: 1}},
			Annotations:        map[string][]string{"team": {"payments"}},
		},
	}
}

func (s *site) open(t *testing.T) bridge.Ref {
	t.Helper()
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.NoError(t, err)
	return ref
}

// issueOf returns the simulator's view of an issue.
func (s *site) issueOf(t *testing.T, ref bridge.Ref) sim.Issue {
	t.Helper()
	i, ok := s.Issue(ref.ID)
	require.True(t, ok)
	return i
}

func (s *site) evidence(t *testing.T, ref bridge.Ref) bridge.Evidence {
	t.Helper()
	list, err := s.Evidence(t.Context(), ref)
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
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
	Body   any    `json:"body,omitempty"`
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	c := recorded{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query().Encode()}
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

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func utf16Len(s string) int { return len(utf16.Encode([]rune(s))) }
