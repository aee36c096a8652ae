package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

// ownFields are the fields that only the bridge sets.
var ownFields = []string{"project", "issuetype", "summary", "description", "labels", "reporter", "assignee", "priority", "components"}

// needed are the fields without which an issue is not worth having; any other may be left out when Jira refuses it.
var needed = []string{"project", "issuetype", "summary", "description", "labels"}

// newIssue is the body of a create call.
type newIssue struct {
	Fields     map[string]any `json:"fields"`
	Properties []property     `json:"properties"`
}

// Open creates the issue of a request, with its marker as label and as property, in one call. Where Jira refuses optional fields by
// name, it is created without them and its description says so. An issue whose workflow starts elsewhere is moved to the pending
// status; if that fails the issue stands all the same and a log line says so.
func (j *Jira) Open(ctx context.Context, m bridge.Marker, d bridge.Draft) (bridge.Ref, error) {
	t, err := j.place(ctx, d)
	if err != nil {
		return bridge.Ref{}, err
	}
	draft, err := j.compose(ctx, m, d, t)
	if err != nil {
		return bridge.Ref{}, err
	}
	ref, err := j.create(ctx, draft)
	if dropped := refusedFields(err, draft.Fields); len(dropped) > 0 {
		j.Log.WarnContext(ctx, "jira refused fields, creating the issue without them",
			"request_id", m.RequestID, "fields", strings.Join(dropped, ","), "error", err)
		ref, err = j.create(ctx, without(draft, dropped))
	}
	if err != nil {
		return bridge.Ref{}, err
	}
	j.settle(ctx, ref, t)
	return ref, nil
}

// target returns the settings of one target.
func (j *Jira) target(settings any) (Target, error) {
	switch t := settings.(type) {
	case nil:
		return j.set.merged(nil), nil
	case *Target:
		return j.set.merged(t), nil
	default:
		return Target{}, bridge.Terminal(fmt.Errorf("jira: settings of type %T are not for this integration", settings))
	}
}

func (j *Jira) compose(ctx context.Context, m bridge.Marker, d bridge.Draft, t Target) (newIssue, error) {
	if !requestID.MatchString(m.RequestID) {
		return newIssue{}, bridge.Terminal(fmt.Errorf("jira: %q cannot be a label", m.RequestID))
	}
	fields := map[string]any{
		"project":   map[string]string{"key": t.Project},
		"issuetype": byIDOrName(t.IssueType),
		"labels":    labels(m.RequestID, t.Labels),
	}
	fields["summary"], fields["description"] = j.opening(ctx, d, t)
	if err := j.addFields(fields, d, t); err != nil {
		return newIssue{}, err
	}
	if account := j.accountFor(ctx, j.set.Reporter, d.Request); account != "" {
		fields["reporter"] = j.user(account)
	}
	if account := j.accountFor(ctx, t.Assignee, d.Request); account != "" {
		fields["assignee"] = j.user(account)
	}
	return newIssue{Fields: fields, Properties: []property{{Key: marker, Value: m.RequestID}}}, nil
}

// addFields adds what the configuration asks for beyond summary and description.
func (j *Jira) addFields(fields map[string]any, d bridge.Draft, t Target) error {
	if t.Priority != "" {
		fields["priority"] = byIDOrName(t.Priority)
	}
	if len(t.Components) > 0 {
		list := make([]map[string]string, len(t.Components))
		for i, c := range t.Components {
			list[i] = byIDOrName(c)
		}
		fields["components"] = list
	}
	raw := j.view(d, func(s string) string { return s })
	for _, id := range slices.Sorted(maps.Keys(t.Fields)) {
		parsed, err := j.text.of(t.Fields[id])
		if err != nil {
			return err
		}
		text, err := render(parsed, raw)
		if err != nil {
			return fmt.Errorf("jira: fields.%s: %w", id, err)
		}
		if value := fieldValue(text); value != nil {
			fields[id] = value
		}
	}
	return nil
}

// fieldValue is the value of a custom field: JSON where the text is a JSON object, list or number, else the text; nil for none.
func fieldValue(text string) any {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if strings.ContainsAny(text[:1], "{[-0123456789") && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}

func byIDOrName(s string) map[string]string {
	if strings.Trim(s, "0123456789") == "" {
		return map[string]string{"id": s}
	}
	return map[string]string{"name": s}
}

// labels are the bridge's own labels and the configured ones, without what a label cannot hold.
func labels(id string, more []string) []string {
	out := []string{labelAll, labelOne + id}
	for _, label := range more {
		label = strings.Join(strings.FieldsFunc(label, unicode.IsSpace), "-")
		if label != "" && !slices.Contains(out, label) {
			out = append(out, cut(label, 255))
		}
	}
	return out
}

func (j *Jira) create(ctx context.Context, draft newIssue) (bridge.Ref, error) {
	var made issue
	if err := j.call(ctx, http.MethodPost, "rest/api/2/issue", nil, draft, &made); err != nil {
		return bridge.Ref{}, err
	}
	if made.ID == "" {
		// Something between us and Jira has answered for it.
		return bridge.Ref{}, errors.New("jira: the answer to the create call names no issue")
	}
	return j.ref(made.ID, made.Key), nil
}

// refusedFields returns the optional fields that Jira named as the reason of a refusal; none when a needed field is among them, or
// the error is another one.
func refusedFields(err error, sent map[string]any) []string {
	var status *httpx.StatusError
	if !errors.As(err, &status) || status.Code != http.StatusBadRequest {
		return nil
	}
	var answer struct {
		Errors map[string]any `json:"errors"`
	}
	if json.Unmarshal(status.Body, &answer) != nil {
		return nil
	}
	dropped := slices.Sorted(maps.Keys(answer.Errors))
	for _, id := range dropped {
		if _, ours := sent[id]; !ours || slices.Contains(needed, id) {
			return nil
		}
	}
	return dropped
}

// without returns the issue without some fields, saying so in its description.
func without(draft newIssue, dropped []string) newIssue {
	fields := maps.Clone(draft.Fields)
	for _, id := range dropped {
		delete(fields, id)
	}
	note := "\n\nNot set, because Jira refused it: " + escapeWiki(strings.Join(dropped, ", ")) + "."
	text, _ := fields["description"].(string)
	fields["description"] = cut(text, maxText-len(note)) + note
	return newIssue{Fields: fields, Properties: draft.Properties}
}
