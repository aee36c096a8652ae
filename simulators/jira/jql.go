package jira

import (
	"fmt"
	"slices"
	"strings"
)

// query is a parsed JQL text: clauses joined by AND, and an order.
type query struct {
	clauses []clause
	orderBy string // created, updated or key
	desc    bool
}

// clause is one comparison, such as status in ("Pending", "In Review").
type clause struct {
	field, op string
	values    []string
}

// jqlParser walks over the tokens of a JQL text.
type jqlParser struct {
	tokens []token
	at     int
}

// token is a word, a quoted string or a symbol. Keywords are never quoted.
type token struct {
	text   string
	quoted bool
	symbol bool
}

// parseJQL reads the subset that is supported: comparisons of project, labels, status, issuetype, key, id, created and
// updated joined by AND, and ORDER BY created, updated or key. Anything else is an error, as bad JQL is in Jira.
func parseJQL(text string) (query, error) {
	tokens, err := lexJQL(text)
	if err != nil {
		return query{}, err
	}
	p := &jqlParser{tokens: tokens}
	q := query{orderBy: "created", desc: true}
	if p.done() || p.peekWord("order") {
		return q, p.order(&q)
	}
	for {
		c, err := p.clause()
		if err != nil {
			return query{}, err
		}
		q.clauses = append(q.clauses, c)
		if p.done() || p.peekWord("order") {
			return q, p.order(&q)
		}
		if !p.word("and") {
			return query{}, p.unexpected("AND")
		}
	}
}

func lexJQL(text string) ([]token, error) {
	var out []token
	for i := 0; i < len(text); {
		switch ch := text[i]; {
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			i++
		case ch == '"' || ch == '\'':
			value, next, err := lexQuoted(text, i)
			if err != nil {
				return nil, err
			}
			out = append(out, token{text: value, quoted: true})
			i = next
		case strings.IndexByte("()=,", ch) >= 0:
			out = append(out, token{text: string(ch), symbol: true})
			i++
		case strings.IndexByte("<>!~", ch) >= 0:
			end := i + 1
			if end < len(text) && (text[end] == '=' || text[end] == '~') {
				end++
			}
			out = append(out, token{text: text[i:end], symbol: true})
			i = end
		default:
			end := i
			for end < len(text) && strings.IndexByte(" \t\r\n\"'()=,<>!~", text[end]) < 0 {
				end++
			}
			out = append(out, token{text: text[i:end]})
			i = end
		}
	}
	return out, nil
}

func lexQuoted(text string, start int) (value string, next int, err error) {
	var b strings.Builder
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == text[start]:
			return b.String(), i + 1, nil
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(text[i])
		}
	}
	return "", 0, badRequest("Error in the JQL Query: a quoted string has not been completed.")
}

func (p *jqlParser) done() bool { return p.at >= len(p.tokens) }

func (p *jqlParser) peek() token {
	if p.done() {
		return token{text: "the end", symbol: true}
	}
	return p.tokens[p.at]
}

func (p *jqlParser) peekWord(word string) bool {
	t := p.peek()
	return !t.quoted && !t.symbol && strings.EqualFold(t.text, word)
}

// word takes the keyword if it comes next.
func (p *jqlParser) word(word string) bool {
	if p.peekWord(word) {
		p.at++
		return true
	}
	return false
}

// symbol takes the symbol if it comes next.
func (p *jqlParser) symbol(text string) bool {
	if t := p.peek(); !p.done() && t.symbol && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *jqlParser) unexpected(wanted string) error {
	return badRequest(fmt.Sprintf("Error in the JQL Query: Expecting %s but got '%s'.", wanted, p.peek().text))
}

func (p *jqlParser) clause() (clause, error) {
	field := p.peek()
	if field.symbol {
		return clause{}, p.unexpected("a field")
	}
	p.at++
	c := clause{field: strings.ToLower(field.text)}
	allowed := fieldOperators(c.field)
	if allowed == nil {
		return clause{}, badRequest("Field '" + field.text + "' does not exist or you do not have permission to view it.")
	}
	switch {
	case p.word("in"):
		c.op = "in"
	case p.word("not"):
		if !p.word("in") {
			return clause{}, p.unexpected("'in'")
		}
		c.op = "not in"
	case p.peek().symbol:
		c.op = p.peek().text
		p.at++
	}
	if !slices.Contains(allowed, c.op) {
		return clause{}, badRequest(fmt.Sprintf("The operator '%s' is not supported by the '%s' field.", c.op, field.text))
	}
	var err error
	c.values, err = p.values(c.op == "in" || c.op == "not in")
	return c, err
}

// fieldOperators is the operators of a field; nil means there is no such field.
func fieldOperators(field string) []string {
	switch field {
	case "project", "labels", "status", "issuetype", "type":
		return []string{"=", "!=", "in", "not in"}
	case "key", "issuekey", "issue", "id":
		return []string{"=", "in"}
	case "created", "updated":
		return []string{">=", ">", "<=", "<"}
	}
	return nil
}

func (p *jqlParser) values(list bool) ([]string, error) {
	if !list {
		v, err := p.value()
		return []string{v}, err
	}
	if !p.symbol("(") {
		return nil, p.unexpected("'('")
	}
	var out []string
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if p.symbol(")") {
			return out, nil
		}
		if !p.symbol(",") {
			return nil, p.unexpected("')' or ','")
		}
	}
}

func (p *jqlParser) value() (string, error) {
	if p.peek().symbol {
		return "", p.unexpected("a value")
	}
	v := p.peek().text
	p.at++
	return v, nil
}

// order reads ORDER BY, which is optional and comes last.
func (p *jqlParser) order(q *query) error {
	if p.done() {
		return nil
	}
	if !p.word("order") || !p.word("by") {
		return p.unexpected("ORDER BY")
	}
	field, err := p.value()
	if err != nil {
		return err
	}
	q.orderBy, q.desc = strings.ToLower(field), false
	if q.orderBy == "id" || q.orderBy == "issuekey" {
		q.orderBy = "key"
	}
	if !slices.Contains([]string{"created", "updated", "key"}, q.orderBy) {
		return badRequest("Not able to sort using field '" + field + "'.")
	}
	if p.word("desc") {
		q.desc = true
	} else {
		p.word("asc")
	}
	if !p.done() {
		return p.unexpected("the end of the query")
	}
	return nil
}
