package policy

import (
	"encoding/json"
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/accessbridge/accessbridge/bridge"
)

const (
	// maxParts bounds how many parts of an expression are shown, maxPart how long each value is, in characters.
	maxParts = 20
	maxPart  = 200
)

// Part is one piece of an expression, as it is written, and its value.
type Part struct {
	Text, Value string
}

// parts evaluates the expression without leaving anything out, and returns what its pieces yield; none when a fact that it needs is not
// known, or when it is one piece only.
func (c *condition) parts(f *facts) []Part {
	if f.missing(c.needs) != nil {
		return nil
	}
	program, err := c.env.Program(c.checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptExhaustiveEval), cel.CostTrackerOptions(globCosts()...))
	if err != nil {
		return nil
	}
	_, details, _ := program.Eval(f) // The error is that of holds.
	if details == nil {
		return nil
	}
	p := &pieces{info: c.checked.NativeRep().SourceInfo(), state: details.State(), whole: c.checked.NativeRep().Expr().ID()}
	p.condition(c.checked.NativeRep().Expr())
	return p.found
}

// pieces collects parts.
type pieces struct {
	info  *ast.SourceInfo
	state interpreter.EvalState
	whole int64
	found []Part
}

// condition takes apart what is made of conditions. Of the conditions inside, what they look at is shown as well.
func (p *pieces) condition(e ast.Expr) {
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
			for _, arg := range call.Args() {
				p.condition(arg)
			}
			return
		}
	}
	if e.ID() != p.whole {
		p.show(e)
	}
	if e.Kind() != ast.CallKind {
		return
	}
	if call := e.AsCall(); call.IsMemberFunction() {
		p.show(call.Target())
	}
	for _, arg := range e.AsCall().Args() {
		p.show(arg)
	}
}

func (p *pieces) show(e ast.Expr) {
	if len(p.found) >= maxParts || e.Kind() == ast.LiteralKind || e.Kind() == ast.ListKind && constant(e) {
		return
	}
	text, err := cel.ExprToString(e, p.info, cel.FormatWrapOnColumn(1<<16))
	value, known := p.state.Value(e.ID())
	if err != nil || !known {
		return
	}
	p.found = append(p.found, Part{Text: text, Value: shown(value)})
}

func constant(list ast.Expr) bool {
	for _, item := range list.AsList().Elements() {
		if item.Kind() != ast.LiteralKind {
			return false
		}
	}
	return true
}

// shown writes a value for people.
func shown(v ref.Val) string {
	switch v := v.(type) {
	case *types.Err:
		return "an error: " + bridge.Truncate(v.Error(), maxPart)
	case *types.Unknown:
		return "not known"
	case types.Duration:
		return bridge.FormatDuration(v.Duration)
	}
	native, err := v.ConvertToNative(reflect.TypeFor[*structpb.Value]())
	if message, ok := native.(*structpb.Value); err == nil && ok {
		if text, err := json.Marshal(message.AsInterface()); err == nil {
			return bridge.Truncate(string(text), maxPart)
		}
	}
	return fmt.Sprintf("a value of type %s", v.Type().TypeName())
}
