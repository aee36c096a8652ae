package jira

import (
	"encoding/json"
	"slices"
)

// operation is one entry of "update": {"labels": [{"add": "x"}]}.
type operation struct {
	Add    json.RawMessage `json:"add"`
	Remove json.RawMessage `json:"remove"`
	Set    json.RawMessage `json:"set"`
}

// applyOperations applies "update": every operation on labels, comments to add, and "set" on anything else.
func (d *draft) applyOperations(update map[string][]json.RawMessage) {
	for field, list := range update {
		for _, raw := range list {
			var op operation
			if err := json.Unmarshal(raw, &op); err != nil {
				d.fail(field, "the operation could not be read")
				continue
			}
			d.operate(field, op)
		}
	}
}

func (d *draft) operate(field string, op operation) {
	switch {
	case field == "comment" && op.Add != nil:
		d.addComment(op.Add)
	case op.Set != nil:
		d.applyAll(map[string]json.RawMessage{field: op.Set})
	case field == "labels" && op.Add != nil:
		d.changeLabel(op.Add, func(label string) []string { return append(slices.Clone(d.issue.Labels), label) })
	case field == "labels" && op.Remove != nil:
		d.changeLabel(op.Remove, func(label string) []string {
			return slices.DeleteFunc(slices.Clone(d.issue.Labels), func(l string) bool { return l == label })
		})
	default:
		d.fail(field, "Field '%s' does not support this operation.", field)
	}
}

func (d *draft) changeLabel(raw json.RawMessage, change func(string) []string) {
	if _, onScreen := d.onScreen("labels"); !onScreen {
		d.fail("labels", "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown.")
		return
	}
	var label string
	if err := json.Unmarshal(raw, &label); err != nil {
		d.fail("labels", "Operation value must be a string")
		return
	}
	d.setLabels(change(label))
}

func (d *draft) addComment(raw json.RawMessage) {
	if !d.editing || !d.c.user.may("ADD_COMMENTS") {
		d.fail("comment", "Field 'comment' cannot be set. It is not on the appropriate screen, or unknown.")
		return
	}
	var in commentInput
	if err := json.Unmarshal(raw, &in); err != nil {
		d.fail("comment", "the comment could not be read")
		return
	}
	rt, problem := parseRichText(in.Body, d.c.v3)
	if problem != "" {
		d.fail("comment", "%s", problem)
		return
	}
	d.issue.Comments = append(d.issue.Comments, d.s.newComment(d.c.user, rt, nil))
}
