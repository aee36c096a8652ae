package jira

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter is a query made ready to run: every test must pass. keys and labels name the only issues that can, so that a
// search by them does not look at all issues; nil means all.
type filter struct {
	tests  []func(*Issue) bool
	keys   []string
	labels []string
	query  query
}

func (f *filter) fits(issue *Issue) bool {
	for _, test := range f.tests {
		if !test(issue) {
			return false
		}
	}
	return true
}

// compile checks the values of a query against the site: an unknown project, status, type or key is an error.
func (s *Server) compile(cat *catalog, q query, now time.Time, ignoreKeys bool) (*filter, error) {
	f := &filter{query: q}
	for _, c := range q.clauses {
		if err := s.compileClause(f, cat, c, now, ignoreKeys); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (s *Server) compileClause(f *filter, cat *catalog, c clause, now time.Time, ignoreKeys bool) error {
	var err error
	var test func(*Issue) bool
	switch c.field {
	case "project":
		test, err = oneOf(c, func(v string) []string { return projectKeys(cat, v) }, func(i *Issue) string { return i.Project })
	case "status":
		test, err = oneOf(c, func(v string) []string { return statusIDs(cat, v) }, func(i *Issue) string { return i.statusID })
	case "issuetype", "type":
		test, err = oneOf(c, func(v string) []string { return typeNames(cat, v) }, func(i *Issue) string { return i.Type })
	case "labels":
		test = hasLabel(c)
		if f.labels == nil && (c.op == "=" || c.op == "in") {
			f.labels = c.values
		}
	case "created", "updated":
		test, err = dated(c, now)
	default:
		test, err = s.keyed(f, c, ignoreKeys)
	}
	f.tests = append(f.tests, test)
	return err
}

// oneOf compares what get reads from an issue with the values, each translated to what is stored; nothing is unknown.
func oneOf(c clause, translate func(string) []string, get func(*Issue) string) (func(*Issue) bool, error) {
	var want []string
	for _, v := range c.values {
		known := translate(v)
		if len(known) == 0 {
			return nil, badRequest(fmt.Sprintf("The value '%s' does not exist for the field '%s'.", v, c.field))
		}
		want = append(want, known...)
	}
	positive := c.op == "=" || c.op == "in"
	return func(i *Issue) bool { return slices.Contains(want, get(i)) == positive }, nil
}

// hasLabel never matches an issue without labels: Jira's != and NOT IN do not match a field that has no value.
func hasLabel(c clause) func(*Issue) bool {
	positive := c.op == "=" || c.op == "in"
	return func(i *Issue) bool {
		named := slices.ContainsFunc(i.Labels, func(l string) bool { return slices.Contains(c.values, l) })
		return len(i.Labels) > 0 && named == positive
	}
}

// keyed narrows the candidates to the named issues.
func (s *Server) keyed(f *filter, c clause, ignoreUnknown bool) (func(*Issue) bool, error) {
	known := []string{}
	for _, v := range c.values {
		issue := s.store.get(v)
		if issue == nil {
			if ignoreUnknown {
				continue
			}
			return nil, badRequest(fmt.Sprintf("An issue with key '%s' does not exist for field '%s'.", v, c.field))
		}
		known = append(known, issue.Key)
	}
	if f.keys == nil {
		f.keys = known
	}
	return func(i *Issue) bool { return slices.Contains(known, i.Key) }, nil
}

func dated(c clause, now time.Time) (func(*Issue) bool, error) {
	limit, err := parseMoment(c.values[0], now)
	if err != nil {
		return nil, err
	}
	get := func(i *Issue) time.Time { return i.Created }
	if c.field == "updated" {
		get = func(i *Issue) time.Time { return i.Updated }
	}
	return func(i *Issue) bool {
		cmp := get(i).Compare(limit)
		switch c.op {
		case ">=":
			return cmp >= 0
		case ">":
			return cmp > 0
		case "<=":
			return cmp <= 0
		default:
			return cmp < 0
		}
	}, nil
}

// parseMoment reads "-15m", "-2d", "yyyy-MM-dd HH:mm" (UTC), with slashes too, and a bare date.
func parseMoment(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", time.DateOnly, "2006/01/02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if text != "" {
		n, err := strconv.Atoi(text[:len(text)-1])
		if unit := units[text[len(text)-1]]; err == nil && unit != 0 {
			return now.Add(time.Duration(n) * unit), nil
		}
	}
	return time.Time{}, badRequest("Date value '" + text + "' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', " +
		"'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.")
}

func projectKeys(cat *catalog, value string) []string {
	var out []string
	for _, p := range cat.projects {
		if strings.EqualFold(p.Key, value) || p.id == value || strings.EqualFold(p.Name, value) {
			out = append(out, p.Key)
		}
	}
	return out
}

// statusIDs are the statuses of that id or name; several workflows may have one of the name.
func statusIDs(cat *catalog, value string) []string {
	var out []string
	for _, st := range cat.statuses {
		if st.ID == value || strings.EqualFold(st.Name, value) {
			out = append(out, st.ID)
		}
	}
	return out
}

func typeNames(cat *catalog, value string) []string {
	var out []string
	for _, p := range cat.projects {
		if t, found := p.issueType(value); found {
			out = append(out, t.Name)
		}
	}
	return out
}
