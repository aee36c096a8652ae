package jira

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	pageSize = 100
	// overlap is how many issues of a page of Data Center are asked for again: its pages are counted from the start, so an issue that
	// leaves the result moves the ones after it forward.
	overlap = 5
	// maxPages bounds a listing, should a server never end it.
	maxPages = 10_000
)

// Find looks for the issue of a request by its label and proves it by its property, since labels are copied when people clone an
// issue. Of several the oldest is taken. An issue that was never moved out of the start of its workflow is moved on as Open does.
func (j *Jira) Find(ctx context.Context, m bridge.Marker) (*bridge.Ref, error) {
	if !requestID.MatchString(m.RequestID) {
		return nil, bridge.Terminal(fmt.Errorf("jira: %q cannot be a label", m.RequestID))
	}
	var found []*issue
	for hit, err := range j.list(ctx, fmt.Sprintf(`labels = "%s%s" ORDER BY created ASC`, labelOne, m.RequestID), "status") {
		if err != nil {
			return nil, err
		}
		query := url.Values{"fields": {"status,created"}, "expand": {"changelog"}, "properties": {marker}}
		i, err := j.read(ctx, bridge.Ref{ID: hit.ID, Key: hit.Key}, query)
		if isGone(err) {
			continue // the index is behind
		}
		if err != nil {
			return nil, err
		}
		if i.marker() == m.RequestID {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	oldest := slices.MinFunc(found, func(a, b *issue) int { return a.Fields.Created.Compare(b.Fields.Created.Time) })
	ref := j.ref(oldest.ID, oldest.Key)
	if len(found) > 1 {
		j.Log.WarnContext(ctx, "several issues carry the marker of one request, taking the oldest",
			"request_id", m.RequestID, "external_id", ref.ID, "issues", len(found))
	}
	j.resume(ctx, ref, oldest)
	return &ref, nil
}

// resume moves a found issue to the pending status if its creator did not come so far.
func (j *Jira) resume(ctx context.Context, ref bridge.Ref, i *issue) {
	s := j.set.Statuses
	known := slices.Concat(s.Pending, s.Approved, s.Denied, s.Expired, s.Promoted)
	if len(s.Pending) == 0 || has(known, i.Fields.Status.ID, i.Fields.Status.Name) {
		return
	}
	if i.moved() {
		return
	}
	if err := j.bring(ctx, ref, s.Pending); err != nil {
		j.Log.WarnContext(ctx, "found issue was not moved to the pending status", "external_id", ref.ID, "error", err)
	}
}

// Changed lists the bridge's issues that were created or changed since a time; all of them for the zero time. It sees what the index
// of Jira has, which is behind by up to Traits.SearchLag.
func (j *Jira) Changed(ctx context.Context, since time.Time) iter.Seq2[bridge.Glance, error] {
	jql := `labels = "` + labelAll + `"`
	if !since.IsZero() {
		// A time of day in JQL is in the time zone of the account; minutes ago are the same everywhere.
		minutes := max(0, int64(time.Since(since)/time.Minute)) + 1
		jql += " AND updated >= -" + strconv.FormatInt(minutes, 10) + "m"
	}
	if j.set.cloud() {
		jql += " ORDER BY updated ASC"
	} else {
		jql += " ORDER BY created ASC" // a change must not move an issue to another page
	}
	return func(yield func(bridge.Glance, error) bool) {
		for i, err := range j.list(ctx, jql, "status") {
			if err != nil {
				yield(bridge.Glance{}, err)
				return
			}
			st := i.Fields.Status
			if !yield(bridge.Glance{Object: j.ref(i.ID, i.Key), Decided: j.verdict(st.ID, st.Name) != bridge.Undecided}, nil) {
				return
			}
		}
	}
}

// list yields the issues of a search, each once.
func (j *Jira) list(ctx context.Context, jql, fields string) iter.Seq2[*issue, error] {
	query := url.Values{"jql": {jql}, "fields": {fields}, "maxResults": {strconv.Itoa(pageSize)}}
	next := j.pageDataCenter
	if j.set.cloud() {
		next = j.pageCloud
	}
	return func(yield func(*issue, error) bool) {
		seen := make(map[string]bool)
		for range maxPages {
			page, more, err := next(ctx, query)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, i := range page {
				if i == nil || i.ID == "" {
					yield(nil, errors.New("jira: the search answers something that is not an issue"))
					return
				}
				if seen[i.ID] {
					continue
				}
				seen[i.ID] = true
				if !yield(i, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
		yield(nil, fmt.Errorf("jira: the search did not end after %d pages", maxPages))
	}
}

// pageCloud reads the page that the query names and makes it name the next one. The old search of Cloud is gone; the new one has
// tokens instead of positions.
func (j *Jira) pageCloud(ctx context.Context, query url.Values) ([]*issue, bool, error) {
	var page struct {
		Issues        []*issue `json:"issues"`
		NextPageToken string   `json:"nextPageToken"`
		IsLast        bool     `json:"isLast"`
	}
	if err := j.call(ctx, http.MethodGet, "rest/api/3/search/jql", query, nil, &page); err != nil {
		return nil, false, err
	}
	if page.NextPageToken == "" || page.IsLast {
		return page.Issues, false, nil
	}
	if page.NextPageToken == query.Get("nextPageToken") {
		return nil, false, errors.New("jira: the search answers the same page again")
	}
	query.Set("nextPageToken", page.NextPageToken)
	return page.Issues, true, nil
}

func (j *Jira) pageDataCenter(ctx context.Context, query url.Values) ([]*issue, bool, error) {
	var page struct {
		Issues []*issue `json:"issues"`
		Total  int      `json:"total"`
	}
	if err := j.call(ctx, http.MethodGet, "rest/api/2/search", query, nil, &page); err != nil {
		return nil, false, err
	}
	at, _ := strconv.Atoi(query.Get("startAt"))
	next := at + len(page.Issues)
	if len(page.Issues) == 0 || next >= page.Total {
		return page.Issues, false, nil
	}
	if len(page.Issues) > overlap {
		next -= overlap
	}
	query.Set("startAt", strconv.Itoa(next))
	return page.Issues, true, nil
}
