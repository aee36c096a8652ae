// Package spec loads PagerDuty's published description of its REST API for contract tests, with the places mended where it
// contradicts itself or what PagerDuty answers.
package spec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accessbridge/accessbridge/simulators/contract"
)

const name = "pagerduty/pagerduty-rest-v2.json"

// Load is [contract.Load] of the mended description. What is mended, and why:
//
//   - Nothing is read-only: the description forbids id and type of every reference in a request, but both are needed there.
//   - Everything may be null, as PagerDuty's own examples have it.
//   - One of several schemas means any of them: the kinds of channel overlap, so that no channel is exactly one of them.
//   - An acknowledgement's log entry may have the type that the general log entry lists: the two lists exclude each other.
//   - An incident's body may have text for details, as in PagerDuty's own example, and include[] may ask for the body, which
//     the description of an incident says.
//   - What include[] turns from a reference into an object may be an object.
func Load(t testing.TB) *contract.Contract {
	t.Helper()
	folder := contract.Folder(t)
	data, err := os.ReadFile(filepath.Join(folder, "specs", filepath.FromSlash(name)))
	if err != nil {
		t.Fatalf("read PagerDuty's description: %v", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatalf("read PagerDuty's description: %v", err)
	}
	mend(doc)
	loosen(doc)
	if data, err = json.Marshal(doc); err != nil {
		t.Fatalf("write PagerDuty's description: %v", err)
	}
	mended := t.TempDir()
	file := filepath.Join(mended, "specs", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(contract.Env, mended)
	defer t.Setenv(contract.Env, folder)
	return contract.Load(t, name)
}

// mend corrects single places. A place that is not there fails later, when an answer is refused.
func mend(doc map[string]any) {
	add(doc, "acknowledge_log_entry", "components", "schemas", "AcknowledgeLogEntry", "allOf", 1, "properties", "type", "enum")
	if details, found := at(doc, "components", "schemas", "IncidentBody", "properties", "details").(map[string]any); found {
		delete(details, "type")
	}
	for _, parameter := range []string{"include_incident", "include_incidents"} {
		add(doc, "body", "components", "parameters", parameter, "schema", "enum")
	}
	for _, place := range []struct{ schema, property, full string }{
		{"Oncall", "user", "User"},
		{"Oncall", "escalation_policy", "EscalationPolicy"},
		{"Service", "escalation_policy", "EscalationPolicy"},
		{"LogEntry", "incident", "Incident"},
	} {
		properties, found := at(doc, "components", "schemas", place.schema, "properties").(map[string]any)
		if !found {
			properties, _ = at(doc, "components", "schemas", place.schema, "allOf", 1, "properties").(map[string]any)
		}
		orFull(properties, place.property, place.full)
	}
	member, _ := at(doc, "paths", "/teams/{id}/members", "get", "responses", "200", "content", "application/json", "schema",
		"allOf", 1, "properties", "members", "items", "properties").(map[string]any)
	orFull(member, "user", "User")
	if schedule, found := at(doc, "components", "schemas", "Oncall", "properties", "schedule").(map[string]any); found {
		kinds, _ := schedule["oneOf"].([]any)
		schedule["oneOf"] = append(kinds, ref("Schedule"))
	}
}

func ref(schema string) map[string]any {
	return map[string]any{"$ref": "#/components/schemas/" + schema}
}

// orFull lets a property be a full object too.
func orFull(properties map[string]any, property, full string) {
	if properties[property] != nil {
		properties[property] = map[string]any{"oneOf": []any{properties[property], ref(full)}}
	}
}

// at walks down by names and places in lists.
func at(v any, path ...any) any {
	for _, step := range path {
		switch node := v.(type) {
		case map[string]any:
			key, _ := step.(string)
			v = node[key]
		case []any:
			i, _ := step.(int)
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// add appends to the list at the path.
func add(doc map[string]any, value string, path ...any) {
	last := len(path) - 1
	parent, _ := at(doc, path[:last]...).(map[string]any)
	key, _ := path[last].(string)
	if list, isList := parent[key].([]any); isList {
		parent[key] = append(list, value)
	}
}

// loosen makes every schema below v nullable and writable, and turns oneOf into anyOf.
func loosen(v any) {
	switch node := v.(type) {
	case []any:
		for _, child := range node {
			loosen(child)
		}
	case map[string]any:
		if isTrue, _ := node["readOnly"].(bool); isTrue {
			delete(node, "readOnly")
		}
		if to, isRef := node["$ref"].(string); isRef {
			node["$ref"] = strings.ReplaceAll(to, "/oneOf/", "/anyOf/")
		}
		kind, _ := node["type"].(string)
		kinds, _ := node["oneOf"].([]any)
		if kinds != nil {
			delete(node, "oneOf")
			node["anyOf"] = kinds
		}
		_, isAll := node["allOf"].([]any)
		if isAll || kinds != nil || slices.Contains([]string{"string", "integer", "number", "boolean", "array", "object"}, kind) {
			node["nullable"] = true
		}
		for _, child := range node {
			loosen(child)
		}
	}
}
