package jira_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/contract"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

// inbox is a receiver of webhooks.
type inbox struct {
	*httptest.Server
	mu   sync.Mutex
	got  []received
	next func(n int) int // the status to answer to the n-th delivery, from 1; 0 cuts the connection
}

type received struct {
	header http.Header
	body   []byte
}

func receiver(t *testing.T, next func(n int) int) *inbox {
	t.Helper()
	in := &inbox{next: next}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		in.mu.Lock()
		in.got = append(in.got, received{r.Header, body})
		n := len(in.got)
		in.mu.Unlock()
		if next == nil {
			return
		}
		if status := next(n); status > 0 {
			w.WriteHeader(status)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) all() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]received{}, in.got...)
}

func (in *inbox) object(t *testing.T, i int) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal(in.all()[i].body, &out))
	return out
}

// hooked is a site with one webhook that retries at once.
func hooked(t *testing.T, flavour jira.Flavour, hook jira.Webhook, next func(int) int) (*site, *inbox) {
	t.Helper()
	in := receiver(t, next)
	s := start(t, jira.Options{Flavour: flavour, Clock: newClock().Now})
	hook.URL, hook.RetryDelay = in.URL, time.Millisecond
	s.AddWebhook(hook)
	return s, in
}

func (s *site) settled() {
	s.t.Helper()
	require.NoError(s.t, s.WaitDeliveries(s.t.Context()))
}

func TestSignatureOfTheVendorsVector(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(contract.Folder(t), "signature-vectors.json"))
	require.NoError(t, err)
	var vectors []struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	checked := false
	for _, v := range vectors {
		if v.Scheme == "jira-x-hub-signature" {
			require.Equal(t, v.Headers["X-Hub-Signature"], jira.Sign(v.Secret, []byte(v.Body)))
			checked = true
		}
	}
	require.True(t, checked)
}

func TestTransitionWebhookHasTheDocumentedBody(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s, in := hooked(t, flavour, jira.Webhook{Secret: "hush"}, nil)
		key := s.create(map[string]any{"description": "d"})
		require.NoError(t, s.Move("alice", key, "Approved"))
		s.settled()
		require.Len(t, in.all(), 2)
		require.Equal(t, "jira:issue_created", in.object(t, 0)["webhookEvent"])

		got := in.object(t, 1)
		require.Equal(t, "jira:issue_updated", got["webhookEvent"])
		require.Equal(t, "issue_generic", got["issue_event_type_name"])
		require.EqualValues(t, newClock().now.UnixMilli(), got["timestamp"])
		user := got["user"].(map[string]any)
		require.Equal(t, "Alice Archer", user["displayName"])
		if flavour == jira.Cloud {
			require.Equal(t, "712020:alice", user["accountId"])
			require.NotContains(t, user, "emailAddress", "webhooks of Cloud never carry addresses")
		} else {
			require.Equal(t, "alice", user["name"])
			require.Equal(t, "alice", user["key"])
			require.Equal(t, "alice@example.com", user["emailAddress"])
			require.NotContains(t, user, "accountId")
		}
		issue := got["issue"].(map[string]any)
		require.Equal(t, []any{"10001", "ACC-1", s.URL() + "/rest/api/2/issue/10001"}, []any{issue["id"], issue["key"], issue["self"]})
		fields := issue["fields"].(map[string]any)
		require.Equal(t, "Approved", fields["status"].(map[string]any)["name"])
		require.Equal(t, "d", fields["description"])
		require.Equal(t, "2026-01-02T03:04:05.678+0000", fields["created"])
		item := got["changelog"].(map[string]any)["items"].([]any)[0].(map[string]any)
		require.Equal(t, []any{"status", "jira", "10100", "Pending", "10102", "Approved"},
			[]any{item["field"], item["fieldtype"], item["from"], item["fromString"], item["to"], item["toString"]})

		for _, r := range in.all() {
			require.Equal(t, jira.Sign("hush", r.body), r.header.Get("X-Hub-Signature"))
			require.Equal(t, "Primary", r.header.Get("X-Atlassian-Webhook-Flow"))
			require.NotEmpty(t, r.header.Get("X-Atlassian-Webhook-Identifier"))
			require.Empty(t, r.header.Get("X-Atlassian-Webhook-Retry"))
		}
	})
}

func TestCommentAndDeleteWebhooks(t *testing.T) {
	s, in := hooked(t, jira.Cloud, jira.Webhook{Events: []string{"comment_created", "jira:issue_deleted"}}, nil)
	key := s.create(nil)
	require.NoError(t, s.Comment("bob", key, "reason: no"))
	s.do(http.StatusNoContent, "PUT", issuePath(key), map[string]any{
		"update": map[string]any{"comment": []any{map[string]any{"add": map[string]any{"body": "by edit"}}}},
	})
	require.NoError(t, s.DeleteIssue("alice", key))
	s.settled()
	require.Len(t, in.all(), 3, "only what was subscribed to")
	got := in.object(t, 0)
	require.Equal(t, "comment_created", got["webhookEvent"])
	require.NotContains(t, got, "user")
	comment := got["comment"].(map[string]any)
	require.Equal(t, "reason: no", comment["body"])
	require.Equal(t, "712020:bob", comment["author"].(map[string]any)["accountId"])
	require.Equal(t, key, got["issue"].(map[string]any)["key"])
	require.Equal(t, "by edit", in.object(t, 1)["comment"].(map[string]any)["body"])
	require.Equal(t, "jira:issue_deleted", in.object(t, 2)["webhookEvent"])
	require.Empty(t, in.all()[0].header.Get("X-Hub-Signature"), "no secret, no signature")
}

func TestDataCenterBasicAuthAndOwnHeaders(t *testing.T) {
	hook := jira.Webhook{BasicUser: "hook", BasicPassword: "hush", NoIdentifier: true, Headers: map[string]string{"X-Extra": "1"}}
	s, in := hooked(t, jira.DataCenter, hook, nil)
	s.create(nil)
	s.settled()
	header := in.all()[0].header
	require.Equal(t, "Basic aG9vazpodXNo", header.Get("Authorization"))
	require.Equal(t, "1", header.Get("X-Extra"))
	require.Empty(t, header.Get("X-Atlassian-Webhook-Identifier"))
}

func TestAutomationRuleSendsItsOwnBody(t *testing.T) {
	hook := jira.Webhook{Automation: true, Secret: "ignored", Headers: map[string]string{"X-Token": "t"}, Events: []string{"jira:issue_updated"}}
	s, in := hooked(t, jira.Cloud, hook, func(int) int { return 500 })
	require.NoError(t, s.Move("alice", s.create(nil), "Denied"))
	s.settled()
	require.Len(t, in.all(), 1, "automation does not retry")
	require.JSONEq(t, `{"issue":"ACC-1","actor":"712020:alice","ts":"2026-01-02T03:04:05.678+0000"}`, string(in.all()[0].body))
	require.Equal(t, "t", in.all()[0].header.Get("X-Token"))
	require.Empty(t, in.all()[0].header.Get("X-Hub-Signature"))
}

func TestRetriesFollowJirasRule(t *testing.T) {
	for name, tc := range map[string]struct {
		answers  []int
		attempts int
	}{
		"success":             {[]int{204}, 1},
		"429 then success":    {[]int{429, 200}, 2},
		"each retryable code": {[]int{408, 409, 425, 503, 200}, 5},
		"cut connection":      {[]int{0, 200}, 2},
		"gives up after five": {[]int{500, 500, 500, 500, 500, 500, 200}, 6},
		"a refusal ends it":   {[]int{401, 200}, 1},
		"400 ends it":         {[]int{400, 200}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, in := hooked(t, jira.Cloud, jira.Webhook{Secret: "hush"}, func(n int) int { return tc.answers[n-1] })
			s.create(nil)
			s.settled()
			got := in.all()
			require.Len(t, got, tc.attempts)
			for i, r := range got {
				require.Equal(t, got[0].header.Get("X-Atlassian-Webhook-Identifier"), r.header.Get("X-Atlassian-Webhook-Identifier"))
				require.Equal(t, got[0].body, r.body)
				require.Equal(t, []string{"", "1", "2", "3", "4", "5"}[i], r.header.Get("X-Atlassian-Webhook-Retry"))
			}
			for i, d := range s.Deliveries() {
				require.Equal(t, i+1, d.Attempt)
				require.Equal(t, tc.answers[i], d.Status)
				require.Equal(t, tc.answers[i] == 0, d.Error != "")
				require.Equal(t, "ACC-1", d.Issue)
				require.Equal(t, "jira:issue_created", d.Event)
				require.Equal(t, got[i].body, d.Body)
				require.Equal(t, jira.Sign("hush", d.Body), d.Headers.Get("X-Hub-Signature"))
			}
			s.ResetDeliveries()
			require.Empty(t, s.Deliveries())
		})
	}
}

func TestTimeoutIsRetried(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	hook := jira.Webhook{Client: &http.Client{Timeout: 50 * time.Millisecond}}
	s, in := hooked(t, jira.Cloud, hook, func(n int) int {
		if n == 1 {
			<-release
		}
		return 200
	})
	s.create(nil)
	s.settled()
	sent := s.Deliveries()
	require.GreaterOrEqual(t, len(sent), 2)
	require.NotEmpty(t, sent[0].Error)
	require.Equal(t, http.StatusOK, sent[len(sent)-1].Status)
	require.Equal(t, in.all()[0].body, sent[len(sent)-1].Body)
}

func TestWebhookFaults(t *testing.T) {
	t.Run("lost", func(t *testing.T) {
		s, in := hooked(t, jira.Cloud, jira.Webhook{Secret: "hush"}, nil)
		s.SetWebhookFault(jira.WebhookFault{LoseEvery: 2})
		for range 4 {
			s.create(nil)
		}
		s.settled()
		require.Len(t, in.all(), 2)
		lost := 0
		for _, d := range s.Deliveries() {
			if d.Lost {
				lost++
				require.NotEmpty(t, d.Body, "what was lost can be sent by hand")
			}
		}
		require.Equal(t, 2, lost)
		s.SetWebhookFault(jira.WebhookFault{})
		s.create(nil)
		s.settled()
		require.Len(t, in.all(), 3)
	})
	t.Run("doubled", func(t *testing.T) {
		s, in := hooked(t, jira.Cloud, jira.Webhook{}, nil)
		s.SetWebhookFault(jira.WebhookFault{Double: true})
		s.create(nil)
		s.settled()
		got := in.all()
		require.Len(t, got, 2)
		require.Equal(t, got[0].header.Get("X-Atlassian-Webhook-Identifier"), got[1].header.Get("X-Atlassian-Webhook-Identifier"))
	})
	t.Run("reordered", func(t *testing.T) {
		s, in := hooked(t, jira.Cloud, jira.Webhook{}, nil)
		s.SetWebhookFault(jira.WebhookFault{Reorder: true})
		key := s.create(nil)
		require.NoError(t, s.Move("alice", key, "Approved"))
		require.NoError(t, s.Comment("alice", key, "alone"))
		s.settled()
		require.Len(t, in.all(), 3)
		require.Equal(t, "jira:issue_updated", in.object(t, 0)["webhookEvent"])
		require.Equal(t, "jira:issue_created", in.object(t, 1)["webhookEvent"])
		require.Equal(t, "comment_created", in.object(t, 2)["webhookEvent"], "an event nobody follows is sent after all")
	})
	t.Run("delayed", func(t *testing.T) {
		s, in := hooked(t, jira.Cloud, jira.Webhook{}, nil)
		s.SetWebhookFault(jira.WebhookFault{Delay: 30 * time.Millisecond})
		started := time.Now()
		s.create(nil)
		s.settled()
		require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
		require.Len(t, in.all(), 1)
	})
}

func TestEventsOfOneIssueArriveInOrder(t *testing.T) {
	s, in := hooked(t, jira.Cloud, jira.Webhook{}, nil)
	key := s.create(nil)
	for range 20 {
		require.NoError(t, s.Comment("alice", key, "x"))
	}
	s.settled()
	last := ""
	for i := range in.all()[1:] {
		id := in.object(t, i+1)["comment"].(map[string]any)["id"].(string)
		require.Less(t, last, id)
		last = id
	}
}

func TestSetWebhooksReplacesAndCloseGivesUp(t *testing.T) {
	first, second := receiver(t, nil), receiver(t, func(int) int { return 500 })
	s := start(t, jira.Options{})
	s.AddWebhook(jira.Webhook{URL: first.URL})
	s.SetWebhooks(jira.Webhook{URL: second.URL, RetryDelay: time.Hour})
	s.create(nil)
	require.Eventually(t, func() bool { return len(s.Deliveries()) == 1 }, 5*time.Second, time.Millisecond)
	require.Empty(t, first.all())
	s.Close()
	s.settled()
	require.Len(t, second.all(), 1)
	require.True(t, strings.HasPrefix(s.Deliveries()[0].URL, second.URL))
}
