package alerting

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

const (
	// closesWithin is how long a closing may take, and its effect may take to show in a listing.
	closesWithin = time.Minute
	// maxClosings is how often one alert is closed. What has failed so often needs somebody to look at it.
	maxClosings = 5
)

// openAlerts is the search for the bridge's alerts that are open.
const openAlerts = `tag: "` + ownTag + `" AND status: open`

// confirmLater looks after a while whether closings that were accepted have been carried out: Close does not wait for it, and no call of the
// bridge's asks for a closed alert any more. At most one look is to come, or under way, at a time.
func (t *Tracker) confirmLater(ctx context.Context) {
	if t.memory.watch() {
		t.confirmAfter(context.WithoutCancel(ctx))
	}
}

// confirmAfter looks again and again until nothing is left to be seen.
func (t *Tracker) confirmAfter(ctx context.Context) {
	time.AfterFunc(closesWithin, func() {
		t.confirm(ctx)
		if t.memory.watchOn() {
			t.confirmAfter(ctx)
		}
	})
}

// confirm closes the alerts once more that are still open although their closing was accepted a while ago. One listing tells of all. Nothing the
// product answers can end the process.
func (t *Tracker) confirm(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			t.Log.ErrorContext(ctx, "looking for alerts that are still open panicked", "stack", string(debug.Stack()))
		}
	}()
	due := t.memory.endings(time.Now().Add(-closesWithin))
	if len(due) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, closesWithin)
	defer cancel()
	if err := t.closeAgain(limited, due); err != nil {
		t.Log.WarnContext(ctx, "alerts could not be seen to be closed", "error", err)
	}
}

// closeAgain closes the alerts again that a listing shows as open. The others of those that are due, which are ids by alias, are done.
func (t *Tracker) closeAgain(ctx context.Context, due map[string]string) error {
	var failed error
	for a, err := range t.api.Alerts(ctx, openAlerts) {
		if errors.Is(err, ErrTooMany) {
			break
		}
		if err != nil {
			return fmt.Errorf("listing open alerts: %w", err)
		}
		if id, ours := due[a.Alias]; !ours || id != a.ID || a.Closed {
			continue
		}
		delete(due, a.Alias)
		k := t.memory.get(a.Alias)
		if k.closings >= maxClosings {
			t.Log.ErrorContext(ctx, "alert is still open, although its closing was accepted several times: close it by hand", "external_id", a.Alias)
			t.memory.change(a.Alias, func(k *kept) { k.ending = "" })
			continue
		}
		err = t.end(ctx, a, k.closing)
		t.Log.WarnContext(ctx, "alert was still open after its closing was accepted, closing it again", "external_id", a.Alias, "error", err)
		failed = errors.Join(failed, err)
	}
	for alias := range due {
		t.memory.change(alias, func(k *kept) { k.ending = "" })
	}
	return failed
}
