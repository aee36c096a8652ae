package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// ships is a fleet without a bridge.
func ships(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{}
	_, w, err := makeWorld(t.Context(), &rig{dir: t.TempDir(), progress: io.Discard}, f.steps()...)
	require.NoError(t, err)
	require.Same(t, w, f.world)
	t.Cleanup(func() { require.NoError(t, f.close()) })
	return f
}

func TestTheFleetsConfigurationIsValid(t *testing.T) {
	f := ships(t)
	cfg, err := config.Load(f.path("config.yaml"), integrations.Kinds(integrations.Builtin()))
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Equal(t, config.RateLimit{PerSecond: 100, Burst: 1000}, cfg.Server.RateLimit, "the flood meets the limit that operators have")
	kinds := map[string]string{}
	for i, c := range cfg.Integrations {
		kinds[c.Name] = c.Type
		require.Equal(t, c.Name, cfg.Routes[i].Targets[0].Integration)
	}
	require.Equal(t, map[string]string{"jira": "jira", secondSite: "jira", "pagerduty": "pagerduty", "opsgenie": "opsgenie", "jsm": "jsm"}, kinds)
}

func TestObjectsOfAllAccountsAreKeptApart(t *testing.T) {
	f := ships(t)
	for i, a := range f.accounts {
		if i < 2 {
			continue // issues are made over the REST API, which other tests do
		}
		f.ledger.made("request-"+a.name, a.name+"/1")
	}
	f.ledger.made("first", "1")
	f.ledger.made("second", secondSite+"/1")
	f.ledger.made("second", secondSite+"/1")
	f.ledger.made("twice", "2")
	f.ledger.made("twice", secondSite+"/2")
	missing, doubled := f.ledger.count([]string{"first", "second", "twice", "request-jsm", "request-opsgenie", "request-pagerduty", "none"})
	require.Equal(t, 1, missing)
	require.Equal(t, 1, doubled)
}

func TestAccountsCanHang(t *testing.T) {
	for _, a := range ships(t).accounts {
		a.server.Inject(standin.Fault{Hang: true})()
	}
}

// bridgeLike is a TLS listener with the fleet's certificate. It cuts off what takes longer than its patience.
func bridgeLike(t *testing.T, s *settings, patience time.Duration, h http.HandlerFunc) {
	t.Helper()
	serving, err := s.vendorTLS()
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(h)
	server.TLS = serving
	server.Config.ReadHeaderTimeout, server.Config.ReadTimeout = patience, patience
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // connections are cut on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	s.Listen = server.Listener.Addr().String()
}

func TestAWireSendsOneRequestAfterTheOther(t *testing.T) {
	w := bare(t)
	var seen []string
	bridgeLike(t, &w.config, time.Minute, func(answer http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing shows below
		seen = append(seen, r.RemoteAddr[:strings.LastIndex(r.RemoteAddr, ":")]+" "+r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Proof")+" "+string(body))
		if r.URL.Path == "/long" {
			_, _ = io.WriteString(answer, "an answer with a body")
			return
		}
		answer.WriteHeader(http.StatusTooManyRequests)
	})
	wire, err := w.config.connectFrom(t.Context(), floodSource(6), w.config.Listen)
	require.NoError(t, err)
	defer wire.close()
	long, err := written(http.MethodPost, "/long", http.Header{"X-Proof": {"p"}}, []byte("body"))
	require.NoError(t, err)
	short, err := written(http.MethodGet, "/short", nil, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		request []byte
		status  int
	}{{long, 200}, {short, 429}, {long, 200}} {
		status, err := wire.send(c.request)
		require.NoError(t, err)
		require.Equal(t, c.status, status)
	}
	require.Equal(t, []string{"127.0.1.7 POST /long p body", "127.0.1.7 GET /short  ", "127.0.1.7 POST /long p body"}, seen)
	require.NoError(t, wire.deliver(long))
	require.ErrorContains(t, wire.deliver(short), "a delivery was answered 429")
}

func TestStatusOfAnAnswer(t *testing.T) {
	status, err := statusOf([]byte("HTTP/1.1 401 Unauthorized\r\n"))
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	for _, line := range []string{"", "\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20", "HTTP/1.1 two hundred\r\n", "SSH-2.0 200 OK\r\n"} {
		_, err := statusOf([]byte(line))
		require.Error(t, err, line)
	}
}

// until is a context that ends after a while.
func until(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestAFloodIsRefused(t *testing.T) {
	w := bare(t)
	const path, id = "/webhooks/" + integration, "X-Atlassian-Webhook-Identifier"
	body := []byte(`{"webhookEvent":"jira:issue_updated"}`)
	ctx, enough := context.WithCancel(until(t, 5*time.Minute))
	var forged, large atomic.Int64
	bridgeLike(t, &w.config, 2*time.Second, func(answer http.ResponseWriter, r *http.Request) {
		read, err := io.ReadAll(http.MaxBytesReader(answer, r.Body, 1<<20))
		switch {
		case err != nil:
			large.Add(1)
			answer.WriteHeader(http.StatusRequestEntityTooLarge)
		case r.Method == http.MethodPost && r.URL.Path == path && r.Header.Get("X-Hub-Signature") == jirasim.Sign(webhookSecret, read):
			answer.WriteHeader(http.StatusOK)
		default:
			forged.Add(1)
			answer.WriteHeader(http.StatusUnauthorized)
		}
		// Each sender waits for its answer, so that most have one by then.
		if forged.Load() > 10*floodSources*floodWires && large.Load() > 3*floodSources {
			enough()
		}
	})
	f, err := newFlood(w.config, jirasim.Delivery{Delivery: standin.Delivery{Body: body, Headers: http.Header{id: {"1"}}}})
	require.NoError(t, err)
	came, err := f.run(ctx, true)
	require.NoError(t, err)
	require.InDelta(t, 1, came.refused(), 0, "%v", came.answers)
	require.Positive(t, came.sent)
	require.Positive(t, came.perSecond())
	require.Positive(t, came.answers["401"])
	require.Greater(t, came.answers["413"]+came.answers[answeredCut], floodSources*crawlers, "bodies that are too large: %v", came.answers)
	require.GreaterOrEqual(t, came.answers[answeredCut], floodSources*crawlers, "requests that never end")
}

// passed is a context whose deadline is over, although nothing has told it so yet.
type passed struct{ context.Context }

func (passed) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }
func (passed) Err() error                  { return nil }

func TestTimeIsUpOnceTheDeadlineHasPassed(t *testing.T) {
	require.True(t, timeIsUp(passed{t.Context()}))
	require.False(t, timeIsUp(until(t, time.Hour)))
	require.False(t, timeIsUp(t.Context()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.True(t, timeIsUp(ended))
}

func TestConnectionsThatAreCutOffWhileBeingMade(t *testing.T) {
	w := bare(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	_, err = w.config.connectFrom(t.Context(), floodSource(0), listener.Addr().String())
	require.Error(t, err)
	require.True(t, wasCut(err), "%v", err)
	require.NoError(t, listener.Close())
	_, err = w.config.connectFrom(t.Context(), floodSource(0), "127.0.0.1:1")
	require.Error(t, err)
	require.False(t, wasCut(err), "nobody listens: %v", err)
}

func TestRefusedIsAShareOfAll(t *testing.T) {
	came := torrent{answers: tally{"401": 4, "429": 3, answeredCut: 1, "200": 1, answeredNever: 1}, sent: 50, lasted: 2 * time.Second}
	require.InDelta(t, 0.8, came.refused(), 1e-9)
	twice := came.plus(torrent{answers: tally{"401": 10}, sent: 150, lasted: 2 * time.Second})
	require.InDelta(t, 0.9, twice.refused(), 1e-9)
	require.InDelta(t, 50.0, twice.perSecond(), 1e-9)
}

func TestWhoIsOvertaken(t *testing.T) {
	order := func(ages ...int) []drained {
		var out []drained
		for _, age := range ages {
			out = append(out, drained{age: age})
		}
		return out
	}
	require.Zero(t, overtaken(nil, 0))
	require.Zero(t, overtaken(order(0, 1, 2, 3), 0))
	require.Equal(t, 1, overtaken(order(1, 2, 3, 0), 2), "0 comes after three that are younger")
	require.Zero(t, overtaken(order(1, 2, 3, 0), 3))
	ages := make([]int, 100)
	for i := range ages {
		ages[i] = i
	}
	slices.Reverse(ages)
	require.Equal(t, 100-11, overtaken(order(ages...), 10))
}

func TestEachDeliveryGoesToOneInstance(t *testing.T) {
	var took []string
	receiver := func(name string) string {
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { took = append(took, name) }))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	b := &balancer{next: &http.Transport{}, hosts: []string{receiver("a"), receiver("b"), receiver("c")}}
	for range 4 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://nowhere.invalid/webhooks/jira", bytes.NewReader(nil))
		require.NoError(t, err)
		answer, err := b.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}
	require.Equal(t, []string{"a", "b", "c", "a"}, took)
}

func TestCountedCallsAreThoseOfTheVendorAndOfLinks(t *testing.T) {
	c := calls{
		vendor:   tally{"POST /issue": 10, "GET /issue/{id}": 5},
		teleport: tally{"UpdatePluginData": 30, "GetPluginData": 7, "SubmitAccessReview": 10, "ListAccessRequests": 10},
	}
	require.Equal(t, 52, c.counted())
}

func TestSizeOfTheProgram(t *testing.T) {
	path := program(t, "")
	measured, err := measureBinary(t.Context(), &rig{binary: path})
	require.NoError(t, err)
	require.InDelta(t, float64(len("#!/bin/sh\n"))/1e6, measured["binary.mb"], 1e-12)
	_, err = measureBinary(t.Context(), &rig{binary: path + "-missing"})
	require.Error(t, err)
}
