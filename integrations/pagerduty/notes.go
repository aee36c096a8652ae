package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// alreadyResolved is PagerDuty's code for resolving a second time (developer.pagerduty.com, REST API, errors).
const alreadyResolved = 1001

// Update adds the notes that the incident does not show yet, in order. PagerDuty gives a note no key of ours: its text tells.
func (p *PagerDuty) Update(ctx context.Context, ref bridge.Ref, notes []bridge.Note) error {
	notes = slices.DeleteFunc(slices.Clone(notes), func(n bridge.Note) bool { return form.NoteText(n) == "" })
	if len(notes) == 0 {
		return nil
	}
	shown, err := p.noteTexts(ctx, ref)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if incident.Shows(shown, form.NoteText(n)) {
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
	if !p.opened.Take(ref.ID) {
		shown, err := p.noteTexts(ctx, ref)
		if err != nil {
			return err
		}
		if form.NoteText(o.Note) != "" && incident.Shows(shown, form.NoteText(o.Note)) {
			return nil
		}
	}
	before, err := p.resolve(ctx, ref)
	switch {
	case err != nil:
		return err
	case before:
		return p.Update(ctx, ref, []bridge.Note{o.Note})
	case form.NoteText(o.Note) == "":
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
		Incident incidentView `json:"incident"`
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
	body := map[string]any{"note": map[string]string{"content": form.NoteText(n)}}
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

// noteTexts are the texts of all notes of an incident.
func (p *PagerDuty) noteTexts(ctx context.Context, ref bridge.Ref) ([]string, error) {
	notes, err := p.notes(ctx, ref)
	texts := make([]string, len(notes))
	for i, n := range notes {
		texts[i] = n.Content
	}
	return texts, err
}

// incident reads an incident; ErrGone when PagerDuty does not know it, but answers otherwise: with a wrong address nothing is found.
func (p *PagerDuty) incident(ctx context.Context, ref bridge.Ref) (incidentView, error) {
	path, err := incidentPath(ref)
	if err != nil {
		return incidentView{}, err
	}
	var answer struct {
		Incident incidentView `json:"incident"`
	}
	err = p.call(ctx, http.MethodGet, path, nil, nil, &answer)
	if isNotFound(err) {
		var abilities struct {
			Abilities []string `json:"abilities"`
		}
		if again := p.call(ctx, http.MethodGet, "/abilities", nil, nil, &abilities); again != nil || abilities.Abilities == nil {
			return incidentView{}, err
		}
		return incidentView{}, fmt.Errorf("pagerduty: incident %s: %w", incident.Named(ref.Key, ref.ID), bridge.ErrGone)
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
