package test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

// approval is a delivery that claims that Bob approved the issue.
func approval(t *testing.T, w *harness.World, key string) []byte {
	t.Helper()
	issue := w.Issue(key)
	body, err := json.Marshal(map[string]any{
		"timestamp": time.Now().UnixMilli(), "webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_generic",
		"user":  map[string]any{"accountId": "712020:bob", "displayName": "Bob Baker", "accountType": "atlassian"},
		"issue": map[string]any{"id": issue.ID, "key": issue.Key, "fields": map[string]any{"status": map[string]any{"id": "10102", "name": "Approved"}}},
		"changelog": map[string]any{"id": "1", "items": []any{map[string]any{
			"field": "status", "fieldId": "status", "from": "10100", "fromString": "Pending", "to": "10102", "toString": "Approved",
		}}},
	})
	require.NoError(t, err)
	return body
}

// requireBare asserts that an answer tells its status and nothing about the reason.
func requireBare(t *testing.T, code int, answer harness.Answer) {
	t.Helper()
	require.Equal(t, code, answer.Code)
	require.Empty(t, answer.Body)
}

// flip changes the lowest bit of one byte.
func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// The issue really is in Approved and its genuine delivery got lost, so that a single forged one that came through would show.
func TestP3_W14_ForgedDeliveriesAreRefusedAndMakeNothingHappen(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	w.Jira.SetWebhookFault(jira.WebhookFault{LoseEvery: 1})
	id, key := w.Opened()
	w.Quiet()
	w.Move("bob", key, "Approved")
	body := approval(t, w, key)
	good := jira.Sign(harness.Secret, body)
	cases := map[string]struct {
		body      []byte
		signature string
	}{
		"unsigned":                        {body, ""},
		"signed with nothing":             {body, jira.Sign("", body)},
		"signed with a guess":             {body, jira.Sign("guessed", body)},
		"one bit of the body":             {flip(body, len(body)/2), good},
		"one bit of the signature":        {body, string(flip([]byte(good), len(good)-1))},
		"half of the body":                {body[:len(body)/2], good},
		"signature of another body":       {body, jira.Sign(harness.Secret, []byte("{}"))},
		"half of the signature":           {body, good[:len(good)/2]},
		"signature without its method":    {body, strings.TrimPrefix(good, "sha256=")},
		"signature with a weaker method":  {body, "sha1=" + strings.TrimPrefix(good, "sha256=")},
		"signature that is not a number":  {body, "sha256=zz"},
		"empty body":                      {nil, ""},
		"empty body, signature of a full": {nil, good},
	}
	w.Jira.ResetCalls()
	w.Teleport.ResetCalls()
	for name, c := range cases {
		header := http.Header{"Content-Type": {"application/json"}}
		if c.signature != "" {
			header.Set("X-Hub-Signature", c.signature)
		}
		answer := b.Send(http.MethodPost, "/webhooks/"+harness.Main, bytes.NewReader(c.body), header)
		require.Equal(t, http.StatusUnauthorized, answer.Code, name)
		require.Empty(t, answer.Body, name)
	}
	w.Stays("nothing", func() bool { return w.Jira.TotalCalls() == 0 && w.State(id) == "PENDING" })
	require.Empty(t, w.Teleport.Calls())
	require.InDelta(t, len(cases), b.Metric("accessbridge_webhook_deliveries_total", `integration="itsm"`, `result="refused"`), 0)

	requireBare(t, http.StatusOK, b.Deliver(body, harness.Secret))
	w.EventuallyState(id, "APPROVED")
}

// A genuine delivery is only a hint: what it says about the issue is not believed.
func TestP3_GenuineDeliveryWithALieDecidesNothing(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	requireBare(t, http.StatusOK, b.Deliver(approval(t, w, key), harness.Secret))
	w.Stays("pending", func() bool { return w.State(id) == "PENDING" })
	require.Empty(t, b.Audit())
}

func TestP3_DeliveryReplayedAHundredTimesDecidesOnce(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	body := approval(t, w, key)
	w.Move("bob", key, "Approved")
	w.EventuallyState(id, "APPROVED")

	w.Jira.SetWebhookFault(jira.WebhookFault{LoseEvery: 1})
	other, otherKey := w.Opened()
	w.Quiet()
	w.Move("bob", otherKey, "Approved")
	w.Move("bob", otherKey, "Pending")
	for range 50 {
		requireBare(t, http.StatusOK, b.Deliver(body, harness.Secret))
		requireBare(t, http.StatusOK, b.Deliver(approval(t, w, otherKey), harness.Secret))
	}
	w.Stays("one review", func() bool { return w.Reviews(id) == 1 && w.Reviews(other) == 0 })
	require.Equal(t, "PENDING", w.State(other))
	b.Audited(1)
}

func TestW14_OversizedBodyIsRefused(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	id, key := w.Opened()
	body := append(approval(t, w, key), bytes.Repeat([]byte(" "), 1<<20)...)
	header := http.Header{"X-Hub-Signature": {jira.Sign(harness.Secret, body)}, "Expect": {"100-continue"}}
	requireBare(t, http.StatusRequestEntityTooLarge, b.Send(http.MethodPost, "/webhooks/itsm", bytes.NewReader(body), header))
	// Without its length the body is cut while it is being read.
	requireBare(t, http.StatusRequestEntityTooLarge, b.Send(http.MethodPost, "/webhooks/itsm", io.MultiReader(bytes.NewReader(body)), header))
	require.Equal(t, "PENDING", w.State(id))
	require.False(t, b.Logs.Have(`"level":"ERROR"`), "a stranger must not be able to fill the log with errors")
}

// Jira signs what it sends: a body that arrives cut is not what was signed. One that was signed when it was already cut is refused
// without a trace in the answer.
func TestW14_SignedRubbishIsRefused(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	_, key := w.Opened()
	body := approval(t, w, key)
	for name, rubbish := range map[string][]byte{"cut": body[:len(body)-10], "no json": []byte("hello"), "binary": {0xff, 0xfe, 0}} {
		answer := b.Deliver(rubbish, harness.Secret)
		require.Equal(t, http.StatusBadRequest, answer.Code, name)
		require.Empty(t, answer.Body, name)
	}
	for _, odd := range []string{"null", "[]", "7", `{"issue":null}`, `{"webhookEvent":7}`, `{"webhookEvent":"jira:issue_updated","issue":[1]}`} {
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, b.Deliver([]byte(odd), harness.Secret).Code, odd)
	}
	require.False(t, b.Logs.Have(`"level":"ERROR"`))
	require.InDelta(t, 3, b.Metric("accessbridge_webhook_deliveries_total", `result="malformed"`), 0)
}

// TestW14_CutConnectionIsNobodysFault guards the log as well: everybody can cut a connection.
func TestW14_CutConnectionIsNobodysFault(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	conn := dial(t, w, b)
	_, err := io.WriteString(conn, "POST /webhooks/itsm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{\"issue\":")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	w.Eventually("the end of the delivery", func() bool { return b.Logs.Have("request served", `"path":"/webhooks/itsm"`) })
	require.False(t, b.Logs.Have(`"level":"ERROR"`), b.Logs.String())
	w.Jira.SetWebhooks()
}

// TestW14_SlowRequestsAreCutOff holds the sender of a request that never ends to the limits of the listener, whether it goes on sending or not.
func TestW14_SlowRequestsAreCutOff(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	for name, c := range map[string]struct{ begins, goesOn string }{
		"nothing comes":      {"", ""},
		"the header stops":   {"POST /webhooks/itsm HTTP/1.1\r\nHost: loc", ""},
		"the header goes on": {"POST /webhooks/itsm HTTP/1.1\r\nHost: localhost\r\n", "X-Slow: x\r\n"},
		"the body stops":     {"POST /webhooks/itsm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{", ""},
		"the body goes on":   {"POST /webhooks/itsm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{", " "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, w, b)
			require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
			_, err := io.WriteString(conn, c.begins)
			require.NoError(t, err)
			hungUp := make(chan struct{})
			go func() {
				ticker := time.NewTicker(200 * time.Millisecond)
				defer ticker.Stop()
				for {
					select {
					case <-hungUp:
						return
					case <-ticker.C:
						_, _ = io.WriteString(conn, c.goesOn) // that nobody listens any more shows below
					}
				}
			}()
			answer, err := io.ReadAll(conn) // ends when the server hangs up
			close(hungUp)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server has not hung up")
			require.NotContains(t, string(answer), "200 OK")
			require.NoError(t, conn.NetConn().Close())
		})
	}
}

func dial(t *testing.T, w *harness.World, b *harness.Bridge) *tls.Conn {
	t.Helper()
	transport, ok := w.Client.Transport.(*http.Transport)
	require.True(t, ok)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: transport.TLSClientConfig.RootCAs, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(t.Context(), "tcp", b.Server.Addr().String())
	require.NoError(t, err)
	secured, ok := conn.(*tls.Conn)
	require.True(t, ok)
	return secured
}

func TestW14_UnknownNamesEventsAndMethods(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	b := w.Start()
	_, key := w.Opened()
	body := approval(t, w, key)
	header := http.Header{"X-Hub-Signature": {jira.Sign(harness.Secret, body)}}
	for _, path := range []string{"/webhooks/other", "/webhooks/", "/webhooks", "/", "/metrics", "/status", "/webhooks/itsm/more", "/webhooks/%2e%2e"} {
		answer := b.Send(http.MethodPost, path, bytes.NewReader(body), header)
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer.Code, path)
		require.Empty(t, answer.Body, path)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodHead} {
		requireBare(t, http.StatusMethodNotAllowed, b.Send(method, "/webhooks/itsm", nil, header))
	}
	requireBare(t, http.StatusOK, b.Deliver([]byte(`{"webhookEvent":"sprint_started","sprint":{"id":4}}`), harness.Secret))
	require.Positive(t, b.Metric("accessbridge_webhook_deliveries_total", `integration=""`, `result="unknown_name"`))
	require.NotContains(t, b.Admin("/metrics").Body, `integration="other"`, "a name from outside must not become a label")
}

func TestW14_OneSourceCannotUseUpTheListener(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Server["rate_limit"] = harness.Section{"per_second": 0.01, "burst": 5}
	w.Settings.Server["trusted_proxies"] = []string{"127.0.0.0/8"}
	b := w.Start()
	from := func(address string) harness.Answer {
		return b.Send(http.MethodPost, "/webhooks/itsm", strings.NewReader("{}"), http.Header{"X-Forwarded-For": {address}})
	}
	for range 5 {
		requireBare(t, http.StatusUnauthorized, from("192.0.2.1"))
	}
	requireBare(t, http.StatusTooManyRequests, from("192.0.2.1"))
	requireBare(t, http.StatusUnauthorized, from("192.0.2.2"))
}

// Without trusted proxies nobody can choose the address that they are counted by.
func TestW14_ForwardedAddressIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := harness.New(t, harness.Setup{})
	w.Settings.Server["rate_limit"] = harness.Section{"per_second": 0.01, "burst": 3}
	b := w.Start()
	codes := map[int]int{}
	for n := range 6 {
		address := "192.0.2." + string(rune('1'+n))
		codes[b.Send(http.MethodPost, "/webhooks/itsm", strings.NewReader("{}"), http.Header{"X-Forwarded-For": {address}}).Code]++
	}
	require.Equal(t, map[int]int{http.StatusUnauthorized: 3, http.StatusTooManyRequests: 3}, codes)
}
