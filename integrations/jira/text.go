package jira

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

const (
	// maxSummary and maxText are Jira's limits of a summary and of a description or comment, in UTF-16 units.
	maxSummary = 255
	maxText    = 32767
	// joiner is an invisible character without width. It parts characters that would be markup together.
	joiner = "\u2060"
)

// view is what a template sees.
type view struct {
	// Request is the Access Request. In a description its texts are escaped already.
	Request bridge.Request
	// WebURL is the address of the request in Teleport's web UI, or empty.
	WebURL string
	// Approved and Denied are the first statuses that decide.
	Approved, Denied string
}

func (j *Jira) view(d bridge.Draft, text func(string) string) view {
	return view{
		Request:  mapTexts(d.Request, text),
		WebURL:   d.WebURL,
		Approved: text(first(j.set.Statuses.Approved)),
		Denied:   text(first(j.set.Statuses.Denied)),
	}
}

// mapTexts applies a function to every text of a request that people choose.
func mapTexts(r bridge.Request, text func(string) string) bridge.Request {
	each := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			out[i] = text(s)
		}
		return out
	}
	r.Cluster, r.User, r.Reason = text(r.Cluster), text(r.User), text(r.Reason)
	r.ResolveReason, r.PromotedTo = text(r.ResolveReason), text(r.PromotedTo)
	r.Roles, r.SuggestedReviewers = each(r.Roles), each(r.SuggestedReviewers)
	r.Resources = slices.Clone(r.Resources)
	for i, x := range r.Resources {
		r.Resources[i] = bridge.Resource{Cluster: text(x.Cluster), Kind: text(x.Kind), Name: text(x.Name), Title: text(x.Title)}
	}
	r.Thresholds = slices.Clone(r.Thresholds)
	for i := range r.Thresholds {
		r.Thresholds[i].Name = text(r.Thresholds[i].Name)
	}
	r.Reviews = slices.Clone(r.Reviews)
	for i, v := range r.Reviews {
		r.Reviews[i].Author, r.Reviews[i].Reason = text(v.Author), text(v.Reason)
	}
	annotations := make(map[string][]string, len(r.Annotations))
	for k, v := range r.Annotations {
		annotations[k] = each(v)
	}
	r.Annotations = annotations
	return r
}

// render executes a template of the configuration. A fault of it can only be mended there.
func render(t *text.Template, v view) (string, error) {
	out, err := t.Render(v)
	if err != nil {
		return "", bridge.Terminal(fmt.Errorf("template: %w", err))
	}
	return out, nil
}

var lineMarkup = regexp.MustCompile(`(?m)^([ \t]*)(h[1-6]\.|bq\.)`)

// escapeWiki makes text plain in Jira's wiki markup: no formatting, macro, table, image, link text or mention comes of it. Jira's
// renderer takes a backslash before one of the characters below as an escape, unless another backslash is before it; so a
// backslash of the text is parted from what follows.
func escapeWiki(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\` + joiner)
		case strings.ContainsRune("-#*_+?^~|%{}[]()!@", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' || r == '\t' || !unicode.IsControl(r):
			b.WriteRune(r)
		}
	}
	return lineMarkup.ReplaceAllString(b.String(), "$1"+joiner+"$2")
}

// plain is text without what escapeWiki, or a round trip through Jira Cloud's own format, adds to it; for comparing only.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r) || string(r) == joiner
	}), "")
}

// oneLine joins the lines of a text.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut shortens text to at most n UTF-16 units, which is how Jira counts, never inside a character.
func cut(text string, n int) string {
	if text = strings.ToValidUTF8(text, "\uFFFD"); len(text) <= n {
		return text // no letter has more units than bytes
	}
	units, fits := 0, 0
	for i, r := range text {
		units += max(1, utf16.RuneLen(r))
		if units <= n-1 {
			fits = i + len(string(r))
		}
		if units > n {
			return strings.TrimRight(text[:fits], `\`) + "…"
		}
	}
	return text
}

// parseTemplate reads a template of the configuration.
func parseTemplate(source string) (*text.Template, error) { return text.Parse(source, templateFuncs()) }

// templates are the parsed templates of one integration.
type templates struct {
	summary, description *text.Template
	// others are those of fields and targets, by their source.
	others map[string]*text.Template
}

func newTemplates(s *Settings, targets []*Target) (templates, error) {
	out := templates{others: map[string]*text.Template{}}
	var err error
	if out.summary, err = parseTemplate(incident.Or(s.Summary, defaultSummary)); err != nil {
		return out, fmt.Errorf("summary: %w", err)
	}
	if out.description, err = parseTemplate(incident.Or(s.Description, defaultDescription)); err != nil {
		return out, fmt.Errorf("description: %w", err)
	}
	sources := slices.Collect(maps.Values(s.Fields))
	for _, t := range targets {
		sources = slices.AppendSeq(append(sources, t.Summary, t.Description), maps.Values(t.Fields))
	}
	slices.Sort(sources)
	for _, source := range sources {
		if out.others[source], err = parseTemplate(source); err != nil {
			return out, fmt.Errorf("fields: %w", err)
		}
	}
	return out, nil
}

// of returns a parsed template. Those of the configuration are parsed once, at the start.
func (t templates) of(source string) (*text.Template, error) {
	if parsed, ok := t.others[source]; ok {
		return parsed, nil
	}
	parsed, err := parseTemplate(source)
	if err != nil {
		return nil, bridge.Terminal(fmt.Errorf("template: %w", err))
	}
	return parsed, nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
