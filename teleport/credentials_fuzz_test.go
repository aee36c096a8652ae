package teleport

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

// FuzzCredentials holds the reading of an identity file and of a key pair to this, with a part of a good one replaced by something else: it can
// be used, or it is refused for good, by the name of the file and without anything of the key (P7).
func FuzzCredentials(f *testing.F) {
	srv, err := sim.New(sim.Options{})
	require.NoError(f, err)
	require.NoError(f, srv.Start())
	f.Cleanup(srv.Close)
	srv.AddUser(sim.PluginUser("plugin"))
	files := credentialFiles{identity: filepath.Join(f.TempDir(), "identity")}
	require.NoError(f, srv.WriteIdentity(files.identity, "plugin", 24*time.Hour))
	var pair credentialFiles
	pair.cert, pair.key, pair.ca, err = srv.WriteKeyPair(f.TempDir(), "plugin", 24*time.Hour)
	require.NoError(f, err)
	parts := []string{files.identity, pair.cert, pair.key, pair.ca}
	var good [4][]byte
	for i, path := range parts {
		good[i], err = os.ReadFile(path)
		require.NoError(f, err)
	}
	f.Fuzz(func(t *testing.T, part uint8, from, drop uint16, instead []byte) {
		n := int(part) % len(parts)
		whole := good[n]
		start := min(int(from), len(whole))
		changed := slices.Concat(whole[:start], instead, whole[min(start+int(drop), len(whole)):])
		require.NoError(t, os.WriteFile(parts[n], changed, 0o600))
		defer func() { require.NoError(t, os.WriteFile(parts[n], whole, 0o600)) }()
		read := files
		if n > 0 {
			read = pair
		}
		creds, _, err := read.load(time.Now())
		if err == nil {
			require.True(t, creds.notAfter.After(time.Now()))
			_, err = creds.api.TLSConfig()
			require.NoError(t, err)
			return
		}
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
		require.ErrorContains(t, err, read.main())
		for line := range strings.Lines(string(good[0]) + string(good[2])) {
			if line = strings.TrimSpace(line); len(line) >= 40 {
				require.NotContains(t, err.Error(), line)
			}
		}
	})
}
