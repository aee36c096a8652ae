package certs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

// FuzzFiles holds the following of certificate files to this, with a part of a good pair replaced by something else: the new one is taken if it
// can be served now, else the old one stays, and nothing of the key is logged (P7).
func FuzzFiles(f *testing.F) {
	ca, err := newAuthority(24 * time.Hour)
	require.NoError(f, err)
	pair, err := ca.issue([]string{"localhost"}, time.Hour)
	require.NoError(f, err)
	cert, key := filepath.Join(f.TempDir(), "tls.crt"), filepath.Join(f.TempDir(), "tls.key")
	f.Fuzz(func(t *testing.T, ofKey bool, from, drop uint16, instead []byte) {
		require.NoError(t, writePair(cert, key, pair))
		log, said := logtest.New()
		r, err := Files(cert, key, log)
		require.NoError(t, err)
		path, whole := cert, pair.cert
		if ofKey {
			path, whole = key, pair.key
		}
		start := min(int(from), len(whole))
		changed := slices.Concat(whole[:start], instead, whole[min(start+int(drop), len(whole)):])
		require.NoError(t, os.WriteFile(path, changed, 0o600))
		r.reload()
		served, err := r.GetCertificate(nil)
		require.NoError(t, err)
		require.NoError(t, r.valid(served))
		require.NotContains(t, said.String(), string(pair.key[40:100]))
	})
}
