package incident

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/config"
)

// Texts are templates of what is written when an object is opened. They see a Page. Both an account and a target may have them; what is not
// given is the account's, and then the built-in one.
type Texts struct {
	Title string `yaml:"title" jsonschema_description:"Template of the title. Default: who asks for what."`
	Body  string `yaml:"body" jsonschema_description:"Template of the text. Default: the whole request, and how to decide it."`
}

// Page is what the templates see.
type Page struct {
	Request bridge.Request
	// WebURL is the address of the request in Teleport's web UI, or empty.
	WebURL string
	// HowToDecide tells people what to do at the object.
	HowToDecide string
	// Object is what a request becomes there: incident or alert.
	Object string
}

// The built-in templates. A body lists at most 50 roles or resources, and shows 8,000 characters of a requester's reason.
const (
	builtinTitle = `Access request: {{.Request.User}} asks for {{with .Request.Resources}}{{count (len .) "resource"}} ({{resources 3 .}})` +
		`{{else}}{{shorten 10 .Request.Roles | join ", " | default "access"}}{{end}}`

	builtinBody = `{{with oneline .Request.User}}Requester: {{.}}
{{end}}{{with oneline .Request.Cluster}}Cluster: {{.}}
{{end}}{{with list .Request.Roles | join ", " | oneline}}Roles: {{.}}
{{end}}{{with resources 50 .Request.Resources | oneline}}Resources: {{.}}
{{end}}{{if gt .Request.MaxDuration 0}}Duration: {{duration .Request.MaxDuration}}
{{end}}{{with date .Request.AccessFrom}}Access from: {{.}}
{{end}}{{with date .Request.AccessUntil}}Access until: {{.}}
{{end}}{{with date .Request.PendingUntil}}To be decided before: {{.}}
{{end}}{{with thresholds .Request.Thresholds | oneline}}Needed: {{.}}
{{end}}{{with list .Request.SuggestedReviewers | join ", " | oneline}}Suggested reviewers: {{.}}
{{end}}{{with oneline .Request.ID}}Request: {{.}}
{{end}}{{with oneline .WebURL}}Open in Teleport: {{.}}
{{end}}{{with clean .Request.Reason | trim | cut 8000}}
Reason:
{{.}}
{{end}}{{with .HowToDecide}}
{{.}}
{{end}}`
)

// Or completes the texts of a target from those of its account.
func (t Texts) Or(of Texts) Texts {
	return Texts{Title: Or(t.Title, of.Title), Body: Or(t.Body, of.Body)}
}

// Check reports every fault of the templates.
func (t Texts) Check(p *config.Problems) {
	full := Page{Request: text.SampleRequest(), WebURL: "https://teleport.example.com/web/requests/1", HowToDecide: "To decide, do this.", Object: "incident"}
	bare := Page{Request: bridge.Request{ID: full.Request.ID, Roles: []string{"a"}}}
	p.Template("title", t.Title, parse, full, bare)
	p.Template("body", t.Body, parse, full, bare)
}

func parse(source string) (*text.Template, error) { return text.Parse(source, nil) }

// Write writes title and body by the templates, as plain text of the length the vendor takes. Where a template fails or writes nothing the
// built-in one takes its place, and the error says so.
func (f Form) Write(t Texts, d bridge.Draft, howToDecide string) (title, body string, fault error) {
	page := Page{Request: d.Request, WebURL: d.WebURL, HowToDecide: howToDecide, Object: f.Object}
	title, unwritten := render("title", t.Title, builtinTitle, page)
	body, unwrittenBody := render("body", t.Body, builtinBody, page)
	return Cut(OneLine(title), f.MaxTitle), Cut(Clean(body), f.MaxText), errors.Join(unwritten, unwrittenBody)
}

// Opening is Write for an object that is being opened. A faulty template is logged.
func (f Form) Opening(ctx context.Context, log *slog.Logger, t Texts, d bridge.Draft, howToDecide string) (title, body string) {
	title, body, fault := f.Write(t, d, howToDecide)
	if fault != nil {
		log.WarnContext(ctx, "a configured template cannot be used, the built-in one is", "request_id", d.Request.ID, "error", fault)
	}
	return title, body
}

// render writes a text by the template, or else by the built-in one.
func render(what, source, builtin string, page Page) (string, error) {
	var fault error
	if source != "" {
		written, err := execute(source, page)
		if err == nil && strings.TrimSpace(Clean(written)) != "" {
			return written, nil
		}
		if err == nil {
			err = errors.New("it writes nothing")
		}
		fault = fmt.Errorf("template of the %s: %w", what, err)
	}
	written, err := execute(builtin, page)
	return written, errors.Join(fault, err)
}

func execute(source string, page Page) (string, error) {
	parsed, err := parse(source)
	if err != nil {
		return "", err
	}
	return parsed.Render(page)
}
