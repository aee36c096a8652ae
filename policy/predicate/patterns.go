package predicate

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	// maxPattern is the length of a pattern in bytes, maxSteps the size of what it compiles to: x{1000} is short and large.
	maxPattern = 1 << 10
	maxSteps   = 4000
	// stepsPerCost relates the size of a pattern to the cost of matching one byte with it.
	stepsPerCost = 16
)

// pattern is a regular expression that was compiled together with its condition.
type pattern struct {
	*regexp.Regexp

	// perByte is the cost of matching one byte. RE2's time is at most the length of the text times the size of the pattern.
	perByte int
}

func (p pattern) cost(text string) int { return entryCost + len(text)*p.perByte }

// node makes the pattern an argument.
func (p pattern) node() node {
	return node{kind: kindText, eval: func(*run) (any, error) { return p, nil }}
}

// globOrRegexp is the form of regexp.match: a regular expression between ^ and $, else a text in which * stands for any text.
func globOrRegexp(text string) (pattern, error) {
	if !strings.HasPrefix(text, "^") || !strings.HasSuffix(text, "$") {
		text = "^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, "(.*)") + "$"
	}
	return anyRegexp(text)
}

// anyRegexp is the form of regexp.replace.
func anyRegexp(text string) (pattern, error) {
	if len(text) > maxPattern {
		return pattern{}, fmt.Errorf("the pattern has %d bytes, more than %d", len(text), maxPattern)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return pattern{}, fmt.Errorf("the pattern is no regular expression: %w", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return pattern{}, fmt.Errorf("the pattern is no regular expression: %w", err)
	}
	if len(program.Inst) > maxSteps {
		return pattern{}, fmt.Errorf("the pattern is too large")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return pattern{}, fmt.Errorf("the pattern is no regular expression: %w", err)
	}
	return pattern{Regexp: re, perByte: 1 + len(program.Inst)/stepsPerCost}, nil
}
