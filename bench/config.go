package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
)

// configTemplate is the configuration with Jira, onCallTemplate the one with a vendor that knows who is on call. What differs from vendor to
// vendor is two templates, "settings" and "on_call", in a file of its own.
var (
	//go:embed config.yaml.tmpl
	configTemplate string
	//go:embed oncall.yaml.tmpl
	onCallTemplate string
	//go:embed oncall.pagerduty.tmpl
	pagerDutyTemplate string
	//go:embed oncall.opsgenie.tmpl
	opsgenieTemplate string
	//go:embed oncall.jsm.tmpl
	jsmTemplate string
)

// yaml is the bridge's configuration.
func (s settings) yaml(text string) ([]byte, error) {
	parsed, err := template.New("config.yaml").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse the configuration's template: %w", err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, s); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return out.Bytes(), nil
}
