package policy

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// strangers reports every place that an expression compares with the place of a statement or a shift, and that the route does not have: a
// comparison that comes out the same for ever, which nobody means.
func (r Route) strangers(checked *ast.AST) []error {
	var targets, rotas []string
	for _, t := range r.Targets {
		targets = append(targets, t.Integration)
	}
	for _, o := range r.OnCall {
		rotas = append(rotas, o.Integration)
	}
	var faults []error
	calls := ast.MatchDescendants(ast.NavigateAST(checked), ast.KindMatcher(ast.CallKind))
	for _, c := range calls {
		call := c.AsCall()
		switch call.FunctionName() {
		case operators.Equals, operators.NotEquals, operators.In:
		default:
			continue
		}
		one, other := call.Args()[0], call.Args()[1]
		for _, pair := range [][2]ast.Expr{{one, other}, {other, one}} {
			known, what := targets, "target"
			if names(checked, pair[0], "policy.Shift", "integration") {
				known, what = rotas, "on_call rule"
			} else if !names(checked, pair[0], "policy.Statement", "target") {
				continue
			}
			faults = append(faults, unknownPlaces(checked, pair[1], known, what)...)
		}
	}
	return faults
}

// names reports whether a part of an expression is the named field of the named type.
func names(checked *ast.AST, e ast.Expr, of, field string) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == field && isObject(checked.GetType(e.AsSelect().Operand().ID()), of)
}

// unknownPlaces reports the texts of a literal, or of a list of them, that are not known.
func unknownPlaces(checked *ast.AST, e ast.Expr, known []string, what string) []error {
	texts := []ast.Expr{e}
	if e.Kind() == ast.ListKind {
		texts = e.AsList().Elements()
	}
	var faults []error
	for _, one := range texts {
		if one.Kind() != ast.LiteralKind {
			continue
		}
		name, ok := one.AsLiteral().(types.String)
		if !ok || slices.Contains(known, string(name)) {
			continue
		}
		fault := at(checked, one.ID(), "this route has no %s %q", what, string(name))
		fault.Name, fault.Known = string(name), known
		faults = append(faults, fault)
	}
	return faults
}
