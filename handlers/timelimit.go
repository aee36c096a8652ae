package handlers

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// answerWithin is below the shortest time a vendor waits for an answer, which is three seconds.
const answerWithin = 2500 * time.Millisecond

// limitTime ends the context of a request before its sender stops waiting for the answer.
func limitTime(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limited := &timed{Context: c.Request().Context(), until: time.Now().Add(answerWithin)}
		defer limited.end()
		c.SetRequest(c.Request().WithContext(limited))
		err := next(c)
		if errors.Is(err, context.DeadlineExceeded) {
			return echo.ErrServiceUnavailable.WithInternal(err)
		}
		return err
	}
}

// timed is a context with a deadline whose timer is made for the first who waits. Most requests are answered before anybody does, and a timer
// costs more than most of what is done for them.
type timed struct {
	context.Context
	until time.Time

	once    sync.Once
	limited context.Context
	cancel  context.CancelFunc
}

func (t *timed) start() context.Context {
	t.once.Do(func() { t.limited, t.cancel = context.WithDeadline(t.Context, t.until) })
	return t.limited
}

// end gives up the timer. Whoever asks later waits for the end of the request's own context, which is near.
func (t *timed) end() {
	t.once.Do(func() { t.limited, t.cancel = t.Context, func() {} })
	t.cancel()
}

// Deadline implements context.Context.
func (t *timed) Deadline() (time.Time, bool) {
	if sooner, ok := t.Context.Deadline(); ok && sooner.Before(t.until) {
		return sooner, true
	}
	return t.until, true
}

// Done implements context.Context.
func (t *timed) Done() <-chan struct{} { return t.start().Done() }

// Err implements context.Context.
func (t *timed) Err() error { return t.start().Err() }
