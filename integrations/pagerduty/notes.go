package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/accessbridge/accessbridge/bridge"
)

// alreadyResolved is PagerDuty's code for resolving a second time (developer.pagerduty.com, REST API, errors).
const alreadyResolved = 1001

// Update adds the notes that the incident does not show yet, in order. PagerDuty gives a note no key of ours: its text tells.
func (p *PagerDuty) Update(ctx context.Context, ref bridge.Ref, notes []bridge.Note) error {
	notes = slices.DeleteFunc(slices.Clone(notes), func(n bridge.Note) bool { return noteText(n) == "" })
	if len(notes) == 0 {
		return nil
	}
	shown, err := p.notes(ctx, ref)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if shows(shown, n) {
			continue
		}
		if err := p.write(ctx, ref, n); err != nil {
			return err
		}
	}
	return nil
}

// Close resolves the incident and adds the closing note. The note comes last, so that an incident that shows it is finished. One that this
// process has opened, and not tried to close yet, cannot show it and is not looked at first.
func (p *PagerDuty) Close(ctx context.Context, ref bridge.Ref, o bridge.Outcome) error {
	if !p.opened.take(ref.ID) {
		shown, err := p.notes(ctx, ref)
		if err != nil {
			return err
		}
		if noteText(o.Note) != "" && shows(shown, o.Note) {
			return nil
		}
	}
	before, err := p.resolve(ctx, ref)
	switch {
	case err != nil:
		return err
	case before:
		return p.Update(ctx, ref, []bridge.Note{o.Note})
	case noteText(o.Note) == "":
		return nil
	}
	return p.write(ctx, ref, o.Note)
}

// resolve resolves an incident and reports whether it was resolved before.
func (p *PagerDuty) resolve(ctx context.Context, ref bridge.Ref) (before bool, err error) {
	path, err := incidentPath(ref)
	if err != nil {
		return false, err
	}
	body := map[string]any{"incident": map[string]string{"type": "incident", "status": resolved}}
	var answer struct {
		Incident incident `json:"incident"`
	}
	refusal := p.call(ctx, http.MethodPut, path, nil, body, &answer)
	status, code := statusOf(refusal)
	switch {
	case refusal == nil && answer.Incident.ID != ref.ID:
		return false, errOther
	case refusal == nil || code == alreadyResolved:
		return refusal != nil, nil
	case status != http.StatusBadRequest && status != http.StatusNotFound:
		return false, refusal
	}
	// It may be resolved all the same, whatever the refusal's code is.
	i, err := p.incident(ctx, ref)
	if err == nil && i.Status != resolved {
		err = refusal
	}
	return true, err
}

func (p *PagerDuty) write(ctx context.Context, ref bridge.Ref, n bridge.Note) error {
	path, err := incidentPath(ref, "notes")
	if err != nil {
		return err
	}
	body := map[string]any{"note": map[string]string{"content": noteText(n)}}
	var answer struct {
		Note note `json:"note"`
	}
	if err := p.call(ctx, http.MethodPost, path, nil, body, &answer); err != nil {
		return p.gone(ctx, ref, err)
	}
	if answer.Note.ID == "" {
		return errOther
	}
	return nil
}

// notes reads all notes of an incident. PagerDuty answers them on one page; there are at most 2,000.
func (p *PagerDuty) notes(ctx context.Context, ref bridge.Ref) ([]note, error) {
	path, err := incidentPath(ref, "notes")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Notes []note `json:"notes"`
	}
	if err := p.call(ctx, http.MethodGet, path, nil, nil, &answer); err != nil {
		return nil, p.gone(ctx, ref, err)
	}
	if answer.Notes == nil {
		return nil, errOther
	}
	return answer.Notes, nil
}

// incident reads an incident; ErrGone when PagerDuty does not know it, but answers otherwise: with a wrong address nothing is found.
func (p *PagerDuty) incident(ctx context.Context, ref bridge.Ref) (incident, error) {
	path, err := incidentPath(ref)
	if err != nil {
		return incident{}, err
	}
	var answer struct {
		Incident incident `json:"incident"`
	}
	err = p.call(ctx, http.MethodGet, path, nil, nil, &answer)
	if isNotFound(err) {
		var abilities struct {
			Abilities []string `json:"abilities"`
		}
		if again := p.call(ctx, http.MethodGet, "/abilities", nil, nil, &abilities); again != nil || abilities.Abilities == nil {
			return incident{}, err
		}
		return incident{}, fmt.Errorf("pagerduty: incident %s: %w", or(ref.Key, ref.ID), bridge.ErrGone)
	}
	if err == nil && answer.Incident.ID == "" {
		err = errOther
	}
	return answer.Incident, err
}

// gone makes sure of an incident that seems to be missing: something below it may be what is not found.
func (p *PagerDuty) gone(ctx context.Context, ref bridge.Ref, err error) error {
	if !isNotFound(err) {
		return err
	}
	if _, again := p.incident(ctx, ref); again != nil {
		return again
	}
	return err
}

func noteText(n bridge.Note) string { return strings.TrimSpace(cut(clean(n.Text), maxText)) }

// shows reports whether the notes hold one with the same text, but for white space.
func shows(list []note, n bridge.Note) bool {
	text := oneLine(noteText(n))
	return slices.ContainsFunc(list, func(shown note) bool { return oneLine(shown.Content) == text })
}

// maxOpened bounds the incidents that are remembered as just opened.
const maxOpened = 10_000

// justOpened are the incidents that this process has opened and not tried to close yet. It saves a call; a forgotten one costs it.
type justOpened struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (j *justOpened) add(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ids == nil || len(j.ids) >= maxOpened {
		j.ids = make(map[string]bool)
	}
	j.ids[id] = true
}

// take reports whether the incident is among them, and takes it out.
func (j *justOpened) take(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	found := j.ids[id]
	delete(j.ids, id)
	return found
}
