package alerting

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrQuery is the fault of a query or a sort order that is not understood.
var ErrQuery = errors.New("the query is not understood")

// condition says whether an alert fits.
type condition func(*Alert) bool

// parser reads the vendor's search language: "field: value", "field > value", words, AND, OR, NOT, parentheses, quotes and *
// (support.atlassian.com/opsgenie/docs/search-queries-for-alerts).
type parser struct {
	rest string
	err  error
}

// parseQuery reads a whole query; an empty one fits everything.
func parseQuery(text string) (condition, error) {
	p := &parser{rest: strings.TrimSpace(text)}
	if p.rest == "" {
		return func(*Alert) bool { return true }, nil
	}
	c := p.or()
	if p.err == nil && p.rest != "" {
		p.fail("%q is left over", p.rest)
	}
	return c, p.err
}

func (p *parser) fail(format string, args ...any) condition {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %s", ErrQuery, fmt.Sprintf(format, args...))
	}
	p.rest = ""
	return func(*Alert) bool { return false }
}

func (p *parser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\n") }

// ahead says whether a keyword is next.
func (p *parser) ahead(keyword string) bool {
	p.skip()
	after, found := strings.CutPrefix(p.rest, keyword)
	return found && (after == "" || strings.ContainsAny(after[:1], " ()\t\n"))
}

// word takes a keyword if it is next.
func (p *parser) word(keyword string) bool {
	next := p.ahead(keyword)
	if next {
		p.rest = p.rest[len(keyword):]
	}
	return next
}

func (p *parser) or() condition {
	left := p.and()
	for p.err == nil && p.word("OR") {
		first, second := left, p.and()
		left = func(a *Alert) bool { return first(a) || second(a) }
	}
	return left
}

func (p *parser) and() condition {
	left := p.not()
	for p.err == nil {
		joined := p.word("AND")
		p.skip()
		if !joined && (p.rest == "" || p.rest[0] == ')' || p.ahead("OR")) {
			break
		}
		first, second := left, p.not()
		left = func(a *Alert) bool { return first(a) && second(a) }
	}
	return left
}

func (p *parser) not() condition {
	if p.word("NOT") {
		c := p.not()
		return func(a *Alert) bool { return !c(a) }
	}
	p.skip()
	if after, found := strings.CutPrefix(p.rest, "("); found {
		p.rest = after
		c := p.or()
		p.skip()
		if after, found = strings.CutPrefix(p.rest, ")"); !found {
			return p.fail("a parenthesis is not closed")
		}
		p.rest = after
		return c
	}
	return p.term()
}

// term is a field with a comparison, or a word that the message has.
func (p *parser) term() condition {
	p.skip()
	if p.rest == "" || p.ahead("AND") || p.ahead("OR") {
		return p.fail("something is missing before %q", p.rest)
	}
	if p.rest[0] == '"' {
		return fieldCondition(p, "message", ":", p.value())
	}
	end := strings.IndexAny(p.rest, " \t\n:<>()\"")
	if end < 0 {
		end = len(p.rest)
	}
	if end == 0 {
		return p.fail("a field is missing before %q", p.rest)
	}
	field := p.rest[:end]
	p.rest = p.rest[end:]
	p.skip()
	operator := ""
	for _, o := range []string{">=", "<=", ":", ">", "<"} {
		if after, found := strings.CutPrefix(p.rest, o); found {
			operator, p.rest = o, after
			break
		}
	}
	if operator == "" {
		return fieldCondition(p, "message", ":", field)
	}
	p.skip()
	if strings.HasPrefix(p.rest, "(") {
		return p.choice(field, operator)
	}
	return fieldCondition(p, field, operator, p.value())
}

// choice is a list of values such as status: (open OR closed).
func (p *parser) choice(field, operator string) condition {
	p.rest = p.rest[1:]
	var choices []condition
	for p.err == nil {
		choices = append(choices, fieldCondition(p, field, operator, p.value()))
		p.skip()
		if after, found := strings.CutPrefix(p.rest, ")"); found {
			p.rest = after
			break
		}
		if !p.word("OR") {
			return p.fail("OR or a parenthesis is wanted before %q", p.rest)
		}
	}
	return func(a *Alert) bool { return slices.ContainsFunc(choices, func(c condition) bool { return c(a) }) }
}

// value is a word or what stands between quotes.
func (p *parser) value() string {
	p.skip()
	if after, quoted := strings.CutPrefix(p.rest, `"`); quoted {
		text, rest, closed := strings.Cut(after, `"`)
		if !closed {
			p.fail("a quote is not closed")
			return ""
		}
		p.rest = rest
		return text
	}
	end := strings.IndexAny(p.rest, " \t\n()")
	if end < 0 {
		end = len(p.rest)
	}
	if end == 0 {
		p.fail("a value is missing before %q", p.rest)
		return ""
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	return text
}

// fieldCondition compares one field.
func fieldCondition(p *parser, field, operator, value string) condition {
	if times, found := timeFields()[field]; found {
		return timeCondition(p, times, operator, value)
	}
	if field == "count" {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return p.fail("count is compared with a number")
		}
		return func(a *Alert) bool { return compare(int64(a.Count), operator, n) }
	}
	texts, found := textFields()[field]
	if key, isDetail := strings.CutPrefix(field, "details."); !found && isDetail {
		texts, found = func(a *Alert) []string { return []string{a.Details[key]} }, true
	}
	if !found || operator != ":" {
		return p.fail("no field %q that can be compared by %q", field, operator)
	}
	inside := field == "message" || field == "description"
	return func(a *Alert) bool {
		return slices.ContainsFunc(texts(a), func(text string) bool { return fits(text, value, inside) })
	}
}

func timeCondition(p *parser, of func(*Alert) time.Time, operator, value string) condition {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		at, err := time.Parse("02-01-2006T15:04:05", value)
		if err != nil {
			return p.fail("a time is milliseconds since 1970 or dd-MM-yyyyTHH:mm:ss, not %q", value)
		}
		n = at.UnixMilli()
	}
	return func(a *Alert) bool { return compare(of(a).UnixMilli(), operator, n) }
}

func compare(a int64, operator string, b int64) bool {
	switch operator {
	case ">":
		return a > b
	case "<":
		return a < b
	case ">=":
		return a >= b
	case "<=":
		return a <= b
	}
	return a == b
}

// fits compares a text without regard to case; the value may end or begin with *, and need only be inside where inside says so.
func fits(text, value string, inside bool) bool {
	text, value = strings.ToLower(text), strings.ToLower(value)
	core := strings.Trim(value, "*")
	head, tail := strings.HasPrefix(value, "*"), strings.HasSuffix(value, "*")
	switch {
	case (head && tail) || (inside && !head && !tail):
		return strings.Contains(text, core)
	case tail:
		return strings.HasPrefix(text, core)
	case head:
		return strings.HasSuffix(text, core)
	}
	return text == value
}
