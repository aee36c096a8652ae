package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func TestLookupsAreRememberedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c cache[int]
		asked := 0
		get := func(age time.Duration, err error) (int, error) {
			return c.get(t.Context(), "key", age, func(context.Context) (int, error) { asked++; return asked, err })
		}
		for range 3 {
			v, err := get(time.Minute, nil)
			require.NoError(t, err)
			require.Equal(t, 1, v)
		}
		<-time.After(59 * time.Second)
		v, _ := get(time.Minute, nil)
		require.Equal(t, 1, v)
		v, _ = get(time.Second, nil)
		require.Equal(t, 2, v, "this one wants it fresher")
		<-time.After(time.Minute)
		_, err := get(time.Minute, errors.New("down"))
		require.Error(t, err)
		v, err = get(time.Minute, nil)
		require.NoError(t, err, "a failure is not remembered")
		require.Equal(t, 4, v)
	})
}

func TestUnknownNamesAreRememberedShortly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c cache[int]
		asked := 0
		get := func() error {
			_, err := c.get(t.Context(), "key", lookupsFor, func(context.Context) (int, error) { asked++; return 0, errUnknown })
			return err
		}
		require.ErrorIs(t, get(), errUnknown)
		require.ErrorIs(t, get(), errUnknown)
		require.Equal(t, 1, asked)
		<-time.After(unknownFor)
		require.ErrorIs(t, get(), errUnknown)
		require.Equal(t, 2, asked)
	})
}

func TestLookupsAreBounded(t *testing.T) {
	var c cache[int]
	for n := range 3 * maxLookups {
		_, err := c.get(t.Context(), fmt.Sprint(n), lookupsFor, func(context.Context) (int, error) { return n, nil })
		require.NoError(t, err)
		require.LessOrEqual(t, len(c.known), maxLookups)
	}
}

func TestOneAskerGivingUpDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c cache[int]
		asked, answer := make(chan struct{}), make(chan int)
		ask := func(context.Context) (int, error) { close(asked); return <-answer, nil }
		first, cancel := context.WithCancel(t.Context())
		failed, done := make(chan error), make(chan int)
		go func() { _, err := c.get(first, "key", time.Minute, ask); failed <- err }()
		<-asked
		go func() { v, _ := c.get(t.Context(), "key", time.Minute, ask); done <- v }()
		synctest.Wait()
		cancel()
		err := <-failed
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, bridge.NoEffect(err))
		answer <- 7
		require.Equal(t, 7, <-done)
	})
}
