package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
)

//go:embed config.yaml.tmpl
var configTemplate string

// yaml is the bridge's configuration.
func (s settings) yaml() ([]byte, error) {
	parsed, err := template.New("config.yaml").Option("missingkey=error").Parse(configTemplate)
	if err != nil {
		return nil, fmt.Errorf("parse the configuration's template: %w", err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return out.Bytes(), nil
}
