package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

const (
	// instancesRequests go through all of their lives, first with one instance and then with three.
	instancesRequests = 2000
	moreInstances     = 2
)

// pluginData are the calls of Teleport that read or write links.
func pluginData() []string { return []string{"UpdatePluginData", "GetPluginData"} }

func instancesPart() part { return part{[]string{"instances3.calls_ratio"}, measureInstances} }

// measureInstances counts the calls that requests cost from their making to their end, with one instance and with three.
func measureInstances(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, t, err := newTrial(ctx, r, guarantee{name: "instances3", desk: deskKinds()[0], ports: firstPort})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if _, err := t.start(ctx); err != nil {
		return nil, err
	}
	if _, err := t.livesOf(ctx, warmUps); err != nil {
		return nil, fmt.Errorf("warm up: %w", err)
	}
	one, err := t.livesOf(ctx, instancesRequests)
	if err != nil {
		return nil, err
	}
	for range moreInstances {
		if _, err := t.start(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := t.livesOf(ctx, warmUps); err != nil {
		return nil, fmt.Errorf("warm up: %w", err)
	}
	three, err := t.livesOf(ctx, instancesRequests)
	if err != nil {
		return nil, err
	}
	r.detail("instances3", "one instance,    %d requests: vendor: %v; Teleport: %v", instancesRequests, one.vendor, one.teleport)
	r.detail("instances3", "three instances, %d requests: vendor: %v; Teleport: %v", instancesRequests, three.vendor, three.teleport)
	return figures{"instances3.calls_ratio": float64(three.counted()) / float64(one.counted())}, nil
}

// counted are the calls of the vendor and those that read or write links.
func (c calls) counted() int {
	sum := c.vendor.total()
	for _, name := range pluginData() {
		sum += c.teleport[name]
	}
	return sum
}

// livesOf makes requests, approves them on the board when they have their issues, and counts the calls until nothing is left to do.
func (t *trial) livesOf(ctx context.Context, n int) (calls, error) {
	before := t.calls()
	ids, err := t.create(ctx, n, roleBridge)
	if err != nil {
		return calls{}, err
	}
	if err := errors.Join(t.waitPhase(ctx, ids, "open"), t.callsEnd(ctx)); err != nil {
		return calls{}, err
	}
	issues, err := t.issues(ctx, ids)
	if err != nil {
		return calls{}, err
	}
	t.connectOne()
	defer t.connect(false)
	if err := t.move(ctx, issues, len(issues)); err != nil {
		return calls{}, err
	}
	if err := errors.Join(t.waitPhase(ctx, ids, "closed"), t.callsEnd(ctx)); err != nil {
		return calls{}, err
	}
	missing, doubled := t.ledger.count(ids)
	if missing+doubled > 0 {
		return calls{}, fmt.Errorf("of %d requests %d have no issue and %d several", n, missing, doubled)
	}
	return t.calls().since(before), nil
}

// connectOne has Jira deliver to the bridges that run, each delivery to one of them in turn, as a load balancer does.
func (t *trial) connectOne() {
	balancer := &balancer{next: t.client.Transport}
	for _, i := range t.instances {
		balancer.hosts = append(balancer.hosts, i.config.Listen)
	}
	t.jira.ResetDeliveries()
	t.jira.SetWebhooks(jirasim.Webhook{
		URL: t.instances[0].config.webhookURL(), Secret: webhookSecret, Client: &http.Client{Transport: balancer},
		Events: []string{"jira:issue_updated", "comment_created", "jira:issue_deleted"},
	})
}

// balancer is a transport that sends to one host after the other, whichever is asked for.
type balancer struct {
	next  http.RoundTripper
	hosts []string
	sent  atomic.Uint64
}

// RoundTrip sends to the host whose turn it is.
func (b *balancer) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Host = b.hosts[(b.sent.Add(1)-1)%uint64(len(b.hosts))]
	return b.next.RoundTrip(out)
}
