package alerting

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Changed lists the bridge's alerts that are open, and those closed since a time; all for the zero time. A listing does not tell of notes
// and actions, only when an alert was changed last.
func (t *Tracker) Changed(ctx context.Context, since time.Time) iter.Seq2[bridge.Glance, error] {
	return func(yield func(bridge.Glance, error) bool) {
		closed := `tag: "` + ownTag + `" AND status: closed`
		if !since.IsZero() {
			closed += " AND updatedAt > " + strconv.FormatInt(since.UnixMilli(), 10)
		}
		seen := map[string]bool{}
		for _, query := range []string{openAlerts, closed} {
			if !t.glance(ctx, query, since, seen, yield) {
				return
			}
		}
	}
}

// glance yields one listing and reports whether to go on. What is beyond the entries that the product shows, the oldest, is left out.
func (t *Tracker) glance(
	ctx context.Context, query string, since time.Time, seen map[string]bool, yield func(bridge.Glance, error) bool,
) bool {
	for a, err := range t.api.Alerts(ctx, query) {
		if errors.Is(err, ErrTooMany) {
			t.Log.WarnContext(ctx, "listing of alerts is incomplete", "error", err)
			return true
		}
		if err != nil {
			yield(bridge.Glance{}, err)
			return false
		}
		marker := markerOf(a.Alias)
		if marker == "" || seen[marker] {
			continue // not ours, or moved on to another page by one made meanwhile
		}
		seen[marker] = true
		if !yield(bridge.Glance{Object: t.ref(marker), Decided: t.touched(a, since)}, nil) {
			return false
		}
	}
	return true
}

// touched reports whether something may have been said at an alert since a time: a note or an action changes it, and so does much else.
func (t *Tracker) touched(a Alert, since time.Time) bool {
	changed := a.UpdatedAt
	return t.set.ResyncReads == ReadAll || changed.IsZero() || changed.After(a.CreatedAt) && !changed.Before(since)
}
