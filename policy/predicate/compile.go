package predicate

import (
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// The bounds of a condition. They are far above what people write and far below what would be felt.
const (
	// maxLength is the length of a condition in bytes.
	maxLength = 16 << 10
	// maxDepth is how deep its parts may be nested; a chain of operators nests one deeper with each.
	maxDepth = 500
	// maxParts is the number of its parts.
	maxParts = 5000
)

// Condition is a compiled condition. It may be evaluated at any time from any goroutine.
type Condition struct {
	source string
	root   node
	used   []string
}

// Compile parses a condition and checks the types of all its parts. The error is an *Error with the place of the first fault.
// An empty condition is a fault, as it is in Teleport.
func Compile(source string) (*Condition, error) {
	if strings.TrimSpace(source) == "" {
		return nil, &Error{Line: 1, Column: 1, Problem: "the condition is empty", Mend: "write true to select every request"}
	}
	if len(source) > maxLength {
		return nil, &Error{Line: 1, Column: 1, Problem: fmt.Sprintf("the condition has %d bytes, more than %d", len(source), maxLength)}
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseExprFrom(files, "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, syntaxFault(err)
	}
	c := &checker{files: files, variables: variables(), functions: functions(), methods: methods(), used: map[string]bool{}}
	root, fault := c.check(parsed, 0)
	if fault != nil {
		return nil, fault
	}
	if root.kind != kindBool {
		return nil, c.faultAt(parsed.Pos(), "compare it, or ask what it contains", "the condition yields a %s, not true or false", root.kind)
	}
	var used []string
	for name := range c.used {
		used = append(used, name)
	}
	slices.Sort(used)
	return &Condition{source: source, root: root, used: used}, nil
}

// Matches evaluates the condition over the facts. With an error the result is false and means nothing: an *UnknownError when the
// evaluation came to a variable whose value is not known, another one when a value does not fit (a text that is no e-mail address
// given to email.local) or the work would be too much. Both sides of && and || are looked at from left to right, and only as far
// as the outcome needs.
func (c *Condition) Matches(facts Facts) (bool, error) {
	value, err := c.root.eval(&run{facts: &facts})
	if err != nil {
		return false, fmt.Errorf("evaluating the condition: %w", err)
	}
	matched, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("the condition yielded %T", value)
	}
	return matched, nil
}

// Uses reports whether the condition names the variable, one of the Var constants. What no condition uses need not be read.
func (c *Condition) Uses(variable string) bool {
	_, found := slices.BinarySearch(c.used, variable)
	return found
}

// String returns the condition as it was written.
func (c *Condition) String() string { return c.source }
