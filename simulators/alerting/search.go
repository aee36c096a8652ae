package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Search is what to look for among the alerts.
type Search struct {
	// Query is in the vendor's language; empty finds all.
	Query string
	// Sort is a field; default createdAt. Ascending turns the order round: without it the newest or greatest is first.
	Sort      string
	Ascending bool
	// From and Until leave out what was made before or after; zero leaves out nothing.
	From, Until time.Time
	// Offset and Limit choose a page; a Limit of 0 means all.
	Offset, Limit int
}

// Search lists the alerts that fit and how many there are on all pages. It sees changes later, by [Options.IndexLag]. The error
// is an [ErrQuery].
func (a *Account) Search(s Search) (page []Alert, total int, err error) {
	fits, err := parseQuery(s.Query)
	if err != nil {
		return nil, 0, err
	}
	order, found := sortFields()[cmp.Or(s.Sort, "createdAt")]
	if !found {
		return nil, 0, fmt.Errorf("%w: it cannot be sorted by %q", ErrQuery, s.Sort)
	}
	var hits []*Alert
	for _, alert := range a.indexed() {
		if fits(alert) && !alert.Created.Before(s.From) && (s.Until.IsZero() || !alert.Created.After(s.Until)) {
			hits = append(hits, alert)
		}
	}
	slices.SortStableFunc(hits, func(a, b *Alert) int {
		if s.Ascending {
			return order(a, b)
		}
		return order(b, a)
	})
	from := min(max(s.Offset, 0), len(hits))
	until := len(hits)
	if s.Limit > 0 {
		until = min(until, from+s.Limit)
	}
	for _, alert := range hits[from:until] {
		page = append(page, *alert)
	}
	return page, len(hits), nil
}

// timeFields are those that hold a time.
func timeFields() map[string]func(*Alert) time.Time {
	return map[string]func(*Alert) time.Time{
		"createdAt":      func(a *Alert) time.Time { return a.Created },
		"updatedAt":      func(a *Alert) time.Time { return a.Updated },
		"lastOccurredAt": func(a *Alert) time.Time { return a.LastOccurred },
	}
}

// textFields are those that hold text, with all their values.
func textFields() map[string]func(*Alert) []string {
	one := func(of func(*Alert) string) func(*Alert) []string {
		return func(a *Alert) []string { return []string{of(a)} }
	}
	tags := func(a *Alert) []string { return a.Tags }
	return map[string]func(*Alert) []string{
		"alertId": one(func(a *Alert) string { return a.ID }), "id": one(func(a *Alert) string { return a.ID }),
		"alias": one(func(a *Alert) string { return a.Alias }), "tinyId": one(func(a *Alert) string { return a.TinyID }),
		"message": one(func(a *Alert) string { return a.Message }), "status": one(func(a *Alert) string { return a.Status }),
		"description": one(func(a *Alert) string { return a.Description }), "entity": one(func(a *Alert) string { return a.Entity }),
		"source": one(func(a *Alert) string { return a.Source }), "owner": one(func(a *Alert) string { return a.Owner }),
		"priority": one(func(a *Alert) string { return a.Priority }), "tag": tags, "tags": tags,
		"acknowledged":     one(func(a *Alert) string { return strconv.FormatBool(a.Acknowledged) }),
		"isSeen":           one(func(a *Alert) string { return strconv.FormatBool(a.Seen) }),
		"snoozed":          one(func(*Alert) string { return "false" }),
		"integration.name": one(func(a *Alert) string { return a.Integration }),
		"actions":          func(a *Alert) []string { return a.Actions },
		"teams":            func(a *Alert) []string { return append(a.ids(TypeTeam), a.names(TypeTeam)...) },
		"users":            func(a *Alert) []string { return append(a.ids(TypeUser), a.names(TypeUser)...) },
		"details.key": func(a *Alert) []string {
			var out []string
			for key := range a.Details {
				out = append(out, key)
			}
			return out
		},
		"details.value": func(a *Alert) []string {
			var out []string
			for _, value := range a.Details {
				out = append(out, value)
			}
			return out
		},
	}
}

// names are those of the responders of a type.
func (alert *Alert) names(kind string) []string {
	var out []string
	for _, r := range alert.Responders {
		if r.Type == kind {
			out = append(out, r.Name)
		}
	}
	return out
}

// sortFields are the fields that a list can be sorted by, each with its order.
func sortFields() map[string]func(a, b *Alert) int {
	out := map[string]func(a, b *Alert) int{
		"tinyId":                func(a, b *Alert) int { return cmp.Compare(a.seq, b.seq) },
		"count":                 func(a, b *Alert) int { return cmp.Compare(a.Count, b.Count) },
		"report.acknowledgedBy": func(a, b *Alert) int { return strings.Compare(a.AckedBy, b.AckedBy) },
		"report.closedBy":       func(a, b *Alert) int { return strings.Compare(a.ClosedBy, b.ClosedBy) },
		"report.ackTime":        func(a, b *Alert) int { return cmp.Compare(a.AckAge(), b.AckAge()) },
		"report.closeTime":      func(a, b *Alert) int { return cmp.Compare(a.CloseAge(), b.CloseAge()) },
		"snoozedUntil":          func(*Alert, *Alert) int { return 0 },
		"integration.type":      func(*Alert, *Alert) int { return 0 },
	}
	for name, of := range timeFields() {
		out[name] = func(a, b *Alert) int { return of(a).Compare(of(b)) }
	}
	texts := textFields()
	for _, name := range []string{
		"alias", "message", "status", "acknowledged", "isSeen", "snoozed", "source", "owner", "priority", "integration.name",
	} {
		out[name] = func(a, b *Alert) int { return strings.Compare(texts[name](a)[0], texts[name](b)[0]) }
	}
	return out
}
