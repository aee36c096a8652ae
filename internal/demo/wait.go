package demo

import (
	"context"
	"fmt"
	"time"
)

const (
	waitMost = 15 * time.Second
	waitTick = 10 * time.Millisecond
)

// wait returns as soon as the condition holds. What it waits for is named in the error.
func wait(ctx context.Context, what string, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, waitMost)
	defer cancel()
	tick := time.NewTicker(waitTick)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, ctx.Err())
		}
	}
	return nil
}

// stays returns an error when the condition ceases to hold within the time.
func stays(ctx context.Context, d time.Duration, what string, holds func() bool) error {
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(waitTick)
	defer tick.Stop()
	for {
		if !holds() {
			return fmt.Errorf("%s did not stay so", what)
		}
		select {
		case <-tick.C:
		case <-end.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
