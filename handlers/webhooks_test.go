package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// source is a vendor that does what a test says.
type source struct {
	verify   error
	decode   error
	delivery bridge.Delivery
	panics   bool
	seen     []bridge.Inbound
	decoded  int
}

func (s *source) Name() string                           { return "itsm" }
func (s *source) Check(context.Context) []bridge.Finding { return nil }
func (s *source) Verify(in bridge.Inbound) error {
	s.seen = append(s.seen, bridge.Inbound{Header: in.Header, Body: bytes.Clone(in.Body)})
	return s.verify
}

func (s *source) Decode(bridge.Inbound) (bridge.Delivery, error) {
	s.decoded++
	if s.panics {
		panic("the secret reason")
	}
	return s.delivery, s.decode
}

// border is a router with the source, and what it passed on.
type border struct {
	router *echo.Echo
	source *source
	known  bool
	hints  []bridge.Hint
	counts map[string]int
	log    *logtest.Log
}

func newBorder(s *source) *border {
	log, out := logtest.New()
	b := &border{source: s, known: true, counts: map[string]int{}, log: out}
	b.router = NewRouter(RouterOptions{Log: log})
	(&Webhooks{
		Sources: map[string]bridge.WebhookSource{"itsm": s},
		Hint: func(integration string, h bridge.Hint) bool {
			b.hints = append(b.hints, h)
			return b.known && integration == "itsm"
		},
		Count: func(integration, result string) { b.counts[integration+" "+result]++ },
		Log:   log,
	}).Register(b.router)
	return b
}

func TestDeliveryIsPassedOnAsItCame(t *testing.T) {
	t.Parallel()
	hints := []bridge.Hint{{ObjectID: "1"}, {ObjectID: "2", RequestID: "r"}}
	b := newBorder(&source{delivery: bridge.Delivery{Event: "e", Hints: hints}})
	const body = " {\"odd\" :\t1}\r\n\x00"
	answer := ask(t, b.router, http.MethodPost, "/webhooks/itsm", strings.NewReader(body), func(r *http.Request) { r.Header.Set("X-Proof", "p") })
	require.Equal(t, http.StatusOK, answer.Code)
	require.Empty(t, answer.Body.String())
	require.Equal(t, body, string(b.source.seen[0].Body), "signatures are made over the raw bytes")
	require.Equal(t, "p", b.source.seen[0].Header.Get("X-Proof"))
	require.Equal(t, hints, b.hints)
	require.Equal(t, map[string]int{"itsm " + DeliveryHinted: 1}, b.counts)
}

// The audit record says which delivery made the bridge look.
func TestHintsCarryTheDelivery(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"":                                  "",
		"evt-1":                             "evt-1",
		strings.Repeat("x", 1<<16):          strings.Repeat("x", longestDeliveryID),
		"a\xff\xfeb":                        "ab",
		strings.Repeat("\u00e9", 100):       strings.Repeat("\u00e9", longestDeliveryID/2),
		"x" + strings.Repeat("\u00e9", 100): "x" + strings.Repeat("\u00e9", longestDeliveryID/2-1),
	} {
		b := newBorder(&source{delivery: bridge.Delivery{ID: id, Hints: []bridge.Hint{{ObjectID: "1"}, {ObjectID: "2", DeliveryID: "forged"}}}})
		require.Equal(t, http.StatusOK, ask(t, b.router, http.MethodPost, "/webhooks/itsm", nil).Code)
		require.Equal(t, []bridge.Hint{{ObjectID: "1", DeliveryID: want}, {ObjectID: "2", DeliveryID: want}}, b.hints)
	}
}

// The room of bodies is used again, and kept only if it is small.
func TestEachDeliveryHasItsOwnBody(t *testing.T) {
	t.Parallel()
	b := newBorder(&source{})
	var want []string
	for _, n := range []int{5000, 3, 0, mostKept + 1, 20, readAhead, 1} {
		want = append(want, strings.Repeat(string(rune('a'+len(want))), n))
		for _, announced := range []int64{int64(n), -1} {
			answer := ask(t, b.router, http.MethodPost, "/webhooks/itsm", strings.NewReader(want[len(want)-1]), func(r *http.Request) { r.ContentLength = announced })
			require.Equal(t, http.StatusOK, answer.Code)
		}
	}
	for i, in := range b.source.seen {
		require.Equal(t, want[i/2], string(in.Body))
	}
}

func TestDeliveryOfNoConcernIsAcknowledged(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*border{
		"no hint":        newBorder(&source{}),
		"unknown object": newBorder(&source{delivery: bridge.Delivery{Hints: []bridge.Hint{{ObjectID: "9"}}}}),
	} {
		b.known = false
		require.Equal(t, http.StatusOK, ask(t, b.router, http.MethodPost, "/webhooks/itsm", nil).Code, name)
		require.Equal(t, map[string]int{"itsm " + DeliveryIgnored: 1}, b.counts, name)
	}
}

// Vendors want their own answers: a challenge echoed, or a certain status.
func TestReplyIsTheVendors(t *testing.T) {
	t.Parallel()
	b := newBorder(&source{delivery: bridge.Delivery{Reply: bridge.Reply{Status: 202, ContentType: "application/json", Body: []byte(`{"type":1}`)}}})
	answer := ask(t, b.router, http.MethodPost, "/webhooks/itsm", nil)
	require.Equal(t, http.StatusAccepted, answer.Code)
	require.Equal(t, "application/json", answer.Header().Get("Content-Type"))
	require.JSONEq(t, `{"type":1}`, answer.Body.String())
}

func TestW14_WhatIsNotProvenIsNotDecoded(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		err    error
		status int
	}{
		"refused":             {&bridge.Refused{Status: http.StatusUnauthorized, Why: "signature"}, http.StatusUnauthorized},
		"the vendor's status": {&bridge.Refused{Status: http.StatusForbidden, Why: "signature"}, http.StatusForbidden},
		"to be tried again":   {&bridge.Refused{Status: http.StatusServiceUnavailable, Why: "secret"}, http.StatusServiceUnavailable},
		"any other error":     {errors.New("planted"), http.StatusUnauthorized},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBorder(&source{verify: c.err, delivery: bridge.Delivery{Hints: []bridge.Hint{{ObjectID: "1"}}}})
			answer := ask(t, b.router, http.MethodPost, "/webhooks/itsm", strings.NewReader("planted"))
			require.Equal(t, c.status, answer.Code)
			require.Empty(t, answer.Body.String())
			require.Zero(t, b.source.decoded)
			require.Empty(t, b.hints)
			require.Equal(t, map[string]int{"itsm " + DeliveryRefused: 1}, b.counts)
			require.NotContains(t, b.log.String(), "planted", "neither the body nor an error of unknown origin is logged")
		})
	}
}

func TestW14_WhatCannotBeUnderstoodIsRefused(t *testing.T) {
	t.Parallel()
	b := newBorder(&source{decode: errors.New("not json")})
	answer := ask(t, b.router, http.MethodPost, "/webhooks/itsm", nil)
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Empty(t, answer.Body.String())
	require.Equal(t, map[string]int{"itsm " + DeliveryMalformed: 1}, b.counts)

	b = newBorder(&source{panics: true})
	answer = ask(t, b.router, http.MethodPost, "/webhooks/itsm", nil)
	require.Equal(t, http.StatusInternalServerError, answer.Code)
	require.Empty(t, answer.Body.String())
	require.Empty(t, b.hints)
}

func TestW14_BodyThatBreaksOffIsTheSendersFault(t *testing.T) {
	t.Parallel()
	b := newBorder(&source{})
	answer := ask(t, b.router, http.MethodPost, "/webhooks/itsm", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc"))),
		func(r *http.Request) { r.ContentLength = -1 })
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Empty(t, answer.Body.String())
	require.Empty(t, b.source.seen)
	require.NotContains(t, b.log.String(), "level=ERROR")

	large := io.MultiReader(strings.NewReader(strings.Repeat("x", 2<<20)))
	answer = ask(t, b.router, http.MethodPost, "/webhooks/itsm", large, func(r *http.Request) { r.ContentLength = -1 })
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
	require.Empty(t, b.source.seen)
}

func TestUnknownNamesAreCountedTogether(t *testing.T) {
	t.Parallel()
	b := newBorder(&source{})
	for _, path := range []string{"/webhooks/other", "/webhooks/ITSM", "/webhooks/itsm%20"} {
		answer := ask(t, b.router, http.MethodPost, path, nil)
		require.Equal(t, http.StatusNotFound, answer.Code, path)
		require.Empty(t, answer.Body.String(), path)
	}
	require.Equal(t, map[string]int{" " + DeliveryUnknown: 3}, b.counts)
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, b.router, http.MethodGet, "/webhooks/itsm", nil).Code)
	require.Equal(t, http.StatusNotFound, ask(t, b.router, http.MethodPost, "/webhooks/itsm/more", nil).Code)
	require.Empty(t, b.source.seen)
}

func TestEveryResultOfADeliveryIsListed(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{DeliveryHinted, DeliveryIgnored, DeliveryRefused, DeliveryMalformed, DeliveryUnknown}, DeliveryResults())
}
