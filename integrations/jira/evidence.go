package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	gojira "github.com/andygrunwald/go-jira"
)

// maxReason bounds the reason read from a comment, in UTF-16 units; Teleport takes 4 KiB.
const maxReason = 1000

// Evidence reads who brought the issue into its status, when, and why, in one call. A status nobody was moved into has no actor.
func (j *Jira) Evidence(ctx context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	i, err := j.read(ctx, ref, url.Values{
		"fields":     {"status,comment,created,creator"},
		"expand":     {"changelog"},
		"properties": {marker},
	})
	if err != nil {
		return nil, err
	}
	history, err := j.history(ctx, ref, i.Changelog)
	if err != nil {
		return nil, err
	}
	st := i.Fields.Status
	e := bridge.Evidence{
		Target:  j.Name(),
		Object:  j.ref(i.ID, i.Key),
		Marker:  i.marker(),
		Status:  st.Name,
		Verdict: j.verdict(st.ID, st.Name),
		ReadAt:  time.Now().UTC(),
	}
	e.Settled = e.Verdict != bridge.Undecided
	last, before, ok := lastMove(history, i.Fields.Created.Time)
	if id, _ := last.status(); ok && id != "" && id == st.ID {
		e.At = last.Created.UTC()
		if last.Author != nil {
			e.Actor = j.actor(*last.Author, i.Fields.Creator)
			if e.Reason, err = j.reason(ctx, ref, i.Fields.Comments, *last.Author, before); err != nil {
				return nil, err
			}
		}
	}
	return []bridge.Evidence{e}, nil
}

// verdict is what a status says. A status that is in both lists says nothing.
func (j *Jira) verdict(id, name string) bridge.Verdict {
	approved, denied := has(j.set.Statuses.Approved, id, name), has(j.set.Statuses.Denied, id, name)
	switch {
	case approved && !denied:
		return bridge.Approve
	case denied && !approved:
		return bridge.Deny
	default:
		return bridge.Undecided
	}
}

// history returns the whole changelog. Cloud cuts the one inside an issue at its page size and is asked for the rest; which end was
// cut depends on the order, so a cut one is never judged by.
func (j *Jira) history(ctx context.Context, ref bridge.Ref, inside changePage) ([]change, error) {
	if inside.Total <= len(inside.Histories) {
		return inside.Histories, nil
	}
	path, err := issuePath(ref, "changelog")
	if err != nil {
		return nil, err
	}
	var all []change
	for range maxPages {
		query := url.Values{"startAt": {strconv.Itoa(len(all))}, "maxResults": {strconv.Itoa(pageSize)}}
		var page changePage
		if err := j.call(ctx, http.MethodGet, path, query, nil, &page); err != nil {
			return nil, j.gone(ctx, ref, err)
		}
		all = append(all, page.Values...)
		if len(page.Values) == 0 || page.IsLast || len(all) >= page.Total {
			return all, nil
		}
	}
	return nil, fmt.Errorf("jira: the changelog of issue %s did not end after %d pages", incident.Named(ref.Key, ref.ID), maxPages)
}

// lastMove returns the last entry that changed the status, whatever order the entries come in, and when the issue had come into the
// status before that.
func lastMove(history []change, created time.Time) (last change, before time.Time, ok bool) {
	var moves []change
	for _, c := range history {
		if _, is := c.status(); is {
			moves = append(moves, c)
		}
	}
	if len(moves) == 0 {
		return change{}, created, false
	}
	slices.SortStableFunc(moves, func(a, b change) int {
		if a.after(b) {
			return -1
		}
		if b.after(a) {
			return 1
		}
		return 0
	})
	before = created
	if len(moves) > 1 {
		before = moves[1].Created.Time
	}
	return moves[0], before, true
}

// actor is an account as the bridge knows it. Apps do not count as people, nor does the bridge's own account, which is the one that
// created the issue.
func (j *Jira) actor(u, creator gojira.User) bridge.Actor {
	own := sameAccount(u, creator) || bridge.SameName(u.EmailAddress, j.set.User) || !j.set.cloud() && bridge.SameName(u.Name, j.set.User)
	if self := j.self.Load(); self != nil {
		own = own || sameAccount(u, *self)
	}
	return bridge.Actor{
		ID:        accountID(u),
		Email:     u.EmailAddress,
		Name:      u.DisplayName,
		Automated: own || strings.EqualFold(u.AccountType, "app"),
	}
}

// reason is what a person wrote since the issue came into the status before the last: the text after "reason:" or "resolution:" in
// the newest comment that has such a line, or else the whole newest comment.
func (j *Jira) reason(ctx context.Context, ref bridge.Ref, page commentPage, who gojira.User, since time.Time) (string, error) {
	list := page.Comments
	if page.Total > len(list) {
		path, err := issuePath(ref, "comment")
		if err != nil {
			return "", err
		}
		if list, err = j.comments(ctx, ref, path); err != nil {
			return "", err
		}
	}
	own := slices.DeleteFunc(slices.Clone(list), func(c comment) bool {
		return !sameAccount(c.Author, who) || c.Created.Before(since)
	})
	slices.SortStableFunc(own, func(a, b comment) int { return b.Created.Compare(a.Created.Time) })
	for _, c := range own {
		if text := statedReason(c.Body); text != "" {
			return cut(text, maxReason), nil
		}
	}
	if len(own) > 0 {
		return cut(strings.TrimSpace(own[0].Body), maxReason), nil
	}
	return "", nil
}

// statedReason returns what follows "reason:" or "resolution:" at the beginning of a line: the rest of the line, or all that comes
// after it when the rest is empty.
func statedReason(body string) string {
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	for n, line := range slices.Backward(lines) {
		word, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		word = strings.ToLower(strings.Trim(strings.TrimSpace(word), "*_"))
		if !ok || word != "reason" && word != "resolution" {
			continue
		}
		if rest = strings.Trim(rest, " \t*_"); rest == "" {
			rest = strings.TrimSpace(strings.Join(lines[n+1:], "\n"))
		}
		if rest != "" {
			return rest
		}
	}
	return ""
}
