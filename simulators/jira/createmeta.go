package jira

import (
	"fmt"
	"slices"
	"strings"
)

// fieldJSON describes one field of a create screen.
type fieldJSON struct {
	Required        bool           `json:"required"`
	Schema          map[string]any `json:"schema"`
	Name            string         `json:"name"`
	Key             string         `json:"key,omitempty"`
	FieldID         string         `json:"fieldId,omitempty"`
	HasDefaultValue bool           `json:"hasDefaultValue"`
	Operations      []string       `json:"operations"`
	AllowedValues   []any          `json:"allowedValues,omitempty"`
}

// screenJSON is the whole create screen of an issue type, with the fields every screen has.
func (s *Server) screenJSON(c *call, p *project, t IssueType) []fieldJSON {
	v := c.view()
	out := []fieldJSON{
		s.fieldJSON(Field{ID: "summary", Name: "Summary", Required: true}, nil),
		s.fieldJSON(Field{ID: "issuetype", Name: "Issue Type", Required: true}, []any{s.typeJSON(v, p, t.Name)}),
		s.fieldJSON(Field{ID: "project", Name: "Project", Required: true}, []any{
			map[string]any{"self": s.self(c.v3, "/project/"+p.id), "id": p.id, "key": p.Key, "name": p.Name},
		}),
	}
	for _, f := range t.screen() {
		out = append(out, s.fieldJSON(f, s.allowed(v, p, f)))
	}
	return out
}

func (s *Server) allowed(v view, p *project, f Field) []any {
	var out []any
	switch f.ID {
	case "priority":
		for _, name := range p.Priorities {
			out = append(out, s.priorityJSON(v, p, name))
		}
	case "components":
		for _, component := range s.componentsJSON(v, p, p.Components) {
			out = append(out, component)
		}
	default:
		for i, value := range f.AllowedValues {
			out = append(out, map[string]any{"id": optionID(i), "value": value})
		}
	}
	return out
}

func (s *Server) fieldJSON(f Field, allowed []any) fieldJSON {
	schema := map[string]any{"type": f.Type, "system": f.ID}
	operations := []string{"set"}
	switch f.ID {
	case "summary", "description":
		schema["type"] = "string"
	case "labels":
		schema["type"], schema["items"] = "array", "string"
		operations = []string{"add", "set", "remove"}
	case "components":
		schema["type"], schema["items"] = "array", "component"
		operations = []string{"add", "set", "remove"}
	case "reporter", "assignee":
		schema["type"] = "user"
	case "priority", "project", "issuetype":
		schema["type"] = f.ID
	default:
		schema = customSchema(f)
	}
	out := fieldJSON{
		Required: f.Required, Schema: schema, Name: f.Name, FieldID: f.ID,
		HasDefaultValue: f.ID == "priority", Operations: operations, AllowedValues: allowed,
	}
	if s.opt.Flavour == Cloud {
		out.Key = f.ID
	}
	return out
}

func customSchema(f Field) map[string]any {
	schema := map[string]any{"type": f.Type, "custom": "com.atlassian.jira.plugin.system.customfieldtypes:" + f.Type}
	if f.Type == "" {
		schema["type"] = "any"
	}
	if f.Type == "array" {
		schema["items"] = "string"
	}
	var number int
	if _, err := fmt.Sscanf(f.ID, "customfield_%d", &number); err == nil {
		schema["customId"] = number
	}
	return schema
}

// getCreateMetaTypes is GET /issue/createmeta/{project}/issuetypes.
func (s *Server) getCreateMetaTypes(c *call) (reply, error) {
	p, err := s.visibleProject(c)
	if err != nil {
		return reply{}, err
	}
	types := []any{}
	for _, t := range p.IssueTypes {
		types = append(types, s.typeJSON(c.view(), p, t.Name))
	}
	return metaPage(s, c, "issueTypes", types)
}

// getCreateMetaFields is GET /issue/createmeta/{project}/issuetypes/{type}.
func (s *Server) getCreateMetaFields(c *call) (reply, error) {
	p, err := s.visibleProject(c)
	if err != nil {
		return reply{}, err
	}
	i := slices.IndexFunc(p.IssueTypes, func(t IssueType) bool { return t.ID == c.Path["type"] })
	if i < 0 {
		return reply{}, badRequest("The issue type does not exist in the project.")
	}
	return metaPage(s, c, "fields", s.screenJSON(c, p, p.IssueTypes[i]))
}

// metaPage is one page of create metadata; Data Center calls the list "values" whatever is in it.
func metaPage[T any](s *Server, c *call, name string, list []T) (reply, error) {
	start, size, err := c.page(50, 200)
	if err != nil {
		return reply{}, err
	}
	shown := page(list, start, size)
	out := map[string]any{"startAt": start, "maxResults": size, "total": len(list), name: shown}
	if s.opt.Flavour == DataCenter {
		delete(out, name)
		out["values"], out["isLast"] = shown, start+len(shown) >= len(list)
	}
	return ok(out)
}

// getCreateMeta is the old GET /issue/createmeta with projects, their types and, if expanded, the fields.
func (s *Server) getCreateMeta(c *call) (reply, error) {
	projects := []map[string]any{}
	keys, ids := split(c.Query["projectKeys"]), split(c.Query["projectIds"])
	names, typeIDs := c.Query["issuetypeNames"], split(c.Query["issuetypeIds"])
	withFields := slices.Contains(split(c.Query["expand"]), "projects.issuetypes.fields")
	for _, p := range c.cat.projects {
		if !c.user.may("CREATE_ISSUES") || (len(keys)+len(ids) > 0 && !slices.Contains(keys, p.Key) && !slices.Contains(ids, p.id)) {
			continue
		}
		types := []any{}
		for _, t := range p.IssueTypes {
			named := slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, t.Name) })
			if len(names)+len(typeIDs) > 0 && !named && !slices.Contains(typeIDs, t.ID) {
				continue
			}
			types = append(types, s.metaType(c, p, t, withFields))
		}
		projects = append(projects, map[string]any{
			"self": s.self(c.v3, "/project/"+p.id), "id": p.id, "key": p.Key, "name": p.Name, "issuetypes": types,
		})
	}
	return ok(map[string]any{"expand": "projects", "projects": projects})
}

func (s *Server) metaType(c *call, p *project, t IssueType, withFields bool) map[string]any {
	out := map[string]any{
		"self": s.self(c.v3, "/issuetype/"+t.ID), "id": t.ID, "name": t.Name, "description": "", "subtask": false,
	}
	if withFields {
		fields := map[string]fieldJSON{}
		for _, f := range s.screenJSON(c, p, t) {
			id := f.FieldID
			f.FieldID = ""
			fields[id] = f
		}
		out["fields"] = fields
	}
	return out
}
