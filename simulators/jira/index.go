package jira

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// place is where an issue stands in the order of a search, so that a page can begin after it.
type place struct {
	Moment int64 `json:"m"` // milliseconds of updated; 0 in the order of creation
	Seq    int   `json:"s"`
}

func (a place) compare(b place) int {
	return cmp.Or(cmp.Compare(a.Moment, b.Moment), cmp.Compare(a.Seq, b.Seq))
}

// hit is an issue found, as the index shows it, and its place.
type hit struct {
	issue *Issue
	place place
}

// search lists the issues that fit, in order. Issues named in fresh are read as they are now and not as the index shows them.
// With a limit above 0 and an order by creation it stops there; after, if set, is where the page before ended.
func (st *store) search(f *filter, now time.Time, fresh []string, after *place, limit int) []hit {
	st.mu.RLock()
	defer st.mu.RUnlock()
	byUpdate := f.query.orderBy == "updated"
	records := st.candidates(f)
	var out []hit
	for n := range records {
		rec := records[n]
		if f.query.desc && !byUpdate {
			rec = records[len(records)-1-n]
		}
		issue := st.indexed(rec, now)
		if rec.current != nil && slices.Contains(fresh, rec.current.ID) {
			issue = rec.current
		}
		if issue == nil || !f.fits(issue) {
			continue
		}
		h := hit{issue: issue, place: place{Seq: rec.seq}}
		if byUpdate {
			h.place.Moment = issue.Updated.UnixMilli()
		}
		if after != nil && !later(h.place, *after, f.query.desc) {
			continue
		}
		out = append(out, h)
		if limit > 0 && len(out) == limit && !byUpdate {
			return out
		}
	}
	if byUpdate {
		slices.SortFunc(out, func(a, b hit) int {
			if f.query.desc {
				a, b = b, a
			}
			return a.place.compare(b.place)
		})
	}
	return out
}

func later(p, after place, desc bool) bool {
	if desc {
		return p.compare(after) < 0
	}
	return p.compare(after) > 0
}

// candidates are the records that can fit at all, in order of creation.
func (st *store) candidates(f *filter) []*record {
	var out []*record
	switch {
	case f.keys != nil:
		for _, key := range f.keys {
			if rec := st.byKey[strings.ToUpper(key)]; rec != nil {
				out = append(out, rec)
			}
		}
	case f.labels != nil:
		for _, label := range f.labels {
			out = append(out, st.byLabel[label]...)
		}
	default:
		return st.order
	}
	slices.SortFunc(out, func(a, b *record) int { return cmp.Compare(a.seq, b.seq) })
	return slices.Compact(out)
}
