package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// loadRequests wait while all else is measured, as many at each account.
	loadRequests = 10_000
	// loadWithin is how long they may take until all have their objects.
	loadWithin = 2 * time.Minute
	loadRounds = 3
	// loadDecisions are made one at a time in each turn.
	loadDecisions = 120
	// floodRunIn is how long a flood goes on before decisions are measured: by then its sources have used up what they may send at once.
	floodRunIn = time.Second
	// memoryTick is how often the bridge's memory is looked at.
	memoryTick = 50 * time.Millisecond
	// mostFloodMB is twice what the bridge may use with 5,000 open issues and no flood.
	mostFloodMB = 300
)

// loadSpecs are the rows about load: how many deliveries are taken, and what harm others do to one that does well.
func loadSpecs() []spec {
	list := []spec{
		atLeast("intake.ratio", "ratio", 0.7),
		atMost("load.pending10000.missing", "requests", 0),
		atMost("load.pending10000.doubled", "requests", 0),
		atMost("load.flood.p99_ratio", "ratio", 3),
		atLeast("load.flood.refused_ratio", "ratio", 1),
		reported("load.flood.rate", "requests/s"),
		atMost("load.flood.rss_mb", "MB", mostFloodMB),
	}
	list = append(list, isolationSpecs()...)
	return append(list,
		atMost("instances3.calls_ratio", "ratio", 1.5),
		atMost("start1000.seconds_to_ready", "s", 1),
		reported("binary.mb", "MB"))
}

func loadParts() []part {
	return []part{
		{[]string{"intake.ratio"}, measureIntake},
		{[]string{
			"load.pending10000.missing", "load.pending10000.doubled", "load.flood.p99_ratio", "load.flood.refused_ratio", "load.flood.rate", "load.flood.rss_mb",
		}, measureLoad},
		isolationPart(),
		instancesPart(),
		{[]string{"start1000.seconds_to_ready"}, measureStartPending},
		{[]string{"binary.mb"}, measureBinary},
	}
}

// measureBinary looks at the size of the program.
func measureBinary(_ context.Context, r *rig) (figures, error) {
	file, err := os.Stat(r.binary)
	if err != nil {
		return nil, fmt.Errorf("look at the program: %w", err)
	}
	return figures{"binary.mb": float64(file.Size()) / 1e6}, nil
}

// measureLoad has 10,000 requests wait at five vendor accounts, and measures decisions with and without a flood of garbage and forged deliveries.
func measureLoad(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, f, err := newFleet(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	missing, doubled, err := f.fill(ctx)
	if err != nil {
		return nil, err
	}
	genuine, err := f.genuine(ctx, 1)
	if err != nil {
		return nil, err
	}
	l := load{fleet: f}
	if l.before, err = f.bridge.rss(); err != nil {
		return nil, err
	}
	if l.flood, err = newFlood(f.config, genuine[0]); err != nil {
		return nil, err
	}
	err = turns(loadRounds,
		func(round int) error { return l.beside(ctx, round) },
		func(int) error { return l.decide(ctx, &l.times.floor, func() error { return nil }) })
	if err != nil {
		return nil, err
	}
	l.show()
	return figures{
		"load.pending10000.missing": float64(missing), "load.pending10000.doubled": float64(doubled),
		"load.flood.p99_ratio": l.times.bridge.percentile(99) / l.times.floor.percentile(99), "load.flood.refused_ratio": l.came.refused(),
		"load.flood.rate": l.came.perSecond(), "load.flood.rss_mb": l.most.all,
	}, nil
}

// fill makes as many requests for each account, all at once, and counts those without an object and those with several.
func (f *fleet) fill(ctx context.Context) (missing, doubled int, err error) {
	patient, cancel := context.WithTimeout(ctx, loadWithin)
	defer cancel()
	start := time.Now()
	made := make([][]string, len(f.accounts))
	err = each(patient, len(f.accounts), len(f.accounts), func(ctx context.Context, i int) (err error) {
		made[i], err = f.create(ctx, loadRequests/len(f.accounts), f.accounts[i].role)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	for i, ids := range made {
		_, opened := f.issues(patient, ids)
		if opened != nil && ctx.Err() != nil {
			return 0, 0, opened
		}
		f.rig.detail("load.pending10000", "%s: %d requests have their objects after %.1f s", f.accounts[i].name, len(ids), time.Since(start).Seconds())
	}
	if err := rest(ctx, doubleWait); err != nil {
		return 0, 0, err
	}
	for _, ids := range made {
		none, several := f.ledger.count(ids)
		missing, doubled = missing+none, doubled+several
	}
	return missing, doubled, f.quiet(ctx)
}

// load measures decisions beside a flood, and without.
type load struct {
	*fleet
	flood *flood
	// times are those of decisions, beside the flood first.
	times pair
	came  torrent
	// before is what the bridge uses without a flood, and most the most it uses beside one.
	before, most memory
}

// decide opens issues and, once begun, has them approved on the board one at a time.
func (l *load) decide(ctx context.Context, into *samples, begin func() error) error {
	ids, issues, err := l.openByBridge(ctx, loadDecisions)
	if err != nil {
		return err
	}
	if err := l.prepareMoves(ctx, true); err != nil {
		return err
	}
	defer l.deliver(false)
	if err := begin(); err != nil {
		return err
	}
	for i := range ids {
		took, err := l.decideOne(ctx, ids[i], issues[i], nil)
		if err != nil {
			return err
		}
		if err := l.waitPhase(ctx, ids[i:i+1], "closed"); err != nil {
			return err
		}
		*into = append(*into, took)
	}
	_, err = l.answered(ctx, len(ids))
	return err
}

// beside is decide while the flood goes on. Requests that never end are part of the first flood: they are waited for.
func (l *load) beside(ctx context.Context, round int) error {
	raging, ebb := context.WithCancel(ctx)
	defer ebb()
	var came torrent
	var group errgroup.Group
	err := l.decide(ctx, &l.times.bridge, func() error {
		group.Go(func() (err error) { came, err = l.flood.run(raging, round == 0); return err })
		group.Go(func() error { return l.watchMemory(raging) })
		return rest(ctx, floodRunIn)
	})
	ebb()
	err = errors.Join(err, group.Wait())
	if l.came.answers == nil {
		l.came.answers = tally{}
	}
	l.came = l.came.plus(came)
	return err
}

// watchMemory notes the most that the bridge uses until ctx ends.
func (l *load) watchMemory(ctx context.Context) error {
	for rest(ctx, memoryTick) == nil {
		now, err := l.bridge.rss()
		if err != nil {
			return err
		}
		if now.all > l.most.all {
			l.most = now
		}
	}
	return nil
}

func (l *load) show() {
	r := l.rig
	r.compareAs("load.flood", l.times, "decisions beside it  ", "decisions without it ")
	r.detail("load.flood", "%d sources, %d requests in %.1f s on connections that stay; all answers: %v", floodSources, l.came.sent, l.came.lasted.Seconds(), l.came.answers)
	r.detail("load.flood", "memory at most %.1f MB (own %.1f MB), before it %.1f MB (own %.1f MB)", l.most.all, l.most.own, l.before.all, l.before.own)
}
