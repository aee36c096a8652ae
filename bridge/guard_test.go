package bridge_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

func TestGuardTurnsAPanicIntoAnError(t *testing.T) {
	log, said := logtest.New()
	plain := errors.New("plain")
	require.Equal(t, plain, bridge.Guard(log, "call panicked", func() error { return plain }))
	require.NoError(t, bridge.Guard(log, "call panicked", func() error { return nil }))
	require.Empty(t, said.String())
	err := bridge.Guard(log, "call panicked", func() error { panic("unexpected") })
	require.EqualError(t, err, "call panicked: unexpected")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
	require.Contains(t, said.String(), "guard_test.go", "the log says where")
}
