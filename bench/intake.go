package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

const (
	intakeRounds = 12
	// intakeFor is how long deliveries are sent in each turn, over that many connections at once.
	intakeFor   = 750 * time.Millisecond
	intakeWires = 32
	// intakeIssues is how many issues the deliveries are about. A delivery makes its issue be read once more; of one issue never two are under
	// way at once.
	intakeIssues = 1
	// statusInReview is a status that decides nothing.
	statusInReview = "In Review"
	// someone is a loopback address that is not the simulated vendors'.
	someone = "127.0.0.2"
)

// measureIntake measures how many genuine deliveries the bridge takes, and how many a bare receiver does.
func measureIntake(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := openWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	listener, bare, err := w.startBare(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	i := intake{w: w}
	if i.deliveries, err = w.genuineWritten(ctx, intakeIssues); err != nil {
		return nil, err
	}
	err = turns(intakeRounds,
		func(int) error { return i.take(ctx, w.config.Listen, w.bridge, &i.took.bridge, &i.used.bridge) },
		func(int) error { return i.take(ctx, listener, bare, &i.took.floor, &i.used.floor) })
	if err != nil {
		return nil, err
	}
	i.show(r)
	return figures{"intake.ratio": 1 / i.took.ratio()}, nil
}

// intake sends deliveries to the bridge and to the bare receiver in turns.
type intake struct {
	w          *world
	deliveries [][]byte
	// took is how long one delivery took in each turn, and used how much processor time of the receiver.
	took, used pair
}

func (i *intake) take(ctx context.Context, listener string, receiver *process, took, used *samples) error {
	if err := i.w.quiet(ctx); err != nil {
		return err
	}
	before, err := receiver.cpu()
	if err != nil {
		return err
	}
	start := time.Now()
	n, err := i.w.pour(ctx, listener, i.deliveries)
	if err != nil {
		return err
	}
	*took = append(*took, time.Since(start)/time.Duration(n))
	after, err := receiver.cpu()
	*used = append(*used, (after-before)/time.Duration(n))
	return err
}

func (i *intake) show(r *rig) {
	const thousand = 1000
	perSecond := func(s samples) float64 { return thousand / s.median() }
	r.detail("intake", "bridge %.0f a second, bare %.0f a second, over %d connections, of %d bytes each",
		perSecond(i.took.bridge), perSecond(i.took.floor), intakeWires, len(i.deliveries[0]))
	r.detail("intake", "processor time of the bridge %.1f µs, of bare %.1f µs for one", thousand*i.used.bridge.median(), thousand*i.used.floor.median())
	r.detail("intake", "bridge, 1,000 in each of %d rounds: %s", intakeRounds, list(i.took.bridge.times(thousand)))
	r.detail("intake", "bare,   the same: %s", list(i.took.floor.times(thousand)))
}

// startBare runs the bare receiver, and waits until it answers.
func (w *world) startBare(ctx context.Context) (listener string, p *process, err error) {
	binary, err := w.rig.compile(ctx, "bench/bare")
	if err != nil {
		return "", nil, err
	}
	ports, err := freePorts(1)
	if err != nil {
		return "", nil, err
	}
	p, err = startProgram(ctx, w.path("bare.log"), w.end, binary,
		"-listen", ports[0], "-cert", w.config.Cert, "-key", w.config.Key, "-secret", w.config.SecretsFile)
	if err != nil {
		return "", nil, err
	}
	patient, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		probe, err := w.config.connectFrom(patient, someone, ports[0])
		if err == nil {
			probe.close()
			return ports[0], p, nil
		}
		if patient.Err() != nil {
			return "", nil, errors.Join(err, p.stop())
		}
		if err := rest(patient, readyTick); err != nil {
			return "", nil, errors.Join(err, p.stop())
		}
	}
}

// genuine returns deliveries about that many open issues, as Jira sends them: somebody has moved each to a status that decides nothing.
func (w *world) genuine(ctx context.Context, n int) ([]jirasim.Delivery, error) {
	_, issues, err := w.openByBridge(ctx, n)
	if err != nil {
		return nil, err
	}
	w.deliver(true)
	defer w.deliver(false)
	for _, issue := range issues {
		if err := w.jira.Move("bob", issue, statusInReview); err != nil {
			return nil, err
		}
	}
	if err := w.jira.WaitDeliveries(ctx); err != nil {
		return nil, err
	}
	deliveries := w.jira.Deliveries()
	if len(deliveries) != n {
		return nil, fmt.Errorf("%d issues were moved and %d deliveries sent", n, len(deliveries))
	}
	return deliveries, nil
}

// genuineWritten are such deliveries as they go over the wire.
func (w *world) genuineWritten(ctx context.Context, n int) ([][]byte, error) {
	deliveries, err := w.genuine(ctx, n)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, n)
	for i, d := range deliveries {
		if out[i], err = written(http.MethodPost, "/webhooks/"+w.config.Integration, d.Headers, d.Body); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pour sends deliveries for a while, on every connection the next when the one before it is answered, and returns how many. None may be refused.
func (w *world) pour(ctx context.Context, listener string, deliveries [][]byte) (int, error) {
	wires := make([]*wire, intakeWires)
	for i := range wires {
		var err error
		if wires[i], err = w.config.connectFrom(ctx, someone, listener); err != nil {
			return 0, err
		}
		defer wires[i].close()
	}
	var taken atomic.Int64
	start := time.Now()
	group := errgroup.Group{}
	for i, wire := range wires {
		group.Go(func() error {
			for n := i; time.Since(start) < intakeFor; n++ {
				if err := wire.deliver(deliveries[n%len(deliveries)]); err != nil {
					return err
				}
				taken.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return int(taken.Load()), err
}

// deliver sends a delivery that has to be taken.
func (w *wire) deliver(delivery []byte) error {
	status, err := w.send(delivery)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("a delivery was answered %d", status)
	}
	return err
}
