package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

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
		"date":       formatDate,
		"default":    func(otherwise, s string) string { return or(s, otherwise) },
		"duration":   formatDuration,
		"escape":     escapeWiki,
		"join":       func(sep string, list []string) string { return strings.Join(list, sep) },
		"json":       toJSON,
		"list":       func(list []string) []string { return shorten(maxListed, list) },
		"lower":      strings.ToLower,
		"oneline":    oneLine,
		"replace":    func(old, with, s string) string { return strings.ReplaceAll(s, old, with) },
		"resources":  formatResources,
		"thresholds": formatThresholds,
		"trim":       strings.TrimSpace,
		"upper":      strings.ToUpper,
	}
}

func formatDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 MST")
}

// formatDuration writes 1h30m, not 1h30m0s.
func formatDuration(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// shorten keeps the first n of a list and says how many are left out.
func shorten(n int, list []string) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("and %d more", len(list)-n))
}

// formatResources names resources as people know them, with the kind: "node db-1".
func formatResources(n int, resources []bridge.Resource) string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = strings.TrimSpace(r.Kind + " " + or(r.Title, r.Name))
	}
	return strings.Join(shorten(n, names), ", ")
}

func formatThresholds(list []bridge.Threshold) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = count(t.Approve, "approval") + " or " + count(t.Deny, "denial")
		if t.Name != "" {
			out[i] = t.Name + ": " + out[i]
		}
	}
	return strings.Join(out, "; ")
}

func count(n uint32, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
