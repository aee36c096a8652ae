package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gravitational/teleport/api/client"
)

// pagerName is the name of the vendor's account in the bridge's configuration.
const pagerName = "pager"

// onCallWorld is a Teleport and a vendor that knows who is on call in this process, a bridge in its own, and the floor's clients. Who requests
// is on call.
type onCallWorld struct {
	*world
	vendor    onCallVendor
	simulator onCallSimulator
	floor     *onCallFloor
}

// newOnCallWorld makes everything but the bridge.
func newOnCallWorld(ctx context.Context, r *rig, v onCallVendor) (context.Context, *onCallWorld, error) {
	w := &onCallWorld{vendor: v}
	ctx, inner, err := makeWorld(ctx, r,
		func(_ context.Context, w *world) error { return errors.Join(w.startTeleport(), w.makeCertificates()) },
		func(_ context.Context, inner *world) (err error) {
			w.simulator, err = v.launch(&inner.config, r.lag)
			return err
		},
		func(_ context.Context, inner *world) error {
			return inner.writeConfig(pagerName, v.token, onCallTemplate+v.config)
		},
		func(ctx context.Context, inner *world) (err error) {
			w.floor, err = newOnCallFloor(ctx, inner.config, w.simulator)
			return err
		})
	if err != nil {
		w.closeVendor()
		return nil, nil, err
	}
	w.world = inner
	w.simulator.deliver(w.config.webhookURL())
	return ctx, w, nil
}

// createAbout makes a request that is about a spare service or schedule, or the ordinary one.
func (w *onCallWorld) createAbout(role string, spare int) (string, error) {
	r := newRequest(role)
	r.Annotations = w.simulator.annotations(spare)
	return w.teleport.CreateRequest(r)
}

// createAll makes ordinary requests, as fast as Teleport takes them.
func (w *onCallWorld) createAll(ctx context.Context, n int, role string) ([]string, error) {
	ids := make([]string, n)
	err := each(ctx, n, creators, func(_ context.Context, i int) (err error) {
		ids[i], err = w.createAbout(role, ordinary)
		return err
	})
	return ids, err
}

func (w *onCallWorld) calls() calls {
	return calls{vendor: w.simulator.Calls(), teleport: w.teleport.Calls()}
}

// settled waits until nothing is left to do for approved requests, and returns how many of them had an incident. One that is approved
// before its incident is opened gets none.
func (w *onCallWorld) settled(ctx context.Context, ids []string) (incidents int, err error) {
	if err := w.quiet(ctx); err != nil {
		return 0, err
	}
	for _, id := range ids {
		if w.link(id) == "" {
			continue
		}
		if err := w.waitPhase(ctx, []string{id}, "closed"); err != nil {
			return 0, err
		}
		incidents++
	}
	return incidents, w.quiet(ctx)
}

// lookups counts the calls that read anything but who is on call, and alerts, which are no look-ups.
func (v onCallVendor) lookups(t tally) int {
	sum := 0
	for name, n := range t {
		if strings.HasPrefix(name, "GET ") && name != v.read && !strings.Contains(name, "/alerts") {
			sum += n
		}
	}
	return sum
}

// close ends the bridge first, then what it talks to.
func (w *onCallWorld) close() error {
	err := w.world.close()
	w.closeVendor()
	return err
}

func (w *onCallWorld) closeVendor() {
	if w.floor != nil {
		w.floor.close()
	}
	if w.simulator != nil {
		w.simulator.Close()
	}
}

// onCallFloor reads who is on call and submits a review, with the client libraries the bridge uses.
type onCallFloor struct {
	teleport *client.Client
	read     onCallReader
	http     *http.Transport
}

func newOnCallFloor(ctx context.Context, s settings, v onCallSimulator) (*onCallFloor, error) {
	transport, err := s.transport()
	if err != nil {
		return nil, err
	}
	api, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return &onCallFloor{teleport: api, read: v.reader(&http.Client{Transport: transport}), http: transport}, nil
}

func (f *onCallFloor) close() {
	_ = f.teleport.Close() // nothing is lost with it
	f.http.CloseIdleConnections()
}

// approve reads who is on call, as the bridge does, and submits one review.
func (f *onCallFloor) approve(ctx context.Context, requestID string, spare int) error {
	via, err := f.read(ctx, spare)
	if err != nil {
		return fmt.Errorf("read who is on call: %w", err)
	}
	return approve(ctx, f.teleport, requestID, requester+" is on call by "+via)
}
