package conformance

import (
	"net/http"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func recipientTrials() []trial {
	return []trial{
		{"recipients/named", func(t testing.TB, s Suite) { recipientsNamed(t, s) }},
		{"recipients/first-known", func(t testing.TB, s Suite) { recipientsNamed(t, s, "", noSuchName) }},
		{"recipients/unknown-is-no-loss", recipientUnknown},
		{"recipients/fault-is-no-answer", recipientFault},
	}
}

// addressee is the stand-in with a place that the settings do not name.
func (b *bed) addressee(t testing.TB) (Addressee, string) {
	t.Helper()
	a, ok := b.vendor.(Addressee)
	require.True(t, ok, "the stand-in must be a conformance.Addressee")
	require.NotEmpty(t, a.Recipient())
	return a, a.Recipient()
}

// to is the draft of the n-th request with recipients.
func to(n int, recipients ...string) bridge.Draft {
	d := draft(n)
	d.Recipients = recipients
	return d
}

// recipientsNamed opens for the recipient of the stand-in, named after some others.
func recipientsNamed(t testing.TB, s Suite, others ...string) {
	b := s.lay(t)
	a, recipient := b.addressee(t)
	require.False(t, a.Received(b.open(t, 1).ID, recipient), "the settings must name another place than the recipient")
	ref, err := b.it.Open(t.Context(), marker(2), to(2, append(others, recipient)...))
	require.NoError(t, err)
	require.True(t, a.Received(ref.ID, recipient), "it is not where %s is", recipient)
}

// Whoever names the recipients is not who runs the bridge: what they mistype must not keep a request from being seen.
func recipientUnknown(t testing.TB, s Suite) {
	b := s.lay(t)
	a, recipient := b.addressee(t)
	ref, err := b.it.Open(t.Context(), marker(1), to(1, noSuchName))
	require.NoError(t, err, "it goes where the settings say")
	require.False(t, a.Received(ref.ID, recipient))
	require.Contains(t, b.log.String(), noSuchName, "and the log says why")
}

// A vendor that cannot be asked has not said that it does not know the recipient.
func recipientFault(t testing.TB, s Suite) {
	b := s.lay(t)
	a, recipient := b.addressee(t)
	b.wire.breaks(fault{count: 1, status: http.StatusInternalServerError, body: `{"message":"planted"}`})
	_, _ = b.it.Open(t.Context(), marker(1), to(1, recipient)) // whether it tries again by itself is its own business
	b.wire.heals()
	for _, id := range b.vendor.Objects(requestID(1)) {
		require.True(t, a.Received(id, recipient), "it went elsewhere")
	}
}
