package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON schema (draft 2020-12) of the configuration file with the given kinds of integrations, for editors.
func Schema(kinds map[string]Kind) ([]byte, error) {
	root := reflected(&Config{})
	root.Version = jsonschema.Version
	root.Title = "accessbridge configuration"
	integrations, err := property(root, "integrations")
	if err != nil {
		return nil, err
	}
	routes, err := property(root, "routes")
	if err != nil {
		return nil, err
	}
	targets, err := property(routes.Items, "targets")
	if err != nil {
		return nil, err
	}
	if err := byType(integrations.Items, kinds); err != nil {
		return nil, err
	}
	targets.Items = targetOf(targets.Items, kinds)
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return append(out, '\n'), nil
}

// reflected describes a struct by its yaml tags, in one tree without references.
func reflected(v any) *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous:                  true,
		DoNotReference:             true,
		ExpandedStruct:             true,
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
	}
	s := r.Reflect(v)
	s.Version = ""
	return s
}

func property(s *jsonschema.Schema, name string) (*jsonschema.Schema, error) {
	if s != nil && s.Properties != nil {
		if found, ok := s.Properties.Get(name); ok {
			return found, nil
		}
	}
	return nil, errors.New("schema: there is no property " + name)
}

// byType lets the type of an integration choose the schema of its settings.
func byType(integration *jsonschema.Schema, kinds map[string]Kind) error {
	typ, err := property(integration, "type")
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		typ.Enum = append(typ.Enum, name)
		when := with("type", &jsonschema.Schema{Const: name})
		when.Required = []string{"type"}
		then := with("config", reflected(kinds[name].Settings()))
		integration.AllOf = append(integration.AllOf, &jsonschema.Schema{If: when, Then: then})
	}
	return nil
}

// with returns a schema of one property.
func with(name string, s *jsonschema.Schema) *jsonschema.Schema {
	outer := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	outer.Properties.Set(name, s)
	return outer
}

// targetOf returns the schema of a target: one of the forms that the kinds allow. Which one is right depends on the integration
// named, which a schema cannot see.
func targetOf(target *jsonschema.Schema, kinds map[string]Kind) *jsonschema.Schema {
	forms := make([]*jsonschema.Schema, 0, len(kinds))
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		form := *target
		form.Title = "target of type " + name
		form.Properties = jsonschema.NewProperties()
		parts := []*jsonschema.Schema{target}
		if kinds[name].Target != nil {
			parts = append(parts, reflected(kinds[name].Target()))
		}
		for _, part := range parts {
			for key, value := range part.Properties.FromOldest() {
				form.Properties.Set(key, value)
			}
		}
		forms = append(forms, &form)
	}
	if len(forms) == 1 {
		return forms[0]
	}
	return &jsonschema.Schema{AnyOf: forms}
}
