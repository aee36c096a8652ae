package alerting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Find looks for the alert of a request by its alias. One that was asked for and is still being made counts, one whose making failed does not.
func (t *Tracker) Find(ctx context.Context, m bridge.Marker) (*bridge.Ref, error) {
	if !requestID.MatchString(m.RequestID) {
		return nil, t.terminal("%q cannot be an alias", m.RequestID)
	}
	ref := t.ref(m.RequestID)
	_, err := t.locate(ctx, ref.ID)
	switch {
	case errors.Is(err, bridge.ErrGone):
		return nil, nil
	case err != nil && !errors.Is(err, errPending):
		return nil, err
	}
	return &ref, nil
}

// handle names the alert for a call that needs nothing else of it.
func (t *Tracker) handle(ctx context.Context, ref bridge.Ref) (Handle, error) {
	if markerOf(ref.ID) == "" {
		return Handle{}, t.terminal("%q is not the alias of an alert", ref.ID)
	}
	id, err := t.made(ctx, ref.ID)
	if err == nil && id == "" {
		var a Alert
		a, err = t.read(ctx, ref.ID)
		id = a.ID
	}
	return Handle{ID: id, Alias: ref.ID}, err
}

// locate reads the alert with an alias. ErrGone when there is none; errPending when it is still being made.
func (t *Tracker) locate(ctx context.Context, alias string) (Alert, error) {
	if markerOf(alias) == "" {
		return Alert{}, t.terminal("%q is not the alias of an alert", alias)
	}
	if _, err := t.made(ctx, alias); err != nil {
		return Alert{}, err
	}
	return t.read(ctx, alias)
}

// made returns the alert's id, if it is known. For an alert that this process has asked for, one call tells whether it is still being made, could
// not be made, or which one it is. A request that is not found may be one that waits, or the whole product is not found at its address: the
// alert itself has to tell then, and the id is empty.
func (t *Tracker) made(ctx context.Context, alias string) (id string, err error) {
	k := t.memory.get(alias)
	if k.id != "" || !k.pending(time.Now()) {
		return k.id, nil
	}
	if err := t.early(alias); err != nil {
		return "", err
	}
	made, err := t.api.Request(ctx, k.request)
	switch {
	case isNotFound(err):
		return "", nil
	case err != nil:
		return "", err
	case made.Pending:
		return "", t.waiting(alias)
	case !made.OK:
		t.memory.change(alias, func(k *kept) { *k = kept{} })
		t.Log.WarnContext(ctx, "alert was accepted, but could not be made", "external_id", alias, "reason", made.Status)
		return "", fmt.Errorf("%s: making alert %s failed: %s: %w", t.product.Kind, alias, made.Status, bridge.ErrGone)
	}
	t.memory.change(alias, func(k *kept) { k.id, k.request = made.AlertID, "" })
	return made.AlertID, nil
}

// read reads the alert by its id if that is known, else by the alias. The alert's id is remembered, so that one that is closed and has its
// alias taken by another stays the alert of the request.
func (t *Tracker) read(ctx context.Context, alias string) (Alert, error) {
	a, err := t.api.Alert(ctx, Handle{ID: t.memory.get(alias).id, Alias: alias})
	if err == nil && a.Alias != alias {
		err = fmt.Errorf("%s: the answer is another alert than %s", t.product.Kind, alias)
	}
	if unaddressable(err) {
		a, err = t.seek(ctx, alias)
	}
	if err != nil {
		return Alert{}, err
	}
	t.memory.change(alias, func(k *kept) { k.id, k.request = a.ID, "" })
	return a, nil
}

// unaddressable reports whether an alert was not found by its name, or that name was not understood: the alias holds a slash, and that it
// may stand in an address is not documented.
func unaddressable(err error) bool {
	return isNotFound(err) || statusOf(err) == http.StatusBadRequest
}

// seek finds an alert that cannot be read by its name: a search finds it, or it is still being made, or it is gone. Of the last the search is
// the proof: with a wrong address or key it fails as well.
func (t *Tracker) seek(ctx context.Context, alias string) (Alert, error) {
	pending := t.memory.get(alias).pending(time.Now())
	if !pending {
		t.memory.change(alias, func(k *kept) { *k = kept{} })
	}
	a, err := t.listed(ctx, alias)
	switch {
	case err != nil || a.ID != "":
		return a, err
	case pending:
		return Alert{}, t.waiting(alias)
	}
	return Alert{}, fmt.Errorf("%s: alert %s: %w", t.product.Kind, alias, bridge.ErrGone)
}

// listed searches for the alert with an alias; none when there is none. An open one goes before a closed one, the oldest before others.
func (t *Tracker) listed(ctx context.Context, alias string) (Alert, error) {
	var found []Alert
	for a, err := range t.api.Alerts(ctx, `alias: "`+alias+`"`) {
		if errors.Is(err, ErrTooMany) {
			break
		}
		if err != nil {
			return Alert{}, err
		}
		if a.Alias == alias {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return Alert{}, nil
	}
	slices.SortStableFunc(found, func(a, b Alert) int {
		if a.Closed != b.Closed {
			if a.Closed {
				return 1
			}
			return -1
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	return found[0], nil
}

// gone makes sure of an alert that seems to be missing: something below it may be what is not found.
func (t *Tracker) gone(ctx context.Context, alias string, err error) error {
	if !isNotFound(err) {
		return err
	}
	if _, again := t.locate(ctx, alias); again != nil {
		return again
	}
	return err
}
