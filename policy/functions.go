package policy

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

const (
	fnGlob    = "glob"
	fnGlobAny = "globAny"
	// idGlob and idGlobAny name the overloads.
	idGlob    = "glob_string_string"
	idGlobAny = "glob_any_list_string"
)

// globs declares glob(text, pattern) and globAny(list, pattern).
func globs() cel.EnvOption {
	return cel.Lib(globLibrary{})
}

type globLibrary struct{}

func (globLibrary) CompileOptions() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Function(fnGlob, cel.Overload(idGlob, []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(text, pattern ref.Val) ref.Val { return globVal(text, pattern) }))),
		cel.Function(fnGlobAny, cel.Overload(idGlobAny, []*cel.Type{cel.ListType(cel.StringType), cel.StringType}, cel.BoolType,
			cel.BinaryBinding(globAnyVal))),
	}
}

func (globLibrary) ProgramOptions() []cel.ProgramOption { return nil }

func globVal(text, pattern ref.Val) ref.Val {
	t, isText := text.(types.String)
	p, isPattern := pattern.(types.String)
	if !isText || !isPattern {
		return types.NewErr("glob takes a text and a pattern")
	}
	return types.Bool(glob(string(t), string(p)))
}

func globAnyVal(list, pattern ref.Val) ref.Val {
	l, ok := list.(traits.Lister)
	if !ok {
		return types.NewErr("globAny takes a list of texts and a pattern")
	}
	for it := l.Iterator(); it.HasNext() == types.True; {
		switch v := globVal(it.Next(), pattern).(type) {
		case types.Bool:
			if v {
				return v
			}
		default:
			return v
		}
	}
	return types.False
}

// glob reports whether the whole text fits the pattern, in which * stands for any characters, also none, and ? for exactly one. Case
// matters. All other characters stand for themselves.
func glob(text, pattern string) bool {
	t, p := []rune(text), []rune(pattern)
	at, in := 0, 0
	// star is where the last * stands, from where in the text it began; the * takes one character more after each failure.
	star, from := -1, 0
	for at < len(t) {
		switch {
		case in < len(p) && p[in] == '*':
			star, from = in, at
			in++
		case in < len(p) && (p[in] == '?' || p[in] == t[at]):
			in++
			at++
		case star >= 0:
			from++
			in, at = star+1, from
		default:
			return false
		}
	}
	for in < len(p) && p[in] == '*' {
		in++
	}
	return in == len(p)
}

// globCosts charges a comparison for the work it may take.
func globCosts() []cost.TrackerOption {
	length := func(v ref.Val) uint64 {
		s, ok := v.(types.String)
		if !ok {
			return 0
		}
		return uint64(len(s))
	}
	one := func(text, pattern ref.Val) uint64 { return 1 + (1+length(text))*(1+length(pattern))/10 }
	return []cost.TrackerOption{
		cost.OverloadTracker(idGlob, func(args []ref.Val, _ ref.Val) *uint64 {
			sum := one(args[0], args[1])
			return &sum
		}),
		cost.OverloadTracker(idGlobAny, func(args []ref.Val, _ ref.Val) *uint64 {
			sum := uint64(1)
			if l, ok := args[0].(traits.Lister); ok {
				for it := l.Iterator(); it.HasNext() == types.True; {
					sum += one(it.Next(), args[1])
				}
			}
			return &sum
		}),
	}
}

// globLiterals finds patterns in the text of an expression that fit nothing but the empty text, which nobody means.
type globLiterals struct{}

func (globLiterals) Name() string { return "accessbridge.globs" }

func (globLiterals) Validate(_ *cel.Env, _ cel.ValidatorConfig, a *ast.AST, issues *cel.Issues) {
	calls := ast.MatchDescendants(ast.NavigateAST(a), ast.KindMatcher(ast.CallKind))
	for _, c := range calls {
		call := c.AsCall()
		if name := call.FunctionName(); name != fnGlob && name != fnGlobAny || len(call.Args()) != 2 {
			continue
		}
		pattern := call.Args()[1]
		if pattern.Kind() == ast.LiteralKind && pattern.AsLiteral().Value() == "" {
			issues.ReportErrorAtID(pattern.ID(), "the pattern is empty and fits nothing")
		}
	}
}
