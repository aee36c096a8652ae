package policy

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
)

// ExpressionError is a fault in one expression of the configuration.
type ExpressionError struct {
	// Route is the index of the route in the configuration, Field the setting that holds the expression.
	Route int
	Field string
	// Text is the expression.
	Text string
	// Err is a Fault, or several of them joined.
	Err error
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("routes[%d].%s: %v", e.Route, e.Field, e.Err)
}

// Unwrap returns the compiler's own report.
func (e *ExpressionError) Unwrap() error { return e.Err }

// Fault is one thing wrong with an expression.
type Fault struct {
	// Line and Column are the place inside the expression, in characters, from 1.
	Line, Column int
	// Message says what is wrong, Known lists what could be meant instead of a name that does not exist.
	Message string
	Known   []string
	// Name is that name.
	Name string
}

func (f *Fault) Error() string { return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message) }

// whole is a fault of an expression as a whole.
func whole(format string, args ...any) *Fault {
	return &Fault{Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
}

// at is a fault at a part of an expression.
func at(checked *ast.AST, id int64, format string, args ...any) *Fault {
	place := checked.SourceInfo().GetStartLocation(id)
	return &Fault{Line: max(place.Line(), 1), Column: max(place.Column(), 0) + 1, Message: fmt.Sprintf(format, args...)}
}

// expressionFaults reports every fault that the compiler has found.
func expressionFaults(env *cel.Env, issues *cel.Issues) error {
	var faults []error
	for _, e := range issues.Errors() {
		faults = append(faults, plainly(env, e))
	}
	return errors.Join(faults...)
}

var (
	noField     = regexp.MustCompile(`^undefined field '([^']*)'`)
	noReference = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload  = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'`)
	badLiteral  = regexp.MustCompile(`^invalid (\w+) argument`)
	unexpected  = regexp.MustCompile(`(?s)^Syntax error: (?:mismatched|extraneous) input '(.*)' expecting .*$`)
	expected    = map[string]string{
		"matches": "this is no regular expression", "duration": "this is no duration, write it as 90m or 1h30m",
		"timestamp": "this is no timestamp, write it as 2026-01-31T08:00:00Z",
	}
)

// plainly says what the compiler says in the words of somebody who writes a configuration.
func plainly(env *cel.Env, e *common.Error) *Fault {
	f := &Fault{Line: max(e.Location.Line(), 1), Column: max(e.Location.Column(), 0) + 1, Message: e.Message}
	switch {
	case noField.MatchString(e.Message):
		f.Name, f.Known = noField.FindStringSubmatch(e.Message)[1], fieldNames()
		f.Message = fmt.Sprintf("there is no field %q here", f.Name)
	case noReference.MatchString(e.Message):
		f.Name = noReference.FindStringSubmatch(e.Message)[1]
		f.Message, f.Known = unknownName(env, f.Name)
	case noOverload.MatchString(e.Message):
		m := noOverload.FindStringSubmatch(e.Message)
		f.Message = fmt.Sprintf("%s cannot be used with %s", operator(m[1]), typeNames.Replace(m[2]))
	case badLiteral.MatchString(e.Message):
		if said := expected[badLiteral.FindStringSubmatch(e.Message)[1]]; said != "" {
			f.Message = said
		}
	case strings.HasPrefix(e.Message, "Syntax error: token recognition error"):
		f.Message = "a text is not closed, or a character does not belong here"
	case unexpected.MatchString(e.Message):
		f.Message = fmt.Sprintf("%s is not expected here", unexpected.FindStringSubmatch(e.Message)[1])
		if strings.HasPrefix(f.Message, "<EOF>") {
			f.Message = "the expression ends too early"
		}
	}
	f.Message, _, _ = strings.Cut(f.Message, "\n")
	return f
}

// unknownName says what is wrong with a name that is no variable and no function here.
func unknownName(env *cel.Env, name string) (message string, known []string) {
	variables := []string{varRequest, varCluster, varTime}
	later := []string{varEvidence, varApprovals, varDenials, varOnCall}
	deciding := slices.ContainsFunc(env.Variables(), func(v *decls.VariableDecl) bool { return v.Name() == varEvidence })
	if deciding {
		variables = append(variables, later...)
	}
	if !deciding && slices.Contains(later, name) {
		return fmt.Sprintf("%s is known in approve_when and deny_when alone: a route is chosen before anybody has said anything", name), variables
	}
	functions := slices.DeleteFunc(slices.Sorted(maps.Keys(env.Functions())), func(f string) bool { return strings.ContainsAny(f, "_@") })
	return fmt.Sprintf("there is no %q", name), append(variables, functions...)
}

// fieldNames lists the fields of everything that expressions see.
func fieldNames() []string {
	var names []string
	for _, t := range []reflect.Type{
		reflect.TypeFor[Request](), reflect.TypeFor[Resource](), reflect.TypeFor[Threshold](), reflect.TypeFor[Clock](),
		reflect.TypeFor[Statement](), reflect.TypeFor[Shift](),
	} {
		for f := range t.Fields() {
			names = append(names, f.Tag.Get("cel"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// typeNames are the compiler's names of types, and how people call them.
var typeNames = strings.NewReplacer("policy.Request", "the request", "policy.Resource", "a resource", "policy.Threshold", "a threshold",
	"policy.Clock", "the time", "policy.Statement", "a statement", "policy.Shift", "a shift", "google.protobuf.Timestamp", "timestamp",
	"google.protobuf.Duration", "duration", "list(", "list of (")

// operator is an operator or a function as it is written.
func operator(name string) string {
	return strings.Trim(strings.TrimPrefix(name, "@"), "_")
}
