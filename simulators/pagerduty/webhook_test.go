package pagerduty_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/contract"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// hooked is an account with one subscription to everything, signed with "hush".
func hooked(t *testing.T, sub pagerduty.Subscription, next func(int) int) (*account, *inbox, *clock) {
	t.Helper()
	in, clock := receiver(t, next), newClock()
	a := start(t, pagerduty.Options{Clock: clock.Now, Webhooks: pagerduty.Sending{Attempts: 4, Timeout: 100 * time.Millisecond}})
	sub.URL, sub.Secrets = in.URL, []string{"hush"}
	a.AddSubscription(sub)
	return a, in, clock
}

func (a *account) settled() {
	a.t.Helper()
	require.NoError(a.t, a.WaitDeliveries(a.t.Context()))
}

func TestSignatureOfTheSharedVector(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(contract.Folder(t), "signature-vectors.json"))
	require.NoError(t, err)
	var vectors []struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	checked := false
	for _, v := range vectors {
		if v.Scheme == "pagerduty-v1" {
			// The first of the two signatures was made with the secret before the rotation.
			require.Equal(t, v.Headers["X-PagerDuty-Signature"], pagerduty.Sign([]byte(v.Body), "old secret", v.Secret))
			checked = true
		}
	}
	require.True(t, checked)
}

func TestEveryChangeHasItsEvent(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, nil)
	id := a.create(map[string]any{"incident_key": "key"})
	require.NoError(t, a.Acknowledge("alice", id))
	require.NoError(t, a.AddNote("alice", id, "approve: ok"))
	require.NoError(t, a.InvokeAction("bob", id, "Approve"))
	require.NoError(t, a.Reassign("alice", id, "dave"))
	require.NoError(t, a.Escalate("", id, 2))
	a.do(200, "PUT", "/incidents/"+id, change(map[string]any{"priority": "P3"}))
	a.do(200, "PUT", "/incidents/"+id, change(map[string]any{"status": "triggered"}))
	require.NoError(t, a.Resolve("", id))
	require.NoError(t, a.Reopen("carol", id))
	a.settled()
	require.Equal(t, []any{
		"incident.triggered", "incident.acknowledged", "incident.annotated", "incident.action_invocation.created",
		"incident.reassigned", "incident.escalated", "incident.priority_updated", "incident.unacknowledged", "incident.resolved",
		"incident.reopened",
	}, in.types(t), "in order")
	require.Equal(t, "PBOT001", in.event(t, 0).at("agent", "id"))
	require.Equal(t, "PALICE1", in.event(t, 1).at("agent", "id"))
	require.Nil(t, in.event(t, 5)["agent"], "a timeout has no agent")
	require.Nil(t, in.event(t, 8)["agent"], "nor has automation")
}

func TestTheEventsHaveTheDocumentedBodies(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{Headers: map[string]string{"X-Own": "v"}}, nil)
	id := a.create(map[string]any{"incident_key": "key", "priority": map[string]any{"id": "PPRIO01"}})
	require.NoError(t, a.AddNote("alice", id, strings.Repeat("é", 20_001)))
	require.NoError(t, a.InvokeAction("bob", id, "Deny"))
	a.settled()
	triggered := in.event(t, 0)
	require.Equal(t, []any{"incident", "2026-01-02T03:04:05.678Z", nil}, []any{triggered["resource_type"], triggered["occurred_at"], triggered["client"]})
	require.Equal(t, []any{"incident", id, "key", 1.0, "triggered", "high", "P1", "PSERVIC"}, []any{
		triggered.at("data", "type"), triggered.at("data", "id"), triggered.at("data", "incident_key"), triggered.at("data", "number"),
		triggered.at("data", "status"), triggered.at("data", "urgency"), triggered.at("data", "priority", "summary"),
		triggered.at("data", "service", "id"),
	})
	annotated := in.event(t, 1)
	require.Equal(t, []any{"incident_note", true, id}, []any{
		annotated.at("data", "type"), annotated.at("data", "trimmed"), annotated.at("data", "incident", "id"),
	})
	content, _ := annotated.at("data", "content").(string)
	require.Equal(t, strings.Repeat("é", 20_000), content)
	used := in.event(t, 2)
	require.Equal(t, []any{"incident_action_invocation", "created", "Deny", id, "PBOB001"}, []any{
		used.at("data", "type"), used.at("data", "state"), used.at("data", "action", "summary"), used.at("data", "incident", "id"),
		used.at("agent", "id"),
	})
	own, _ := used.at("data", "id").(string)
	a.do(200, "GET", "/automation_actions/invocations/"+own, nil)
	ids := map[string]bool{}
	for _, r := range in.all() {
		ids[r.header.Get("X-Webhook-Id")] = true
		require.Equal(t, pagerduty.Sign(r.body, "hush"), r.header.Get("X-PagerDuty-Signature"))
		require.Equal(t, "PSUB001", r.header.Get("X-Webhook-Subscription"))
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
		require.Equal(t, "v", r.header.Get("X-Own"))
	}
	require.Len(t, ids, 3)
}

func TestRotationSignsWithEverySecret(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, nil)
	require.True(t, a.SetSecrets("PSUB001", "old", "new"))
	require.False(t, a.SetSecrets("PNONE", "x"))
	a.create(nil)
	a.settled()
	got := in.all()[0]
	require.Equal(t, pagerduty.Sign(got.body, "old")+","+pagerduty.Sign(got.body, "new"), got.header.Get("X-PagerDuty-Signature"))
}

func TestOnlyWhatWasSubscribedTo(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{Events: []string{"incident.annotated"}}, nil)
	other := receiver(t, nil)
	a.AddSubscription(pagerduty.Subscription{URL: other.URL, Service: "POTHER"})
	a.AddSubscription(pagerduty.Subscription{URL: other.URL, Inactive: true})
	require.NoError(t, a.AddNote("alice", a.create(nil), "x"))
	a.settled()
	require.Equal(t, []any{"incident.annotated"}, in.types(t))
	require.Empty(t, other.all())
}

func TestRetriesFollowPagerDutysRule(t *testing.T) {
	for name, tc := range map[string]struct {
		answers  []int
		attempts int
		drops    int
	}{
		"success":               {[]int{202}, 1, 0},
		"429 and 5xx":           {[]int{429, 500, 503, 200}, 4, 0},
		"cut connection":        {[]int{0, 200}, 2, 0},
		"gives up in the end":   {[]int{500, 500, 500, 500, 200}, 4, 0},
		"401 is dropped":        {[]int{401, 200}, 1, 1},
		"408 is dropped too":    {[]int{408, 200}, 1, 1},
		"redirects are refused": {[]int{302, 200}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a, in, _ := hooked(t, pagerduty.Subscription{}, func(n int) int { return tc.answers[n-1] })
			id := a.create(nil)
			a.settled()
			got := in.all()
			require.Len(t, got, tc.attempts)
			require.Equal(t, tc.drops, a.Subscriptions()[0].Drops)
			for i, d := range a.Deliveries() {
				require.Equal(t, got[0].header.Get("X-Webhook-Id"), got[i].header.Get("X-Webhook-Id"), "the same on every attempt")
				require.Equal(t, got[0].body, got[i].body)
				require.Equal(t, []any{i + 1, tc.answers[i], "incident.triggered", id}, []any{d.Attempt, d.Status, d.Event, d.Incident})
				require.Equal(t, tc.answers[i] == 0, d.Error != "")
				require.Equal(t, pagerduty.Sign(d.Body, "hush"), d.Headers.Get("X-PagerDuty-Signature"))
			}
			a.ResetDeliveries()
			require.Empty(t, a.Deliveries())
		})
	}
}

func TestASlowAnswerIsRetried(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	a, in, _ := hooked(t, pagerduty.Subscription{}, func(n int) int {
		if n == 1 {
			<-release
		}
		return 200
	})
	a.create(nil)
	a.settled()
	sent := a.Deliveries()
	require.GreaterOrEqual(t, len(sent), 2)
	require.NotEmpty(t, sent[0].Error)
	require.Equal(t, http.StatusOK, sent[len(sent)-1].Status)
	require.Equal(t, in.all()[0].body, sent[len(sent)-1].Body)
}

func TestARetryHoldsUpTheSameIncidentOnly(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, func(n int) int { return []int{500, 503, 200}[min(n, 3)-1] })
	id := a.create(nil)
	require.NoError(t, a.AddNote("alice", id, "x"))
	require.NoError(t, a.Resolve("alice", id))
	a.settled()
	require.Equal(t, []any{"incident.triggered", "incident.triggered", "incident.triggered", "incident.annotated", "incident.resolved"}, in.types(t))
}

func TestThreeDropsInARowDisable(t *testing.T) {
	a, in, clock := hooked(t, pagerduty.Subscription{}, func(n int) int { return []int{401, 401, 200, 401, 401, 401}[min(n, 6)-1] })
	for range 6 {
		a.create(nil)
		a.settled()
	}
	sub := a.Subscriptions()[0]
	require.Equal(t, 3, sub.Drops, "a success in between counts anew")
	require.Equal(t, clock.Now().Add(24*time.Hour), sub.DisabledUntil)
	got := a.do(200, "GET", "/webhook_subscriptions/PSUB001", nil).object(t)
	require.Equal(t, true, got.at("webhook_subscription", "delivery_method", "temporarily_disabled"))
	a.create(nil)
	a.settled()
	require.Len(t, in.all(), 6, "nothing is sent while it is disabled")
	in.next = nil
	clock.Add(25 * time.Hour)
	a.create(nil)
	a.settled()
	require.Len(t, in.all(), 7, "what happened meanwhile is lost")
	require.Zero(t, a.Subscriptions()[0].Drops)
}

func TestWebhookFaults(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, nil)
	a.SetWebhookFault(pagerduty.WebhookFault{LoseEvery: 2})
	for range 4 {
		a.create(nil)
	}
	a.settled()
	require.Len(t, in.all(), 2)
	lost := 0
	for _, d := range a.Deliveries() {
		if d.Lost {
			lost++
			require.Equal(t, pagerduty.Sign(d.Body, "hush"), d.Headers.Get("X-PagerDuty-Signature"), "it can be sent by hand")
		}
	}
	require.Equal(t, 2, lost)
	a.SetWebhookFault(pagerduty.WebhookFault{Double: true, Delay: 20 * time.Millisecond})
	started := time.Now()
	a.create(nil)
	a.settled()
	require.GreaterOrEqual(t, time.Since(started), 20*time.Millisecond)
	got := in.all()[2:]
	require.Len(t, got, 2)
	require.Equal(t, got[0].header.Get("X-Webhook-Id"), got[1].header.Get("X-Webhook-Id"))
	require.Equal(t, got[0].body, got[1].body)
}

func TestSubscriptionsByREST(t *testing.T) {
	a := start(t, pagerduty.Options{})
	in := receiver(t, nil)
	made := a.do(200, "POST", "/webhook_subscriptions", subscription(in.URL, map[string]any{"description": "ours"})).object(t)
	secret, _ := made.at("webhook_subscription", "delivery_method", "secret").(string)
	require.NotEmpty(t, secret)
	id, _ := made.at("webhook_subscription", "id").(string)
	path := "/webhook_subscriptions/" + id
	read := a.do(200, "GET", path, nil)
	require.NotContains(t, string(read.body), secret, "told once only")
	require.Contains(t, string(read.body), "-- redacted --")
	a.create(nil)
	a.settled()
	require.Equal(t, pagerduty.Sign(in.all()[0].body, secret), in.all()[0].header.Get("X-PagerDuty-Signature"))
	require.Equal(t, "v", in.all()[0].header.Get("X-Own"))

	edit := subscription("https://elsewhere.example.com", map[string]any{
		"active": false, "events": []string{"incident.resolved"},
		"filter": map[string]any{"type": "service_reference", "id": "PSERVIC"},
	})
	a.do(200, "PUT", path, edit)
	sub := a.Subscriptions()[0]
	require.Equal(t, []any{in.URL, true, "PSERVIC", "ours"}, []any{sub.URL, sub.Inactive, sub.Service, sub.Description}, "the url stays")
	rows := func(query string) int {
		return len(a.do(200, "GET", "/webhook_subscriptions?"+query, nil).object(t).rows("webhook_subscriptions"))
	}
	require.Equal(t, []int{1, 1, 0, 0}, []int{rows(""), rows("filter_type=service&filter_id=PSERVIC"), rows("filter_type=account"), rows("offset=1")})
	a.do(202, "POST", path+"/ping", nil)
	a.settled()
	require.Equal(t, []any{"incident.triggered", "pagey.ping"}, in.types(t))
	require.Equal(t, []any{"pagey", "ping", nil}, []any{in.event(t, 1)["resource_type"], in.event(t, 1).at("data", "type"), in.event(t, 1)["agent"]})
	a.do(204, "DELETE", path, nil)
	for _, call := range [][2]string{{"GET", ""}, {"PUT", ""}, {"DELETE", ""}, {"POST", "/ping"}, {"POST", "/enable"}} {
		a.do(404, call[0], path+call[1], edit)
	}
	for _, more := range []map[string]any{
		{"events": []string{"incident.invented"}},
		{"events": []string{}},
		{"events": nil},
		{"filter": map[string]any{"type": "team_reference"}},
		{"filter": map[string]any{"type": "service_reference", "id": "PNONE"}},
		{"filter": nil},
		{"type": "other"},
		{"delivery_method": nil},
	} {
		a.do(400, "POST", "/webhook_subscriptions", subscription(in.URL, more))
	}
	a.do(400, "POST", "/webhook_subscriptions", subscription("ftp://x", nil))
	a.do(400, "POST", "/webhook_subscriptions", `{}`)
}

func TestEnableEndsTheDisabling(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, func(n int) int { return map[bool]int{true: 404, false: 200}[n <= 3] })
	for range 4 {
		a.create(nil)
		a.settled()
	}
	require.Len(t, in.all(), 3)
	a.do(200, "POST", "/webhook_subscriptions/PSUB001/enable", nil)
	a.create(nil)
	a.settled()
	require.Len(t, in.all(), 4)
}

func TestReceiversNeedTLS12AndAKnownCertificate(t *testing.T) {
	var version atomic.Uint32
	secure := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		version.Store(uint32(r.TLS.Version))
	}))
	defer secure.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug) // it would tell of the refused handshake
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	known := start(t, pagerduty.Options{Webhooks: pagerduty.Sending{Roots: roots}})
	known.AddSubscription(pagerduty.Subscription{URL: strings.Replace(secure.URL, "//", "//user:word@", 1)})
	known.create(nil)
	known.settled()
	require.EqualValues(t, tls.VersionTLS12, version.Load())
	require.Equal(t, http.StatusOK, known.Deliveries()[0].Status)

	unknown := start(t, pagerduty.Options{})
	unknown.AddSubscription(pagerduty.Subscription{URL: secure.URL})
	unknown.create(nil)
	unknown.settled()
	require.Len(t, unknown.Deliveries(), 1, "an error of TLS is not retried")
	require.Equal(t, 1, unknown.Subscriptions()[0].Drops)
}

func TestCloseGivesUpWhatWaits(t *testing.T) {
	in := receiver(t, func(int) int { return 500 })
	a := start(t, pagerduty.Options{Webhooks: pagerduty.Sending{RetryDelay: time.Hour}})
	a.AddSubscription(pagerduty.Subscription{URL: in.URL})
	a.create(nil)
	require.Eventually(t, func() bool { return len(a.Deliveries()) == 1 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, a.WaitDeliveries(ctx), context.Canceled)
	a.Close()
	a.settled()
	require.Len(t, a.Deliveries(), 1)
}
