package main

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/server"
)

const (
	// A decision takes milliseconds; only a slow machine needs more.
	within = 20 * time.Second
	tick   = 10 * time.Millisecond
)

// freePort finds a port nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	var l net.ListenConfig
	listener, err := l.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	return addr
}

// The configuration that the command writes must be one a real bridge works with: card moved, request approved.
func TestBridgeWorksWithTheWrittenConfiguration(t *testing.T) {
	for _, flavour := range []string{"cloud", "datacenter"} {
		t.Run(flavour, func(t *testing.T) {
			addr := freePort(t)
			r := start(t, "--dir", t.TempDir(), "--flavour", flavour, "--webhook-url", "https://"+addr+"/webhooks/cards")
			cfg, err := server.LoadConfig(filepath.Join(r.dir, "config.yaml"))
			require.NoError(t, err)
			require.Empty(t, cfg.Warnings)
			require.Equal(t, addr, cfg.Server.Listen)
			cfg.Admin.Listen = "127.0.0.1:0"
			bridge, err := server.New(t.Context(), cfg, server.Options{Version: "test", Log: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			stopped := make(chan error, 1)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go func() { stopped <- bridge.Run(ctx) }()
			r.decide(t)
			stop()
			require.NoError(t, <-stopped)
			require.Zero(t, r.end())
		})
	}
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
