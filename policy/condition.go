package policy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/accessbridge/accessbridge/bridge"
)

// costLimit bounds the work of one evaluation, in CEL's own units; a condition over a hundred roles costs a few thousand.
const costLimit = 200_000

// Request is what an expression sees as `request`. The names in the tags are the names in the configuration.
type Request struct {
	ID                 string              `cel:"id"`
	Cluster            string              `cel:"cluster"`
	User               string              `cel:"user"`
	Roles              []string            `cel:"roles"`
	Resources          []Resource          `cel:"resources"`
	Reason             string              `cel:"reason"`
	Annotations        map[string][]string `cel:"annotations"`
	SuggestedReviewers []string            `cel:"suggested_reviewers"`
	// Kind is "role" or "resource".
	Kind string `cel:"kind"`
}

// Resource is what an expression sees as an element of `request.resources`.
type Resource struct {
	Cluster string `cel:"cluster"`
	Kind    string `cel:"kind"`
	Name    string `cel:"name"`
}

// compiler turns expressions into conditions. The environment is built once, because building it costs more than compiling.
type compiler struct {
	env *cel.Env
}

func newCompiler() (*compiler, error) {
	env, err := cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[Request](), reflect.TypeFor[Resource](), ext.ParseStructTags(true)),
		ext.Strings(),
		ext.Sets(),
		cel.Variable("request", cel.ObjectType("policy.Request")),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the expression language: %w", err)
	}
	return &compiler{env: env}, nil
}

// condition is a compiled expression; nil selects everything.
type condition struct {
	program cel.Program
}

func (c *compiler) compile(expression string) (*condition, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, nil
	}
	ast, issues := c.env.Compile(expression)
	if issues.Err() != nil {
		return nil, expressionFaults(issues)
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, fmt.Errorf("1:1: the condition yields %s, not true or false", ast.OutputType())
	}
	program, err := c.env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("preparing the condition: %w", err)
	}
	return &condition{program: program}, nil
}

// expressionFaults reports every fault with its line and column inside the expression.
func expressionFaults(issues *cel.Issues) error {
	var faults []error
	for _, e := range issues.Errors() {
		faults = append(faults, fmt.Errorf("%d:%d: %s", e.Location.Line(), e.Location.Column()+1, e.Message))
	}
	return errors.Join(faults...)
}

func (c *condition) selects(req bridge.Request) (bool, error) {
	if c == nil {
		return true, nil
	}
	result, _, err := c.program.Eval(map[string]any{"request": view(req)})
	if err != nil {
		return false, fmt.Errorf("evaluating the condition: %w", err)
	}
	selected, ok := result.Value().(bool)
	if !ok {
		return false, fmt.Errorf("the condition yielded %v", result.Value())
	}
	return selected, nil
}

func view(req bridge.Request) Request {
	v := Request{
		ID: req.ID, Cluster: req.Cluster, User: req.User, Roles: req.Roles, Reason: req.Reason,
		Annotations: req.Annotations, SuggestedReviewers: req.SuggestedReviewers, Kind: "role",
	}
	for _, r := range req.Resources {
		v.Kind = "resource"
		v.Resources = append(v.Resources, Resource{Cluster: r.Cluster, Kind: r.Kind, Name: r.Name})
	}
	return v
}
