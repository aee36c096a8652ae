package main

import (
	"context"
	"errors"
	"time"
)

const (
	idleRounds   = 12
	idleTurn     = 15
	openRounds   = 5
	openRequests = 2000
	// doubleWait is how long is waited for issues that should not come.
	doubleWait = 2 * time.Second
)

// measureOpenIdle measures how long it takes from a request to its issue when nothing else is going on.
func measureOpenIdle(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := openWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var times pair
	one := func(role string, open func(id string) error) (time.Duration, error) {
		start := time.Now()
		ids, err := w.create(ctx, 1, role)
		if err != nil {
			return 0, err
		}
		if err := open(ids[0]); err != nil {
			return 0, err
		}
		ctx, cancel := context.WithTimeout(ctx, stepWithin)
		defer cancel()
		_, at, err := w.ledger.waitOpened(ctx, ids[0])
		if err == nil && role == roleBridge {
			err = w.waitPhase(ctx, ids, "open")
		}
		return at.Sub(start), err
	}
	many := func(into *samples, role string, open func(id string) error) error {
		if err := w.quiet(ctx); err != nil {
			return err
		}
		for range idleTurn {
			took, err := one(role, open)
			if err != nil {
				return err
			}
			*into = append(*into, took)
		}
		return nil
	}
	err = turns(idleRounds,
		func(int) error { return many(&times.bridge, roleBridge, func(string) error { return nil }) },
		func(int) error {
			return many(&times.floor, roleFloor, func(id string) error { return w.floor.open(ctx, id) })
		})
	if err != nil {
		return nil, err
	}
	r.compare("open.idle", times)
	return figures{"open.idle.p50_ratio": times.ratio()}, nil
}

// compare shows the distributions of bridge and floor.
func (r *rig) compare(name string, p pair) { r.compareAs(name, p, "bridge", "floor ") }

// compareAs is compare with other words for the two.
func (r *rig) compareAs(name string, p pair, one, other string) {
	for _, s := range []struct {
		who string
		samples
	}{{one, p.bridge}, {other, p.floor}} {
		r.detail(name, "%s p50 %.2f ms, p90 %.2f ms, p99 %.2f ms (%d one at a time)", s.who, s.median(), s.percentile(90), s.percentile(99), len(s.samples))
	}
}

// measureOpenBurst measures how long it takes until the last of many requests made at once has its issue.
func measureOpenBurst(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := openWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var (
		totals pair
		made   []string
		used   calls
	)
	err = turns(openRounds, func(int) error {
		if err := w.quiet(ctx); err != nil {
			return err
		}
		before, start := w.calls(), time.Now()
		ids, err := w.create(ctx, openRequests, roleBridge)
		if err != nil {
			return err
		}
		total, err := w.lastOpened(ctx, ids, start)
		if err != nil {
			return err
		}
		totals.bridge, made = append(totals.bridge, total), append(made, ids...)
		if err := w.waitPhase(ctx, ids, "open"); err != nil && ctx.Err() != nil {
			return err
		}
		used = used.plus(w.calls().since(before))
		return nil
	}, func(int) error {
		ids, err := w.create(ctx, openRequests, roleFloor)
		if err != nil {
			return err
		}
		if err := w.quiet(ctx); err != nil {
			return err
		}
		start := time.Now()
		if err := each(ctx, len(ids), workers, func(ctx context.Context, i int) error { return w.floor.open(ctx, ids[i]) }); err != nil {
			return err
		}
		total, err := w.lastOpened(ctx, ids, start)
		totals.floor = append(totals.floor, total)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := rest(ctx, doubleWait); err != nil {
		return nil, err
	}
	missing, doubled := w.ledger.count(made)
	r.detail("open.burst", "bridge, %d requests in each of %d rounds: %s", openRequests, openRounds, list(totals.bridge))
	r.detail("open.burst", "floor,  the same: %s", list(totals.floor))
	r.detail("open.calls", "for %d requests: vendor: %v; Teleport: %v", len(made), used.vendor, used.teleport)
	return figures{
		"open.burst.total_ratio": totals.ratio(), "open.burst.missing": float64(missing), "open.burst.doubled": float64(doubled),
		"open.vendor_calls": used.vendor.per(len(made)), "open.teleport_calls": used.teleport.per(len(made)),
	}, nil
}

// lastOpened waits until every request has its issue, and returns when the last one came into being. Requests that get none in time are
// no error here: they are counted at the end.
func (w *world) lastOpened(ctx context.Context, ids []string, start time.Time) (time.Duration, error) {
	patient, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	var last time.Time
	for _, id := range ids {
		_, at, err := w.ledger.waitOpened(patient, id)
		switch {
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case err != nil:
			return time.Since(start), nil
		case at.After(last):
			last = at
		}
	}
	return last.Sub(start), nil
}
