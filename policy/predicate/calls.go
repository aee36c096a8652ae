package predicate

import (
	"fmt"
	"go/ast"
	"strings"
)

// overload is one form of a function or method; the receiver of a method is its first parameter.
type overload struct {
	params []kind
	// rest is the type of any number of further arguments; empty when there may be none.
	rest   kind
	result kind
	// pattern is the number of the argument that is a pattern, compiled with the condition by compile; 0 for none.
	pattern int
	compile func(string) (pattern, error)
	call    func(*run, []any) (any, error)
}

func (o overload) fits(args []node) bool {
	if len(args) < len(o.params) || (len(args) > len(o.params) && o.rest == "") {
		return false
	}
	for i, arg := range args {
		want := o.rest
		if i < len(o.params) {
			want = o.params[i]
		}
		if arg.kind != want {
			return false
		}
	}
	return true
}

func (o overload) String() string {
	var params []string
	for _, p := range o.params {
		params = append(params, string(p))
	}
	if o.rest != "" {
		params = append(params, string(o.rest)+"...")
	}
	return "(" + strings.Join(params, ", ") + ")"
}

// call is a function, or a method of a value.
func (c *checker) call(e *ast.CallExpr, depth int) (node, *Error) {
	if e.Ellipsis.IsValid() {
		return node{}, c.faultAt(e.Ellipsis, "", "... is not part of the language of conditions")
	}
	name, plain := path(e.Fun)
	switch {
	case plain && name == "ifelse":
		return c.ifelse(e, depth)
	case plain && name == "choose":
		return c.choose(e, depth)
	}
	if forms, ok := c.functions[name]; plain && ok {
		return c.apply(e, name, forms, nil, depth)
	}
	selector, ok := e.Fun.(*ast.SelectorExpr)
	if !ok {
		return node{}, c.noFunction(e, name)
	}
	forms, known := c.methods[selector.Sel.Name]
	if inner, dotted := path(selector.X); dotted && !c.named(inner) {
		if known {
			return node{}, c.unknown(selector.X.Pos(), inner)
		}
		return node{}, c.noFunction(e, name)
	}
	if !known {
		return node{}, c.faultAt(selector.Sel.Pos(), meant(selector.Sel.Name, c.methods, ""), "unknown method %s", selector.Sel.Name)
	}
	receiver, fault := c.check(selector.X, depth+1)
	if fault != nil {
		return node{}, fault
	}
	return c.apply(e, selector.Sel.Name, forms, []node{receiver}, depth)
}

func (c *checker) noFunction(e *ast.CallExpr, name string) *Error {
	return c.faultAt(e.Fun.Pos(), meant(name, c.functions, "ifelse, choose, "), "unknown function %s", name)
}

// apply picks the form that fits the arguments. Those that are already checked come first.
func (c *checker) apply(e *ast.CallExpr, name string, forms []overload, args []node, depth int) (node, *Error) {
	first := len(args)
	for _, arg := range e.Args {
		checked, fault := c.check(arg, depth+1)
		if fault != nil {
			return node{}, fault
		}
		args = append(args, checked)
	}
	for _, form := range forms {
		if !form.fits(args) {
			continue
		}
		if form.pattern > 0 {
			at := e.Args[form.pattern-first]
			if args[form.pattern].literal == nil {
				return node{}, c.faultAt(at.Pos(), "write it as a text in quotes", "the pattern of %s must be fixed", name)
			}
			re, err := form.compile(*args[form.pattern].literal)
			if err != nil {
				return node{}, c.faultAt(at.Pos(), "see https://github.com/google/re2/wiki/Syntax", "%s", err.Error())
			}
			args[form.pattern] = re.node()
		}
		return node{kind: form.result, eval: invoke(form, args)}, nil
	}
	var got, want []string
	for _, arg := range args {
		got = append(got, string(arg.kind))
	}
	for _, form := range forms {
		want = append(want, form.String())
	}
	return node{}, c.faultAt(e.Lparen, "it takes "+strings.Join(want, " or "), "%s does not take (%s)", name, strings.Join(got, ", "))
}

func invoke(form overload, args []node) func(*run) (any, error) {
	return func(r *run) (any, error) {
		if err := r.charge(entryCost); err != nil {
			return nil, err
		}
		values := make([]any, len(args))
		for i, arg := range args {
			value, err := arg.eval(r)
			if err != nil {
				return nil, err
			}
			values[i] = value
		}
		return form.call(r, values)
	}
}

// ifelse(cond, a, b) is a if cond is true and b otherwise.
func (c *checker) ifelse(e *ast.CallExpr, depth int) (node, *Error) {
	if len(e.Args) != 3 {
		return node{}, c.faultAt(e.Lparen, "it takes (bool, any, any)", "ifelse does not take %d arguments", len(e.Args))
	}
	return c.cases([][2]ast.Expr{{e.Args[0], e.Args[1]}}, e.Args[2], depth)
}

// choose(option(cond, value)...) is the value of the first option whose condition is true.
func (c *checker) choose(e *ast.CallExpr, depth int) (node, *Error) {
	var branches [][2]ast.Expr
	for _, arg := range e.Args {
		option, ok := arg.(*ast.CallExpr)
		if ok {
			name, plain := path(option.Fun)
			ok = plain && name == "option" && len(option.Args) == 2 && !option.Ellipsis.IsValid()
		}
		if !ok {
			return node{}, c.faultAt(arg.Pos(), "write option(bool, any)", "choose takes options only")
		}
		branches = append(branches, [2]ast.Expr{option.Args[0], option.Args[1]})
	}
	if len(branches) == 0 {
		return node{}, c.faultAt(e.Lparen, "write option(bool, any)", "choose needs an option")
	}
	return c.cases(branches, nil, depth)
}

// cases is the value of the first branch whose condition is true, else of the last expression; nil for none.
func (c *checker) cases(branches [][2]ast.Expr, last ast.Expr, depth int) (node, *Error) {
	type branch struct{ when, then node }
	var checked []branch
	result := kind("")
	same := func(e ast.Expr) (node, *Error) {
		value, fault := c.check(e, depth+1)
		if fault == nil && result != "" && value.kind != result {
			fault = c.faultAt(e.Pos(), "", "all outcomes must have one type, this is a %s and the first a %s", value.kind, result)
		}
		result = value.kind
		return value, fault
	}
	for _, b := range branches {
		when, fault := c.check(b[0], depth+1)
		if fault != nil {
			return node{}, fault
		}
		if when.kind != kindBool {
			return node{}, c.faultAt(b[0].Pos(), "", "this must be a bool, not a %s", when.kind)
		}
		then, fault := same(b[1])
		if fault != nil {
			return node{}, fault
		}
		checked = append(checked, branch{when, then})
	}
	otherwise := node{eval: func(*run) (any, error) {
		return nil, fmt.Errorf("choose: no option applies; end with option(true, ...)")
	}}
	if last != nil {
		var fault *Error
		if otherwise, fault = same(last); fault != nil {
			return node{}, fault
		}
	}
	return node{kind: result, eval: func(r *run) (any, error) {
		for _, b := range checked {
			if yes, err := get[bool](r, b.when); err != nil || yes {
				if err != nil {
					return nil, err
				}
				return b.then.eval(r)
			}
		}
		return otherwise.eval(r)
	}}, nil
}

// get evaluates a node whose type the checker has made sure of.
func get[T any](r *run, n node) (T, error) {
	value, err := n.eval(r)
	if err != nil {
		var none T
		return none, err
	}
	return as[T](value)
}

func as[T any](value any) (T, error) {
	typed, ok := value.(T)
	if !ok {
		return typed, fmt.Errorf("a value is a %T instead of a %T", value, typed)
	}
	return typed, nil
}
