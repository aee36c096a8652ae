package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gravitational/teleport/api/types"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// authDown stops Teleport for a while. Meanwhile requests are made, issues moved on the board, which the bridge is told of, and requests
// decided in Teleport: another Auth Server of the cluster does what those who are connected to it ask for.
func authDown(down time.Duration) func(ctx context.Context, t *trial) (harm, string, error) {
	const requests = 50
	return func(ctx context.Context, t *trial) (harm, string, error) {
		bridge, err := t.start(ctx)
		if err != nil {
			return harm{}, "", err
		}
		t.connect(true)
		opened, err := t.opened(ctx, 2*requests)
		if err != nil {
			return harm{}, "", err
		}
		cards, resolved := opened[:requests], opened[requests:]
		t.teleport.Stop()
		made, err := t.create(ctx, requests, roleBridge)
		if err != nil {
			return harm{}, "", err
		}
		err = errors.Join(t.moveAll(ctx, cards, "bob"), t.review(resolved, true), rest(ctx, down))
		if err != nil {
			return harm{}, "", err
		}
		watching, err := bridge.metric(ctx, "watcher_connected")
		if err != nil {
			return harm{}, "", err
		}
		if left := t.pending(cards); watching != 0 || left < len(cards) {
			return harm{}, "", fmt.Errorf("teleport is not down: watching %v, %d requests decided", watching, len(cards)-left)
		}
		if err := t.teleport.Start(); err != nil {
			return harm{}, "", err
		}
		err = errors.Join(t.await(ctx, made, "open"), t.await(ctx, opened, "closed"), rest(ctx, doubleWait))
		damage := t.harm(made, waiting()).plus(t.harm(cards, moved())).plus(t.harm(resolved, reviewed(types.RequestState_APPROVED)))
		proof := fmt.Sprintf("down for %v, the watch was lost; meanwhile %d requests made, %d issues moved, %d requests approved in Teleport",
			down, len(made), len(cards), len(resolved))
		return damage.plus(t.strangers(len(made) + len(opened))), proof, err
	}
}

// connectionsDropped cuts connections to Teleport and to Jira again and again while requests are made and issues moved. Jira's calls are cut
// before and after they took effect.
func connectionsDropped(ctx context.Context, t *trial) (harm, string, error) {
	const requests = 300
	bridge, err := t.start(ctx)
	if err != nil {
		return harm{}, "", err
	}
	t.connect(true)
	before := t.teleport.Calls()["WatchEvents"]
	mend := t.cut(ctx)
	ids, err := t.openedAndMoved(ctx, requests)
	drops := mend()
	if err = errors.Join(err, t.await(ctx, ids, "closed"), rest(ctx, doubleWait)); err != nil {
		return harm{}, "", err
	}
	posts, err := bridge.answers(ctx, http.MethodPost, 0)
	if err != nil {
		return harm{}, "", err
	}
	gets, err := bridge.answers(ctx, http.MethodGet, 0)
	watches := t.teleport.Calls()["WatchEvents"] - before
	if err == nil && (posts == 0 || gets == 0 || watches == 0) {
		err = fmt.Errorf("nothing was cut: %d POST and %d GET without an answer, %d watches opened again", posts, gets, watches)
	}
	proof := fmt.Sprintf("connections to Teleport cut %d times, %d watches opened again, %d POST and %d GET of Jira cut", drops, watches, posts, gets)
	return t.harm(ids, moved()).plus(t.strangers(len(ids))), proof, err
}

// openedAndMoved makes requests and moves their issues until all are decided, while some of Jira's calls are cut.
func (t *trial) openedAndMoved(ctx context.Context, n int) ([]string, error) {
	t.reset()
	ids, err := t.opened(ctx, n)
	if err != nil {
		return nil, err
	}
	t.reset()
	if err := t.moveAll(ctx, ids, "bob"); err != nil {
		return nil, err
	}
	return ids, t.until(ctx, func() bool { return t.pending(ids) == 0 })
}

// reset cuts some of the vendor's next calls before they take effect, and some after.
func (t *trial) reset() {
	const calls = 40
	t.desk.Inject(standin.Fault{Reset: true, Every: 7, Count: calls})
	t.desk.Inject(standin.Fault{Reset: true, AfterEffect: true, Every: 5, Count: calls})
}

// cut cuts all connections to Teleport twice a second until the returned function is called, which tells how often that was.
func (t *trial) cut(ctx context.Context) (mend func() int) {
	const every = 500 * time.Millisecond
	ctx, stop := context.WithCancel(ctx)
	drops := make(chan int)
	go func() {
		n := 0
		for rest(ctx, every) == nil {
			t.teleport.DropConnections()
			n++
		}
		drops <- n
	}()
	return func() int {
		stop()
		return <-drops
	}
}

// instanceKilled kills one of two bridges while they open tickets for a thousand requests. The other one is then told of every decision.
func instanceKilled(ctx context.Context, t *trial) (harm, string, error) {
	const requests, killAfter = 1000, 300
	victim, err := t.start(ctx)
	if err != nil {
		return harm{}, "", err
	}
	if _, err := t.start(ctx); err != nil {
		return harm{}, "", err
	}
	ids, err := t.create(ctx, requests, roleBridge)
	if err != nil {
		return harm{}, "", err
	}
	if err := t.until(ctx, func() bool { return len(t.desk.tickets()) >= killAfter }); err != nil {
		return harm{}, "", err
	}
	if err := t.kill(victim); err != nil {
		return harm{}, "", err
	}
	made := len(t.desk.tickets())
	if made >= requests {
		return harm{}, "", errors.New("the bridge was killed too late")
	}
	if err := errors.Join(t.await(ctx, ids, "open"), rest(ctx, doubleWait)); err != nil {
		return harm{}, "", err
	}
	damage := t.harm(ids, waiting())
	if damage.total() > 0 {
		return damage, fmt.Sprintf("killed when %d of %d tickets were made", made, requests), nil
	}
	t.connect(true)
	if err := errors.Join(t.moveAll(ctx, ids, "bob"), t.await(ctx, ids, "closed"), rest(ctx, doubleWait)); err != nil {
		return harm{}, "", err
	}
	return t.harm(ids, moved()).plus(t.strangers(requests)), fmt.Sprintf("killed when %d of %d tickets were made", made, requests), nil
}
