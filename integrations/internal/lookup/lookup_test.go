package lookup_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/stretchr/testify/require"
)

func TestLookupsAreRememberedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c lookup.Cache[int]
		asked := 0
		get := func(age time.Duration, err error) (int, error) {
			return c.Get(t.Context(), "key", age, func(context.Context) (int, error) { asked++; return asked, err })
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

func TestTheClockCanBeReplaced(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := lookup.Cache[int]{Now: func() time.Time { return now }}
	asked := 0
	get := func() int {
		v, err := c.Get(t.Context(), "key", lookup.For, func(context.Context) (int, error) { asked++; return asked, nil })
		require.NoError(t, err)
		return v
	}
	require.Equal(t, 1, get())
	now = now.Add(lookup.For - 1)
	require.Equal(t, 1, get())
	now = now.Add(1)
	require.Equal(t, 2, get())
}

func TestUnknownNamesAreRememberedShortly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c lookup.Cache[int]
		asked := 0
		get := func() error {
			_, err := c.Get(t.Context(), "key", lookup.For, func(context.Context) (int, error) {
				asked++
				return 0, lookup.Unknown("Vendor", "team", "x", nil)
			})
			return err
		}
		require.ErrorIs(t, get(), lookup.ErrUnknown)
		require.ErrorIs(t, get(), lookup.ErrUnknown)
		require.Equal(t, 1, asked)
		<-time.After(lookup.UnknownFor)
		require.ErrorIs(t, get(), lookup.ErrUnknown)
		require.Equal(t, 2, asked)
	})
}

func TestLookupsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c lookup.Cache[int]
		asked := 0
		get := func(key string) {
			_, err := c.Get(t.Context(), key, lookup.For, func(context.Context) (int, error) { asked++; return 0, nil })
			require.NoError(t, err)
		}
		get("old")
		<-time.After(lookup.For)
		for n := range lookup.Most - 1 {
			get(fmt.Sprint(n))
		}
		get("one more")
		before := asked
		for n := range lookup.Most - 1 {
			get(fmt.Sprint(n))
		}
		require.Equal(t, before, asked, "what has expired makes room first")
		for n := range 2 * lookup.Most {
			get(fmt.Sprint("new ", n))
		}
		before = asked
		for n := range 2 * lookup.Most {
			get(fmt.Sprint("new ", n))
		}
		require.GreaterOrEqual(t, asked-before, lookup.Most, "no more than that are kept")
	})
}

func TestOneAskerGivingUpDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := lookup.Cache[int]{Vendor: "vendor"}
		asked, answer := make(chan struct{}), make(chan int)
		ask := func(context.Context) (int, error) { close(asked); return <-answer, nil }
		first, cancel := context.WithCancel(t.Context())
		failed, done := make(chan error), make(chan int)
		go func() { _, err := c.Get(first, "key", time.Minute, ask); failed <- err }()
		<-asked
		go func() { v, _ := c.Get(t.Context(), "key", time.Minute, ask); done <- v }()
		synctest.Wait()
		cancel()
		err := <-failed
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "vendor: look-up")
		require.True(t, bridge.NoEffect(err))
		answer <- 7
		require.Equal(t, 7, <-done)
	})
}

func TestALookupNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c lookup.Cache[int]
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, _ = c.Get(ctx, "key", time.Minute, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				ended <- ctx.Err()
				return 0, ctx.Err()
			})
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-ended, context.DeadlineExceeded)
	})
}

func TestManyAskOnce(t *testing.T) {
	var c lookup.Cache[int]
	var asked atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_, _ = c.Get(t.Context(), "key", time.Minute, func(context.Context) (int, error) { return int(asked.Add(1)), nil })
		})
	}
	all.Wait()
	require.EqualValues(t, 1, asked.Load(), "also by those who come when the answer has just been given")
}
