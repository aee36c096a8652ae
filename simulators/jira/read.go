package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// selection is which parts of an issue were asked for.
type selection struct {
	all        bool
	fields     map[string]bool
	without    map[string]bool
	properties []string
	expand     map[string]bool
}

// newSelection reads fields, properties and expand; byDefault stands in when no fields are named.
func newSelection(fields, properties, expand, byDefault []string) selection {
	sel := selection{fields: map[string]bool{}, without: map[string]bool{}, properties: split(properties), expand: map[string]bool{}}
	names := split(fields)
	if len(names) == 0 {
		names = byDefault
	}
	for _, name := range names {
		switch {
		case name == "*all":
			sel.all = true
		case name == "*navigable":
			sel.all = true
			sel.without["comment"] = true
		case strings.HasPrefix(name, "-"):
			sel.without[name[1:]] = true
			sel.all = sel.all || len(sel.fields) == 0
		default:
			sel.fields[name] = true
		}
	}
	for _, name := range split(expand) {
		sel.expand[name] = true
	}
	return sel
}

// split flattens "a,b" and repeated values alike.
func split(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func (sel selection) has(field string) bool {
	return (sel.all || sel.fields[field]) && !sel.without[field]
}

// getIssue is GET /issue/{id}.
func (s *Server) getIssue(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	sel := newSelection(c.Query["fields"], c.Query["properties"], c.Query["expand"], []string{"*all"})
	return ok(s.issueJSON(c, issue, sel))
}

// issueJSON is an issue with what was asked for.
func (s *Server) issueJSON(c *call, issue *Issue, sel selection) map[string]any {
	v := c.view()
	out := map[string]any{
		"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
		"id":     issue.ID, "key": issue.Key, "self": s.self(c.v3, "/issue/"+issue.ID),
	}
	if sel.all || len(sel.fields) > 0 {
		out["fields"] = s.fieldsJSON(v, issue, sel)
	}
	if sel.expand["changelog"] {
		out["changelog"] = s.changelogJSON(v, issue.History)
	}
	if sel.expand["transitions"] {
		out["transitions"] = s.transitionsJSON(c, issue)
	}
	if sel.expand["names"] {
		out["names"] = s.fieldNames(v.cat.project(issue.Project), issue)
	}
	if len(sel.properties) > 0 {
		out["properties"] = selectProperties(issue.Properties, sel.properties)
	}
	return out
}

func selectProperties(all map[string]json.RawMessage, names []string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for key, value := range all {
		if slices.Contains(names, key) || slices.Contains(names, "*all") {
			out[key] = value
		}
	}
	return out
}

// fieldsJSON renders the fields; only those asked for are built, since most calls want one or two.
func (s *Server) fieldsJSON(v view, issue *Issue, sel selection) map[string]any {
	p := v.cat.project(issue.Project)
	out := map[string]any{}
	put := func(name string, value func() any) {
		if sel.has(name) {
			out[name] = value()
		}
	}
	put("summary", func() any { return issue.Summary })
	put("description", func() any { return rich(issue.Description, issue.document, v.v3) })
	put("status", func() any { return s.statusJSON(v, p.statusByID[issue.statusID]) })
	put("labels", func() any { return append([]string{}, issue.Labels...) })
	put("created", func() any { return date(issue.Created) })
	put("updated", func() any { return date(issue.Updated) })
	put("reporter", func() any { return s.person(v, issue.Reporter) })
	put("creator", func() any { return s.person(v, issue.Creator) })
	put("assignee", func() any { return s.person(v, issue.Assignee) })
	put("issuetype", func() any { return s.typeJSON(v, p, issue.Type) })
	put("project", func() any {
		return map[string]any{"self": s.self(v.v3, "/project/"+p.id), "id": p.id, "key": p.Key, "name": p.Name, "projectTypeKey": "software"}
	})
	put("priority", func() any { return s.priorityJSON(v, p, issue.Priority) })
	put("components", func() any { return s.componentsJSON(v, p, issue.Components) })
	put("comment", func() any { return s.commentsJSON(v, issue, 0, len(issue.Comments), issue.Comments, false) })
	put("resolution", func() any { return nil })
	put("issuelinks", func() any { return []any{} })
	for id, value := range issue.Fields {
		put(id, func() any { return value })
	}
	return out
}

func (s *Server) typeJSON(v view, p *project, name string) any {
	t, found := p.issueType(name)
	if !found {
		return nil
	}
	return map[string]any{
		"self": s.self(v.v3, "/issuetype/"+t.ID), "id": t.ID, "name": t.Name, "description": "", "subtask": false, "iconUrl": s.URL() + "/",
	}
}

func (s *Server) priorityJSON(v view, p *project, name string) any {
	i := slices.Index(p.Priorities, name)
	if i < 0 {
		return nil
	}
	id := strconv.Itoa(i + 1)
	return map[string]any{"self": s.self(v.v3, "/priority/"+id), "id": id, "name": name, "iconUrl": s.URL() + "/"}
}

func (s *Server) componentsJSON(v view, p *project, names []string) []map[string]any {
	out := []map[string]any{}
	for _, name := range names {
		if i := slices.Index(p.Components, name); i >= 0 {
			id := componentIDs(p)[i]
			out = append(out, map[string]any{"self": s.self(v.v3, "/component/"+id), "id": id, "name": name})
		}
	}
	return out
}

// componentIDs are the ids of the project's components, in their order. Ids are global, so they grow with the project's.
func componentIDs(p *project) []string {
	out := make([]string, len(p.Components))
	for i := range out {
		out[i] = fmt.Sprintf("%s%02d", p.id, i)
	}
	return out
}

// fieldNames is what expand=names answers: the labels of the fields.
func (s *Server) fieldNames(p *project, issue *Issue) map[string]string {
	names := map[string]string{
		"summary": "Summary", "status": "Status", "created": "Created", "updated": "Updated", "issuetype": "Issue Type",
		"project": "Project", "comment": "Comment", "resolution": "Resolution", "issuelinks": "Linked Issues",
	}
	t, _ := p.issueType(issue.Type)
	for _, f := range append(DefaultFields(), t.screen()...) {
		names[f.ID] = f.Name
	}
	return names
}

// getComments is GET /issue/{id}/comment.
func (s *Server) getComments(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	comments := slices.Clone(issue.Comments)
	if c.Query.Get("orderBy") == "-created" {
		slices.Reverse(comments)
	}
	pageSize := 1048576 // Data Center answers all of them unless asked for fewer
	if s.opt.Flavour == Cloud {
		pageSize = 100
	}
	start, size, err := c.page(pageSize, 5000)
	if err != nil {
		return reply{}, err
	}
	shown := page(comments, start, size)
	properties := slices.Contains(split(c.Query["expand"]), "properties")
	return ok(s.commentsJSON(c.view(), issue, start, size, shown, properties))
}

func (s *Server) commentsJSON(v view, issue *Issue, start, size int, shown []Comment, properties bool) map[string]any {
	list := make([]commentJSON, 0, len(shown))
	for _, comment := range shown {
		list = append(list, s.commentJSON(v, issue.ID, comment, properties))
	}
	return map[string]any{"startAt": start, "maxResults": size, "total": len(issue.Comments), "comments": list}
}

// getChangelog is GET /issue/{id}/changelog of Cloud: pages, oldest first whatever order the issue read uses.
func (s *Server) getChangelog(c *call) (reply, error) {
	issue, err := s.visible(c)
	if err != nil {
		return reply{}, err
	}
	start, size, err := c.page(100, 100)
	if err != nil {
		return reply{}, err
	}
	shown := page(issue.History, start, size)
	self := s.self(c.v3, "/issue/"+issue.ID+"/changelog")
	return ok(map[string]any{
		"self":       fmt.Sprintf("%s?maxResults=%d&startAt=%d", self, size, start),
		"maxResults": size, "startAt": start, "total": len(issue.History),
		"isLast": start+len(shown) >= len(issue.History), "values": s.historiesJSON(c.view(), shown),
	})
}

// page reads startAt and maxResults; the server lowers what is too much, as Jira does.
func (c *call) page(byDefault, most int) (start, size int, err error) {
	size = byDefault
	for name, into := range map[string]*int{"startAt": &start, "maxResults": &size} {
		if text := c.Query.Get(name); text != "" {
			if *into, err = strconv.Atoi(text); err != nil || *into < 0 {
				return 0, 0, badRequest(fmt.Sprintf("The value '%s' is not valid for %s.", text, name))
			}
		}
	}
	return start, min(size, max(most, byDefault)), nil
}

// page cuts one page out of a list.
func page[T any](list []T, start, size int) []T {
	start = min(start, len(list))
	return list[start:min(start+size, len(list))]
}
