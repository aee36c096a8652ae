package policy

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// strict returns the expression with && and || that go from left to right, also inside exists and all. CEL's own forgive an error on one side
// when the other side settles the outcome, so that a mistake in an expression would show on some requests only, and others would be approved
// by it.
func strict(env *cel.Env, checked *cel.Ast) (*cel.Ast, error) {
	optimizer, err := cel.NewStaticOptimizer(ordering{})
	if err != nil {
		return nil, fmt.Errorf("preparing the condition: %w", err)
	}
	ordered, issues := optimizer.Optimize(env, checked)
	if issues.Err() != nil {
		return nil, fmt.Errorf("preparing the condition: %w", issues.Err())
	}
	return ordered, nil
}

// ordering replaces a && b by a ? b : false, and a || b by a ? true : b.
type ordering struct{}

func (ordering) Optimize(ctx *cel.OptimizerContext, a *ast.AST) *ast.AST {
	ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return
		}
		left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
		switch e.AsCall().FunctionName() {
		case operators.LogicalAnd:
			e.SetKindCase(ctx.NewCall(operators.Conditional, left, right, ctx.NewLiteral(types.False)))
		case operators.LogicalOr:
			e.SetKindCase(ctx.NewCall(operators.Conditional, left, ctx.NewLiteral(types.True), right))
		}
	}))
	return a
}
