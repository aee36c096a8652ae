package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

const (
	// createRequests are made at once while creating fails.
	createRequests = 300
	// hang is how long the vendor lets a call hang.
	hang = 30 * time.Second
	// hangsEvery is which calls it lets hang.
	hangsEvery = 10
	// refusesEvery is which calls it refuses.
	refusesEvery = 3
	// lateLimits have the bridge give up long before the vendor does the work.
	lateLimits = `{{define "limits"}}
      timeout: 10s
      apply_within: 30s
{{- end}}`
)

// creating is a fault of the calls that make a ticket.
func (k deskKind) creating(f standin.Fault) standin.Fault {
	f.Method, f.PathEnds = http.MethodPost, k.creates
	return f
}

// createRefused has every third create call answered 503 once, and as many of the others 429 once.
func createRefused(ctx context.Context, t *trial) (harm, string, error) {
	const refusals = createRequests / refusesEvery
	t.desk.Inject(t.kind.creating(standin.Fault{Status: http.StatusServiceUnavailable, Every: refusesEvery, Count: refusals}))
	t.desk.Inject(t.kind.creating(standin.Fault{Status: http.StatusTooManyRequests, RetryAfter: "1", Every: refusesEvery, Count: refusals}))
	damage, bridge, err := t.openAll(ctx, doubleWait)
	if err != nil {
		return harm{}, "", err
	}
	unavailable, err := bridge.answers(ctx, http.MethodPost, http.StatusServiceUnavailable)
	if err != nil {
		return harm{}, "", err
	}
	limited, err := bridge.answers(ctx, http.MethodPost, http.StatusTooManyRequests)
	if err != nil {
		return harm{}, "", err
	}
	if unavailable != refusals || limited != refusals {
		err = fmt.Errorf("%d calls were answered 503 and %d 429, not %d each", unavailable, limited, refusals)
	}
	return damage, fmt.Sprintf("of %d requests' calls %d were answered 503 and %d 429", createRequests, unavailable, limited), err
}

// createHangs lets every tenth create call hang for 30 seconds, at the end of which the bridge gives up; it is never carried out.
func createHangs(ctx context.Context, t *trial) (harm, string, error) {
	cut := t.hang(standin.Fault{Hang: true})
	damage, bridge, err := t.openAll(ctx, doubleWait)
	if err != nil {
		return harm{}, "", err
	}
	return damage, fmt.Sprintf("of %d requests' calls %d hung for %v and were never carried out", createRequests, cut, hang), bridge.wentUnanswered(ctx, cut)
}

// createUnanswered carries every tenth create call out at once, and does not answer for 30 seconds.
func createUnanswered(ctx context.Context, t *trial) (harm, string, error) {
	cut := t.hang(standin.Fault{Hang: true, AfterEffect: true})
	damage, bridge, err := t.openAll(ctx, doubleWait)
	if err != nil {
		return harm{}, "", err
	}
	return damage, fmt.Sprintf("of %d requests' calls %d were carried out at once and hung for %v", createRequests, cut, hang), bridge.wentUnanswered(ctx, cut)
}

// createLate lets every tenth create call hang for 30 seconds and carries it out then, long after the bridge has given up. Requests are
// approved in Teleport as soon as they have their ticket: a late call must not make another one beside the closed one.
func createLate(ctx context.Context, t *trial) (harm, string, error) {
	cut := t.hang(standin.Fault{Delay: hang, Late: true})
	bridge, err := t.start(ctx)
	if err != nil {
		return harm{}, "", err
	}
	ids, err := t.create(ctx, createRequests, roleBridge)
	if err != nil {
		return harm{}, "", err
	}
	// As long as a late call may still come, one ticket too many may come too.
	if err := errors.Join(t.approveAsOpened(ctx, ids), t.await(ctx, ids, "closed"), rest(ctx, hang+doubleWait)); err != nil {
		return harm{}, "", err
	}
	damage := t.harm(ids, reviewed(types.RequestState_APPROVED)).plus(t.strangers(len(ids)))
	proof := fmt.Sprintf("of %d requests' calls %d were carried out after %v, when the bridge had given up; all requests were approved as soon as they had a ticket",
		createRequests, cut, hang)
	return damage, proof, bridge.wentUnanswered(ctx, cut)
}

// hang breaks every tenth create call, and returns how many these will be.
func (t *trial) hang(f standin.Fault) int {
	f.Every, f.Count = hangsEvery, createRequests/hangsEvery
	t.desk.Inject(t.kind.creating(f))
	return f.Count
}

// wentUnanswered fails where not exactly so many calls went unanswered.
func (i *instance) wentUnanswered(ctx context.Context, want int) error {
	n, err := i.answers(ctx, http.MethodPost, 0)
	if err == nil && n != want {
		err = fmt.Errorf("%d calls went unanswered, not %d", n, want)
	}
	return err
}

// approveAsOpened has the reviewer approve each request in Teleport as soon as the bridge knows of its ticket. Requests that get none in time
// stay undecided.
func (t *trial) approveAsOpened(ctx context.Context, ids []string) error {
	left := slices.Clone(ids)
	var failed error
	err := t.until(ctx, func() bool {
		left = slices.DeleteFunc(left, func(id string) bool {
			if !t.in(id, "open") {
				return false
			}
			failed = errors.Join(failed, t.review([]string{id}, true))
			return true
		})
		return len(left) == 0 || failed != nil
	})
	return errors.Join(err, failed)
}

// openAll makes requests and waits until each has its ticket, and then as long as one too many could still come.
func (t *trial) openAll(ctx context.Context, linger time.Duration) (harm, *instance, error) {
	bridge, err := t.start(ctx)
	if err != nil {
		return harm{}, nil, err
	}
	ids, err := t.create(ctx, createRequests, roleBridge)
	if err != nil {
		return harm{}, nil, err
	}
	if err := errors.Join(t.await(ctx, ids, "open"), rest(ctx, linger)); err != nil {
		return harm{}, nil, err
	}
	return t.harm(ids, waiting()).plus(t.strangers(len(ids))), bridge, nil
}
