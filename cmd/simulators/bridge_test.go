package main

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/server"
)

const (
	// A decision takes milliseconds; only a slow machine needs more.
	within = time.Minute
	tick   = 10 * time.Millisecond
)

// listen opens the public listener of a bridge. It stays open until the bridge has it, so that nobody else gets the address meanwhile.
func listen(t *testing.T) net.Listener {
	t.Helper()
	var l net.ListenConfig
	listener, err := l.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() }) // the bridge does it first
	return listener
}

// bridge runs a real bridge with the configuration that the command wrote, until the end of the test.
func (r *running) bridge(t *testing.T, public net.Listener) (stop func()) {
	t.Helper()
	cfg, err := server.LoadConfig(filepath.Join(r.dir, "config.yaml"))
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Equal(t, public.Addr().String(), cfg.Server.Listen)
	cfg.Admin.Listen = "127.0.0.1:0"
	outside := server.Outside{Listen: func(ctx context.Context, network, address string) (net.Listener, error) {
		if address == cfg.Server.Listen {
			return public, nil
		}
		return new(net.ListenConfig).Listen(ctx, network, address)
	}}
	bridge, err := server.New(t.Context(), cfg, server.Options{Version: "test", Log: slog.New(slog.DiscardHandler), Outside: outside})
	require.NoError(t, err)
	stopped := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { stopped <- bridge.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		require.NoError(t, <-stopped)
	}
}

// The configuration that the command writes must be one a real bridge works with: card moved, request approved.
func TestBridgeWorksWithTheWrittenConfiguration(t *testing.T) {
	for _, flavour := range []string{"cloud", "datacenter"} {
		t.Run(flavour, func(t *testing.T) {
			public := listen(t)
			r := start(t, "--dir", t.TempDir(), "--flavour", flavour, "--webhook-url", "https://"+public.Addr().String()+"/webhooks/cards")
			stop := r.bridge(t, public)
			r.decide(t)
			stop()
			require.Zero(t, r.end())
		})
	}
}

// With further vendors too: whoever is on call is approved at once, others by the note or the action of a responder.
func TestBridgeWorksWithFurtherVendors(t *testing.T) {
	public := listen(t)
	r := start(t, "--dir", t.TempDir(), "--with", "pagerduty,opsgenie,jsm", "--webhook-url", "https://"+public.Addr().String()+"/webhooks/itsm")
	stop := r.bridge(t, public)
	for _, vendor := range []string{"pagerduty", "opsgenie", "jsm"} {
		objects, ended := "alerts", "closed"
		if vendor == "pagerduty" {
			objects, ended = "incidents", "resolved"
		}
		d := desk{running: r, vendor: vendor, objects: "/" + vendor + "/" + objects, ended: ended}
		t.Run(vendor+"/on call", func(t *testing.T) { d.on(t).onCall() })
		t.Run(vendor+"/note", func(t *testing.T) { d.on(t).decides("note", `{"user":"alice@example.com","text":"approve: go ahead"}`) })
		t.Run(vendor+"/action", func(t *testing.T) { d.on(t).decides("action", `{"user":"alice@example.com","name":"Approve"}`) })
	}
	r.decide(t)
	stop()
	require.Zero(t, r.end())
}

// desk is where responders of one vendor act.
type desk struct {
	*running
	vendor, objects, ended string
}

// on is the same desk in a part of the test.
func (d desk) on(t *testing.T) desk {
	t.Helper()
	part := *d.running
	part.t = t
	d.running = &part
	return d
}

// ask makes a person ask for the vendor's role.
func (d desk) ask(user string) string {
	d.t.Helper()
	var made struct{ ID string }
	d.call("POST", "/requests", `{"user":"`+user+`","roles":["`+d.vendor+`-prod"],"reason":"look"}`, &made)
	return made.ID
}

type opened struct {
	ID, Key, Alias, Status string
}

// object waits until the vendor has the request's incident or alert with one of the statuses.
func (d desk) object(request string, statuses ...string) (found opened) {
	d.t.Helper()
	require.Eventually(d.t, func() bool {
		var all []opened
		d.call("GET", d.objects, "", &all)
		for _, o := range all {
			if strings.HasSuffix(o.Key+o.Alias, "/"+request) && slices.Contains(statuses, o.Status) {
				found = o
				return true
			}
		}
		return false
	}, within, tick, "%s: %v", request, statuses)
	return found
}

// approved waits until the request is approved and returns the reason.
func (d desk) approved(id string) string {
	d.t.Helper()
	var request struct {
		State  string
		Reason string `json:"resolve_reason"`
	}
	require.Eventually(d.t, func() bool {
		d.call("GET", "/requests/"+id, "", &request)
		return request.State == "approved"
	}, within, tick)
	return request.Reason
}

// onCall is Alice asking, who is on call first: nobody has to do anything.
func (d desk) onCall() {
	id := d.ask("alice@example.com")
	require.Contains(d.t, d.approved(id), "primary")
}

// decides is Bob asking, who is not on call first, and Alice approving.
func (d desk) decides(deed, body string) {
	id := d.ask("bob@example.com")
	object := d.object(id, "open", "triggered")
	var after opened
	d.call("POST", d.objects+"/"+object.ID+"/"+deed, body, &after)
	require.Equal(d.t, object.ID, after.ID)
	require.Contains(d.t, d.approved(id), "alice@example.com")
	d.object(id, d.ended)
	var deliveries []struct {
		Vendor, Object string
		Status         int
	}
	require.Eventually(d.t, func() bool {
		d.call("GET", "/deliveries", "", &deliveries)
		told := 0
		for _, seen := range deliveries {
			if seen.Vendor == d.vendor && seen.Object == object.ID && seen.Status/100 == 2 {
				told++
			}
		}
		return told >= 2
	}, within, tick, "webhooks reached the bridge over TLS")
}

// decide requests something, waits for the issue, approves it as Bob, and waits for Teleport.
func (r *running) decide(t *testing.T) {
	t.Helper()
	var made struct{ ID string }
	r.call("POST", "/requests", `{"user":"alice@example.com","roles":["dev"],"reason":"look"}`, &made)
	var issues []struct{ Key, Status string }
	require.Eventually(t, func() bool {
		r.call("GET", "/issues", "", &issues)
		return len(issues) == 1
	}, within, tick)
	var moved struct{ Status string }
	r.call("POST", "/issues/"+issues[0].Key+"/move", `{"user":"bob","status":"Approved","comment":"reason: fine"}`, &moved)
	require.Equal(t, "Approved", moved.Status)

	var request struct {
		State  string
		Reason string `json:"resolve_reason"`
	}
	require.Eventually(t, func() bool {
		r.call("GET", "/requests/"+made.ID, "", &request)
		return request.State == "approved"
	}, within, tick)
	require.Contains(t, request.Reason, "bob@example.com")
	require.Contains(t, request.Reason, "fine")

	var deliveries []struct {
		Event  string
		Status int
	}
	require.Eventually(t, func() bool {
		r.call("GET", "/deliveries", "", &deliveries)
		for _, d := range deliveries {
			if d.Event == "jira:issue_updated" {
				return d.Status == 200
			}
		}
		return false
	}, within, tick, "the webhook reached the bridge over TLS")
}
