package alerting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// Update adds the notes that the alert does not show yet, in order. A note has no key of ours: its text tells. Nothing is added to an alert
// that is still being made: nobody could read it there, and whether it was added could not be seen.
func (t *Tracker) Update(ctx context.Context, ref bridge.Ref, notes []bridge.Note) error {
	notes = slices.DeleteFunc(slices.Clone(notes), func(n bridge.Note) bool { return noteText(n) == "" })
	if len(notes) == 0 {
		return nil
	}
	h, err := t.handle(ctx, ref)
	if err != nil {
		return err
	}
	shown, err := t.shown(ctx, h)
	if err != nil {
		return err
	}
	for _, n := range notes {
		text := noteText(n)
		if incident.Shows(shown, text) {
			continue
		}
		if err := t.api.AddNote(ctx, h, text); err != nil {
			return t.gone(ctx, ref.ID, err)
		}
	}
	return nil
}

func (t *Tracker) shown(ctx context.Context, h Handle) ([]string, error) {
	notes, err := t.api.Notes(ctx, h)
	if err != nil {
		return nil, t.gone(ctx, h.Alias, err)
	}
	texts := make([]string, len(notes))
	for i, n := range notes {
		texts[i] = n.Text
	}
	return texts, nil
}

// Close closes the alert with the closing note. An alert that this process has asked for and not tried to close yet is closed without reading
// it: it cannot show the note yet. By the alias that is possible even while it is still being made, so that nobody is called in vain; but a call
// for an alert that was never made is accepted as well, so it is then asked what became of it.
func (t *Tracker) Close(ctx context.Context, ref bridge.Ref, o bridge.Outcome) error {
	if markerOf(ref.ID) == "" {
		return t.terminal("%q is not the alias of an alert", ref.ID)
	}
	text := noteText(o.Note)
	done, err := t.closeUnseen(ctx, ref, text)
	if done || err != nil {
		return err
	}
	a, err := t.locate(ctx, ref.ID)
	if err != nil {
		return err
	}
	t.memory.takeFresh(ref.ID)
	if err := t.end(ctx, a, text); err != nil {
		return t.gone(ctx, ref.ID, err)
	}
	if a.Closed {
		return t.endSecond(ctx, a, text)
	}
	return nil
}

// endSecond closes what else is open of the bridge's under the alias of an alert that was closed before: an alert that is asked for twice and made
// late joins no closed one. Where there is such an alert, it is the request's from now on, so that its closing is seen to be carried out.
func (t *Tracker) endSecond(ctx context.Context, first Alert, text string) error {
	for a, err := range t.api.Alerts(ctx, openAlerts+` AND alias: "`+first.Alias+`"`) {
		if err != nil {
			return fmt.Errorf("looking for a second alert: %w", err)
		}
		if a.Alias != first.Alias || a.ID == first.ID || a.Closed {
			continue
		}
		t.memory.change(a.Alias, func(k *kept) { k.id = a.ID })
		if err := t.end(ctx, a, text); err != nil {
			return err
		}
	}
	return nil
}

// closeUnseen closes a fresh alert without looking at it. It reports whether nothing is left to do; if not, the alert has to be looked at.
func (t *Tracker) closeUnseen(ctx context.Context, ref bridge.Ref, text string) (done bool, err error) {
	k := t.memory.get(ref.ID)
	if k.fresh {
		h := Handle{ID: k.id, Alias: ref.ID}
		if !t.product.ByAlias {
			if h, err = t.handle(ctx, ref); err != nil {
				return false, err
			}
		}
		t.memory.takeFresh(ref.ID)
		err = t.sendClose(ctx, h, text)
		if unaddressable(err) {
			return false, nil
		}
		if err != nil || !t.product.ByAlias {
			return err == nil, err // of an alert that is there, whether it was closed is seen later
		}
		k = t.memory.get(ref.ID)
	}
	if k.ending == "" || k.closing != text || !k.recent(time.Now()) {
		return false, nil
	}
	return t.closed(ctx, ref.ID, k.ending)
}

// sendClose asks for an alert to be closed, and remembers that.
func (t *Tracker) sendClose(ctx context.Context, h Handle, text string) error {
	request, err := t.api.Close(ctx, h, text)
	if err == nil {
		t.memory.accepted(h.Alias, func(k *kept) { k.closing, k.ending, k.closings = text, request, k.closings+1 })
		t.confirmLater(ctx)
	}
	return err
}

// closed reports whether a closing that was accepted has been carried out.
func (t *Tracker) closed(ctx context.Context, alias, request string) (bool, error) {
	if err := t.early(alias); err != nil {
		return false, err
	}
	made, err := t.api.Request(ctx, request)
	switch {
	case isNotFound(err):
		return false, nil
	case err != nil:
		return false, err
	case made.Pending:
		return false, t.waiting(alias)
	}
	t.isEnded(alias)
	return made.OK, nil
}

// end brings an alert to its end: closed, and with the note. Its state tells whether it is closed, whoever closed it, and not what is
// answered to closing it.
func (t *Tracker) end(ctx context.Context, a Alert, text string) error {
	h := Handle{ID: a.ID, Alias: a.Alias}
	shown, err := t.shown(ctx, h)
	if err != nil {
		return err
	}
	missing := text != "" && !incident.Shows(shown, text)
	switch {
	case a.Closed && missing:
		return t.api.AddNote(ctx, h, text)
	case a.Closed:
		return nil
	case !missing:
		text = ""
	}
	return t.sendClose(ctx, h, text)
}
