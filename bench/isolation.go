package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

const (
	isolationRounds = 2
	// isolationTurn is how many requests each of the other accounts gets in a turn.
	isolationTurn = 20
	// backlogRequests wait for the account that hangs.
	backlogRequests = 300
	// drainWithin is how long a backlog may take once its vendor answers again. Calls that hung have to time out first, and the bridge then
	// waits before it tries the vendor again.
	drainWithin = 90 * time.Second
	// atOnce is how many requests of one account are under way at once: those that talk to the vendor, and those whose links are written
	// meanwhile. Among them no order can be kept, nor between those that begin when the vendor is tried again and those that follow them.
	atOnce     = 2 * workers
	orderSlack = 2 * atOnce
)

func isolationSpecs() []spec {
	return []spec{
		atMost("isolation.p50_ratio", "ratio", 1.2),
		atMost("isolation.out_of_order", "requests", 0),
	}
}

func isolationPart() part {
	return part{[]string{"isolation.p50_ratio", "isolation.out_of_order"}, measureIsolation}
}

// measureIsolation has one vendor account hang with a backlog, and measures how long it takes from requests to their objects at the others, with
// and without that. Then the vendor answers again, and the order in which the backlog gets its issues is looked at.
func measureIsolation(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, f, err := newFleet(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	i := isolation{fleet: f, hanging: f.accounts[1], others: append(slices.Clone(f.accounts[:1]), f.accounts[2:]...)}
	err = turns(isolationRounds,
		func(int) error { return i.beside(ctx) },
		func(int) error { return i.open(ctx, &i.times.floor) })
	if err != nil {
		return nil, err
	}
	if err := i.complete(); err != nil {
		return nil, err
	}
	i.show()
	return figures{"isolation.p50_ratio": i.times.ratio(), "isolation.out_of_order": float64(i.late)}, nil
}

// isolation measures four accounts while the fifth hangs, and while it does not.
type isolation struct {
	*fleet
	hanging account
	others  []account
	// times are those from a request to its object at the others, beside the one that hangs first.
	times  pair
	drains samples
	made   []string // for the one that hangs
	waited int      // of them, those that were created after it had hung
	late   int      // of them, those that were overtaken
}

// open makes requests for the other accounts in turn, one at a time.
func (i *isolation) open(ctx context.Context, into *samples) error {
	for range isolationTurn {
		for _, a := range i.others {
			start := time.Now()
			ids, err := i.create(ctx, 1, a.role)
			if err != nil {
				return err
			}
			patient, cancel := context.WithTimeout(ctx, stepWithin)
			_, at, err := i.ledger.waitOpened(patient, ids[0])
			cancel()
			if err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			*into = append(*into, at.Sub(start))
		}
	}
	return i.quiet(ctx)
}

// beside is open while an account hangs. It carries out what it is asked for, and never answers; what it did is found when it answers again.
func (i *isolation) beside(ctx context.Context) error {
	mend := i.hanging.server.Inject(standin.Fault{AfterEffect: true, Hang: true})
	defer mend()
	var backlog []string
	for range backlogRequests { // one after the other, so that their order is known
		ids, err := i.create(ctx, 1, i.hanging.role)
		if err != nil {
			return err
		}
		backlog = append(backlog, ids...)
	}
	i.made = append(i.made, backlog...)
	if err := i.open(ctx, &i.times.bridge); err != nil {
		return err
	}
	mend()
	mended := time.Now()
	patient, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	if _, err := i.issues(patient, backlog); err != nil {
		return fmt.Errorf("the backlog of %s does not drain: %w", i.hanging.name, err)
	}
	return i.drained(ctx, backlog, mended)
}

// drained looks at the order in which the requests of a backlog got their issues that had none when the vendor answered again.
func (i *isolation) drained(ctx context.Context, backlog []string, mended time.Time) error {
	var waited []drained
	for age, id := range backlog {
		_, at, err := i.ledger.waitOpened(ctx, id)
		if err != nil {
			return err
		}
		if at.After(mended) {
			waited = append(waited, drained{age: age, at: at})
		}
	}
	slices.SortFunc(waited, func(a, b drained) int { return a.at.Compare(b.at) })
	i.waited += len(waited)
	i.late += overtaken(waited, orderSlack)
	if n := len(waited); n > 0 {
		i.drains = append(i.drains, waited[n-1].at.Sub(mended))
	}
	return i.quiet(ctx)
}

// drained is a request of a backlog: how many were made before it, and when its issue came into being.
type drained struct {
	age int
	at  time.Time
}

// overtaken counts those before which more than that many younger ones came, in the order in which they came.
func overtaken(order []drained, slack int) int {
	late := 0
	for n, d := range order {
		younger := 0
		for _, earlier := range order[:n] {
			if d.age < earlier.age {
				younger++
			}
		}
		if younger > slack {
			late++
		}
	}
	return late
}

// complete is an error if a request of a backlog has no issue, or several.
func (i *isolation) complete() error {
	if missing, doubled := i.ledger.count(i.made); missing+doubled > 0 {
		return fmt.Errorf("of %d requests for %s %d have no issue and %d several", len(i.made), i.hanging.name, missing, doubled)
	}
	return nil
}

func (i *isolation) show() {
	r := i.rig
	r.compareAs("isolation", i.times, "beside one that hangs", "with all well        ")
	r.detail("isolation", "%s: %d requests waited while it hung, of which %d were overtaken by more than %d; the last had its issue this long after it answered again: %s",
		i.hanging.name, i.waited, i.late, orderSlack, list(i.drains))
}
