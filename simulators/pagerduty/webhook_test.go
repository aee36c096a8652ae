package pagerduty_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// hooked is an account with one subscription to everything, signed with "hush".
func hooked(t *testing.T, sub pagerduty.Subscription, next func(int) int) (*account, inbox, *standintest.Clock) {
	t.Helper()
	in, clock := receiver(t, next), standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now, Webhooks: pagerduty.Sending{Attempts: 4}})
	sub.URL, sub.Secrets = in.URL, []string{"hush"}
	a.AddSubscription(sub)
	return a, in, clock
}

func (a *account) settled() {
	a.T.Helper()
	require.NoError(a.T, a.WaitDeliveries(a.T.Context()))
}

func TestSignatureOfTheSharedVector(t *testing.T) {
	v := standintest.SignatureVector(t, "pagerduty-v1")
	// The first of the two signatures was made with the secret before the rotation.
	require.Equal(t, v.Headers["X-PagerDuty-Signature"], pagerduty.Sign([]byte(v.Body), "old secret", v.Secret))
}

func TestEveryChangeHasItsEvent(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, nil)
	id := a.create(map[string]any{"incident_key": "key"})
	require.NoError(t, a.Acknowledge("alice", id))
	require.NoError(t, a.AddNote("alice", id, "approve: ok"))
	require.NoError(t, a.InvokeAction("bob", id, "Approve"))
	require.NoError(t, a.Reassign("alice", id, "dave"))
	require.NoError(t, a.Escalate("", id, 2))
	a.Do(200, "PUT", "/incidents/"+id, change(map[string]any{"priority": "P3"}))
	a.Do(200, "PUT", "/incidents/"+id, change(map[string]any{"status": "triggered"}))
	require.NoError(t, a.Resolve("", id))
	require.NoError(t, a.Reopen("carol", id))
	a.settled()
	require.Equal(t, []any{
		"incident.triggered", "incident.acknowledged", "incident.annotated", "incident.action_invocation.created",
		"incident.reassigned", "incident.escalated", "incident.priority_updated", "incident.unacknowledged", "incident.resolved",
		"incident.reopened",
	}, in.types(t), "in order")
	require.Equal(t, "PBOT001", in.event(t, 0).At("agent", "id"))
	require.Equal(t, "PALICE1", in.event(t, 1).At("agent", "id"))
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
		triggered.At("data", "type"), triggered.At("data", "id"), triggered.At("data", "incident_key"), triggered.At("data", "number"),
		triggered.At("data", "status"), triggered.At("data", "urgency"), triggered.At("data", "priority", "summary"),
		triggered.At("data", "service", "id"),
	})
	annotated := in.event(t, 1)
	require.Equal(t, []any{"incident_note", true, id}, []any{
		annotated.At("data", "type"), annotated.At("data", "trimmed"), annotated.At("data", "incident", "id"),
	})
	content, _ := annotated.At("data", "content").(string)
	require.Equal(t, strings.Repeat("é", 20_000), content)
	used := in.event(t, 2)
	require.Equal(t, []any{"incident_action_invocation", "created", "Deny", id, "PBOB001"}, []any{
		used.At("data", "type"), used.At("data", "state"), used.At("data", "action", "summary"), used.At("data", "incident", "id"),
		used.At("agent", "id"),
	})
	own, _ := used.At("data", "id").(string)
	a.Do(200, "GET", "/automation_actions/invocations/"+own, nil)
	ids := map[string]bool{}
	for _, r := range in.All() {
		ids[r.Header.Get("X-Webhook-Id")] = true
		require.Equal(t, pagerduty.Sign(r.Body, "hush"), r.Header.Get("X-PagerDuty-Signature"))
		require.Equal(t, "PSUB001", r.Header.Get("X-Webhook-Subscription"))
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, "v", r.Header.Get("X-Own"))
	}
	require.Len(t, ids, 3)
}

func TestRotationSignsWithEverySecret(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, nil)
	require.True(t, a.SetSecrets("PSUB001", "old", "new"))
	require.False(t, a.SetSecrets("PNONE", "x"))
	a.create(nil)
	a.settled()
	got := in.All()[0]
	require.Equal(t, pagerduty.Sign(got.Body, "old")+","+pagerduty.Sign(got.Body, "new"), got.Header.Get("X-PagerDuty-Signature"))
}

func TestOnlyWhatWasSubscribedTo(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{Events: []string{"incident.annotated"}}, nil)
	other := receiver(t, nil)
	a.AddSubscription(pagerduty.Subscription{URL: other.URL, Service: "POTHER"})
	a.AddSubscription(pagerduty.Subscription{URL: other.URL, Inactive: true})
	require.NoError(t, a.AddNote("alice", a.create(nil), "x"))
	a.settled()
	require.Equal(t, []any{"incident.annotated"}, in.types(t))
	require.Empty(t, other.All())
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
			got := in.All()
			require.Len(t, got, tc.attempts)
			require.Equal(t, tc.drops, a.Subscriptions()[0].Drops)
			for i, d := range a.Deliveries() {
				require.Equal(t, got[0].Header.Get("X-Webhook-Id"), got[i].Header.Get("X-Webhook-Id"), "the same on every attempt")
				require.Equal(t, got[0].Body, got[i].Body)
				require.Equal(t, []any{i + 1, tc.answers[i], "incident.triggered", id}, []any{d.Attempt, d.Status, d.Event, d.Object})
				require.Equal(t, tc.answers[i] == 0, d.Error != "")
				require.Equal(t, pagerduty.Sign(d.Body, "hush"), d.Headers.Get("X-PagerDuty-Signature"))
			}
			a.ResetDeliveries()
			require.Empty(t, a.Deliveries())
		})
	}
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
	got := a.Do(200, "GET", "/webhook_subscriptions/PSUB001", nil).Object(t)
	require.Equal(t, true, got.At("webhook_subscription", "delivery_method", "temporarily_disabled"))
	a.create(nil)
	a.settled()
	require.Len(t, in.All(), 6, "nothing is sent while it is disabled")
	in.AnswerBy(nil)
	clock.Add(25 * time.Hour)
	a.create(nil)
	a.settled()
	require.Len(t, in.All(), 7, "what happened meanwhile is lost")
	require.Zero(t, a.Subscriptions()[0].Drops)
}

func TestSubscriptionsByREST(t *testing.T) {
	a := start(t, pagerduty.Options{})
	in := receiver(t, nil)
	made := a.Do(200, "POST", "/webhook_subscriptions", subscription(in.URL, map[string]any{"description": "ours"})).Object(t)
	secret, _ := made.At("webhook_subscription", "delivery_method", "secret").(string)
	require.NotEmpty(t, secret)
	id, _ := made.At("webhook_subscription", "id").(string)
	path := "/webhook_subscriptions/" + id
	read := a.Do(200, "GET", path, nil)
	require.NotContains(t, string(read.Body), secret, "told once only")
	require.Contains(t, string(read.Body), "-- redacted --")
	a.create(nil)
	a.settled()
	require.Equal(t, pagerduty.Sign(in.All()[0].Body, secret), in.All()[0].Header.Get("X-PagerDuty-Signature"))
	require.Equal(t, "v", in.All()[0].Header.Get("X-Own"))

	edit := subscription("https://elsewhere.example.com", map[string]any{
		"active": false, "events": []string{"incident.resolved"},
		"filter": map[string]any{"type": "service_reference", "id": "PSERVIC"},
	})
	a.Do(200, "PUT", path, edit)
	sub := a.Subscriptions()[0]
	require.Equal(t, []any{in.URL, true, "PSERVIC", "ours"}, []any{sub.URL, sub.Inactive, sub.Service, sub.Description}, "the url stays")
	rows := func(query string) int {
		return len(a.Do(200, "GET", "/webhook_subscriptions?"+query, nil).Object(t).Rows("webhook_subscriptions"))
	}
	require.Equal(t, []int{1, 1, 0, 0}, []int{rows(""), rows("filter_type=service&filter_id=PSERVIC"), rows("filter_type=account"), rows("offset=1")})
	a.Do(202, "POST", path+"/ping", nil)
	a.settled()
	require.Equal(t, []any{"incident.triggered", "pagey.ping"}, in.types(t))
	require.Equal(t, []any{"pagey", "ping", nil}, []any{in.event(t, 1)["resource_type"], in.event(t, 1).At("data", "type"), in.event(t, 1)["agent"]})
	a.Do(204, "DELETE", path, nil)
	for _, call := range [][2]string{{"GET", ""}, {"PUT", ""}, {"DELETE", ""}, {"POST", "/ping"}, {"POST", "/enable"}} {
		a.Do(404, call[0], path+call[1], edit)
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
		a.Do(400, "POST", "/webhook_subscriptions", subscription(in.URL, more))
	}
	a.Do(400, "POST", "/webhook_subscriptions", subscription("ftp://x", nil))
	a.Do(400, "POST", "/webhook_subscriptions", `{}`)
}

func TestEnableEndsTheDisabling(t *testing.T) {
	a, in, _ := hooked(t, pagerduty.Subscription{}, func(n int) int { return map[bool]int{true: 404, false: 200}[n <= 3] })
	for range 4 {
		a.create(nil)
		a.settled()
	}
	require.Len(t, in.All(), 3)
	a.Do(200, "POST", "/webhook_subscriptions/PSUB001/enable", nil)
	a.create(nil)
	a.settled()
	require.Len(t, in.All(), 4)
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
