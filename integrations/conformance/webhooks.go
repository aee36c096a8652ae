package conformance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func webhookTrials() []trial {
	return []trial{
		{"webhooks/hint", webhookHints},
		{"webhooks/unknown-event", webhookUnknownEvent},
		{"webhooks/replay", webhookReplay},
		{"webhooks/no-calls", webhookNoCalls},
		{"webhooks/decode-never-panics", decodeNeverPanics},
	}
}

// webhooks is the integration as a source of webhooks, which the case needs.
func (b *bed) webhooks(t testing.TB) bridge.WebhookSource {
	t.Helper()
	source, ok := b.it.(bridge.WebhookSource)
	require.True(t, ok, `implement bridge.WebhookSource, or name "webhooks" as unsupported`)
	return source
}

// received is a delivery and the receiver it came to.
type received struct {
	path string
	in   bridge.Inbound
}

// deliveries opens an object, has a person approve it, and returns the delivery that tells of it, once for each secret.
func (b *bed) deliveries(t testing.TB, secrets ...string) (bridge.Ref, []bridge.Inbound) {
	t.Helper()
	sender, ok := b.vendor.(Sender)
	require.True(t, ok, "the stand-in must be a conformance.Sender")
	incoming, done := make(chan received), make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a broken delivery hints at nothing
		select {
		case incoming <- received{path: r.URL.Path, in: bridge.Inbound{Header: r.Header.Clone(), Body: body}}:
		case <-done:
		}
	}))
	defer receiver.Close()
	defer close(done)

	ref := b.open(t, 1)
	paths := map[string]int{}
	for i, secret := range secrets {
		path := "/" + strings.Repeat("i", i+1)
		paths[path] = i
		sender.Subscribe(receiver.URL+path, secret)
	}
	b.decide(t, ref, bridge.Approve, "")
	list, missing := make([]bridge.Inbound, len(secrets)), len(secrets)
	for missing > 0 {
		select {
		case got := <-incoming:
			if i, ok := paths[got.path]; ok && list[i].Body == nil && b.hints(t, got.in, ref) {
				list[i] = got.in
				missing--
			}
		case <-time.After(patience):
			require.Fail(t, "no delivery hints at the object that was decided at")
		}
	}
	b.wire.heals()
	return ref, list
}

// hints reports whether a delivery names the object.
func (b *bed) hints(t testing.TB, in bridge.Inbound, ref bridge.Ref) bool {
	t.Helper()
	d, err := b.webhooks(t).Decode(in)
	if err != nil {
		return false
	}
	for _, h := range d.Hints {
		if h.ObjectID == ref.ID || h.ObjectID == ref.Key && ref.Key != "" {
			return true
		}
	}
	return false
}

func webhookHints(t testing.TB, s Suite) {
	b := s.lay(t)
	ref, list := b.deliveries(t, newHook)
	require.NoError(t, b.webhooks(t).Verify(list[0]))
	d, err := b.webhooks(t).Decode(list[0])
	require.NoError(t, err)
	room := bytes.Clone(list[0].Body)
	again, err := b.webhooks(t).Decode(bridge.Inbound{Header: list[0].Header, Body: room})
	require.NoError(t, err)
	clear(room)
	require.Equal(t, d, again, "nothing is kept in the room of the body, which is used again")
	require.NotEmpty(t, d.Event, "logs name the event")
	require.True(t, b.hints(t, list[0], ref))
	for _, h := range d.Hints {
		require.NotEmpty(t, h.ObjectID)
		require.Contains(t, []string{ref.ID, ref.Key}, h.ObjectID, "only the object that was decided at")
		require.Contains(t, []string{"", requestID(1)}, h.RequestID)
	}
	require.True(t, d.Reply.Status == 0 || d.Reply.Status >= 200 && d.Reply.Status <= 299, "the delivery is acknowledged")
}

// Vendors add events at any time, and some stop sending to a receiver that refuses them.
func webhookUnknownEvent(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, newHook)
	known, err := b.webhooks(t).Decode(list[0])
	require.NoError(t, err)
	const unheardOf = "conformance.unheard_of"
	other := bridge.Inbound{Header: http.Header{}, Body: bytes.ReplaceAll(list[0].Body, []byte(known.Event), []byte(unheardOf))}
	for name, values := range list[0].Header {
		for _, value := range values {
			other.Header.Add(name, strings.ReplaceAll(value, known.Event, unheardOf))
		}
	}
	require.NotEqual(t, list[0], other, "the delivery holds the name of its event")
	d, err := b.webhooks(t).Decode(other)
	require.NoError(t, err, "an unknown event is acknowledged")
	require.Empty(t, d.Hints)
	require.True(t, d.Reply.Status == 0 || d.Reply.Status >= 200 && d.Reply.Status <= 299, "an unknown event is acknowledged")
}

func webhookReplay(t testing.TB, s Suite) {
	b := s.lay(t)
	ref, list := b.deliveries(t, newHook)
	require.NoError(t, b.webhooks(t).Verify(list[0]))
	first, err := b.webhooks(t).Decode(list[0])
	require.NoError(t, err)
	before := b.evidence(t, 1, ref)
	for range 3 {
		require.NoError(t, b.webhooks(t).Verify(list[0]), "a vendor's own retry is the same delivery")
		again, err := b.webhooks(t).Decode(list[0])
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.True(t, b.hints(t, list[0], ref), "a replay is a hint as well")
	}
	after := b.evidence(t, 1, ref)
	require.Len(t, after, len(before))
	for i := range after {
		after[i].ReadAt = before[i].ReadAt
	}
	require.Equal(t, before, after)
	require.Empty(t, b.wire.writes())
}

func webhookNoCalls(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, newHook)
	require.NoError(t, b.webhooks(t).Verify(list[0]))
	_, err := b.webhooks(t).Decode(list[0])
	require.NoError(t, err)
	require.Empty(t, b.wire.seen(), "verifying and decoding do no I/O")
}

func decodeNeverPanics(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, newHook)
	source := b.webhooks(t)
	for body := range mutations(list[0].Body) {
		in := bridge.Inbound{Header: list[0].Header, Body: body}
		if what := panics(func() { _ = source.Verify(in) }); what != nil {
			require.Fail(t, "Verify panics", "%v, body %.300q", what, body)
		}
		if what := panics(func() { _, _ = source.Decode(in) }); what != nil {
			require.Fail(t, "Decode panics", "%v, body %.300q", what, body)
		}
	}
	if what := panics(func() { _ = source.Verify(bridge.Inbound{}); _, _ = source.Decode(bridge.Inbound{}) }); what != nil {
		require.Fail(t, "the empty delivery panics", "%v", what)
	}
	require.Empty(t, b.wire.seen())
}

func panics(f func()) (what any) {
	defer func() { what = recover() }()
	f()
	return nil
}
