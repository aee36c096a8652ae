package bridge_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

func TestErrorClasses(t *testing.T) {
	cause := errors.New("the vendor said no")
	for name, c := range map[string]struct {
		err      error
		class    bridge.Class
		after    time.Duration
		noEffect bool
	}{
		"plain":                {cause, bridge.ClassRetry, 0, false},
		"unsent":               {bridge.Unsent(cause), bridge.ClassRetry, 0, true},
		"wait":                 {bridge.RetryAfter(time.Minute, cause), bridge.ClassWait, time.Minute, true},
		"terminal":             {bridge.Terminal(cause), bridge.ClassTerminal, 0, true},
		"outcome unknown":      {&bridge.Error{Class: bridge.ClassWait, After: time.Second, Err: cause}, bridge.ClassWait, time.Second, false},
		"outermost class wins": {bridge.Terminal(bridge.RetryAfter(time.Minute, cause)), bridge.ClassTerminal, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{c.err, fmt.Errorf("creating: %w", c.err), errors.Join(errors.New("other"), c.err)} {
				class, after := bridge.ClassOf(err)
				require.Equal(t, c.class, class)
				require.Equal(t, c.after, after)
				require.Equal(t, c.noEffect, bridge.NoEffect(err))
				require.ErrorIs(t, err, cause)
			}
			require.Equal(t, cause.Error(), c.err.Error(), "a class adds no words")
		})
	}
}

func TestNoErrorHasNoClassOfItsOwn(t *testing.T) {
	class, after := bridge.ClassOf(nil)
	require.Equal(t, bridge.ClassRetry, class)
	require.Zero(t, after)
	require.False(t, bridge.NoEffect(nil))
}

func TestSentinelsAreFoundThroughAClass(t *testing.T) {
	err := fmt.Errorf("reading: %w", bridge.Terminal(fmt.Errorf("issue 7: %w", bridge.ErrGone)))
	require.ErrorIs(t, err, bridge.ErrGone)
	require.NotErrorIs(t, err, bridge.ErrConflict)
}

func TestRefusedNamesTheReason(t *testing.T) {
	err := fmt.Errorf("delivery: %w", &bridge.Refused{Status: 401, Why: "signature"})
	var refused *bridge.Refused
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 401, refused.Status)
	require.ErrorContains(t, err, "signature")
}
