package jira_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// hooked is a site with one webhook that retries at once.
func hooked(t *testing.T, flavour jira.Flavour, hook jira.Webhook, next func(int) int) (*site, *standintest.Inbox) {
	t.Helper()
	in := standintest.Receive(t, next)
	s := start(t, jira.Options{Flavour: flavour, Clock: standintest.NewClock().Now})
	hook.URL, hook.RetryDelay = in.URL, time.Millisecond
	s.AddWebhook(hook)
	return s, in
}

func (s *site) settled() {
	s.T.Helper()
	require.NoError(s.T, s.WaitDeliveries(s.T.Context()))
}

func TestSignatureOfTheVendorsVector(t *testing.T) {
	v := standintest.SignatureVector(t, "jira-x-hub-signature")
	require.Equal(t, v.Headers["X-Hub-Signature"], jira.Sign(v.Secret, []byte(v.Body)))
}

func TestTransitionWebhookHasTheDocumentedBody(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s, in := hooked(t, flavour, jira.Webhook{Secret: "hush"}, nil)
		key := s.create(map[string]any{"description": "d"})
		require.NoError(t, s.Move("alice", key, "Approved"))
		s.settled()
		require.Len(t, in.All(), 2)
		require.Equal(t, "jira:issue_created", in.Object(t, 0)["webhookEvent"])

		got := in.Object(t, 1)
		require.Equal(t, "jira:issue_updated", got["webhookEvent"])
		require.Equal(t, "issue_generic", got["issue_event_type_name"])
		require.EqualValues(t, standintest.NewClock().Now().UnixMilli(), got["timestamp"])
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

		for _, r := range in.All() {
			require.Equal(t, jira.Sign("hush", r.Body), r.Header.Get("X-Hub-Signature"))
			require.Equal(t, "Primary", r.Header.Get("X-Atlassian-Webhook-Flow"))
			require.NotEmpty(t, r.Header.Get("X-Atlassian-Webhook-Identifier"))
			require.Empty(t, r.Header.Get("X-Atlassian-Webhook-Retry"))
		}
	})
}

func TestCommentAndDeleteWebhooks(t *testing.T) {
	s, in := hooked(t, jira.Cloud, jira.Webhook{Events: []string{"comment_created", "jira:issue_deleted"}}, nil)
	key := s.create(nil)
	require.NoError(t, s.Comment("bob", key, "reason: no"))
	s.Do(http.StatusNoContent, "PUT", issuePath(key), map[string]any{
		"update": map[string]any{"comment": []any{map[string]any{"add": map[string]any{"body": "by edit"}}}},
	})
	require.NoError(t, s.DeleteIssue("alice", key))
	s.settled()
	require.Len(t, in.All(), 3, "only what was subscribed to")
	got := in.Object(t, 0)
	require.Equal(t, "comment_created", got["webhookEvent"])
	require.NotContains(t, got, "user")
	comment := got["comment"].(map[string]any)
	require.Equal(t, "reason: no", comment["body"])
	require.Equal(t, "712020:bob", comment["author"].(map[string]any)["accountId"])
	require.Equal(t, key, got["issue"].(map[string]any)["key"])
	require.Equal(t, "by edit", in.Object(t, 1)["comment"].(map[string]any)["body"])
	require.Equal(t, "jira:issue_deleted", in.Object(t, 2)["webhookEvent"])
	require.Empty(t, in.All()[0].Header.Get("X-Hub-Signature"), "no secret, no signature")
}

func TestDataCenterBasicAuthAndOwnHeaders(t *testing.T) {
	hook := jira.Webhook{BasicUser: "hook", BasicPassword: "hush", NoIdentifier: true, Headers: map[string]string{"X-Extra": "1"}}
	s, in := hooked(t, jira.DataCenter, hook, nil)
	s.create(nil)
	s.settled()
	header := in.All()[0].Header
	require.Equal(t, "Basic aG9vazpodXNo", header.Get("Authorization"))
	require.Equal(t, "1", header.Get("X-Extra"))
	require.Empty(t, header.Get("X-Atlassian-Webhook-Identifier"))
}

func TestAutomationRuleSendsItsOwnBody(t *testing.T) {
	hook := jira.Webhook{Automation: true, Secret: "ignored", Headers: map[string]string{"X-Token": "t"}, Events: []string{"jira:issue_updated"}}
	s, in := hooked(t, jira.Cloud, hook, func(int) int { return 500 })
	require.NoError(t, s.Move("alice", s.create(nil), "Denied"))
	s.settled()
	require.Len(t, in.All(), 1, "automation does not retry")
	require.JSONEq(t, `{"issue":"ACC-1","actor":"712020:alice","ts":"2026-01-02T03:04:05.678+0000"}`, string(in.All()[0].Body))
	require.Equal(t, "t", in.All()[0].Header.Get("X-Token"))
	require.Empty(t, in.All()[0].Header.Get("X-Hub-Signature"))
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
			got := in.All()
			require.Len(t, got, tc.attempts)
			for i, r := range got {
				require.Equal(t, got[0].Header.Get("X-Atlassian-Webhook-Identifier"), r.Header.Get("X-Atlassian-Webhook-Identifier"))
				require.Equal(t, got[0].Body, r.Body)
				require.Equal(t, []string{"", "1", "2", "3", "4", "5"}[i], r.Header.Get("X-Atlassian-Webhook-Retry"))
			}
			for i, d := range s.Deliveries() {
				require.Equal(t, i+1, d.Attempt)
				require.Equal(t, tc.answers[i], d.Status)
				require.Equal(t, tc.answers[i] == 0, d.Error != "")
				require.Equal(t, "ACC-1", d.Issue)
				require.Equal(t, "jira:issue_created", d.Event)
				require.Equal(t, got[i].Body, d.Body)
				require.Equal(t, jira.Sign("hush", d.Body), d.Headers.Get("X-Hub-Signature"))
			}
			s.ResetDeliveries()
			require.Empty(t, s.Deliveries())
		})
	}
}

func TestSetWebhooksReplacesAndCloseGivesUp(t *testing.T) {
	first, second := standintest.Receive(t, nil), standintest.Receive(t, func(int) int { return 500 })
	s := start(t, jira.Options{})
	s.AddWebhook(jira.Webhook{URL: first.URL})
	s.SetWebhooks(jira.Webhook{URL: second.URL, RetryDelay: time.Hour})
	s.create(nil)
	require.Eventually(t, func() bool { return len(s.Deliveries()) == 1 }, time.Minute, time.Millisecond)
	require.Empty(t, first.All())
	s.Close()
	s.settled()
	require.Len(t, second.All(), 1)
	require.True(t, strings.HasPrefix(s.Deliveries()[0].URL, second.URL))
}
