package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	teleportsim "github.com/accessbridge/accessbridge/simulators/teleport"
)

const (
	// creators is how many goroutines make requests.
	creators = 4
	// settleTick is how often the simulators are asked whether something has settled.
	settleTick = 500 * time.Microsecond
	// quietFor is how long the bridge must use no processor time to count as quiet, quietWithin how long that is waited for.
	quietFor    = 100 * time.Millisecond
	quietWithin = 5 * time.Second
	// warmUps is how many requests go all the way through before anything is measured.
	warmUps = 2 * workers
)

// each calls f for 0 to n-1 from that many workers.
func each(ctx context.Context, n, atOnce int, f func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(n, atOnce) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := f(ctx, i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// create makes n requests for a role, as fast as Teleport takes them.
func (w *world) create(ctx context.Context, n int, role string) ([]string, error) {
	ids := make([]string, n)
	err := each(ctx, n, creators, func(_ context.Context, i int) (err error) {
		ids[i], err = w.teleport.CreateRequest(newRequest(role))
		return err
	})
	return ids, err
}

func newRequest(role string) teleportsim.NewRequest {
	return teleportsim.NewRequest{
		User: requester, Roles: []string{role}, Reason: "the nightly job failed and its data must be looked at",
	}
}

// openByBridge makes n requests and waits until each has its issue and the link is written down. It returns the requests and, in the
// same order, their issues.
func (w *world) openByBridge(ctx context.Context, n int) (ids, issues []string, err error) {
	if ids, err = w.create(ctx, n, roleBridge); err != nil {
		return nil, nil, err
	}
	if err = w.waitPhase(ctx, ids, "open"); err != nil {
		return nil, nil, err
	}
	issues, err = w.issues(ctx, ids)
	return ids, issues, err
}

// openByFloor makes n requests and has the floor create their issues.
func (w *world) openByFloor(ctx context.Context, n int) (ids, issues []string, err error) {
	if ids, err = w.create(ctx, n, roleFloor); err != nil {
		return nil, nil, err
	}
	err = each(ctx, n, workers, func(ctx context.Context, i int) error { return w.floor.open(ctx, ids[i]) })
	if err != nil {
		return nil, nil, err
	}
	issues, err = w.issues(ctx, ids)
	return ids, issues, err
}

func (w *world) issues(ctx context.Context, ids []string) ([]string, error) {
	issues := make([]string, len(ids))
	for i, id := range ids {
		var err error
		if issues[i], _, err = w.ledger.waitOpened(ctx, id); err != nil {
			return nil, err
		}
	}
	return issues, nil
}

// waitPhase waits until the bridge has written the phase into the link of every request.
func (w *world) waitPhase(ctx context.Context, ids []string, phase string) error {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	want := `"phase":"` + phase + `"`
	ticker := time.NewTicker(settleTick)
	defer ticker.Stop()
	for _, id := range ids {
		for !strings.Contains(w.link(id), want) {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return fmt.Errorf("request %s: the link does not become %s: %w", id, phase, context.Cause(ctx))
			}
		}
	}
	return nil
}

// link is what the bridge has written down about a request; empty for nothing.
func (w *world) link(id string) string {
	return w.teleport.PluginData(id)[plugin]["link/"+w.config.Integration]
}

// quiet waits until the bridge has nothing more to do, and clears this process's own garbage, so that what was done before does not
// disturb what is measured next.
func (w *world) quiet(ctx context.Context) error {
	runtime.GC()
	ticker := time.NewTicker(quietFor)
	defer ticker.Stop()
	last := time.Duration(-1)
	for range int(quietWithin / quietFor) {
		used, err := w.bridge.cpu()
		if err != nil {
			return err
		}
		if used == last {
			return nil
		}
		last = used
		if err := pause(ctx, ticker.C); err != nil {
			return err
		}
	}
	return errors.New("the bridge does not come to rest")
}

// rest waits for a while.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	return pause(ctx, timer.C)
}

func pause(ctx context.Context, c <-chan time.Time) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// warmUp sends a few requests all the way through bridge and floor: connections are then open, and the bridge has read its first issue,
// from which it learns once per project and issue type where the workflow starts.
func (w *world) warmUp(ctx context.Context) error {
	ids, issues, err := w.openByBridge(ctx, warmUps)
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	w.deliver(true)
	defer w.deliver(false)
	if err := w.move(ctx, issues, len(issues)); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	if err := w.waitPhase(ctx, ids, "closed"); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	ids, issues, err = w.openByFloor(ctx, warmUps)
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	err = each(ctx, len(ids), workers, func(ctx context.Context, i int) error { return w.floor.decide(ctx, ids[i], issues[i]) })
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	_, bad := w.answers.reset()
	if bad > 0 {
		return fmt.Errorf("warm up: %d deliveries were not taken", bad)
	}
	return nil
}

// move has a person approve the issues on the board, that many at once.
func (w *world) move(ctx context.Context, issues []string, atOnce int) error {
	return each(ctx, len(issues), atOnce, func(_ context.Context, i int) error { return w.jira.Move("bob", issues[i], "Approved") })
}

// turns lets bridge and floor take turns, so that whatever else the machine does hits both. Who begins changes from round to round.
func turns(rounds int, bridge, floor func(round int) error) error {
	for round := range rounds {
		order := []func(int) error{bridge, floor}
		if round%2 == 1 {
			order[0], order[1] = order[1], order[0]
		}
		for _, turn := range order {
			if err := turn(round); err != nil {
				return fmt.Errorf("round %d: %w", round+1, err)
			}
		}
	}
	return nil
}
