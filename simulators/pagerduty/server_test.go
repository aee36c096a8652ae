package pagerduty_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestStopAndRestartKeepAddressAndIncidents(t *testing.T) {
	a := start(t, pagerduty.Options{})
	url, id := a.URL(), a.create(nil)
	require.Error(t, a.Start(), "it runs already")
	a.Stop()
	a.Stop()
	_, err := a.try("GET", "/incidents/"+id, nil)
	require.Error(t, err)
	require.NoError(t, a.Restart())
	require.Equal(t, url, a.URL())
	a.do(200, "GET", "/incidents/"+id, nil)
	require.NoError(t, a.Restart())
	a.do(200, "GET", "/incidents/"+id, nil)
	other, err := pagerduty.New(pagerduty.Options{Listen: strings.TrimPrefix(url, "http://")})
	require.NoError(t, err)
	require.Error(t, other.Start(), "the address is taken")
}

func TestTLSAndAResetOverTLS(t *testing.T) {
	throwaway := httptest.NewUnstartedServer(nil)
	throwaway.EnableHTTP2 = true // its client would rather speak HTTP/2
	throwaway.StartTLS()
	defer throwaway.Close()
	a := start(t, pagerduty.Options{TLS: &tls.Config{Certificates: throwaway.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}})
	a.client = throwaway.Client()
	require.True(t, strings.HasPrefix(a.URL(), "https://"))
	id := a.create(nil)
	a.Inject(pagerduty.Fault{Reset: true, Count: 1})
	_, err := a.try("POST", "/incidents", draft(nil))
	require.Error(t, err)
	require.Equal(t, 1, a.do(200, "GET", "/incidents/"+id, nil).ProtoMajor)
}

func TestCallsAreCountedByRoute(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(nil)
	a.do(200, "GET", "/incidents/"+id, nil)
	a.do(200, "GET", "/incidents/1", nil)
	a.do(404, "GET", "/nonsense", nil)
	a.do(405, "PATCH", "/incidents/"+id, nil)
	a.do(200, "GET", "/board", nil)
	require.Equal(t, map[string]int{"POST /incidents": 1, "GET /incidents/{id}": 2, "other": 2}, a.Calls())
	require.Equal(t, 5, a.TotalCalls())
	a.ResetCalls()
	require.Zero(t, a.TotalCalls())
}

func TestP6_LatencyIsWaitedSideBySide(t *testing.T) {
	const latency, callers = 200 * time.Millisecond, 64
	a := start(t, pagerduty.Options{Latency: latency})
	var wg sync.WaitGroup
	started := time.Now()
	for range callers {
		wg.Go(func() {
			got, err := a.try("POST", "/incidents", draft(nil))
			if err != nil || got.StatusCode != http.StatusCreated {
				t.Errorf("create: %v %s", err, got.body)
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, time.Since(started), latency)
	require.Less(t, time.Since(started), callers*latency/2, "calls wait one after another")
	require.Len(t, a.Incidents(), callers)
}

func TestThePageHasNoLatency(t *testing.T) {
	a := start(t, pagerduty.Options{Latency: time.Hour})
	a.do(200, "GET", "/board", nil)
}

func TestP2_OfManyCreatesWithOneKeyOneWins(t *testing.T) {
	a := start(t, pagerduty.Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 16 {
		wg.Go(func() {
			got, err := a.try("POST", "/incidents", draft(map[string]any{"incident_key": "k"}))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[got.StatusCode]++
		})
	}
	wg.Wait()
	require.Equal(t, map[int]int{201: 1, 400: 15}, statuses)
}

func TestConcurrentUseKeepsEveryChangeAndTheOrderOfEvents(t *testing.T) {
	in := receiver(t, nil)
	a := start(t, pagerduty.Options{})
	a.AddSubscription(pagerduty.Subscription{URL: in.URL})
	id := a.create(nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := a.AddNote("alice", id, "x"); err != nil {
					t.Error(err)
				}
				_ = a.Resolve("bob", id) // one of the two is possible at any time
				_ = a.Reopen("bob", id)
				_ = a.SetOnCall("primary", "dave", time.Now(), time.Time{})
				_, _ = a.try("GET", "/oncalls", nil)
				_, _ = a.try("GET", "/log_entries?limit=1", nil)
				_, _ = a.try("PUT", "/webhook_subscriptions/PSUB001", `{"webhook_subscription":{"description":"x"}}`)
			}
		})
	}
	wg.Wait()
	a.settled()
	incident, _ := a.Incident(id)
	require.Len(t, incident.Notes, 160)
	notes := []any{}
	for i, name := range in.types(t) {
		if name == "incident.annotated" {
			notes = append(notes, in.event(t, i).at("data", "id"))
		}
	}
	require.Len(t, notes, 160)
	for i, n := range incident.Notes {
		require.Equal(t, n.ID, notes[i])
	}
}

func TestTooLargeABodyIsRefused(t *testing.T) {
	a := start(t, pagerduty.Options{})
	a.do(413, "POST", "/incidents", `"`+strings.Repeat("x", 5<<20)+`"`)
}

func BenchmarkCreateAndRead(b *testing.B) {
	srv, err := pagerduty.New(pagerduty.Options{})
	require.NoError(b, err)
	body := `{"incident":{"type":"incident","title":"t","service":{"id":"PSERVIC","type":"service_reference"}}}`
	serve := func(method, path, body string) {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		req.Header.Set("Authorization", "Token token="+pagerduty.DefaultToken)
		req.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
		req.Header.Set("From", pagerduty.DefaultBotEmail)
		rec := httptest.NewRecorder()
		srv.ServeHTTP(rec, req)
		if rec.Code >= http.StatusBadRequest {
			b.Fatal(rec.Body.String())
		}
	}
	for range 5000 {
		serve("POST", "/incidents", body)
	}
	for name, call := range map[string][3]string{
		"create": {"POST", "/incidents", body}, "read": {"GET", "/incidents/17", ""}, "oncalls": {"GET", "/oncalls?include[]=users", ""},
		"list": {"GET", "/incidents?statuses[]=triggered&limit=100", ""}, "log": {"GET", "/log_entries?limit=100", ""},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				serve(call[0], call[1], call[2])
			}
		})
	}
}
