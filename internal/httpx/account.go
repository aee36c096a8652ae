package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/sony/gobreaker/v2"
)

const (
	// breakAfter is how many failures in a row open the circuit breaker.
	breakAfter = 5
	// breakFor is how long it stays open before one call may try again.
	breakFor = 10 * time.Second
	// probePause is how long the other callers wait for that one call to end, and then their pause while it is still under way.
	probePause = time.Second
)

// Account is the state of one vendor account as its client sees it: whether calls are held back, until when, and why.
type Account struct {
	log     *slog.Logger
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]

	mu        sync.Mutex
	paused    time.Time
	brokenTil time.Time
	lastError string
	// turned is closed when the breaker changes, and replaced.
	turned chan struct{}
}

// State is a snapshot of an account.
type State struct {
	// Open is true while no call is sent: the vendor asked for a pause, or failed too often in a row.
	Open bool `json:"open"`
	// Until is when the next call may be sent; zero when calls are sent now.
	Until time.Time `json:"until,omitzero"`
	// LastError is the last failure of the account itself, such as a refused connection; empty after a call that was answered.
	LastError string `json:"last_error,omitempty"`
}

func newAccount(log *slog.Logger) *Account {
	a := &Account{log: log, turned: make(chan struct{})}
	a.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:   1,
		Timeout:       breakFor,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakAfter },
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: a.changed,
	})
	return a
}

// State returns the account's state now.
func (a *Account) State() State {
	open := a.breaker.State() == gobreaker.StateOpen
	a.mu.Lock()
	defer a.mu.Unlock()
	s := State{LastError: a.lastError}
	if open {
		s.Open, s.Until = true, a.brokenTil
	}
	if time.Now().Before(a.paused) {
		s.Open = true
		if a.paused.After(s.Until) {
			s.Until = a.paused
		}
	}
	return s
}

// changed is called by the breaker, which holds its own lock.
func (a *Account) changed(_ string, from, to gobreaker.State) {
	a.mu.Lock()
	if to == gobreaker.StateOpen {
		a.brokenTil = time.Now().Add(breakFor)
	}
	last := a.lastError
	close(a.turned)
	a.turned = make(chan struct{})
	a.mu.Unlock()
	if to == gobreaker.StateOpen {
		a.log.Warn("vendor circuit breaker opened", "from", from.String(), "last_error", last)
		return
	}
	a.log.Info("vendor circuit breaker changed", "from", from.String(), "to", to.String())
}

// admit says whether a call may be sent now. The returned function must be told how the call went.
func (a *Account) admit(ctx context.Context) (func(error), error) {
	if err := a.pause(); err != nil {
		return nil, err
	}
	done, err := a.allow(ctx)
	if err == nil {
		return done, nil
	}
	after := probePause
	if errors.Is(err, gobreaker.ErrOpenState) {
		a.mu.Lock()
		after = max(time.Until(a.brokenTil), time.Millisecond)
		a.mu.Unlock()
	}
	return nil, bridge.RetryAfter(after, fmt.Errorf("not sent, the vendor failed %d times in a row: %w", breakAfter, err))
}

// allow asks the breaker. While one call tries whether the vendor is well again, the others wait a little for what comes of it: who was here
// before others stays before them.
func (a *Account) allow(ctx context.Context) (func(error), error) {
	limit := time.NewTimer(probePause)
	defer limit.Stop()
	for {
		a.mu.Lock()
		turned := a.turned
		a.mu.Unlock()
		done, err := a.breaker.Allow()
		if !errors.Is(err, gobreaker.ErrTooManyRequests) {
			return done, err
		}
		select {
		case <-turned:
		case <-limit.C:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
	}
}

// pause returns the error of a call during a pause the vendor asked for.
func (a *Account) pause() error {
	a.mu.Lock()
	left := time.Until(a.paused)
	a.mu.Unlock()
	if left <= 0 {
		return nil
	}
	return bridge.RetryAfter(left, errors.New("not sent, the vendor asked for a pause"))
}

// answered notes an answer: a pause it asks for, or a failure of the vendor. It returns what the breaker should be told.
func (a *Account) answered(resp *http.Response) error {
	after, asked := retryAfter(resp.Header)
	limited := resp.StatusCode == http.StatusTooManyRequests
	if asked && (limited || resp.StatusCode == http.StatusServiceUnavailable) {
		a.mu.Lock()
		if until := time.Now().Add(after); until.After(a.paused) {
			a.paused = until
		}
		a.mu.Unlock()
		a.log.WarnContext(resp.Request.Context(), "vendor asked for a pause", "code", resp.StatusCode, "seconds", after.Seconds())
		return nil
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return a.failed(fmt.Errorf("the vendor answered %d", resp.StatusCode))
	}
	a.mu.Lock()
	a.lastError = ""
	a.mu.Unlock()
	return nil
}

// failed notes a failure of the account and returns it.
func (a *Account) failed(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	a.mu.Lock()
	a.lastError = cut(err.Error(), maxMessage)
	a.mu.Unlock()
	return err
}
