package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxNodes bounds what aliases can make of a small file.
const maxNodes = 100_000

// form is what a node of the file looks like.
type form string

const (
	formNull   form = "nothing"
	formText   form = "text"
	formInt    form = "a whole number"
	formFloat  form = "a fraction"
	formBool   form = "true or false"
	formList   form = "a list"
	formFields form = "a group of keys"
)

// node is one value of the file, with aliases resolved.
type node struct {
	form  form
	text  string // of scalars, as written
	at    position
	items []*node // of lists
	pairs []pair  // of groups
}

type pair struct {
	key   string
	at    position
	value *node
}

func (n *node) scalar() bool {
	return n.form == formText || n.form == formInt || n.form == formFloat || n.form == formBool
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// item returns the i-th element of a list, or nil.
func (n *node) item(i int) *node {
	if n == nil || i >= len(n.items) {
		return nil
	}
	return n.items[i]
}

// parseDocument returns the tree of the file and fills in the positions of its fields. It returns nil, and has reported why, when
// the file is not YAML.
func parseDocument(data []byte, p *Problems) *node {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		reportSyntax(err, p)
		return nil
	}
	for line := range strings.Lines(string(data)) {
		p.to.lines = append(p.to.lines, []rune(strings.TrimRight(line, "\r\n")))
	}
	r := &reader{report: p.to, anchors: map[string]*node{}}
	root := &node{form: formFields, at: position{1, 1}}
	switch {
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		p.to.faultAt(start(file.Docs[1].Body), "", "remove what follows the line ---", "the file holds more than one document")
		return nil
	case len(file.Docs) > 0 && file.Docs[0].Body != nil:
		root = r.read(file.Docs[0].Body, "")
	}
	if root.form != formFields && root.form != formNull {
		p.to.faultAt(root.at, "", "begin with a key such as teleport:", fmt.Sprintf("the file must be a group of keys, not %s", root.form))
		return nil
	}
	p.to.positions = map[string]position{"": {1, 1}}
	if !index(root, "", p.to.positions) {
		p.Add("", "use fewer aliases", "the file expands to more than %d values", maxNodes)
		return nil
	}
	return root
}

// reportSyntax reports a fault of the YAML parser: its message alone, without what it quotes, for that and the excerpt it can add may
// show a secret.
func reportSyntax(err error, p *Problems) {
	at, message := position{1, 1}, "is not valid YAML"
	if fault, ok := errors.AsType[yaml.Error](err); ok {
		told, _, _ := strings.Cut(fault.GetMessage(), `"`)
		message += ": " + strings.TrimRight(told, ": ")
		if t := fault.GetToken(); t != nil && t.Position != nil {
			at = position{t.Position.Line, t.Position.Column}
		}
	}
	p.to.faultAt(at, "", "check indentation, quotes and colons around this place", message)
}

// reader turns the parser's tree into nodes.
type reader struct {
	report  *report
	anchors map[string]*node
}

func (r *reader) read(from ast.Node, path string) *node {
	n := &node{at: start(from)}
	switch from := from.(type) {
	case nil, *ast.NullNode:
		n.form = formNull
	case *ast.StringNode:
		n.form, n.text = formText, from.Value
	case *ast.LiteralNode:
		n.form, n.text = formText, from.Value.Value
	case *ast.IntegerNode:
		n.form, n.text = formInt, from.Token.Value
	case *ast.FloatNode:
		n.form, n.text = formFloat, from.Token.Value
	case *ast.InfinityNode, *ast.NanNode:
		n.form, n.text = formText, from.GetToken().Value
	case *ast.BoolNode:
		n.form, n.text = formBool, from.Token.Value
	case *ast.SequenceNode:
		n.form = formList
		for i, item := range from.Values {
			n.items = append(n.items, r.read(item, element(path, i)))
		}
	case *ast.MappingNode:
		n.form = formFields
		r.pairs(n, from.Values, path)
	case *ast.MappingValueNode:
		n.form = formFields
		r.pairs(n, []*ast.MappingValueNode{from}, path)
	case *ast.AnchorNode:
		n = r.read(from.Value, path)
		r.anchors[from.Name.GetToken().Value] = n
	case *ast.AliasNode:
		return r.alias(from, path)
	default:
		r.report.faultAt(n.at, path, "write the value plainly", "tags and other special forms of YAML are not supported")
		r.report.malformed[path] = true
		n.form = formNull
	}
	return n
}

// alias returns what the anchor stands for. The name of one that does not exist is not repeated: it may be a secret that begins with *.
func (r *reader) alias(from *ast.AliasNode, path string) *node {
	if n, ok := r.anchors[from.Value.GetToken().Value]; ok {
		return n
	}
	r.report.faultAt(start(from), path, "define it above with &, or put a text that begins with * in quotes", "there is no such anchor")
	r.report.malformed[path] = true
	return &node{form: formNull, at: start(from)}
}

func (r *reader) pairs(n *node, values []*ast.MappingValueNode, path string) {
	first := map[string]position{}
	for _, value := range values {
		at := start(value.Key)
		if _, ok := value.Key.(ast.ScalarNode); !ok || value.Key.IsMergeKey() {
			r.report.faultAt(at, path, "write each key plainly", "keys must be plain words; merging with << is not supported")
			continue
		}
		key := value.Key.GetToken().Value
		field := join(path, Key(key))
		if before, ok := first[key]; ok {
			r.report.faultAt(at, field, "remove one of them", fmt.Sprintf("is given twice, first in line %d", before.line))
			continue
		}
		first[key] = at
		n.pairs = append(n.pairs, pair{key: key, at: at, value: r.read(value.Value, field)})
	}
}

// start returns where a node begins, for people: a group begins at its first key, not at the colon behind it.
func start(n ast.Node) position {
	var t *token.Token
	switch n := n.(type) {
	case nil:
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return start(n.Values[0].Key)
		}
		t = n.Start
	case *ast.MappingValueNode:
		return start(n.Key)
	case *ast.AnchorNode:
		t = n.Start
	default:
		t = n.GetToken()
	}
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{t.Position.Line, t.Position.Column}
}

// index notes where each field is: a plain value where it is written, anything else at its key. It returns false when there are
// too many.
func index(n *node, path string, positions map[string]position) bool {
	if len(positions) > maxNodes {
		return false
	}
	for _, p := range n.pairs {
		field := join(path, Key(p.key))
		positions[field] = p.at
		if p.value.scalar() {
			positions[field] = p.value.at
		}
		if !index(p.value, field, positions) {
			return false
		}
	}
	for i, item := range n.items {
		positions[element(path, i)] = item.at
		if !index(item, element(path, i), positions) {
			return false
		}
	}
	return true
}
