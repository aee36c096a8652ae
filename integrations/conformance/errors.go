package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

func errorTrials() []trial {
	var list []trial
	for _, code := range []int{400, 401, 403, 404, 409, 429, 500, 502, 503, 504} {
		list = append(list, trial{Case(fmt.Sprintf("errors/status-%d", code)), func(t testing.TB, s Suite) { statusHasItsClass(t, s, code) }})
	}
	return append(list,
		trial{"errors/refused", connectionRefused},
		trial{"errors/reset", connectionReset},
		trial{"errors/retry-after", retryAfter},
		trial{"errors/pause-is-kept", pauseIsKept},
		trial{"errors/not-found-is-not-gone", notFoundIsNotGone},
		trial{"errors/something-else-answers", somethingElseAnswers},
		trial{"errors/cancel", cancelEndsACall},
		trial{"errors/cancelled-before", cancelledBefore},
	)
}

// classOf is the class a status must have, and whether the call certainly had no effect.
func classOf(code int) (class bridge.Class, noEffect bool) {
	switch {
	case code == http.StatusTooManyRequests:
		return bridge.ClassWait, true
	case code == http.StatusConflict:
		return bridge.ClassRetry, true
	case code >= http.StatusInternalServerError:
		return bridge.ClassRetry, false
	default:
		return bridge.ClassTerminal, true
	}
}

func statusHasItsClass(t testing.TB, s Suite, code int) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.breaks(fault{writes: op.writes, status: code, body: `{"message":"planted"}`})
		err := op.must(t, b, ref)
		if code == http.StatusNotFound && errors.Is(err, bridge.ErrGone) {
			return // errors/not-found-is-not-gone looks closer
		}
		want, noEffect := classOf(code)
		class, after := bridge.ClassOf(err)
		require.Equal(t, want, class, "%s: %v", op.name, err)
		if class == bridge.ClassWait {
			require.Positive(t, after, "%s waits although no time was named", op.name)
		}
		if op.creates {
			require.Equal(t, noEffect, bridge.NoEffect(err), "%s: whether it had an effect: %v", op.name, err)
		}
		require.ErrorContains(t, err, strconv.Itoa(code), "%s: the error names the status", op.name)
	})
}

func connectionRefused(t testing.TB, s Suite) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.server.Close()
		b.it = s.make(t, b) // one without a connection that was still open
		err := op.must(t, b, ref)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class, "%s: %v", op.name, err)
		if op.creates {
			require.True(t, bridge.NoEffect(err), "%s: nothing was sent: %v", op.name, err)
		}
	})
}

func connectionReset(t testing.TB, s Suite) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.breaks(fault{writes: op.writes, reset: true})
		err := op.must(t, b, ref)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassRetry, class, "%s: %v", op.name, err)
		if op.creates {
			require.False(t, bridge.NoEffect(err), "%s: the call was sent: %v", op.name, err)
		}
	})
}

func retryAfter(t testing.TB, s Suite) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for _, dated := range []bool{false, true} {
			b := s.lay(t)
			form := strconv.Itoa(int(pause.Seconds()))
			if dated {
				form = time.Now().Add(pause).UTC().Format(http.TimeFormat)
			}
			b.wire.breaks(fault{writes: true, status: code, header: http.Header{"Retry-After": {form}}, body: `{"message":"planted"}`})
			_, err := b.it.Open(t.Context(), marker(1), draft(1))
			class, after := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassWait, class, "%d, Retry-After: %s: %v", code, form, err)
			require.InDelta(t, pause, after, float64(late), "%d, Retry-After: %s", code, form)
			require.Equal(t, code == http.StatusTooManyRequests, bridge.NoEffect(err), "%d: whether it had an effect: %v", code, err)
		}
	}
}

// A vendor that asks for a pause counts every call during it against the account.
func pauseIsKept(t testing.TB, s Suite) {
	b := s.lay(t)
	ref := b.open(t, 1)
	b.wire.breaks(fault{status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {strconv.Itoa(int(pause.Seconds()))}}, body: `{"message":"planted"}`})
	_, err := b.it.Open(t.Context(), marker(2), draft(2))
	require.Error(t, err)
	b.wire.heals()
	err = b.it.Update(t.Context(), ref, []bridge.Note{note(1)})
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class, "%v", err)
	require.InDelta(t, pause, after, float64(late))
	require.Empty(t, b.wire.seen(), "nothing is sent during the pause")
}

// With a wrong address or lost permissions nothing is found any more. Objects taken for deleted would all be made anew.
func notFoundIsNotGone(t testing.TB, s Suite) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.breaks(fault{status: http.StatusNotFound, body: `{"message":"planted"}`})
		require.NotErrorIs(t, op.must(t, b, ref), bridge.ErrGone, "%s: everything is not found, not only the object", op.name)
	})
}

// A proxy's sign-in page is no answer of the vendor.
func somethingElseAnswers(t testing.TB, s Suite) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.breaks(fault{
			writes: op.writes, status: http.StatusOK, header: http.Header{"Content-Type": {"text/html"}}, body: "<html>Sign in</html>",
		})
		err := op.run(t.Context(), b, ref)
		switch {
		case op.creates:
			require.Error(t, err, "%s: no object was named", op.name)
			require.False(t, bridge.NoEffect(err), "%s: %v", op.name, err)
		case !op.writes:
			require.Error(t, err, "%s", op.name)
			require.NotErrorIs(t, err, bridge.ErrGone, "%s", op.name)
		}
	})
}

func cancelEndsACall(t testing.TB, s Suite) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		b.wire.breaks(fault{writes: op.writes, hang: true})
		err := b.hangUp(t, op.name, func(ctx context.Context) error { return op.run(ctx, b, ref) })
		require.ErrorIs(t, err, context.Canceled, "%s", op.name)
	})
	b := s.lay(t)
	b.wire.breaks(fault{hang: true})
	_ = b.hangUp(t, "Check", func(ctx context.Context) error { b.it.Check(ctx); return nil })
}

// hangUp calls f, cancels its context as soon as a call hangs on the wire, and returns how f ended.
func (b *bed) hangUp(t testing.TB, name string, f func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case <-b.wire.hung:
	case err := <-done:
		require.Fail(t, "it ended although the vendor does not answer", "%s: %v", name, err)
	case <-time.After(patience):
		require.Fail(t, "nothing was sent", "%s", name)
	}
	cancel()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		require.Fail(t, "it goes on although it was cancelled", "%s", name)
		return nil
	}
}

func cancelledBefore(t testing.TB, s Suite) {
	s.each(t, func(op operation, b *bed, ref bridge.Ref) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := op.run(ctx, b, ref)
		require.Error(t, err, "%s", op.name)
		require.Empty(t, b.wire.writes(), "%s", op.name)
		if op.creates {
			require.True(t, bridge.NoEffect(err), "%s was not even begun: %v", op.name, err)
		}
	})
}
