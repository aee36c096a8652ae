package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	resyncRequests = 5000
	// resyncQuiet is how long no call must come for the resync to count as done, resyncWithin how long it may take.
	resyncQuiet  = 2 * time.Second
	resyncWithin = time.Minute
)

// measureResync restarts the bridge while many issues are open, and counts what it asks of Jira to be up to date again.
func measureResync(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := openWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if _, _, err := w.openByBridge(ctx, resyncRequests); err != nil {
		return nil, err
	}
	if err := rest(ctx, idleFor); err != nil {
		return nil, err
	}
	opened, err := w.bridge.rss()
	if err != nil {
		return nil, err
	}
	if err := w.stopBridge(); err != nil {
		return nil, err
	}
	before := w.calls()
	ready, err := w.startBridge(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.callsEnd(ctx); err != nil {
		return nil, err
	}
	used := w.calls()
	restarted, err := w.bridge.rss()
	if err != nil {
		return nil, err
	}
	r.detail("resync", "vendor: %v; Teleport: %v", used.vendor.since(before.vendor), used.teleport.since(before.teleport))
	r.detail("rss.open5000", "%.1f MB (own %.1f MB) after %d issues were opened, %.1f MB (own %.1f MB) after a restart",
		opened.all, opened.own, resyncRequests, restarted.all, restarted.own)
	return figures{
		"resync.vendor_calls": float64(used.vendor.since(before.vendor).total()), "resync.seconds_to_ready": ready.Seconds(),
		"rss.open5000_mb": max(opened.all, restarted.all),
	}, nil
}

// callsEnd waits until Jira has not been called for a while.
func (w *world) callsEnd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, resyncWithin)
	defer cancel()
	last, since := w.jira.TotalCalls(), time.Now()
	for time.Since(since) < resyncQuiet {
		if err := rest(ctx, quietFor); err != nil {
			return fmt.Errorf("the bridge does not stop calling Jira: %w", err)
		}
		if now := w.jira.TotalCalls(); now != last {
			last, since = now, time.Now()
		}
	}
	return nil
}
