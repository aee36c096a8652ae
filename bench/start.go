package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	starts = 5
	// idleFor is how long the bridge has nothing to do before its memory is read.
	idleFor = 2 * time.Second
)

// measureStart starts the bridge several times against a Teleport without requests, and then leaves it alone.
func measureStart(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := newWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var took samples
	for range starts {
		d, err := w.restartBridge(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	if err := rest(ctx, idleFor); err != nil {
		return nil, err
	}
	rss, err := w.bridge.rss()
	if err != nil {
		return nil, err
	}
	r.detail("start", "from exec to ready, each of %d: %s", starts, list(took))
	r.detail("rss.idle", "%.1f MB, of which %.1f MB are its own and the rest pages of the program file", rss.all, rss.own)
	return figures{"start.ms_to_ready": took.median(), "rss.idle_mb": rss.all}, nil
}

// startRequests wait when the bridge starts.
const startRequests = 1000

// measureStartPending starts the bridge while requests wait: first none of them has an issue, then all have.
func measureStartPending(ctx context.Context, r *rig) (measured figures, err error) {
	ctx, w, err := newWorld(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	ids, err := w.create(ctx, startRequests, roleBridge)
	if err != nil {
		return nil, err
	}
	var took samples
	for range starts {
		d, err := w.restartBridge(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
		if err := w.waitPhase(ctx, ids, "open"); err != nil {
			return nil, err
		}
	}
	r.detail("start1000", "from exec to ready, first with no issue open, then with all: %s", list(took))
	return figures{"start1000.seconds_to_ready": slices.Max(took).Seconds()}, nil
}

// list shows a few samples in milliseconds.
func list(s samples) string {
	texts := make([]string, len(s))
	for i, d := range s {
		texts[i] = fmt.Sprintf("%.1f", millis(d))
	}
	return strings.Join(texts, ", ") + " ms"
}
