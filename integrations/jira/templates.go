package jira

import (
	"encoding/json"
	"strings"
	"text/template"

	"github.com/accessbridge/accessbridge/bridge"
)

const defaultSummary = `{{.Request.User}} asks for {{with .Request.Resources}}{{len .}} resource{{if gt (len .) 1}}s{{end}} ` +
	`({{resources 3 .}}){{else}}{{join ", " .Request.Roles}}{{end}}`

const defaultDescription = `*{{.Request.User}}* asks for access{{with .Request.Cluster}} to cluster *{{.}}*{{end}}.
{{with .WebURL}}
[Open the request in Teleport|{{.}}]
{{end}}
{{with .Request.Roles}}* Roles: {{list . | join ", "}}
{{end}}{{with .Request.Resources}}* Resources: {{resources 50 .}}
{{end}}{{with .Request.MaxDuration}}* Duration: {{duration .}}
{{end}}{{with .Request.AccessFrom}}{{if not .IsZero}}* Access from: {{date .}}
{{end}}{{end}}{{with .Request.AccessUntil}}{{if not .IsZero}}* Access until: {{date .}}
{{end}}{{end}}{{with .Request.PendingUntil}}{{if not .IsZero}}* To be decided before: {{date .}}
{{end}}{{end}}{{with .Request.Thresholds}}* Needed: {{thresholds .}}
{{end}}{{with .Request.SuggestedReviewers}}* Suggested reviewers: {{list . | join ", "}}
{{end}}* Request: {{.Request.ID}}
{{with .Request.Reason}}
Reason:
{quote}
{{cut 8000 .}}
{quote}
{{end}}
To decide, move this issue to *{{.Approved}}* or *{{.Denied}}*. A comment of yours that begins with "reason:" is handed on to Teleport.
`

// templateFuncs are the functions of templates: pure, and without access to anything but their arguments.
func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"cut":        func(n int, s string) string { return cut(s, max(n, 1)) },
		"date":       bridge.FormatTime,
		"default":    func(otherwise, s string) string { return or(s, otherwise) },
		"duration":   bridge.FormatDuration,
		"escape":     escapeWiki,
		"join":       func(sep string, list []string) string { return strings.Join(list, sep) },
		"json":       toJSON,
		"list":       func(list []string) []string { return bridge.Shorten(maxListed, list) },
		"lower":      strings.ToLower,
		"oneline":    oneLine,
		"replace":    func(old, with, s string) string { return strings.ReplaceAll(s, old, with) },
		"resources":  formatResources,
		"thresholds": bridge.FormatThresholds,
		"trim":       strings.TrimSpace,
		"upper":      strings.ToUpper,
	}
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// formatResources names resources as people know them, with the kind: "node db-1".
func formatResources(n int, resources []bridge.Resource) string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.Label()
	}
	return strings.Join(bridge.Shorten(n, names), ", ")
}
