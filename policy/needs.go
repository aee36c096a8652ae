package policy

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// The facts that may be unknown, as conditions need them: fields of the request, of its resources, and variables.
const (
	needTraits      = "request.traits"
	needUserRoles   = "request.user_roles"
	needDuration    = "request.duration"
	needAccessUntil = "request.access_until"
	needExpires     = "request.expires"
	needCreated     = "request.created"
	needLabels      = "labels"
	needTime        = varTime
	needOnCall      = varOnCall
	// needEvidence is always known, but says that states may count that mean nothing by themselves.
	needEvidence = varEvidence
)

// ofRequest and ofResource are the needs by the field that has them.
var (
	ofRequest = map[string]string{
		"traits": needTraits, "user_roles": needUserRoles, "duration": needDuration, "access_until": needAccessUntil,
		"expires": needExpires, "created": needCreated,
	}
	ofResource = map[string]string{"labels": needLabels}
)

// needsOf finds what an expression uses of the facts that may be unknown, and where it uses on_call. It goes by the types that the
// compiler found, so that a field counts however its object is reached. An object that is used as a whole, such as in a comparison, counts as
// a use of all its fields.
func needsOf(checked *ast.AST) (needs map[string]bool, onCall int64) {
	needs = map[string]bool{}
	ast.PreOrderVisit(ast.NavigateAST(checked), ast.NewExprVisitor(func(e ast.Expr) {
		n := ast.NavigateExpr(checked, e)
		if n.Kind() == ast.SelectKind {
			selected(checked, n.AsSelect(), needs)
		}
		if need := variable(n); need != "" {
			needs[need] = true
			if need == needOnCall && onCall == 0 {
				onCall = n.ID()
			}
		}
		for name, fields := range map[string]map[string]string{typeRequest: ofRequest, typeResource: ofResource} {
			if carries(n.Type(), name) && !harmless(n, name) {
				for _, need := range fields {
					needs[need] = true
				}
				if name == typeRequest {
					needs[needLabels] = true
				}
			}
		}
	}))
	return needs, onCall
}

// variable returns which need the use of a variable is, if any.
func variable(n ast.NavigableExpr) string {
	if n.Kind() != ast.IdentKind {
		return ""
	}
	switch name, list := n.AsIdent(), n.Type().Kind() == types.ListKind; {
	case name == varTime && isObject(n.Type(), "policy.Clock"):
		return needTime
	case name == varOnCall && list:
		return needOnCall
	case name == varEvidence && list:
		return needEvidence
	default:
		return ""
	}
}

func selected(checked *ast.AST, s ast.SelectExpr, needs map[string]bool) {
	of := checked.GetType(s.Operand().ID())
	for name, fields := range map[string]map[string]string{typeRequest: ofRequest, typeResource: ofResource} {
		if need, ok := fields[s.FieldName()]; ok && (isObject(of, name) || of.Kind() == types.DynKind) {
			needs[need] = true
		}
	}
}

func isObject(t *types.Type, name string) bool {
	return t != nil && t.Kind() == types.StructKind && t.TypeName() == name
}

// carries reports whether the type is the named object or a list of it, of whatever depth.
func carries(t *types.Type, name string) bool {
	for t != nil && t.Kind() == types.ListKind && len(t.Parameters()) == 1 {
		t = t.Parameters()[0]
	}
	return isObject(t, name)
}

// passing are the calls that hand an object on without looking into it: what is done with their result is seen at the result.
var passing = map[string]bool{"_[_]": true, "_+_": true, "_?_:_": true}

// harmless reports whether an object is only handed on as what it is, or only asked for one field, which is seen there. What is handed on as
// something else, such as in a list of various things, would be lost sight of.
func harmless(n ast.NavigableExpr, name string) bool {
	parent, ok := n.Parent()
	if !ok {
		return false
	}
	switch parent.Kind() {
	case ast.SelectKind, ast.ComprehensionKind:
		return true
	case ast.ListKind:
		return carries(parent.Type(), name)
	case ast.CallKind:
		call := parent.AsCall().FunctionName()
		return call == "size" || passing[call] && carries(parent.Type(), name)
	default:
		return false
	}
}
