package jira

import "text/template"

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

// templateFuncs are the functions of templates beside those of every text: those that depend on how Jira counts and marks up.
func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"cut":     func(n int, s string) string { return cut(s, max(n, 1)) },
		"escape":  escapeWiki,
		"oneline": oneLine,
	}
}
