package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gravitational/teleport/api/types"
)

const (
	// downCreated requests are made, downApproved issues moved and downResolved requests decided in Teleport while no bridge runs.
	downCreated  = 100
	downApproved = 100
	downResolved = 20
)

// waiting is the fate of a request that nobody has decided.
func waiting() fate { return fate{state: types.RequestState_PENDING} }

// moved is the fate of a request whose issue the approver has moved on the board.
func moved() fate { return fate{state: types.RequestState_APPROVED, by: approver} }

// reviewed is the fate of a request that the reviewer has decided in Teleport.
func reviewed(state types.RequestState) fate {
	return fate{state: state, by: reviewer, inTeleport: true}
}

// createdWhileDown makes requests while no bridge runs, and then starts one.
func createdWhileDown(ctx context.Context, t *trial) (harm, string, error) {
	ids, err := t.create(ctx, downCreated, roleBridge)
	if err != nil {
		return harm{}, "", err
	}
	if n := len(t.desk.tickets()); n > 0 || t.started > 0 {
		return harm{}, "", fmt.Errorf("%d tickets and %d bridges before the start", n, t.started)
	}
	if _, err := t.start(ctx); err != nil {
		return harm{}, "", err
	}
	if err := errors.Join(t.await(ctx, ids, "open"), rest(ctx, doubleWait)); err != nil {
		return harm{}, "", err
	}
	return t.harm(ids, waiting()).plus(t.strangers(len(ids))), fmt.Sprintf("%d requests made before the first start", len(ids)), nil
}

// approvedWhileDown has a person approve issues on the board while no bridge runs. Nothing is delivered then or later.
func approvedWhileDown(ctx context.Context, t *trial) (harm, string, error) {
	ids, err := t.openedThenStopped(ctx, downApproved)
	if err != nil {
		return harm{}, "", err
	}
	if err := t.moveAll(ctx, ids, "bob"); err != nil {
		return harm{}, "", err
	}
	if left := t.pending(ids); left < len(ids) {
		return harm{}, "", fmt.Errorf("only %d of %d requests are pending before the start", left, len(ids))
	}
	if err := t.startAndClose(ctx, ids); err != nil {
		return harm{}, "", err
	}
	return t.harm(ids, moved()), fmt.Sprintf("%d issues moved, no delivery sent", len(ids)), nil
}

// resolvedWhileDown has a person approve and deny requests in Teleport while no bridge runs.
func resolvedWhileDown(ctx context.Context, t *trial) (harm, string, error) {
	ids, err := t.openedThenStopped(ctx, downResolved)
	if err != nil {
		return harm{}, "", err
	}
	approved, denied := ids[:len(ids)/2], ids[len(ids)/2:]
	if err := errors.Join(t.review(approved, true), t.review(denied, false)); err != nil {
		return harm{}, "", err
	}
	for _, list := range t.desk.tickets() {
		if list[0].ending != "" {
			return harm{}, "", errors.New("a ticket is closed before the start")
		}
	}
	if err := t.startAndClose(ctx, ids); err != nil {
		return harm{}, "", err
	}
	damage := t.harm(approved, reviewed(types.RequestState_APPROVED)).plus(t.harm(denied, reviewed(types.RequestState_DENIED)))
	return damage, fmt.Sprintf("%d reviews in Teleport, all tickets open before the start", len(ids)), nil
}

// openedThenStopped has a bridge open tickets and then leaves none running.
func (t *trial) openedThenStopped(ctx context.Context, n int) ([]string, error) {
	if _, err := t.start(ctx); err != nil {
		return nil, err
	}
	ids, err := t.opened(ctx, n)
	if err != nil {
		return nil, err
	}
	if damage := t.harm(ids, waiting()); damage.total() > 0 {
		return nil, fmt.Errorf("before anything went wrong: %v", damage)
	}
	return ids, t.stop()
}

func (t *trial) startAndClose(ctx context.Context, ids []string) error {
	if _, err := t.start(ctx); err != nil {
		return err
	}
	return errors.Join(t.await(ctx, ids, "closed"), rest(ctx, doubleWait))
}

// moveAll has a person approve the issues of requests on the board.
func (t *trial) moveAll(ctx context.Context, ids []string, person string) error {
	return each(ctx, len(ids), creators, func(ctx context.Context, i int) error {
		issue, err := t.issueOf(ctx, ids[i])
		if err != nil {
			return err
		}
		return t.jira.Move(person, issue, "Approved")
	})
}

func (t *trial) review(ids []string, approve bool) error {
	for _, id := range ids {
		if err := t.teleport.Review(id, reviewer, approve, "seen"); err != nil {
			return err
		}
	}
	return nil
}

// pending counts the requests that wait for a decision.
func (t *trial) pending(ids []string) int {
	n := 0
	for _, id := range ids {
		if r, ok := t.teleport.Request(id); ok && r.GetState().IsPending() {
			n++
		}
	}
	return n
}

// vendorDown stops the vendor for ten seconds, and makes requests meanwhile.
func vendorDown(ctx context.Context, t *trial) (harm, string, error) {
	const requests, down = 50, 10 * time.Second
	bridge, err := t.start(ctx)
	if err != nil {
		return harm{}, "", err
	}
	// One request before teaches the bridge the vendor's names, so that what fails then are create calls.
	first, err := t.opened(ctx, 1)
	if err != nil {
		return harm{}, "", err
	}
	t.desk.Stop()
	ids, err := t.create(ctx, requests, roleBridge)
	if err != nil {
		return harm{}, "", err
	}
	if err := rest(ctx, down); err != nil {
		return harm{}, "", err
	}
	refused, err := bridge.answers(ctx, "POST", 0)
	if err != nil {
		return harm{}, "", err
	}
	if n := len(t.desk.tickets()); refused == 0 || n > len(first) {
		return harm{}, "", fmt.Errorf("the vendor is not down: %d calls went unanswered, %d tickets were made", refused, n)
	}
	if err := t.desk.Start(); err != nil {
		return harm{}, "", err
	}
	if err := errors.Join(t.await(ctx, ids, "open"), rest(ctx, doubleWait)); err != nil {
		return harm{}, "", err
	}
	proof := fmt.Sprintf("%d requests made while the vendor was down for %v, %d create calls not connected", len(ids), down, refused)
	return t.harm(ids, waiting()).plus(t.strangers(len(ids) + len(first))), proof, nil
}
