package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	decideRounds   = 5
	decideRequests = 500
)

// measureDecideIdle measures how long it takes from a move on the board to the approval in Teleport when nothing else is going on.
func measureDecideIdle(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := openWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var (
		times pair
		taken samples
	)
	err = turns(idleRounds, func(int) error {
		ids, issues, err := w.openByBridge(ctx, idleTurn)
		if err != nil {
			return err
		}
		if err := w.prepareMoves(ctx, true); err != nil {
			return err
		}
		for i := range ids {
			took, err := w.decideOne(ctx, ids[i], issues[i], nil)
			if err != nil {
				return err
			}
			if err := w.waitPhase(ctx, ids[i:i+1], "closed"); err != nil {
				return err
			}
			times.bridge = append(times.bridge, took)
		}
		answers, err := w.answered(ctx, len(ids))
		taken = append(taken, answers...)
		return err
	}, func(int) error {
		ids, issues, err := w.openByFloor(ctx, idleTurn)
		if err != nil {
			return err
		}
		if err := w.prepareMoves(ctx, false); err != nil {
			return err
		}
		for i := range ids {
			took, err := w.decideOne(ctx, ids[i], issues[i], w.floor.decide)
			if err != nil {
				return err
			}
			times.floor = append(times.floor, took)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.compare("decide.webhook", times)
	r.detail("webhook.answer", "p50 %.2f ms, p90 %.2f ms, p99 %.2f ms (%d one at a time)", taken.median(), taken.percentile(90), taken.percentile(99), len(taken))
	return figures{"decide.webhook.p50_ratio": times.ratio(), "webhook.answer.p50_ms": taken.median()}, nil
}

// prepareMoves switches deliveries on for the bridge, or off for the floor, and waits until nothing is going on.
func (w *world) prepareMoves(ctx context.Context, deliver bool) error {
	w.deliver(deliver)
	w.answers.reset()
	return w.quiet(ctx)
}

// answered returns how long the deliveries took to be answered; an error if one was not taken.
func (w *world) answered(ctx context.Context, n int) (samples, error) {
	if err := w.jira.WaitDeliveries(ctx); err != nil {
		return nil, err
	}
	taken, bad := w.answers.reset()
	if bad > 0 || len(taken) < n {
		return nil, fmt.Errorf("of %d deliveries %d were taken and %d were not", n, len(taken), bad)
	}
	return taken, nil
}

// decideOne approves one issue on the board and returns how long it takes until Teleport has approved the request. The floor is asked to
// do its part; the bridge learns of it by itself.
func (w *world) decideOne(ctx context.Context, id, issue string, decide func(ctx context.Context, id, issue string) error) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	start := time.Now()
	if err := w.move(ctx, []string{issue}, 1); err != nil {
		return 0, err
	}
	if decide != nil {
		if err := decide(ctx, id, issue); err != nil {
			return 0, err
		}
	}
	at, err := w.ledger.waitApproved(ctx, id)
	return at.Sub(start), err
}

// decideBurst is what is measured while many issues are moved at once.
type decideBurst struct {
	totals    pair
	answers   samples
	used      calls
	opening   time.Duration // processor time of the bridge while requests were opened
	deciding  time.Duration // and while they were decided
	requests  int
	undecided int
}

// measureDecideBurst measures how long it takes until the last of many requests is approved whose issues are moved at once.
func measureDecideBurst(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := openWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var b decideBurst
	err = turns(decideRounds,
		func(int) error { return b.bridge(ctx, w) },
		func(int) error { return b.floor(ctx, w) })
	if err != nil {
		return nil, err
	}
	each := func(d time.Duration) float64 { return millis(d) / float64(b.requests) }
	r.detail("decide.burst", "bridge, %d deliveries in each of %d rounds: %s", decideRequests, decideRounds, list(b.totals.bridge))
	r.detail("decide.burst", "floor,  the same: %s", list(b.totals.floor))
	r.detail("decide.burst", "answer to a delivery p50 %.2f ms, p90 %.2f ms", b.answers.median(), b.answers.percentile(90))
	r.detail("decide.calls", "for %d requests: vendor: %v; Teleport: %v", b.requests, b.used.vendor, b.used.teleport)
	r.detail("cpu", "%.2f ms per request opened and %.2f ms per request decided", each(b.opening), each(b.deciding))
	return figures{
		"decide.burst.total_ratio": b.totals.ratio(), "decide.burst.undecided": float64(b.undecided),
		"decide.vendor_calls": b.used.vendor.per(b.requests), "decide.teleport_calls": b.used.teleport.per(b.requests),
		"cpu.ms_per_request": each(b.opening + b.deciding),
	}, nil
}

func (b *decideBurst) bridge(ctx context.Context, w *world) error {
	if err := w.quiet(ctx); err != nil {
		return err
	}
	idle, err := w.bridge.cpu()
	if err != nil {
		return err
	}
	ids, issues, err := w.openByBridge(ctx, decideRequests)
	if err != nil {
		return err
	}
	if err := w.prepareMoves(ctx, true); err != nil {
		return err
	}
	opened, err := w.bridge.cpu()
	if err != nil {
		return err
	}
	before, start := w.calls(), time.Now()
	if err := w.move(ctx, issues, len(issues)); err != nil {
		return err
	}
	total, undecided, err := w.lastApproved(ctx, ids, start)
	if err != nil {
		return err
	}
	if undecided == 0 {
		if err := w.waitPhase(ctx, ids, "closed"); err != nil {
			return err
		}
	}
	answers, err := w.answered(ctx, len(ids))
	if err != nil {
		return err
	}
	used := w.calls().since(before)
	if err := w.quiet(ctx); err != nil {
		return err
	}
	decided, err := w.bridge.cpu()
	b.totals.bridge, b.answers, b.used = append(b.totals.bridge, total), append(b.answers, answers...), b.used.plus(used)
	b.opening, b.deciding = b.opening+opened-idle, b.deciding+decided-opened
	b.requests, b.undecided = b.requests+len(ids), b.undecided+undecided
	return err
}

func (b *decideBurst) floor(ctx context.Context, w *world) error {
	ids, issues, err := w.openByFloor(ctx, decideRequests)
	if err != nil {
		return err
	}
	if err := w.prepareMoves(ctx, false); err != nil {
		return err
	}
	start := time.Now()
	if err := w.move(ctx, issues, len(issues)); err != nil {
		return err
	}
	err = each(ctx, len(ids), workers, func(ctx context.Context, i int) error { return w.floor.decide(ctx, ids[i], issues[i]) })
	if err != nil {
		return err
	}
	total, undecided, err := w.lastApproved(ctx, ids, start)
	if undecided > 0 {
		return errors.Join(err, fmt.Errorf("the floor left %d requests undecided", undecided))
	}
	b.totals.floor = append(b.totals.floor, total)
	return err
}

// lastApproved waits until every request is approved, and returns when the last one was, and how many were not in time.
func (w *world) lastApproved(ctx context.Context, ids []string, start time.Time) (total time.Duration, undecided int, err error) {
	patient, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	var last time.Time
	for _, id := range ids {
		at, err := w.ledger.waitApproved(patient, id)
		switch {
		case ctx.Err() != nil:
			return 0, 0, context.Cause(ctx)
		case err != nil:
			undecided++
		case at.After(last):
			last = at
		}
	}
	if undecided > 0 {
		return time.Since(start), undecided, nil
	}
	return last.Sub(start), 0, nil
}
