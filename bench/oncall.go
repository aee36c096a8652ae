package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	onCallRounds   = 5
	onCallRequests = 500
	// onCallTurns is how many turns of single requests there are.
	onCallTurns = 8
)

// onCallUse is what the bridge has used for requests that were approved because their requester is on call.
type onCallUse struct {
	used      calls
	requests  int
	incidents int
	lookups   []int // of each process, since its start
}

// The rows of each vendor; see onCallVendor.row.
const (
	idleRatio   = "p50_ratio"
	burstRatio  = "burst.total_ratio"
	vendorCalls = "vendor_calls"
	lookUps     = "lookups"
)

// onCallPart measures one vendor.
func onCallPart(v onCallVendor) part {
	return part{
		rows: []string{v.row(idleRatio), v.row(burstRatio), v.row(vendorCalls), v.row(lookUps)},
		run:  func(ctx context.Context, r *rig) (figures, error) { return measureOnCall(ctx, r, v) },
	}
}

// measureOnCall measures how long it takes from a request to its approval because the requester is on call: one at a time, then many at
// once.
func measureOnCall(ctx context.Context, r *rig, v onCallVendor) (measured figures, err error) {
	ctx, w, err := newOnCallWorld(ctx, r, v)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var (
		idle, burst   pair
		single, fleet onCallUse
	)
	if err := w.measureIdle(ctx, &idle, &single); err != nil {
		return nil, err
	}
	err = turns(onCallRounds,
		func(int) error { return w.bridgeBurst(ctx, &burst, &fleet) },
		func(int) error { return w.floorBurst(ctx, &burst) })
	if err != nil {
		return nil, err
	}
	if err := faults(w.simulator.objects()); err != nil {
		return nil, err
	}
	name := "oncall." + v.kind
	r.compare(name, idle)
	r.detail(name+".burst", "bridge, %d requests in each of %d rounds, %d workers: %s", onCallRequests, onCallRounds, workers, list(burst.bridge))
	r.detail(name+".burst", "floor,  the same: %s", list(burst.floor))
	r.detail(name+".calls", "one at a time, %v", single)
	r.detail(name+".calls", "at once, %v", fleet)
	r.detail(name+".lookups", "of each process, since its start, with %d requests before the burst: %v", warmUps, fleet.lookups)
	return figures{
		v.row(idleRatio): idle.ratio(), v.row(burstRatio): burst.ratio(),
		v.row(vendorCalls): max(single.each(), fleet.each()), v.row(lookUps): float64(slices.Max(fleet.lookups)),
	}, nil
}

// each is the number of vendor calls for one request that has an incident, all calls included.
func (u onCallUse) each() float64 { return u.used.vendor.per(u.incidents) }

// String lists the calls by route.
func (u onCallUse) String() string {
	return fmt.Sprintf("%d requests, of which %d had an incident: vendor: %v; Teleport: %v", u.requests, u.incidents, u.used.vendor, u.used.teleport)
}

// measureIdle measures requests when nothing else is going on. Each is about another spare service or schedule, so that none can use what was
// read for the one before.
func (w *onCallWorld) measureIdle(ctx context.Context, times *pair, use *onCallUse) error {
	if _, err := w.startBridge(ctx); err != nil {
		return err
	}
	bridge, floor := onCallTurn{w: w, role: roleBridge}, onCallTurn{w: w, role: roleFloor, act: w.floor.approve}
	// The names of all of them are known afterwards.
	if err := errors.Join(bridge.take(ctx, spares, nil), floor.take(ctx, warmUps, nil)); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	return turns(onCallTurns, func(int) error {
		before := w.calls()
		if err := bridge.take(ctx, idleTurn, &times.bridge); err != nil {
			return err
		}
		used := w.calls().since(before)
		if n := used.vendor[w.vendor.read]; n != idleTurn {
			return fmt.Errorf("who is on call was read %d times for %d requests one at a time", n, idleTurn)
		}
		use.used, use.requests, use.incidents = use.used.plus(used), use.requests+idleTurn, use.incidents+idleTurn
		return nil
	}, func(int) error { return floor.take(ctx, idleTurn, &times.floor) })
}

// onCallTurn makes requests one at a time.
type onCallTurn struct {
	w    *onCallWorld
	role string
	// act does what the floor has to do about a request; nil for the bridge, which learns of it by itself.
	act  func(ctx context.Context, id string, spare int) error
	next int
}

// take makes n requests, and adds how long each takes until it is approved. The next one follows when nothing is left to do, and the next
// turn when the bridge is quiet.
func (t *onCallTurn) take(ctx context.Context, n int, into *samples) error {
	for range n {
		took, err := t.one(ctx, t.next%spares)
		if err != nil {
			return err
		}
		t.next++
		if into != nil {
			*into = append(*into, took)
		}
	}
	return t.w.quiet(ctx)
}

func (t *onCallTurn) one(ctx context.Context, spare int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	start := time.Now()
	id, err := t.w.createAbout(t.role, spare)
	if err != nil {
		return 0, err
	}
	if t.act != nil {
		if err := t.act(ctx, id, spare); err != nil {
			return 0, err
		}
	}
	at, err := t.w.ledger.waitApproved(ctx, id)
	if err == nil && t.role == roleBridge {
		err = t.w.waitPhase(ctx, []string{id}, "closed")
	}
	return at.Sub(start), err
}

// bridgeBurst has a bridge that was just started approve many requests at once. The few before them open its connections; who is on call
// for the burst was never read before.
func (w *onCallWorld) bridgeBurst(ctx context.Context, times *pair, use *onCallUse) error {
	if err := w.stopBridge(); err != nil {
		return err
	}
	w.simulator.ResetDeliveries()
	started := w.calls()
	if _, err := w.startBridge(ctx); err != nil {
		return err
	}
	if err := w.warmUp(ctx); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	before, start := w.calls(), time.Now()
	ids, err := w.createAll(ctx, onCallRequests, roleBridge)
	if err != nil {
		return err
	}
	total, err := w.allApproved(ctx, ids, start)
	if err != nil {
		return err
	}
	incidents, err := w.settled(ctx, ids)
	if err != nil {
		return err
	}
	times.bridge = append(times.bridge, total)
	use.used = use.used.plus(w.calls().since(before))
	use.requests, use.incidents = use.requests+len(ids), use.incidents+incidents
	use.lookups = append(use.lookups, w.vendor.lookups(w.calls().since(started).vendor))
	return nil
}

// warmUp sends a few requests through the bridge at once, about a spare service or schedule.
func (w *onCallWorld) warmUp(ctx context.Context) error {
	ids := make([]string, warmUps)
	for i := range ids {
		var err error
		if ids[i], err = w.createAbout(roleBridge, 0); err != nil {
			return err
		}
	}
	if _, err := w.allApproved(ctx, ids, time.Now()); err != nil {
		return err
	}
	_, err := w.settled(ctx, ids)
	return err
}

// floorBurst has the floor approve many requests at once, which exist before.
func (w *onCallWorld) floorBurst(ctx context.Context, times *pair) error {
	ids, err := w.createAll(ctx, onCallRequests, roleFloor)
	if err != nil {
		return err
	}
	if err := w.quiet(ctx); err != nil {
		return err
	}
	start := time.Now()
	err = each(ctx, len(ids), workers, func(ctx context.Context, i int) error { return w.floor.approve(ctx, ids[i], ordinary) })
	if err != nil {
		return err
	}
	total, err := w.allApproved(ctx, ids, start)
	times.floor = append(times.floor, total)
	return err
}

// allApproved is lastApproved where every request has to be approved.
func (w *onCallWorld) allApproved(ctx context.Context, ids []string, start time.Time) (time.Duration, error) {
	total, undecided, err := w.lastApproved(ctx, ids, start)
	if err == nil && undecided > 0 {
		err = fmt.Errorf("%d of %d requests were not approved", undecided, len(ids))
	}
	return total, err
}
