package text

import (
	"errors"
	"fmt"
	"strings"
	"text/template/parse"
)

// TryText is Try for a template that has to write something: one that writes nothing for any of the samples is at fault as well.
func (t *Template) TryText(samples ...any) error {
	if err := t.Try(samples...); err != nil {
		return err
	}
	for _, sample := range samples {
		if text, err := t.Render(sample); err != nil || strings.TrimSpace(text) != "" {
			return nil
		}
	}
	return errors.New("the template writes nothing")
}

// Try executes the template over samples, so that a misspelt field is found when the configuration is loaded and not when the text is needed.
// Beside the branches that the samples take, every other branch is tried for fields that do not exist. That a list or a map does not have what
// is looked for in it is no fault: requests differ.
func (t *Template) Try(samples ...any) error {
	for _, sample := range samples {
		if _, err := t.Render(sample); err != nil && !absent(err) {
			return err
		}
	}
	flat, err := t.flattened()
	if err != nil {
		return err
	}
	for _, sample := range samples {
		// What a condition keeps from happening may well fail here for other reasons.
		if _, err := flat.Render(sample); err != nil && strings.Contains(err.Error(), "can't evaluate field") {
			return err
		}
	}
	return nil
}

// absent reports whether an error tells of an entry that is not there.
func absent(err error) bool {
	return strings.Contains(err.Error(), "error calling index: ") || strings.Contains(err.Error(), "error calling slice: ")
}

// flattened is the template with all its branches executed, one after the other.
func (t *Template) flattened() (*Template, error) {
	one, err := t.parsed.Clone()
	if err != nil {
		return nil, fmt.Errorf("preparing the template: %w", err)
	}
	for _, tree := range one.Templates() {
		if tree.Tree == nil {
			continue
		}
		tree.Tree = tree.Copy()
		flatten(tree.Root)
		if _, err := one.AddParseTree(tree.Name(), tree.Tree); err != nil {
			return nil, fmt.Errorf("preparing the template: %w", err)
		}
	}
	return &Template{parsed: one}, nil
}

// flatten replaces each condition by its parts: what it asks, and both branches. Bodies that see something else than their surroundings keep
// doing so.
func flatten(list *parse.ListNode) {
	if list == nil {
		return
	}
	var flat []parse.Node
	for _, n := range list.Nodes {
		branch, _ := branchOf(n)
		switch n.(type) {
		case *parse.BreakNode, *parse.ContinueNode:
			continue
		}
		if branch == nil {
			flat = append(flat, n)
			continue
		}
		otherwise := branch.ElseList
		branch.ElseList = nil
		flatten(branch.List)
		flatten(otherwise)
		flat = append(flat, n)
		if _, isIf := n.(*parse.IfNode); isIf {
			body := branch.List.Nodes
			branch.List = &parse.ListNode{NodeType: parse.NodeList, Pos: branch.List.Pos}
			flat = append(flat, body...)
		}
		if otherwise != nil {
			flat = append(flat, otherwise.Nodes...)
		}
	}
	list.Nodes = flat
}
