package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// guaranteesPrefix begins the names of all rows of guarantees.
	guaranteesPrefix = "guarantees."
	// trialsAtOnce is how many trials run side by side: they wait most of the time.
	trialsAtOnce = 24
	// firstPort is where the ports of the bridges begin, portsEach how many each trial may look at. They are below those that the system gives
	// to whoever asks for any port, so that none is taken between its being found free and the bridge's listening there.
	firstPort = 16000
	portsEach = 100
)

// guarantee is one thing that goes wrong, and what must not come of it.
type guarantee struct {
	name string
	desk deskKind
	// limits are those of a call in the bridge's configuration, a template; usualLimits where it is empty.
	limits string
	// ports are where the ports of its bridges begin.
	ports int
	// run makes it go wrong, and says what was lost, doubled or done wrong. Proof tells by what it is known that the fault really happened;
	// where it did not, run fails.
	run func(ctx context.Context, t *trial) (damage harm, proof string, err error)
}

// row is the name of the guarantee's row.
func (g guarantee) row() string { return guaranteesPrefix + g.name + "." + g.desk.name }

// guarantees are all of them; those that take long come first.
func guarantees() []guarantee {
	var list []guarantee
	kinds := deskKinds()
	for _, kind := range kinds {
		list = append(list,
			guarantee{name: "create_hangs", desk: kind, run: createHangs},
			guarantee{name: "create_late", desk: kind, limits: lateLimits, run: createLate},
			guarantee{name: "create_unanswered", desk: kind, run: createUnanswered},
			guarantee{name: "create_refused", desk: kind, run: createRefused})
	}
	jira := kinds[0]
	list = append(list,
		guarantee{name: "instance_killed", desk: jira, run: instanceKilled},
		guarantee{name: "connections_dropped", desk: jira, run: connectionsDropped},
		guarantee{name: "auth_down_30s", desk: jira, run: authDown(30 * time.Second)},
		guarantee{name: "auth_down_5s", desk: jira, run: authDown(5 * time.Second)})
	for _, kind := range kinds {
		list = append(list,
			guarantee{name: "vendor_down_10s", desk: kind, run: vendorDown},
			guarantee{name: "created_while_down", desk: kind, run: createdWhileDown},
			guarantee{name: "resolved_while_down", desk: kind, run: resolvedWhileDown})
	}
	list = append(list,
		guarantee{name: "approved_while_down", desk: jira, run: approvedWhileDown},
		guarantee{name: "forged", desk: jira, run: forged},
		guarantee{name: "own_issue", desk: jira, run: ownIssue})
	for i := range list {
		list[i].ports = firstPort + i*portsEach
	}
	return list
}

func guaranteeSpecs() []spec {
	var list []spec
	for _, g := range guarantees() {
		list = append(list, atMost(g.row(), "requests", 0))
	}
	return list
}

func guaranteesPart() part {
	p := part{run: measureGuarantees}
	for _, g := range guarantees() {
		p.rows = append(p.rows, g.row())
	}
	return p
}

// finding is what came of one guarantee.
type finding struct {
	damage harm
	proof  string
	harmed []string
	took   time.Duration
	err    error
}

// measureGuarantees makes everything go wrong side by side, each in a world of its own. A trial that fails leaves its row unmeasured.
func measureGuarantees(ctx context.Context, r *rig) (figures, error) {
	var wanted []guarantee
	for _, g := range guarantees() {
		if strings.HasPrefix(g.row(), r.only) {
			wanted = append(wanted, g)
		}
	}
	r.say("making %d things go wrong, up to %d at once", len(wanted), trialsAtOnce)
	findings := make([]finding, len(wanted))
	err := each(ctx, len(wanted), trialsAtOnce, func(ctx context.Context, i int) error {
		findings[i] = wanted[i].try(ctx, r)
		return nil
	})
	measured := figures{}
	for i, g := range wanted {
		f := findings[i]
		if f.err != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", g.row(), f.err))
			continue
		}
		measured[g.row()] = float64(f.damage.total())
		r.detail(g.row(), "%v; %s (%.0f s)", f.damage, f.proof, f.took.Seconds())
		for _, one := range f.harmed {
			r.detail(g.row(), "%s", one)
		}
	}
	return measured, err
}

// try runs one trial.
func (g guarantee) try(ctx context.Context, r *rig) (f finding) {
	start := time.Now()
	ctx, t, err := newTrial(ctx, r, g)
	if err != nil {
		return finding{err: err}
	}
	defer func() { f.err, f.took = errors.Join(f.err, t.close()), time.Since(start) }()
	f.damage, f.proof, f.err = g.run(ctx, t)
	f.harmed = t.harmed
	if f.err != nil {
		f.err = errors.Join(f.err, t.tail())
	}
	return f
}
