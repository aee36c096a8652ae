package pagerduty_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestP2_OfManyCreatesWithOneKeyOneWins(t *testing.T) {
	a := start(t, pagerduty.Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 16 {
		wg.Go(func() {
			got, err := a.Try("POST", "/incidents", draft(map[string]any{"incident_key": "k"}))
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
				_, _ = a.Try("GET", "/oncalls", nil)
				_, _ = a.Try("GET", "/log_entries?limit=1", nil)
				_, _ = a.Try("PUT", "/webhook_subscriptions/PSUB001", `{"webhook_subscription":{"description":"x"}}`)
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
			notes = append(notes, in.event(t, i).At("data", "id"))
		}
	}
	require.Len(t, notes, 160)
	for i, n := range incident.Notes {
		require.Equal(t, n.ID, notes[i])
	}
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
