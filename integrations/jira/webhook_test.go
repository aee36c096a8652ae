package jira

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/simulators/contract"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

// verify checks a delivery and returns the reason of the refusal, empty for none.
func verify(t *testing.T, w Webhook, body string, header ...string) string {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	err := (&Jira{proof: newProof(w)}).Verify(bridge.Inbound{Header: h, Body: []byte(body)})
	if err == nil {
		return ""
	}
	var refused *bridge.Refused
	require.ErrorAs(t, err, &refused)
	if refused.Why != "secret-unreadable" {
		require.Equal(t, http.StatusUnauthorized, refused.Status)
	}
	return refused.Why
}

func basicHeader(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestW14_PublishedSignatureVector(t *testing.T) {
	for _, v := range testkit.Vectors(t, filepath.Join(contract.Folder(t), "signature-vectors.json"), "jira-x-hub-signature") {
		require.Empty(t, verify(t, Webhook{Secrets: testkit.Secrets(v.Secret)}, v.Body, "X-Hub-Signature", v.Headers["X-Hub-Signature"]))
	}
}

func TestW14_OnlyProvenDeliveriesAreTaken(t *testing.T) {
	const body = `{"webhookEvent":"jira:issue_updated"}`
	good := sim.Sign("new", []byte(body))
	bySecret := Webhook{Secrets: testkit.Secrets("old", "new")}
	byBasic := Webhook{Basic: &BasicAuth{User: "jira", Password: config.NewSecret("pass:word")}}
	byHeader := Webhook{Header: &HeaderAuth{Name: "X-Secret", Values: testkit.Secrets("one", "two")}}
	all := Webhook{Secrets: bySecret.Secrets, Basic: byBasic.Basic, Header: byHeader.Header}
	for name, c := range map[string]struct {
		w      Webhook
		body   string
		header []string
		why    string
	}{
		"signed":               {bySecret, body, []string{"X-Hub-Signature", good}, ""},
		"signed with old":      {bySecret, body, []string{"X-Hub-Signature", sim.Sign("old", []byte(body))}, ""},
		"capital method":       {bySecret, body, []string{"X-Hub-Signature", strings.Replace(good, "sha256", "SHA256", 1)}, ""},
		"unsigned":             {bySecret, body, nil, "unproven"},
		"empty header":         {bySecret, body, []string{"X-Hub-Signature", ""}, "unproven"},
		"bit in the body":      {bySecret, strings.Replace(body, "u", "t", 1), []string{"X-Hub-Signature", good}, "signature"},
		"bit in the signature": {bySecret, body, []string{"X-Hub-Signature", flip(good)}, "signature"},
		"truncated body":       {bySecret, body[:10], []string{"X-Hub-Signature", good}, "signature"},
		"truncated signature":  {bySecret, body, []string{"X-Hub-Signature", good[:40]}, "signature"},
		"not hex":              {bySecret, body, []string{"X-Hub-Signature", "sha256=zz"}, "signature"},
		"no method":            {bySecret, body, []string{"X-Hub-Signature", strings.TrimPrefix(good, "sha256=")}, "signature-method"},
		"other method":         {bySecret, body, []string{"X-Hub-Signature", strings.Replace(good, "sha256", "sha1", 1)}, "signature-method"},
		"empty secret":         {bySecret, body, []string{"X-Hub-Signature", sim.Sign("", []byte(body))}, "signature"},
		"other secret":         {bySecret, body, []string{"X-Hub-Signature", sim.Sign("else", []byte(body))}, "signature"},
		"nothing configured":   {Webhook{}, body, []string{"X-Hub-Signature", sim.Sign("", []byte(body))}, "unproven"},
		"basic":                {byBasic, body, []string{"Authorization", basicHeader("jira", "pass:word")}, ""},
		"basic, wrong":         {byBasic, body, []string{"Authorization", basicHeader("jira", "pass")}, "basic"},
		"basic, other user":    {byBasic, body, []string{"Authorization", basicHeader("Jira", "pass:word")}, "basic"},
		"basic, no base64":     {byBasic, body, []string{"Authorization", "Basic !"}, "basic"},
		"bearer":               {byBasic, body, []string{"Authorization", "Bearer x"}, "unproven"},
		"header":               {byHeader, body, []string{"X-Secret", "two"}, ""},
		"header, wrong":        {byHeader, body, []string{"X-Secret", "three"}, "header"},
		"any one of all":       {all, body, []string{"X-Secret", "one"}, ""},
		"one wrong of two":     {all, body, []string{"X-Secret", "one", "X-Hub-Signature", flip(good)}, "signature"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.why, verify(t, c.w, c.body, c.header...)) })
	}
}

func flip(s string) string {
	last := byte('0')
	if strings.HasSuffix(s, "0") {
		last = '1'
	}
	return s[:len(s)-1] + string(last)
}

func TestSecretsAreReadAgainWhenTheirFileChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hooks")
	w := Webhook{SecretsFile: file}
	sign := func(secret string) []string { return []string{"X-Hub-Signature", sim.Sign(secret, []byte("x"))} }
	require.Equal(t, "secret-unreadable", verify(t, w, "x", sign("a")...))
	require.NoError(t, os.WriteFile(file, []byte("a\nb\n"), 0o600))
	require.Empty(t, verify(t, w, "x", sign("a")...))
	require.NoError(t, os.WriteFile(file, []byte("b\nc\n"), 0o600))
	require.Empty(t, verify(t, w, "x", sign("c")...))
	require.Equal(t, "signature", verify(t, w, "x", sign("a")...))
}

func TestDecode(t *testing.T) {
	const labels = `"fields":{"labels":["x","teleport-request-` + reqID + `"]}`
	status := `"changelog":{"items":[{"field":"status","fieldId":"status","to":"3"}]}`
	for name, c := range map[string]struct {
		body, event string
		object, req string
	}{
		"moved":               {`{"webhookEvent":"jira:issue_updated","issue":{"id":"10042","key":"ACC-1",` + labels + `},` + status + `}`, "jira:issue_updated", "10042", reqID},
		"moved, data center":  {`{"webhookEvent":"jira:issue_updated","issue":{"id":10042,"key":"ACC-1"},"changelog":{"items":[{"field":"status"}]}}`, "jira:issue_updated", "10042", ""},
		"edited":              {`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"summary"}]}}`, "jira:issue_updated", "", ""},
		"own field named so":  {`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"status","fieldtype":"custom"}]}}`, "jira:issue_updated", "", ""},
		"no changelog":        {`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"}}`, "jira:issue_updated", "1", ""},
		"null changelog":      {`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":null}`, "jira:issue_updated", "1", ""},
		"no issue":            {`{"webhookEvent":"jira:issue_updated",` + status + `}`, "jira:issue_updated", "", ""},
		"null issue":          {`{"webhookEvent":"jira:issue_updated","issue":null}`, "jira:issue_updated", "", ""},
		"created":             {`{"webhookEvent":"jira:issue_created","issue":{"id":"1",` + labels + `}}`, "jira:issue_created", "1", reqID},
		"deleted":             {`{"webhookEvent":"jira:issue_deleted","issue":{"id":"1"}}`, "jira:issue_deleted", "1", ""},
		"comment":             {`{"webhookEvent":"comment_created","comment":{"id":"7"},"issue":{"id":"1"}}`, "comment_created", "1", ""},
		"comment alone":       {`{"webhookEvent":"comment_created","comment":{"id":"7"}}`, "comment_created", "", ""},
		"unknown event":       {`{"webhookEvent":"sprint_closed","issue":{"id":"1"}}`, "sprint_closed", "", ""},
		"automation, key":     {`{"issue":"ACC-1","actor":"x","ts":"y"}`, "automation", "ACC-1", ""},
		"automation, number":  {`{"issue":{"id":11111,"key":"ACC-1","fields":{"labels":null}}}`, "automation", "11111", ""},
		"automation, itself":  {`{"id":11111,"key":"ACC-1",` + labels + `,"changelog":{"histories":null}}`, "automation", "11111", reqID},
		"only a key":          {`{"issue":{"key":"ACC-1"}}`, "automation", "ACC-1", ""},
		"two requests":        {`{"issue":{"id":"1","fields":{"labels":["teleport-request-` + reqID + `","teleport-request-99999999-2222-3333-4444-555555555555"]}}}`, "automation", "1", ""},
		"label of no request": {`{"issue":{"id":"1","fields":{"labels":["teleport-request-../x"]}}}`, "automation", "1", ""},
		"label in braces":     {`{"issue":{"id":"1","fields":{"labels":["teleport-request-{` + reqID + `}"]}}}`, "automation", "1", ""},
		"label undashed":      {`{"issue":{"id":"1","fields":{"labels":["teleport-request-` + strings.ReplaceAll(reqID, "-", "") + `"]}}}`, "automation", "1", ""},
		"label, not hex":      {`{"issue":{"id":"1","fields":{"labels":["teleport-request-` + strings.Replace(reqID, "1", "g", 1) + `"]}}}`, "automation", "1", ""},
		"odd labels":          {`{"issue":{"id":"1","fields":{"labels":{"a":1}}}}`, "automation", "1", ""},
		"odd fields":          {`{"issue":{"id":"1","fields":[1]}}`, "automation", "1", ""},
		"path as id":          {`{"issue":{"id":"../1"}}`, "automation", "", ""},
		"odd event":           {`{"webhookEvent":7,"issue":{"id":"1"}}`, "automation", "1", ""},
		"a list":              {`[1,2]`, "automation", "", ""},
		"empty":               {" \n", "empty", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"X-Atlassian-Webhook-Identifier": {"delivery-1"}}
			d, err := (&Jira{}).Decode(bridge.Inbound{Header: h, Body: []byte(c.body)})
			require.NoError(t, err)
			want := bridge.Delivery{ID: "delivery-1", Event: c.event}
			if c.object != "" {
				want.Hints = []bridge.Hint{{ObjectID: c.object, RequestID: c.req}}
			}
			require.Equal(t, want, d)
		})
	}
	for _, body := range []string{`{`, `{"issue":`, `nonsense`, "\x00"} {
		_, err := (&Jira{}).Decode(bridge.Inbound{Body: []byte(body)})
		var refused *bridge.Refused
		require.ErrorAs(t, err, &refused)
		require.Equal(t, http.StatusBadRequest, refused.Status)
	}
}

func TestW14_WhatJiraSendsIsProvenAndDecoded(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		var got []bridge.Inbound
		s.AddWebhook(sim.Webhook{URL: "http://bridge.invalid/", Secret: "hook-secret", Client: &http.Client{
			Transport: testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}),
		}})
		ref := s.open(t)
		require.NoError(t, s.Move("bob", ref.ID, "Approved"))
		require.NoError(t, s.Comment("bob", ref.ID, "x"))
		require.NoError(t, s.DeleteIssue("bob", ref.ID))
		require.NoError(t, s.WaitDeliveries(t.Context()))
		events := map[string]bool{}
		for _, d := range s.Deliveries() {
			in := bridge.Inbound{Header: d.Headers, Body: d.Body}
			got = append(got, in)
			require.NoError(t, s.Verify(in))
			out, err := s.Decode(in)
			require.NoError(t, err)
			require.Len(t, out.Hints, 1, "%s", d.Body)
			require.Equal(t, ref.ID, out.Hints[0].ObjectID)
			require.Equal(t, d.Identifier, out.ID)
			events[out.Event] = true
		}
		require.Len(t, got, 4)
		require.Len(t, events, 4)
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"A-1","fields":{"labels":["teleport-request-` + reqID + `"]}},"changelog":{"items":[{"field":"status","fieldtype":"jira","fieldId":"status","to":"3"}]}}`,
		`{"webhookEvent":"jira:issue_updated"}`, `{"issue":"ACC-1"}`, `{"issue":{"id":11111}}`, `{"id":1,"key":"A-1"}`, `null`, `[]`, `""`, `{"issue":null}`,
		`{"issue":{"fields":null}}`, `{"changelog":{"items":null}}`, `{"issue":[{"id":1}]}`, ``, `{`,
	} {
		f.Add([]byte(seed), "sha256=00")
	}
	j := &Jira{proof: newProof(Webhook{Secrets: testkit.Secrets("s")})}
	f.Fuzz(func(t *testing.T, body []byte, signature string) {
		in := bridge.Inbound{Header: http.Header{"X-Hub-Signature": {signature}}, Body: body}
		if err := j.Verify(in); err == nil {
			require.Equal(t, strings.ToLower(sim.Sign("s", body)), strings.ToLower(signature))
		}
		d, err := j.Decode(in)
		if err != nil {
			require.Empty(t, d)
			return
		}
		for _, h := range d.Hints {
			require.Regexp(t, `^[A-Za-z0-9_-]+$`, h.ObjectID)
			require.Regexp(t, `^([0-9a-fA-F-]{36})?$`, h.RequestID)
		}
	})
}
