package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// resyncRetry is the pause after a listing that failed.
const resyncRetry = 10 * time.Second

// resync finds what no webhook told: it lists the objects that changed and has those read that look decided. The first listing reaches
// back to the oldest open object, so that decisions made while no instance ran are found.
func (m *mirror) resync(ctx context.Context, every time.Duration) {
	bulk, ok := m.decisions.(bridge.BulkDecisionSource)
	if !ok {
		return
	}
	var last time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		start := time.Now()
		if err := m.list(ctx, bulk, last); err != nil {
			m.log.Warn("listing changed objects failed", "error", err)
			timer.Reset(min(every, jitter(resyncRetry)))
			continue
		}
		last = start
		timer.Reset(jitter(every))
	}
}

// list goes through the objects changed since the last listing; a zero time means since the oldest open object. Objects that a first
// listing does not show are read one by one: they may have been deleted, or lost their marker.
func (m *mirror) list(ctx context.Context, bulk bridge.BulkDecisionSource, last time.Time) error {
	open, oldest := m.openObjects()
	if len(open) == 0 {
		return nil
	}
	since := oldest
	if !last.IsZero() {
		since = last
	}
	overlap := m.ticketer.Traits().SearchLag + time.Minute
	for glance, err := range bulk.Changed(ctx, since.Add(-overlap)) {
		if err != nil {
			return fmt.Errorf("listing changed objects: %w", err)
		}
		id, ours := open[glance.Object.ID]
		if !ours {
			continue
		}
		delete(open, glance.Object.ID)
		if glance.Verdict != bridge.Undecided {
			m.look(id)
		}
	}
	if last.IsZero() {
		for _, id := range open {
			m.look(id)
		}
	}
	return nil
}

// openObjects maps the open objects to their requests and says how old the oldest is.
func (m *mirror) openObjects() (open map[string]string, oldest time.Time) {
	open, oldest = map[string]string{}, time.Now()
	for key, link := range m.links.Links() {
		if key.Target != m.name || link.Phase != bridge.PhaseOpen {
			continue
		}
		open[link.Ref.ID] = key.RequestID
		if !link.Opened.IsZero() && link.Opened.Before(oldest) {
			oldest = link.Opened
		}
	}
	return open, oldest
}
