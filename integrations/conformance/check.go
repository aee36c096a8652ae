package conformance

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func checkTrials() []trial {
	return []trial{
		{"check/all-is-well", checkAllIsWell},
		{"check/bad-credentials", checkBadCredentials},
	}
}

func checkAllIsWell(t testing.TB, s Suite) {
	b := s.lay(t)
	require.NotEmpty(t, b.it.Name())
	findings := b.it.Check(t.Context())
	require.NotEmpty(t, findings, "a check says what it looked at")
	for _, f := range findings {
		require.True(t, f.OK, "%s: %s", f.What, f.Mend)
		require.NotEmpty(t, f.What)
	}
	require.NotEmpty(t, b.wire.seen(), "a check asks the vendor")
	require.Empty(t, b.vendor.Objects(requestID(1)))
}

func checkBadCredentials(t testing.TB, s Suite) {
	b := s.lay(t)
	b.wire.breaks(fault{status: http.StatusUnauthorized, body: `{"message":"planted"}`})
	faults := 0
	for _, f := range b.it.Check(t.Context()) {
		if !f.OK {
			faults++
			require.NotEmpty(t, f.Mend, "a fault comes with its mend: %s", f.What)
		}
	}
	require.NotZero(t, faults, "refused credentials are a fault")
}
