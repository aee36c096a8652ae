package predicate

import (
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
)

// Error is a fault of a condition that compiling finds: it can only be mended by changing the condition.
type Error struct {
	// Line and Column say where in the condition the fault is; both count from 1, columns in bytes.
	Line, Column int
	// Problem says what is wrong, Mend what to write instead; Mend may be empty.
	Problem, Mend string
}

// Error returns "line:column: problem; mend".
func (e *Error) Error() string {
	text := fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Problem)
	if e.Mend != "" {
		text += "; " + e.Mend
	}
	return text
}

// UnknownError says that a condition was not evaluated because it uses a variable whose value could not be read.
type UnknownError struct {
	// Variable is the name of the variable as it is written in conditions.
	Variable string
}

// Error names the variable.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("the value of %s is not known", e.Variable)
}

// errCost says that an evaluation was given up.
var errCost = errors.New("the condition needs more work than is allowed")

// syntaxFault brings an error of Go's parser to our form.
func syntaxFault(err error) *Error {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return &Error{Line: 1, Column: 1, Problem: err.Error()}
	}
	first := list[0]
	mend := "texts stand in double quotes, and a line that goes on ends with its operator"
	return &Error{Line: max(first.Pos.Line, 1), Column: max(first.Pos.Column, 1), Problem: first.Msg, Mend: mend}
}

// faultAt returns a fault at a place of the parsed text.
func (c *checker) faultAt(at token.Pos, mend, problem string, args ...any) *Error {
	place := c.files.PositionFor(at, false)
	return &Error{Line: max(place.Line, 1), Column: max(place.Column, 1), Problem: fmt.Sprintf(problem, args...), Mend: mend}
}
