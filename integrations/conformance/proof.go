package conformance

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/stretchr/testify/require"
)

func proofTrials() []trial {
	return []trial{
		{"webhooks/unproven", webhookUnproven},
		{"webhooks/flipped-body", webhookFlippedBody},
		{"webhooks/flipped-proof", webhookFlippedProof},
		{"webhooks/foreign-secret", webhookForeignSecret},
		{"webhooks/rotation", webhookRotation},
		{"webhooks/empty-secret", webhookEmptySecret},
		{"webhooks/old-timestamp", webhookOldTimestamp},
	}
}

// refused wants a delivery to be refused, without a word of what would be right.
func (b *bed) refused(t testing.TB, in bridge.Inbound, why string) {
	t.Helper()
	err := b.webhooks(t).Verify(in)
	require.Error(t, err, "%s", why)
	require.NotContains(t, err.Error(), newHook)
	if refused, ok := errors.AsType[*bridge.Refused](err); ok {
		require.NotEmpty(t, refused.Why)
		require.True(t, refused.Status == 0 || refused.Status >= 200 && refused.Status <= 599, "%d is no status", refused.Status)
	}
}

func clone(in bridge.Inbound) bridge.Inbound {
	return bridge.Inbound{Header: in.Header.Clone(), Body: bytes.Clone(in.Body)}
}

// proofs returns the headers without which a delivery is refused.
func (b *bed) proofs(t testing.TB, in bridge.Inbound) []string {
	t.Helper()
	require.NoError(t, b.webhooks(t).Verify(in), "the delivery is good as it came")
	var names []string
	for name := range in.Header {
		without := clone(in)
		without.Header.Del(name)
		if b.webhooks(t).Verify(without) != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	require.NotEmpty(t, names, "a delivery without any of its headers is still accepted")
	return names
}

func webhookUnproven(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, newHook)
	b.refused(t, bridge.Inbound{Header: http.Header{}, Body: list[0].Body}, "no header at all")
	b.refused(t, bridge.Inbound{}, "nothing at all")
	for _, name := range b.proofs(t, list[0]) {
		for _, value := range []string{"", " ", "x", "=", ",", "sha256=", "v1=", "Basic ", "Bearer ", strings.Repeat("0", 64)} {
			in := clone(list[0])
			in.Header.Set(name, value)
			b.refused(t, in, name+": "+value)
		}
	}
}

func webhookFlippedBody(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, newHook)
	for at := range list[0].Body {
		in := clone(list[0])
		in.Body[at] ^= 1 << (at % 8)
		b.refused(t, in, "one bit of the body is flipped")
	}
	longer, shorter := clone(list[0]), clone(list[0])
	longer.Body = append(longer.Body, ' ')
	shorter.Body = shorter.Body[:len(shorter.Body)-1]
	b.refused(t, longer, "a space is added")
	b.refused(t, shorter, "the last byte is missing")
}

func webhookFlippedProof(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, newHook)
	for _, name := range b.proofs(t, list[0]) {
		value := list[0].Header.Get(name)
		end := len(value)
		if padded := strings.TrimRight(value, "="); len(padded) < len(value) {
			end = len(padded) - 1 // the last bits before the padding of base64 mean nothing
		}
		for at := range end {
			in, changed := clone(list[0]), []byte(value)
			// The lowest bit never turns one letter into the other case of the same.
			changed[at] ^= 1
			in.Header.Set(name, string(changed))
			b.refused(t, in, name+": one bit is flipped")
		}
		in := clone(list[0])
		in.Header.Set(name, value[:len(value)/2])
		b.refused(t, in, name+": half of it is missing")
	}
}

func webhookForeignSecret(t testing.TB, s Suite) {
	b := s.lay(t)
	_, list := b.deliveries(t, "conformance-hook-foreign", oldHook+newHook, newHook[:len(newHook)-1])
	for _, in := range list {
		b.refused(t, in, "proven with another secret")
	}
}

func webhookRotation(t testing.TB, s Suite) {
	b := s.lay(t, oldHook, newHook)
	_, list := b.deliveries(t, oldHook, newHook)
	require.NoError(t, b.webhooks(t).Verify(list[0]), "the old secret is still good")
	require.NoError(t, b.webhooks(t).Verify(list[1]), "the new secret is already good")

	b = s.lay(t, newHook)
	_, list = b.deliveries(t, oldHook, newHook)
	b.refused(t, list[0], "the old secret was removed")
	require.NoError(t, b.webhooks(t).Verify(list[1]))
}

func webhookEmptySecret(t testing.TB, s Suite) {
	b := s.lay(t)
	b.webhooks(t)
	blank := filepath.Join(t.TempDir(), "blank")
	require.NoError(t, os.WriteFile(blank, []byte("\n  \n"), 0o600))
	require.Error(t, s.faults(b), "settings without a secret must be refused")
	require.Error(t, s.faults(b, config.SecretFile(blank)), "settings with a blank secret must be refused")
	if s.faults(b, config.NewSecret(newHook), config.NewSecret("")) != nil {
		return
	}
	b = s.lay(t, newHook, "")
	_, list := b.deliveries(t, "")
	b.refused(t, list[0], "proven with the empty secret, or not at all")
}

// faults validates settings with other webhook secrets than those of the bed.
func (s Suite) faults(b *bed, secrets ...config.Secret) error {
	problems := config.NewProblems("config.yaml")
	s.Settings(Place{URL: b.wire.address(), Secrets: secrets}).Validate(problems)
	return problems.Err()
}

func webhookOldTimestamp(t testing.TB, s Suite) {
	b := s.lay(t)
	dater, ok := b.vendor.(Dater)
	require.True(t, ok, "the stand-in must be a conformance.Dater")
	_, list := b.deliveries(t, newHook)
	require.NoError(t, b.webhooks(t).Verify(dater.Redate(list[0], newHook, time.Now())))
	for _, ago := range []time.Duration{time.Hour, 24 * time.Hour, -time.Hour} {
		b.refused(t, dater.Redate(list[0], newHook, time.Now().Add(-ago)), "sent "+ago.String()+" ago")
	}
}
