package pagerduty

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// FuzzVerify holds the proof of origin to this: a delivery is taken only if one of its first signatures is right for the very bytes, and always
// if the first one is.
func FuzzVerify(f *testing.F) {
	body := []byte(`{"event":{"id":"01E"}}`)
	for _, header := range []string{
		"", "v1=", sim.Sign(body, "old"), sim.Sign(body, "new", "old"), sim.Sign(body, ""), "v0=" + sim.Sign(body, "old")[3:], " , ," + sim.Sign(body, "new"),
		strings.Repeat("v1="+strings.Repeat("00", 32)+",", 20) + sim.Sign(body, "new"), strings.ToUpper(sim.Sign(body, "new")), sim.Sign(body, "new") + "00",
	} {
		f.Add(body, header)
	}
	p := plain(f, nil)
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		verify := func(body []byte, values ...string) error {
			return p.Verify(bridge.Inbound{Header: http.Header{"X-Pagerduty-Signature": values}, Body: body})
		}
		given := strings.Split(header, ",")
		right := slices.ContainsFunc(given, func(s string) bool {
			prefix, sum, _ := strings.Cut(strings.TrimSpace(s), "=")
			s = prefix + "=" + strings.ToLower(sum)
			return s == sim.Sign(body, "old") || s == sim.Sign(body, "new")
		})
		err := verify(body, header)
		if err == nil {
			require.True(t, right, "proven without a signature over these bytes")
		} else if len(given) <= maxSignatures {
			require.False(t, right, "a right signature is found among others")
		}
		require.NoError(t, verify(body, sim.Sign(body, "old"), header), "whatever follows the right one")
		require.Error(t, verify(append(slices.Clip(body), 0), sim.Sign(body, "old")), "the signature covers every byte")
	})
}
