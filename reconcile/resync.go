package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// resyncRetry is the pause after a listing that failed.
	resyncRetry = 10 * time.Second
	// wholeEvery is how often a listing reaches back to the oldest open object again, because only what is missing from such a listing
	// tells of objects that were deleted.
	wholeEvery = 30 * time.Minute
)

// resync finds what no webhook told: it lists the objects that changed and has those read that look decided. The first listing reaches
// back to the oldest open object, so that decisions made while no instance ran are found.
func (m *mirror) resync(ctx context.Context, every time.Duration) {
	bulk, ok := m.decisions.(bridge.BulkDecisionSource)
	if !ok {
		return
	}
	var before listed
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now, err := m.guardedList(ctx, bulk, before)
		if err != nil {
			m.log.Warn("listing changed objects failed", "error", err)
			timer.Reset(min(every, m.queue.jitter(resyncRetry)))
			continue
		}
		before = now
		timer.Reset(m.queue.jitter(every))
	}
}

// guardedList turns a panic into an error, so that nothing a vendor answers can end the process.
func (m *mirror) guardedList(ctx context.Context, bulk bridge.BulkDecisionSource, before listed) (now listed, err error) {
	err = bridge.Guard(m.log, "listing panicked", func() (err error) {
		now, err = m.list(ctx, bulk, before)
		return err
	})
	return now, err
}

// listed is what the listings have covered so far.
type listed struct {
	// last is when the last listing began, whole when the last one began that reached back to the oldest open object.
	last, whole time.Time
	// objects are the open objects whose changes are known up to last.
	objects map[string]bool
	// stirred are the watched objects that the last listing showed as changed of late.
	stirred map[string]bool
}

// list goes through the objects changed since the last listing, and since their opening for those that no listing has covered yet, such as
// those of another instance. Objects that should show up and do not are read one by one: they may have been deleted, or lost their
// marker.
func (m *mirror) list(ctx context.Context, bulk bridge.BulkDecisionSource, before listed) (listed, error) {
	start := time.Now()
	now := listed{last: start, whole: before.whole, objects: map[string]bool{}, stirred: map[string]bool{}}
	if start.Sub(before.whole) >= wholeEvery {
		now.whole, before.objects = start, nil
	}
	open, watched := m.openObjects(), m.watchedObjects()
	if len(open)+len(watched) == 0 {
		return now, nil
	}
	overlap := m.ticketer.Traits().SearchLag + time.Minute
	for glance, err := range bulk.Changed(ctx, before.since(start, open).Add(-overlap)) {
		if err != nil {
			return before, fmt.Errorf("listing changed objects: %w", err)
		}
		o, ours := open[glance.Object.ID]
		if !ours {
			if watched[glance.Object.ID] != "" {
				now.stirred[glance.Object.ID] = true
			}
			continue
		}
		now.objects[glance.Object.ID] = true
		if glance.Decided || m.policy.SeesStates() {
			m.look(o.requestID)
		}
	}
	for id, o := range open {
		if now.objects[id] {
			continue
		}
		overdue := o.opened.Before(start.Add(-overlap))
		if overdue && !before.objects[id] {
			m.look(o.requestID)
		}
		now.objects[id] = overdue || before.objects[id]
	}
	if now.whole.Equal(start) {
		// It shows what was changed long ago as well.
		now.stirred = before.stirred
		return now, nil
	}
	m.settle(before.stirred, now.stirred, watched)
	return now, nil
}

// since is the time from which on changes are not known of all open objects.
func (l listed) since(start time.Time, open map[string]openObject) time.Time {
	since := start
	if !l.last.IsZero() {
		since = l.last
	}
	for id, o := range open {
		if !l.objects[id] && !o.opened.IsZero() && o.opened.Before(since) {
			since = o.opened
		}
	}
	return since
}

type openObject struct {
	requestID string
	opened    time.Time
}

// openObjects are the open objects by their id.
func (m *mirror) openObjects() map[string]openObject {
	open := map[string]openObject{}
	for key, link := range m.links.Links() {
		if key.Target == m.name && link.Phase == bridge.PhaseOpen {
			open[link.Ref.ID] = openObject{requestID: key.RequestID, opened: link.Opened}
		}
	}
	return open
}
