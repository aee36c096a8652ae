package config

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// Dump returns the configuration with all defaults filled in, as YAML for people to read. Secrets appear as a placeholder.
func Dump(c *Config) ([]byte, error) {
	out, err := yaml.MarshalWithOptions(c, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("dump configuration: %w", err)
	}
	return out, nil
}

// MarshalYAML writes the per-target settings beside the name of the integration, as they stand in the file.
func (t Target) MarshalYAML() (any, error) {
	keys := yaml.MapSlice{{Key: "integration", Value: t.Integration}}
	if t.Settings == nil {
		return keys, nil
	}
	text, err := yaml.Marshal(t.Settings)
	if err != nil {
		return nil, fmt.Errorf("settings of target %s: %w", t.Integration, err)
	}
	var settings yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &settings, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("settings of target %s: %w", t.Integration, err)
	}
	return append(keys, settings...), nil
}
