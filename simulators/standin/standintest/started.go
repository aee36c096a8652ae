package standintest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Startable is a simulator.
type Startable interface {
	Start() error
	Close()
}

// Started takes a simulator as its New returns it. The function starts it for as long as the test runs.
func Started[S Startable](srv S, err error) func(testing.TB) S {
	return func(t testing.TB) S {
		t.Helper()
		require.NoError(t, err)
		require.NoError(t, srv.Start())
		t.Cleanup(srv.Close)
		return srv
	}
}
