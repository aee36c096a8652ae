package predicate

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/config"
)

// node is a part of a condition whose type is known.
type node struct {
	kind kind
	eval func(*run) (any, error)
	// literal is the text of a text literal; nil for anything else.
	literal *string
}

// checker turns a parsed expression into nodes.
type checker struct {
	files     *token.FileSet
	variables map[string]variable
	functions map[string][]overload
	methods   map[string][]overload
	used      map[string]bool
	parts     int
}

func (c *checker) check(e ast.Expr, depth int) (node, *Error) {
	if c.parts++; depth > maxDepth || c.parts > maxParts {
		return node{}, c.faultAt(e.Pos(), "write it as several rules", "the condition has too many parts")
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.check(e.X, depth+1)
	case *ast.BasicLit:
		return c.literal(e)
	case *ast.Ident:
		if v, ok := c.variables[e.Name]; ok {
			return c.variable(e.Name, v), nil
		}
		return node{}, c.unknown(e.Pos(), e.Name)
	case *ast.SelectorExpr:
		return c.selector(e, depth)
	case *ast.IndexExpr:
		return c.index(e, depth)
	case *ast.UnaryExpr:
		return c.unary(e, depth)
	case *ast.BinaryExpr:
		return c.binary(e, depth)
	case *ast.CallExpr:
		return c.call(e, depth)
	default:
		return node{}, c.faultAt(e.Pos(), "", "this is not part of the language of conditions")
	}
}

func (c *checker) literal(e *ast.BasicLit) (node, *Error) {
	switch e.Kind {
	case token.STRING:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return node{kind: kindText, literal: &text, eval: func(*run) (any, error) { return text, nil }}, nil
		}
	case token.INT:
		if number, err := strconv.ParseInt(e.Value, 0, 64); err == nil {
			return node{kind: kindInt, eval: func(*run) (any, error) { return number, nil }}, nil
		}
	default:
	}
	return node{}, c.faultAt(e.Pos(), "texts stand in double quotes, numbers are whole", "%s is neither a text nor a number", e.Value)
}

func (c *checker) variable(name string, v variable) node {
	c.used[name] = true
	return node{kind: v.kind, eval: v.read}
}

func (c *checker) unknown(at token.Pos, name string) *Error {
	return c.faultAt(at, meant(name, c.variables, ""), "unknown variable %s", name)
}

// meant says what could be meant by a name, or else all names there are.
func meant[V any](name string, known map[string]V, others string) string {
	if word := config.Nearest(name, slices.Sorted(maps.Keys(known))); word != "" {
		return "did you mean " + word + "?"
	}
	return "known are " + others + names(known)
}

// selector is a variable with dots in its name, or an entry of a dict.
func (c *checker) selector(e *ast.SelectorExpr, depth int) (node, *Error) {
	name, dotted := path(e)
	if v, ok := c.variables[name]; dotted && ok {
		return c.variable(name, v), nil
	}
	x, fault := c.check(e.X, depth+1)
	if fault != nil {
		if inner, plain := path(e.X); plain && !c.named(inner) {
			return node{}, c.unknown(e.Pos(), name)
		}
		return node{}, fault
	}
	if x.kind != kindDict {
		return node{}, c.faultAt(e.Sel.Pos(), "", "a %s has no part named %s", x.kind, e.Sel.Name)
	}
	return entry(x, node{kind: kindText, eval: func(*run) (any, error) { return e.Sel.Name, nil }}), nil
}

// named reports whether a name with dots, or the beginning of it, is a variable.
func (c *checker) named(name string) bool {
	for {
		if _, ok := c.variables[name]; ok {
			return true
		}
		cut := strings.LastIndexByte(name, '.')
		if cut < 0 {
			return false
		}
		name = name[:cut]
	}
}

func (c *checker) index(e *ast.IndexExpr, depth int) (node, *Error) {
	x, fault := c.check(e.X, depth+1)
	if fault != nil {
		return node{}, fault
	}
	key, fault := c.check(e.Index, depth+1)
	switch {
	case fault != nil:
		return node{}, fault
	case x.kind != kindDict:
		return node{}, c.faultAt(e.Lbrack, "", "a %s has no entries", x.kind)
	case key.kind != kindText:
		return node{}, c.faultAt(e.Index.Pos(), "write the name in double quotes", "the name of an entry is a string, not a %s", key.kind)
	}
	return entry(x, key), nil
}

// entry reads an entry of a dict; one that is not there is the empty set.
func entry(of, key node) node {
	return node{kind: kindSet, eval: func(r *run) (any, error) {
		d, err := get[dict](r, of)
		if err != nil {
			return nil, err
		}
		name, err := get[string](r, key)
		if err != nil {
			return nil, err
		}
		return r.set(d[name])
	}}
}

func (c *checker) unary(e *ast.UnaryExpr, depth int) (node, *Error) {
	if e.Op != token.NOT {
		return node{}, c.faultAt(e.OpPos, "", "%s is no operator of conditions", e.Op)
	}
	x, fault := c.check(e.X, depth+1)
	if fault != nil {
		return node{}, fault
	}
	if x.kind != kindBool {
		return node{}, c.faultAt(e.X.Pos(), "", "! wants a bool, this is a %s", x.kind)
	}
	return node{kind: kindBool, eval: func(r *run) (any, error) {
		value, err := get[bool](r, x)
		return !value, err
	}}, nil
}

func (c *checker) binary(e *ast.BinaryExpr, depth int) (node, *Error) {
	x, fault := c.check(e.X, depth+1)
	if fault != nil {
		return node{}, fault
	}
	y, fault := c.check(e.Y, depth+1)
	if fault != nil {
		return node{}, fault
	}
	switch e.Op {
	case token.LAND, token.LOR:
		for _, side := range []struct {
			at   ast.Expr
			kind kind
		}{{e.X, x.kind}, {e.Y, y.kind}} {
			if side.kind != kindBool {
				return node{}, c.faultAt(side.at.Pos(), "", "%s wants a bool, this is a %s", e.Op, side.kind)
			}
		}
		return logical(x, y, e.Op == token.LOR), nil
	case token.EQL, token.NEQ:
		if x.kind != y.kind || !hasEquality(x.kind) {
			return node{}, c.faultAt(e.OpPos, "ask a set what it contains", "%s cannot compare a %s with a %s", e.Op, x.kind, y.kind)
		}
		return comparison(x, y, e.Op == token.EQL), nil
	default:
		return node{}, c.faultAt(e.OpPos, "operators are && || ! == !=", "%s is no operator of conditions", e.Op)
	}
}

func hasEquality(k kind) bool { return k == kindText || k == kindBool || k == kindInt || k == kindTime }

// logical looks at the second side only if the first leaves the outcome open.
func logical(x, y node, or bool) node {
	return node{kind: kindBool, eval: func(r *run) (any, error) {
		first, err := get[bool](r, x)
		if err != nil || first == or {
			return first, err
		}
		return y.eval(r)
	}}
}

func comparison(x, y node, same bool) node {
	return node{kind: kindBool, eval: func(r *run) (any, error) {
		a, err := x.eval(r)
		if err != nil {
			return nil, err
		}
		b, err := y.eval(r)
		if err != nil {
			return nil, err
		}
		return equal(a, b) == same, nil
	}}
}

// path returns a chain of names such as a.b.c.
func path(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name, true
	case *ast.SelectorExpr:
		head, ok := path(e.X)
		return head + "." + e.Sel.Name, ok
	default:
		return "", false
	}
}

func names[V any](of map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(of)), ", ")
}
