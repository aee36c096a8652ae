package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// rosterPause is how often it is asked again who is on call while a request waits, unless the target says otherwise.
const rosterPause = 30 * time.Second

// rosterWorkers is how many questions are asked at once of one integration, at most. They come beside the calls of its mirror, for which they
// must not wait, and integrations keep as many connections more than they have workers.
const rosterWorkers = 4

// roster keeps the judge informed of who is on call at one integration. It has a queue of its own, so that asking waits neither for objects to
// be opened nor for another vendor.
type roster struct {
	name   string
	source bridge.OnCallSource
	every  time.Duration
	// limit bounds one question.
	limit    time.Duration
	requests Requests
	policy   Policy
	judge    *judge
	queue    *queue
	log      *slog.Logger
}

// reconcile asks who is on call for what a pending request is about.
func (r *roster) reconcile(ctx context.Context, id string) (time.Duration, error) {
	req, known := r.requests.Get(id)
	if !known || !req.Pending(time.Now()) {
		r.judge.dismiss(id, r.name)
		return 0, nil
	}
	req = r.judge.labelled(ctx, req)
	queries := r.policy.OnCall(req, r.name)
	if _, done := req.ReviewBy(r.judge.reviewer.Self()); done {
		return 0, nil
	}
	if len(queries) == 0 {
		return r.later(req), nil
	}
	duty := bridge.Duty{Integration: r.name}
	for _, q := range queries {
		shifts, err := r.ask(ctx, q)
		if err != nil {
			return 0, fmt.Errorf("reading who is on call: %w", err)
		}
		if duty.ReadAt.IsZero() {
			duty.ReadAt = time.Now().UTC()
		}
		duty.Shifts = append(duty.Shifts, shifts...)
	}
	r.judge.onDuty(id, duty)
	// The run is a success, although there will be another.
	r.queue.later(id, r.queue.jitter(r.every))
	return 0, nil
}

// later is when to look again at a request that nothing is asked about: only if that is because its route is not known yet.
func (r *roster) later(req bridge.Request) time.Duration {
	if _, _, err := r.policy.Target(req, r.name); errors.Is(err, bridge.ErrUnknown) {
		return r.queue.jitter(unknownPause)
	}
	return 0
}

func (r *roster) ask(ctx context.Context, q bridge.OnCallQuery) ([]bridge.Shift, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	return r.source.OnCall(ctx, q)
}
