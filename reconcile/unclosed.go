package reconcile

import (
	"context"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// unclosedFor is how long it is tried to close an object whose record Teleport has removed.
	unclosedFor = 7 * 24 * time.Hour
	// mostUnclosed bounds how many such objects are remembered.
	mostUnclosed = 10_000
)

// unclosed is an object that could not be closed so far. Teleport removes the record of a request about an hour after it has ended, and a vendor
// may be down for longer. Then this process alone knows of the object.
type unclosed struct {
	link  bridge.Link
	since time.Time
}

// keepUnclosed remembers an object that is still to be closed, for when its record goes. Of one that is remembered already, how old it is stays.
func (m *mirror) keepUnclosed(id string, link bridge.Link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, known := m.unclosed[id]
	if known && u.link.Ref == link.Ref || !known && len(m.unclosed) >= mostUnclosed {
		return
	}
	if !known {
		u.since = time.Now()
	}
	u.link = link
	m.unclosed[id] = u
}

// closeUnrecorded closes an object without a record, if one is known of: with growing pauses, and not for ever.
func (m *mirror) closeUnrecorded(ctx context.Context, id string) (time.Duration, error) {
	m.mu.Lock()
	u, known := m.unclosed[id]
	m.mu.Unlock()
	if !known {
		m.forget(id)
		return 0, nil
	}
	after, err := m.closeUnlinked(ctx, id, u.link)
	if err == nil {
		return after, nil
	}
	if time.Since(u.since) > unclosedFor {
		m.log.Error("object not closed, giving up", "request_id", id, "external_id", u.link.Ref.ID, "error", err)
		m.forget(id)
		return 0, nil
	}
	if class, _ := bridge.ClassOf(err); class == bridge.ClassRetry {
		return 0, &bridge.Error{Class: bridge.ClassWait, After: m.queue.jitter(terminalPause(u.since)), Err: err}
	}
	return 0, err
}

// openLinks are the links of objects that exist.
func (e *Engine) openLinks() map[bridge.LinkKey]bridge.Link {
	open := map[bridge.LinkKey]bridge.Link{}
	for key, link := range e.links.Links() {
		if link.Phase == bridge.PhaseOpen {
			open[key] = link
		}
	}
	return open
}

// keepVanished remembers the objects whose links have gone without their being closed, such as while Teleport could not be reached. One that was
// closed in the meantime still has a record that says so.
func (e *Engine) keepVanished(ctx context.Context, before map[bridge.LinkKey]bridge.Link) {
	vanished := func(key bridge.LinkKey) bool {
		return e.links.Link(key.RequestID, key.Target).Phase == bridge.PhaseNone
	}
	for key, link := range before {
		m := e.mirrors[key.Target]
		if m == nil || !vanished(key) {
			continue
		}
		if err := e.links.Refresh(ctx, key.RequestID); err == nil && !vanished(key) {
			m.queue.add(key.RequestID)
			continue
		}
		m.keepUnclosed(key.RequestID, link)
		m.queue.add(key.RequestID)
	}
}
