package text

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"
)

const (
	// maxSource bounds a template, maxOutput what it or any function in it makes, in bytes. No vendor takes longer texts.
	maxSource = 32 << 10
	maxOutput = 128 << 10
	// maxSteps bounds how often the bodies of ranges and the templates inside a template run.
	maxSteps = 10_000
	// stepName is the function that counts. It is put into the template after parsing, so that none can leave it out.
	stepName = "accessbridge_step"
)

var (
	errSteps  = fmt.Errorf("the template repeats more than %d times", maxSteps)
	errFull   = errors.New("the text is full")
	errSource = fmt.Errorf("the template is longer than %d bytes", maxSource)
)

// Template is a parsed template. It may be used at once by several goroutines.
type Template struct {
	parsed *template.Template
}

// Error is a fault in a template.
type Error struct {
	// Line and Column count from 1. The column is 0 where only the line is known.
	Line, Column int
	Message      string
}

// Error names the place inside the template.
func (e *Error) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// Parse reads a template. The functions are added to those of Funcs, and go before them; all that yield text are bounded. The error is an
// *Error where the template has a place at fault.
func Parse(source string, more template.FuncMap) (*Template, error) {
	if len(source) > maxSource {
		return nil, errSource
	}
	funcs := Funcs()
	maps.Copy(funcs, more)
	for name, f := range funcs {
		funcs[name] = bounded(f)
	}
	funcs[stepName] = func() (string, error) { return "", nil }
	parsed, err := template.New("text").Funcs(funcs).Option("missingkey=zero").Parse(source)
	if err != nil {
		return nil, placed(err)
	}
	counted, err := template.New("step").Funcs(funcs).Parse("{{" + stepName + "}}")
	if err != nil {
		return nil, fmt.Errorf("preparing templates: %w", err)
	}
	for _, t := range parsed.Templates() {
		if t.Tree != nil {
			count(t.Root, counted.Root.Nodes[0])
			t.Root.Nodes = append([]parse.Node{counted.Root.Nodes[0].Copy()}, t.Root.Nodes...)
		}
	}
	return &Template{parsed: parsed}, nil
}

// count puts the counting step into the body of every range.
func count(list *parse.ListNode, step parse.Node) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		branch, repeats := branchOf(n)
		if branch == nil {
			continue
		}
		count(branch.List, step)
		count(branch.ElseList, step)
		if repeats {
			branch.List.Nodes = append([]parse.Node{step.Copy()}, branch.List.Nodes...)
		}
	}
}

func branchOf(n parse.Node) (branch *parse.BranchNode, repeats bool) {
	switch n := n.(type) {
	case *parse.IfNode:
		return &n.BranchNode, false
	case *parse.WithNode:
		return &n.BranchNode, false
	case *parse.RangeNode:
		return &n.BranchNode, true
	default:
		return nil, false
	}
}

// Render executes the template. A text that grows too long is cut; everything else that goes wrong is an error.
func (t *Template) Render(data any) (text string, err error) {
	// A template must not be able to end the process, whatever is found in the library one day.
	defer func() {
		if fault := recover(); fault != nil {
			text, err = "", fmt.Errorf("executing the template: %v", fault)
		}
	}()
	one, err := t.parsed.Clone()
	if err != nil {
		return "", fmt.Errorf("preparing the template: %w", err)
	}
	steps := 0
	one.Funcs(template.FuncMap{stepName: func() (string, error) {
		if steps++; steps > maxSteps {
			return "", errSteps
		}
		return "", nil
	}})
	var out sheet
	err = one.Execute(&out, data)
	switch {
	case errors.Is(err, errFull):
		return strings.ToValidUTF8(out.String(), "") + "…", nil
	case err != nil:
		return "", placed(err)
	}
	return out.String(), nil
}

// sheet takes a bounded text.
type sheet struct{ strings.Builder }

// Write takes what fits, and fails when something does not.
func (s *sheet) Write(p []byte) (int, error) {
	fits := p[:whole(p, maxOutput-s.Len())]
	_, _ = s.Builder.Write(fits)
	if len(fits) < len(p) {
		return len(fits), errFull
	}
	return len(p), nil
}

// whole returns how many of the first bytes can be kept without dividing a character; at most the given number.
func whole[T []byte | string](text T, most int) int {
	if len(text) <= most {
		return len(text)
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return most
}

var placeOf = regexp.MustCompile(`(?s)^template: [^:]*:(\d+)(?::(\d+))?: (?:executing "[^"]*" at )?(.*)$`)

// placed turns an error of the library into one with its place. Columns of the library count from 0.
func placed(err error) error {
	m := placeOf.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	e := &Error{Message: m[3]}
	_, _ = fmt.Sscan(m[1], &e.Line)
	if m[2] != "" {
		_, _ = fmt.Sscan(m[2], &e.Column)
		e.Column++
	}
	return e
}
