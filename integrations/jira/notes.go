package jira

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Update adds the notes that the issue does not show yet as comments, in order. Each comment carries the identity of its note as a
// property, by which it is known again; where properties cannot be read, its text tells.
func (j *Jira) Update(ctx context.Context, ref bridge.Ref, notes []bridge.Note) error {
	if len(notes) == 0 {
		return nil
	}
	path, err := issuePath(ref, "comment")
	if err != nil {
		return err
	}
	shown, err := j.comments(ctx, ref, path)
	if err != nil {
		return err
	}
	for _, note := range notes {
		body := cut(escapeWiki(note.Text), maxText)
		if strings.TrimSpace(body) == "" || shows(shown, note.ID, body) {
			continue // Jira refuses an empty comment
		}
		comment := map[string]any{"body": body, "properties": []property{{Key: noteKey, Value: note.ID}}}
		if err := j.call(ctx, http.MethodPost, path, nil, comment, nil); err != nil {
			return j.gone(ctx, ref, err)
		}
	}
	return nil
}

// Close adds the closing note and moves the issue to the status of its request's end. The note comes first, so that people learn of
// the end even where the workflow does not lead to that status.
func (j *Jira) Close(ctx context.Context, ref bridge.Ref, o bridge.Outcome) error {
	if err := j.Update(ctx, ref, []bridge.Note{o.Note}); err != nil {
		return err
	}
	wanted := j.finals(o.Ending)
	if len(wanted) == 0 {
		return nil
	}
	return j.bring(ctx, ref, wanted)
}

// finals are the statuses for an ending, the best first.
func (j *Jira) finals(e bridge.Ending) []string {
	s := j.set.Statuses
	switch e {
	case bridge.EndApproved:
		return s.Approved
	case bridge.EndDenied:
		return s.Denied
	case bridge.EndPromoted:
		return slices.Concat(s.Promoted, s.Approved)
	default:
		return s.Expired
	}
}

// comments reads all comments of an issue with their properties.
func (j *Jira) comments(ctx context.Context, ref bridge.Ref, path string) ([]comment, error) {
	var all []comment
	for range maxPages {
		query := url.Values{"expand": {"properties"}, "maxResults": {strconv.Itoa(pageSize)}, "startAt": {strconv.Itoa(len(all))}}
		var page commentPage
		if err := j.call(ctx, http.MethodGet, path, query, nil, &page); err != nil {
			return nil, j.gone(ctx, ref, err)
		}
		all = append(all, page.Comments...)
		if len(page.Comments) == 0 || len(all) >= page.Total {
			break
		}
	}
	return all, nil
}

func shows(list []comment, id, body string) bool {
	return slices.ContainsFunc(list, func(c comment) bool {
		for _, p := range c.Properties {
			if p.Key == noteKey {
				return p.Value == id
			}
		}
		return plain(c.Body) == plain(body)
	})
}

func isGone(err error) bool { return errors.Is(err, bridge.ErrGone) }
