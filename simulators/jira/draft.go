package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// draft is an issue while the fields of a create or an edit are checked and applied; errs collects every mistake.
type draft struct {
	s       *Server
	c       *call
	project *project
	screen  []Field
	issue   *Issue
	editing bool
	errs    map[string]string
	set     map[string]bool
}

func (d *draft) fail(field, format string, args ...any) {
	d.errs[field] = fmt.Sprintf(format, args...)
}

// applyAll sets the fields, in any order: they do not depend on each other.
func (d *draft) applyAll(fields map[string]json.RawMessage) {
	for id, raw := range fields {
		switch id {
		case "project", "issuetype":
			continue // looked up before the draft was made; an edit of them is ignored
		case "summary":
			d.summary(raw)
			continue
		}
		field, found := d.onScreen(id)
		if !found {
			d.fail(id, "Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", id)
			continue
		}
		if string(raw) != "null" {
			d.set[id] = true
		}
		d.field(field, raw)
	}
}

func (d *draft) onScreen(id string) (Field, bool) {
	i := slices.IndexFunc(d.screen, func(f Field) bool { return f.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return d.screen[i], true
}

// requireAll complains about required fields that were not set; only a create does.
func (d *draft) requireAll() {
	if d.issue.Summary == "" && d.errs["summary"] == "" {
		d.fail("summary", "You must specify a summary of the issue.")
	}
	for _, f := range d.screen {
		if f.Required && !d.set[f.ID] && d.errs[f.ID] == "" {
			d.fail(f.ID, "%s is required.", f.Name)
		}
	}
}

func (d *draft) field(f Field, raw json.RawMessage) {
	switch f.ID {
	case "description":
		rt, problem := parseRichText(raw, d.c.v3)
		d.failIf(f.ID, problem)
		d.issue.Description, d.issue.document = rt.text, rt.document
	case "labels":
		d.labels(raw)
	case "priority":
		d.priority(raw)
	case "components":
		d.components(raw)
	case "reporter":
		d.issue.Reporter = d.person(f.ID, raw, "MODIFY_REPORTER")
	case "assignee":
		d.issue.Assignee = d.person(f.ID, raw, "ASSIGN_ISSUES")
	default:
		d.custom(f, raw)
	}
}

func (d *draft) failIf(field, problem string) {
	if problem != "" {
		d.fail(field, "%s", problem)
	}
}

func (d *draft) summary(raw json.RawMessage) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		d.fail("summary", "Operation value must be a string")
		return
	}
	switch {
	case strings.TrimSpace(text) == "":
		d.fail("summary", "You must specify a summary of the issue.")
	case strings.ContainsAny(text, "\r\n"):
		d.fail("summary", "The summary is invalid because it contains newline characters.")
	case utf8.RuneCountInString(text) > 255:
		d.fail("summary", "Summary can't exceed 255 characters.")
	default:
		d.issue.Summary = text
	}
}

func (d *draft) labels(raw json.RawMessage) {
	var labels []string
	if err := json.Unmarshal(raw, &labels); err != nil {
		d.fail("labels", "data was not an array")
		return
	}
	d.setLabels(labels)
}

// setLabels checks labels and keeps each once, in alphabetical order.
func (d *draft) setLabels(labels []string) {
	for _, l := range labels {
		if problem := checkLabel(l); problem != "" {
			d.fail("labels", "%s", problem)
			return
		}
	}
	labels = slices.Clone(labels)
	slices.Sort(labels)
	d.issue.Labels = slices.Compact(labels)
}

func checkLabel(label string) string {
	switch {
	case label == "":
		return "The label '' must not be empty."
	case strings.ContainsAny(label, " \t\r\n"):
		return "The label '" + label + "' contains spaces which is invalid."
	case utf8.RuneCountInString(label) > 255:
		return "The label '" + label + "' is longer than 255 characters."
	}
	return ""
}

func (d *draft) priority(raw json.RawMessage) {
	if string(raw) == "null" {
		return
	}
	want := reference(raw, "id", "name")
	for i, name := range d.project.Priorities {
		if want == fmt.Sprint(i+1) || strings.EqualFold(want, name) {
			d.issue.Priority = name
			return
		}
	}
	d.fail("priority", "Specify a valid 'id' or 'name' for priority")
}

func (d *draft) components(raw json.RawMessage) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		d.fail("components", "data was not an array")
		return
	}
	var names []string
	for _, item := range list {
		want := reference(item, "id", "name")
		i := slices.IndexFunc(d.project.Components, func(n string) bool { return strings.EqualFold(n, want) })
		if id := slices.Index(componentIDs(d.project), want); i < 0 {
			i = id
		}
		if i < 0 {
			d.fail("components", "Component name '%s' is not valid", want)
			return
		}
		names = append(names, d.project.Components[i])
	}
	d.issue.Components = names
}

// person reads a user reference: an account id on Cloud, a name on Data Center. Null means nobody.
func (d *draft) person(field string, raw json.RawMessage, permission string) string {
	if !d.c.user.may(permission) {
		d.fail(field, "Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", field)
		return ""
	}
	if string(raw) == "null" {
		return ""
	}
	want := reference(raw, "accountId", "id")
	if d.s.opt.Flavour == DataCenter {
		want = reference(raw, "name")
	}
	u := d.c.cat.userBy[strings.ToLower(want)]
	if u == nil || !strings.EqualFold(d.s.userID(u), want) {
		d.fail(field, "The %s '%s' is not a user.", field, want)
		return ""
	}
	if field == "assignee" && !u.may("ASSIGNABLE_USER") {
		d.fail(field, "User '%s' cannot be assigned issues.", u.DisplayName)
	}
	return d.s.userID(u)
}

// custom checks a custom field by its type and keeps the value as it was sent.
func (d *draft) custom(f Field, raw json.RawMessage) {
	if string(raw) == "null" {
		d.issue.Fields = with[any](d.issue.Fields, f.ID, nil)
		return
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		d.fail(f.ID, "data could not be read")
		return
	}
	if problem := checkCustom(f, value, raw); problem != "" {
		d.fail(f.ID, "%s", problem)
		return
	}
	if f.Type == "option" {
		value = d.option(f, raw)
	}
	d.issue.Fields = with(d.issue.Fields, f.ID, value)
}

func checkCustom(f Field, value any, raw json.RawMessage) string {
	text, isText := value.(string)
	switch f.Type {
	case "string":
		if !isText {
			return "Operation value must be a string"
		}
	case "number":
		if _, isNumber := value.(float64); !isNumber {
			return "Operation value must be a number"
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "Error parsing date string: " + text
		}
	case "array":
		var list []string
		if json.Unmarshal(raw, &list) != nil {
			return "data was not an array"
		}
	case "option":
		if want := reference(raw, "value", "id"); optionIndex(f, want) < 0 {
			return "Option '" + want + "' is not valid"
		}
	}
	return ""
}

func (d *draft) option(f Field, raw json.RawMessage) any {
	i := optionIndex(f, reference(raw, "value", "id"))
	return map[string]any{"id": optionID(i), "value": f.AllowedValues[i]}
}

func optionIndex(f Field, valueOrID string) int {
	return slices.IndexFunc(f.AllowedValues, func(v string) bool {
		return v == valueOrID || optionID(slices.Index(f.AllowedValues, v)) == valueOrID
	})
}

func optionID(i int) string { return fmt.Sprint(10200 + i) }

// reference reads one of the keys of an object such as {"name": "High"} or {"id": "2"}; "" when there is none.
func reference(raw json.RawMessage, keys ...string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return ""
	}
	for _, key := range keys {
		if value, found := object[key]; found && string(value) != "null" {
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = string(value)
			}
			return text
		}
	}
	return ""
}
