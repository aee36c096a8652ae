package pagerduty

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPage = 25
	maxPage     = 100
	maxOffset   = 10_000 // of offset and limit together
)

// page is what a list was asked for.
type page struct {
	limit, offset int
	total         bool
}

// paging reads limit, offset and total.
func (c *call) paging() (page, error) {
	p := page{limit: defaultPage, total: c.Query.Get("total") == "true"}
	for name, into := range map[string]*int{"limit": &p.limit, "offset": &p.offset} {
		text := c.Query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || (name == "limit" && n == 0) {
			return page{}, invalidInput(name + " must be a positive number")
		}
		*into = n
	}
	p.limit = min(p.limit, maxPage)
	if p.offset+p.limit > maxOffset {
		return page{}, invalidInput("Offset must be less than or equal to 9999 together with limit")
	}
	return p, nil
}

// paged answers one page of a list below the given name.
func paged[T any](p page, name string, list []T, render func(T) any) (reply, error) {
	end := min(p.offset+p.limit, len(list))
	out := []any{}
	for i := p.offset; i < end; i++ {
		out = append(out, render(list[i]))
	}
	body := map[string]any{
		name: out, "limit": p.limit, "offset": p.offset, "more": end < len(list) && p.offset < len(list), "total": nil,
	}
	if p.total {
		body["total"] = len(list)
	}
	return ok(body)
}

// list is a parameter that may be repeated, such as user_ids[].
func (c *call) list(name string) []string { return c.Query[name+"[]"] }

// includes says whether include[] asks for more of something.
func (c *call) includes(what string) bool { return slices.Contains(c.list("include"), what) }

// moment reads a time in any of the forms of ISO 8601 that PagerDuty takes; absent is zero.
func (c *call) moment(name string) (time.Time, error) {
	text := c.Query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, invalidInput(strings.ToUpper(name[:1]) + name[1:] + " must be a valid ISO 8601 date")
}

// span reads since and until.
func (c *call) span() (span, error) {
	since, err := c.moment("since")
	if err != nil {
		return span{}, err
	}
	until, err := c.moment("until")
	if err != nil {
		return span{}, err
	}
	if !since.IsZero() && !until.IsZero() && until.Before(since) {
		return span{}, invalidInput("Until cannot be before Since")
	}
	return span{since, until}, nil
}
