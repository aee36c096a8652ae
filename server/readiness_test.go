package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadinessEndsWithTheStopAndDoesNotComeBack(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]func(*readiness){
		"stopped while ready":          {(*readiness).up, (*readiness).down},
		"stopped while still starting": {(*readiness).down, (*readiness).up},
	} {
		var r readiness
		require.ErrorIs(t, r.err(), errNotReady, name)
		for _, step := range steps {
			step(&r)
		}
		require.ErrorIs(t, r.err(), errStopping, name)
	}
	var r readiness
	r.up()
	require.NoError(t, r.err())
}
