package teleport

import (
	"testing"
	"time"

	sim "github.com/accessbridge/accessbridge/simulators/teleport"
	"github.com/stretchr/testify/require"
)

// BenchmarkStart is the time from nothing to a complete cache and store.
func BenchmarkStart(b *testing.B) {
	srv, err := sim.New(sim.Options{})
	require.NoError(b, err)
	require.NoError(b, srv.Start())
	defer srv.Close()
	srv.AddUser(sim.PluginUser("plugin"))
	identity := b.TempDir() + "/identity"
	require.NoError(b, srv.WriteIdentity(identity, "plugin", time.Hour))
	for b.Loop() {
		c, err := Dial(b.Context(), Options{Addr: srv.Addr(), IdentityFile: identity})
		require.NoError(b, err)
		r := NewRequests(c, RequestsOptions{})
		done := make(chan error, 1)
		go func() { done <- r.Run(b.Context()) }()
		require.NoError(b, NewStore(c, nil).LoadAll(b.Context()))
		<-r.Ready()
		require.NoError(b, c.Close())
		require.ErrorIs(b, <-done, errClosed)
	}
}
