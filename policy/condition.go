package policy

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// costLimit bounds the work of one evaluation, in CEL's own units; a condition over a hundred roles costs a few thousand. An evaluation
// that goes beyond is interrupted with an error. Unlike a limit in time it is met by the same facts every time.
const costLimit = 200_000

// compiler turns expressions into conditions. The environments are built once, because building one costs more than compiling.
type compiler struct {
	// routing is what a route's `when` sees, deciding what `approve_when` and `deny_when` see besides.
	routing, deciding *cel.Env
}

func newCompiler() (*compiler, error) {
	routing, err := cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[Request](), reflect.TypeFor[Resource](), reflect.TypeFor[Threshold](), reflect.TypeFor[Clock](),
			reflect.TypeFor[Statement](), reflect.TypeFor[Shift](), ext.ParseStructTags(true)),
		cel.EnableMacroCallTracking(), // so that parts of an expression can be written as they stand in the configuration
		ext.Strings(), ext.Sets(), ext.Lists(), ext.Math(), globs(),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), globLiterals{}),
		cel.Variable(varRequest, cel.ObjectType(typeRequest)),
		cel.Variable(varCluster, cel.StringType),
		cel.Variable(varTime, cel.ObjectType("policy.Clock")),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the expression language: %w", err)
	}
	statements, shifts := cel.ListType(cel.ObjectType("policy.Statement")), cel.ListType(cel.ObjectType("policy.Shift"))
	deciding, err := routing.Extend(
		cel.Variable(varEvidence, statements), cel.Variable(varApprovals, statements), cel.Variable(varDenials, statements),
		cel.Variable(varOnCall, shifts),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the expression language: %w", err)
	}
	return &compiler{routing: routing, deciding: deciding}, nil
}

// condition is a compiled expression.
type condition struct {
	program cel.Program
	// env and checked are what the program was made of, before && and || were put in order.
	env     *cel.Env
	checked *cel.Ast
	// needs names what the expression uses of the facts that may be unknown.
	needs map[string]bool
	// onCall is the part of the expression that uses on_call, 0 where none does.
	onCall int64
}

// compile returns nil for a blank expression.
func compile(env *cel.Env, expression string) (*condition, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, nil
	}
	checked, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, expressionFaults(env, issues)
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, whole("the condition yields %s, not true or false", typeNames.Replace(checked.OutputType().String()))
	}
	ordered, err := strict(env, checked)
	if err != nil {
		return nil, whole("%v", err)
	}
	program, err := env.Program(ordered, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize), cel.CostTrackerOptions(globCosts()...))
	if err != nil {
		return nil, whole("preparing the condition: %v", err)
	}
	needs, onCall := needsOf(checked.NativeRep())
	return &condition{program: program, env: env, checked: checked, needs: needs, onCall: onCall}, nil
}

// holds evaluates the condition. What it uses and is not known is an error, never an empty value.
func (c *condition) holds(f *facts) (bool, error) {
	if err := f.missing(c.needs); err != nil {
		return false, err
	}
	result, _, err := c.program.Eval(f)
	if err != nil {
		return false, fmt.Errorf("evaluating the condition: %w", err)
	}
	holds, ok := result.Value().(bool)
	if !ok {
		return false, fmt.Errorf("the condition yielded %v", result.Value())
	}
	return holds, nil
}
