package alerting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
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

// confirm closes the alerts once more that are still open although their closing was accepted a while ago. One listing tells of all.
func (t *Tracker) confirm(ctx context.Context) {
	due := t.memory.endings(time.Now().Add(-closesWithin))
	if len(due) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, closesWithin)
	defer cancel()
	if err := bridge.Guard(t.Log, "call panicked", func() error { return t.closeAgain(limited, due) }); err != nil {
		t.Log.WarnContext(ctx, "alerts could not be seen to be closed", "error", err)
	}
}

// closeAgain closes the alerts again that are still open, of those that are due, which are ids by alias. A listing shows them, and the others
// are done; of those that it does not get to, each is read.
func (t *Tracker) closeAgain(ctx context.Context, due map[string]string) error {
	var failed error
	for a, err := range t.api.Alerts(ctx, openAlerts) {
		if errors.Is(err, ErrTooMany) {
			return errors.Join(failed, t.closeUnlisted(ctx, due))
		}
		if err != nil {
			return fmt.Errorf("listing open alerts: %w", err)
		}
		if id, ours := due[a.Alias]; !ours || a.Closed || id != a.ID && !t.takesPlace(a) {
			continue
		}
		delete(due, a.Alias)
		failed = errors.Join(failed, t.closeOnceMore(ctx, a))
	}
	for alias := range due {
		t.isEnded(alias)
	}
	return failed
}

// takesPlace reports whether an open alert was there under the alias of another already when that one was closed unseen, and had been closed by
// somebody before. It is the request's then. One that was made later is not: the request may have been given a new alert.
func (t *Tracker) takesPlace(a Alert) bool {
	if a.CreatedAt.IsZero() || !a.CreatedAt.Before(t.memory.get(a.Alias).at) {
		return false
	}
	t.memory.change(a.Alias, func(k *kept) { k.id = a.ID })
	return true
}

// closeUnlisted closes the alerts again that a look at each shows as open. The first that cannot be read ends it: the rest stays due.
func (t *Tracker) closeUnlisted(ctx context.Context, due map[string]string) error {
	var failed error
	for alias, id := range due {
		a, err := t.api.Alert(ctx, Handle{ID: id, Alias: alias})
		switch {
		case isNotFound(err) || err == nil && a.Closed:
			t.isEnded(alias)
		case err != nil:
			return errors.Join(failed, fmt.Errorf("reading an alert that is beyond the listing: %w", err))
		default:
			failed = errors.Join(failed, t.closeOnceMore(ctx, a))
		}
	}
	return failed
}

// closeOnceMore closes an alert again, unless that was in vain too often.
func (t *Tracker) closeOnceMore(ctx context.Context, a Alert) error {
	k := t.memory.get(a.Alias)
	if k.closings >= maxClosings {
		t.Log.ErrorContext(ctx, "alert is still open, although its closing was accepted several times: close it by hand", "external_id", a.Alias)
		t.isEnded(a.Alias)
		return nil
	}
	err := t.end(ctx, a, k.closing)
	t.Log.WarnContext(ctx, "alert was still open after its closing was accepted, closing it again", "external_id", a.Alias, "error", err)
	return err
}

// isEnded notes that there is no closing of an alert left to look at.
func (t *Tracker) isEnded(alias string) { t.memory.change(alias, func(k *kept) { k.ending = "" }) }
