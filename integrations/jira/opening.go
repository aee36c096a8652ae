package jira

import (
	"context"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

var _ bridge.Previewer = (*Jira)(nil)

// opening are the summary and description of an issue, by the templates of the target, or else of the integration.
func (j *Jira) opening(ctx context.Context, d bridge.Draft, t Target) (summary, description string) {
	summary = j.written(ctx, t.Summary, j.text.summary, defaultSummary, j.view(d, strings.TrimSpace))
	description = j.written(ctx, t.Description, j.text.description, defaultDescription, j.view(d, escapeWiki))
	return cut(incident.Or(oneLine(summary), "Access Request "+d.Request.ID), maxSummary), cut(description, maxText)
}

// written writes a text by the template of the target, or else of the integration. The built-in one takes the place of one that fails, so that
// an issue is opened all the same.
func (j *Jira) written(ctx context.Context, ofTarget string, chosen *text.Template, builtin string, v view) string {
	var err error
	if ofTarget != "" {
		chosen, err = j.text.of(ofTarget)
	}
	for range 2 {
		if err == nil {
			var out string
			if out, err = render(chosen, v); err == nil {
				return out
			}
		}
		j.Log.WarnContext(ctx, "a configured template cannot be used, the built-in one is", "request_id", v.Request.ID, "error", err)
		chosen, err = j.text.of(builtin)
	}
	return ""
}

// Preview returns the texts as Jira would be sent them.
func (j *Jira) Preview(ctx context.Context, d bridge.Draft, notes []bridge.Note) (bridge.Preview, error) {
	t, err := j.target(d.Settings)
	if err != nil {
		return bridge.Preview{}, err
	}
	out := bridge.Preview{}
	out.Title, out.Body = j.opening(ctx, d, t)
	for _, n := range notes {
		out.Notes = append(out.Notes, cut(escapeWiki(n.Text), maxText))
	}
	return out, nil
}
