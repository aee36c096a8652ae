package pagerduty

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/simulators/contract"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

// plain is an integration without a PagerDuty.
func plain(t testing.TB, change func(*Settings)) *PagerDuty {
	t.Helper()
	set := defaults()
	set.From, set.APIToken, set.Webhook.Secrets = "bot@example.com", config.NewSecret("t"), testkit.Secrets("old", "new")
	if change != nil {
		change(set)
	}
	p, err := New("oncall", set, Options{})
	require.NoError(t, err)
	return p
}

// verify returns the status and reason of a refusal, zero for none.
func verify(t *testing.T, p *PagerDuty, body string, signature ...string) (int, string) {
	t.Helper()
	h := http.Header{}
	for _, s := range signature {
		h.Add("X-PagerDuty-Signature", s)
	}
	err := p.Verify(bridge.Inbound{Header: h, Body: []byte(body)})
	if err == nil {
		return 0, ""
	}
	var refused *bridge.Refused
	require.ErrorAs(t, err, &refused)
	return refused.Status, refused.Why
}

func TestPublishedSignatureVector(t *testing.T) {
	for _, v := range testkit.Vectors(t, filepath.Join(contract.Folder(t), "signature-vectors.json"), "pagerduty-v1") {
		for _, secret := range []string{v.Secret, "old secret"} {
			p := plain(t, func(s *Settings) { s.Webhook.Secrets = testkit.Secrets(secret) })
			status, _ := verify(t, p, v.Body, v.Headers["X-PagerDuty-Signature"])
			require.Zero(t, status, secret)
		}
	}
}

func TestP3_OnlyProvenDeliveriesAreTaken(t *testing.T) {
	const body = `{"event":{"event_type":"incident.annotated"}}`
	sign := func(secret string) string { return sim.Sign([]byte(body), secret) }
	flipped := []byte(sign("new"))
	flipped[len(flipped)-1] ^= 1
	p := plain(t, nil)
	for name, c := range map[string]struct {
		body       string
		signatures []string
		status     int
		why        string
	}{
		"new secret":             {body, []string{sign("new")}, 0, ""},
		"old secret":             {body, []string{sign("old")}, 0, ""},
		"rotation at the vendor": {body, []string{sign("other") + "," + sign("new")}, 0, ""},
		"spaces":                 {body, []string{" " + sign("other") + " , " + sign("new")}, 0, ""},
		"several headers":        {body, []string{sign("other"), sign("new")}, 0, ""},
		"a later version too":    {body, []string{"v2=00ff," + sign("new")}, 0, ""},
		"upper case":             {body, []string{"v1=" + strings.ToUpper(strings.TrimPrefix(sign("new"), "v1="))}, 0, ""},
		"no header":              {body, nil, 401, "unsigned"},
		"an empty header":        {body, []string{" "}, 401, "unsigned"},
		"one bit of the body":    {strings.Replace(body, "t", "u", 1), []string{sign("new")}, 503, "signature"},
		"one bit of the proof":   {body, []string{string(flipped)}, 503, "signature"},
		"unknown secret":         {body, []string{sign("other")}, 503, "signature"},
		"an empty secret":        {body, []string{sim.Sign([]byte(body), "")}, 503, "signature"},
		"without version":        {body, []string{strings.TrimPrefix(sign("new"), "v1=")}, 503, "signature"},
		"another version":        {body, []string{"v2=" + strings.TrimPrefix(sign("new"), "v1=")}, 503, "signature"},
		"not hex":                {body, []string{"v1=zz"}, 503, "signature"},
		"nothing":                {body, []string{"v1="}, 503, "signature"},
		"a flood":                {body, []string{strings.Repeat(sign("other")+",", 10_000) + sign("new")}, 503, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			status, why := verify(t, p, c.body, c.signatures...)
			require.Equal(t, c.status, status)
			require.Equal(t, c.why, why)
		})
	}
}

func TestNoSecretProvesNothing(t *testing.T) {
	const body = `{}`
	file := filepath.Join(t.TempDir(), "secrets")
	for _, change := range []func(*Settings){
		func(s *Settings) { s.Webhook.Secrets = nil },
		func(s *Settings) { s.Webhook.Secrets = testkit.Secrets("") },
		func(s *Settings) { s.Webhook = Webhook{SecretsFile: file} },
	} {
		p := plain(t, change)
		status, why := verify(t, p, body, sim.Sign([]byte(body), ""))
		require.Equal(t, 503, status)
		require.Equal(t, "secret-unreadable", why)
	}
	p := plain(t, func(s *Settings) { s.Webhook = Webhook{SecretsFile: file} })
	require.NoError(t, os.WriteFile(file, []byte("# two\nold\nnew\n"), 0o600))
	for _, secret := range []string{"old", "new"} {
		status, _ := verify(t, p, body, sim.Sign([]byte(body), secret))
		require.Zero(t, status)
	}
}

func decodeBody(t *testing.T, p *PagerDuty, body string) bridge.Delivery {
	t.Helper()
	d, err := p.Decode(bridge.Inbound{Header: http.Header{"X-Webhook-Id": {"hook-1"}}, Body: []byte(body)})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, d.Reply.Status, "nothing proven is refused")
	return d
}

func TestDecodeSaysWhatMayMatter(t *testing.T) {
	note := func(content, more string) string {
		return `{"event":{"id":"01E","event_type":"incident.annotated","agent":null,"data":{"type":"incident_note","id":"PN","content":` +
			content + more + `,"incident":{"id":"PINC001","type":"incident_reference"}}}}`
	}
	full := func(event string) string {
		return `{"event":{"id":"01E","event_type":"` + event + `","data":{"type":"incident","id":"PINC001","incident_key":"` + keyPrefix + reqID + `"}}}`
	}
	hint := []bridge.Hint{{ObjectID: "PINC001"}}
	withKey := []bridge.Hint{{ObjectID: "PINC001", RequestID: reqID}}
	invoked := `{"event":{"event_type":"incident.action_invocation.created","data":{"type":"incident_action_invocation","incident":{"id":"PINC001"}}}}`
	for name, c := range map[string]struct {
		settings func(*Settings)
		body     string
		event    string
		hints    []bridge.Hint
	}{
		"a deciding note":        {nil, note(`"Approve: x"`, ""), "incident.annotated", hint},
		"chatter":                {nil, note(`"looking"`, ""), "incident.annotated", nil},
		"a cut note":             {nil, note(`"loo"`, `,"trimmed":true`), "incident.annotated", hint},
		"a note without content": {nil, note(`null`, ""), "incident.annotated", hint},
		"notes do not decide":    {func(s *Settings) { s.Decisions.Notes = incident.NoteWords{} }, note(`"approve"`, ""), "incident.annotated", nil},
		"acknowledged":           {nil, full("incident.acknowledged"), "incident.acknowledged", nil},
		"acknowledged, mapped":   {everyWay, full("incident.acknowledged"), "incident.acknowledged", withKey},
		"resolved, mapped":       {everyWay, full("incident.resolved"), "incident.resolved", withKey},
		"resolved":               {nil, full("incident.resolved"), "incident.resolved", nil},
		"triggered":              {nil, full("incident.triggered"), "incident.triggered", nil},
		"action, mapped":         {everyWay, invoked, "incident.action_invocation.created", hint},
		"action":                 {nil, invoked, "incident.action_invocation.created", nil},
		"an event of tomorrow":   {nil, full("incident.approved_by_mind"), "incident.approved_by_mind", withKey},
		"foreign key":            {everyWay, strings.Replace(full("incident.resolved"), keyPrefix, "x/", 1), "incident.resolved", hint},
		"a service":              {nil, `{"event":{"event_type":"service.updated","data":{"type":"service","id":"PSVC"}}}`, "service.updated", nil},
		"ping":                   {nil, `{"event":{"event_type":"pagey.ping","resource_type":"pagey","data":{"type":"ping","message":"é"}}}`, "pagey.ping", nil},
		"no incident named":      {nil, `{"event":{"event_type":"incident.annotated","data":{"type":"incident_note"}}}`, "incident.annotated", nil},
		"data of another kind":   {nil, `{"event":{"event_type":"incident.annotated","data":[1]}}`, "incident.annotated", nil},
		"an id that is a path":   {nil, strings.Replace(note(`"deny"`, ""), "PINC001", "../users", 1), "incident.annotated", nil},
		"no event":               {nil, `{}`, "unnamed", nil},
		"not JSON":               {nil, `<html>`, "unreadable", nil},
		"nothing":                {nil, ``, "unreadable", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := decodeBody(t, plain(t, c.settings), c.body)
			require.Equal(t, "hook-1", d.ID)
			require.Equal(t, c.event, d.Event)
			require.Equal(t, c.hints, d.Hints)
		})
	}
	d, err := plain(t, nil).Decode(bridge.Inbound{Header: http.Header{}, Body: []byte(full("incident.triggered"))})
	require.NoError(t, err)
	require.Equal(t, "01E", d.ID, "the event's own id where the header is missing")
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"event":{"id":"01E","event_type":"incident.annotated","data":{"content":"approve","incident":{"id":"P1"}}}}`), "id", "v1=00")
	f.Add([]byte(`{"event":{"event_type":"incident.resolved","data":{"type":"incident","id":"P1","incident_key":"teleport-access-request/a"}}}`), "", "")
	f.Add([]byte(`{"event":null}`), "\xff", "v1=,v1=zz,,v2")
	p := plain(f, nil)
	f.Fuzz(func(t *testing.T, body []byte, id, signature string) {
		in := bridge.Inbound{Header: http.Header{"X-Webhook-Id": {id}, "X-Pagerduty-Signature": {signature}}, Body: body}
		if p.Verify(in) == nil {
			t.Fatal("proven without the secret")
		}
		d, err := p.Decode(in)
		if err != nil || d.Reply.Status != http.StatusAccepted || len(d.Hints) > 1 {
			t.Fatalf("%+v %v", d, err)
		}
		for _, h := range d.Hints {
			if !objectID.MatchString(h.ObjectID) || h.RequestID != "" && !requestID.MatchString(h.RequestID) {
				t.Fatalf("%+v", h)
			}
		}
	})
}

// What the simulator sends as PagerDuty does is proven, decoded, and leads to the evidence; never from its content.
func TestDeliveriesFromBeginningToEnd(t *testing.T) {
	s := newSite(t, setup{settings: everyWay})
	var mu sync.Mutex
	var hints []bridge.Hint
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		in := bridge.Inbound{Header: r.Header, Body: body}
		if err := s.Verify(in); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		d, _ := s.Decode(in)
		mu.Lock()
		hints = append(hints, d.Hints...)
		mu.Unlock()
		w.WriteHeader(d.Reply.Status)
	}))
	defer srv.Close()
	s.AddSubscription(sim.Subscription{URL: srv.URL, Secrets: []string{"next-secret", "hook-secret"}})
	ref := s.open(t)
	require.NoError(t, s.AddNote("alice", ref.ID, "approve: fine"))
	require.NoError(t, s.InvokeAction("alice", ref.ID, "Approve"))
	require.NoError(t, s.Resolve("alice", ref.ID))
	require.NoError(t, s.WaitDeliveries(t.Context()))
	for _, d := range s.Deliveries() {
		require.Equal(t, http.StatusAccepted, d.Status, d.Event)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []bridge.Hint{{ObjectID: ref.ID}, {ObjectID: ref.ID}, {ObjectID: ref.ID, RequestID: reqID}}, hints)
	require.Len(t, s.evidence(t, ref), 3)
}

func TestEnsureWebhooks(t *testing.T) {
	const address = "https://bridge.example.com/webhooks/oncall"
	s := newSite(t, setup{settings: everyWay})
	secret, changed, err := s.EnsureWebhooks(t.Context(), address)
	require.NoError(t, err)
	require.True(t, changed)
	made := s.Subscriptions()
	require.Len(t, made, 1)
	require.Equal(t, []string{secret}, made[0].Secrets)
	require.Equal(t, []string{"incident.annotated", "incident.action_invocation.created", "incident.acknowledged", "incident.resolved"}, made[0].Events)
	require.NotContains(t, s.log.String(), secret)

	again, changed, err := s.EnsureWebhooks(t.Context(), address+"/")
	require.NoError(t, err)
	require.False(t, changed)
	require.Empty(t, again, "PagerDuty tells a secret once")
	require.Len(t, s.Subscriptions(), 1)

	for name, broken := range map[string]sim.Subscription{
		"events":       {Events: []string{"incident.triggered", "incident.annotated"}},
		"switched off": {Inactive: true, Events: made[0].Events},
		"turned off":   {Drops: 3, DisabledUntil: time.Now().Add(time.Hour), Events: made[0].Events},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{settings: everyWay})
			broken.URL, broken.Secrets = address, []string{"hook-secret"}
			s.AddSubscription(broken)
			require.NotEmpty(t, testkit.Faults(t, s.Check(t.Context())))
			secret, changed, err := s.EnsureWebhooks(t.Context(), address)
			require.NoError(t, err)
			require.True(t, changed)
			require.Empty(t, secret)
			sub := s.Subscriptions()[0]
			require.False(t, sub.Inactive)
			require.True(t, sub.DisabledUntil.IsZero() || sub.DisabledUntil.Before(time.Now()))
			require.Subset(t, sub.Events, made[0].Events)
			require.Subset(t, sub.Events, broken.Events, "what others asked for stays")
			_, changed, err = s.EnsureWebhooks(t.Context(), address)
			require.NoError(t, err)
			require.False(t, changed)
			require.Empty(t, testkit.Faults(t, s.Check(t.Context())))
		})
	}
}

func TestEnsureWebhooksReplacesASubscriptionWhoseSecretNobodyHas(t *testing.T) {
	const address = "https://bridge.example.com/webhooks/oncall"
	s := newSite(t, setup{settings: func(s *Settings) { s.Mode, s.Webhook.Secrets = ModePoll, nil }})
	s.AddSubscription(sim.Subscription{URL: address})
	other := s.AddSubscription(sim.Subscription{URL: "https://elsewhere.example.com/hook"})
	secret, changed, err := s.EnsureWebhooks(t.Context(), address)
	require.NoError(t, err)
	require.True(t, changed)
	var urls []string
	for _, sub := range s.Subscriptions() {
		urls = append(urls, sub.URL)
		if sub.ID != other.ID {
			require.Equal(t, []string{secret}, sub.Secrets)
		}
	}
	require.ElementsMatch(t, []string{address, other.URL}, urls)
}

func TestEnsureWebhooksRefusesAnAddressWithoutTLS(t *testing.T) {
	s := newSite(t, setup{})
	for _, address := range []string{"", "bridge.example.com", "http://bridge.example.com/webhooks/oncall", "https://u:p@bridge.example.com/x", "ftp://x/y", "https://%zz"} {
		_, changed, err := s.EnsureWebhooks(t.Context(), address)
		require.Error(t, err, address)
		require.False(t, changed)
		require.NotContains(t, err.Error(), "u:p")
	}
	require.Zero(t, s.TotalCalls())
}
