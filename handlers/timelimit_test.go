package handlers

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
)

// patient is a router with a handler that waits for the end of its context.
func patient() *echo.Echo {
	log, _ := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	e.POST("/x", func(c echo.Context) error {
		ctx := c.Request().Context()
		<-ctx.Done()
		return ctx.Err()
	})
	return e
}

func within(ctx context.Context) func(*http.Request) {
	return func(r *http.Request) { *r = *r.WithContext(ctx) }
}

func TestWhoeverWaitsTooLongIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.Equal(t, http.StatusServiceUnavailable, ask(t, patient(), http.MethodPost, "/x", nil).Code)
		require.Equal(t, answerWithin, time.Since(start))
	})
}

func TestTheSendersOwnLimitsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		sooner, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, http.StatusServiceUnavailable, ask(t, patient(), http.MethodPost, "/x", nil, within(sooner)).Code)
		require.Equal(t, time.Second, time.Since(start))
		limited := &timed{Context: sooner, until: start.Add(answerWithin)}
		deadline, ok := limited.Deadline()
		require.True(t, ok)
		require.Equal(t, start.Add(time.Second), deadline)

		start = time.Now()
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		require.Equal(t, http.StatusInternalServerError, ask(t, patient(), http.MethodPost, "/x", nil, within(gone)).Code)
		require.Equal(t, time.Second, time.Since(start))
	})
}

// What a handler started must not go on waiting when the request is over.
func TestTheContextEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	e := NewRouter(RouterOptions{Log: log})
	var kept context.Context
	e.POST("/asked", func(c echo.Context) error {
		kept = c.Request().Context()
		require.NoError(t, kept.Err())
		return c.NoContent(http.StatusOK)
	})
	e.POST("/unasked", func(c echo.Context) error {
		kept = c.Request().Context()
		return c.NoContent(http.StatusOK)
	})
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, "/asked", nil).Code)
	require.ErrorIs(t, kept.Err(), context.Canceled)
	require.NotNil(t, kept.Done())

	request, end := context.WithCancel(t.Context())
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, "/unasked", nil, within(request)).Code)
	end() // as net/http does
	require.ErrorIs(t, kept.Err(), context.Canceled)
}
