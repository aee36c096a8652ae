package jira

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	gojira "github.com/andygrunwald/go-jira"
)

// Check asks Jira whether the credentials, the projects and issue types, the fields, the statuses and the permissions that the
// configuration needs are there.
func (j *Jira) Check(ctx context.Context) []bridge.Finding {
	var f incident.Findings
	j.checkWebhook(&f)
	var self gojira.User
	if err := j.call(ctx, http.MethodGet, "rest/api/2/myself", nil, nil, &self); err != nil {
		f.Bad("check url, user and api_token, or token, and whether Jira is up", "credentials: %v", err)
		return f
	}
	j.self.Store(&self)
	f.Good("credentials: connected as %s", incident.Or(self.DisplayName, accountID(self)))
	for _, t := range j.places() {
		j.checkPlace(ctx, &f, t)
	}
	return f
}

// places are the projects and issue types that the configuration names, each once.
func (j *Jira) places() []Target {
	out := []Target{j.set.merged(nil)}
	for _, t := range j.targets {
		m := j.set.merged(t)
		if !slices.ContainsFunc(out, func(o Target) bool { return o.Project == m.Project && o.IssueType == m.IssueType }) {
			out = append(out, m)
		}
	}
	return out
}

func (j *Jira) checkWebhook(f *incident.Findings) {
	p := j.proof
	var forms []string
	for form, set := range map[string]bool{"signature": p.secrets.IsSet(), "basic authentication": p.basic, "header " + p.header: p.header != ""} {
		if set {
			forms = append(forms, form)
		}
	}
	slices.Sort(forms)
	switch {
	case len(forms) > 0:
		f.Good("webhook: deliveries are proven by %s", strings.Join(forms, " or "))
	case j.set.Mode == incident.ModePoll:
		f.Good("webhook: not used, changes are listed every %s", j.set.PollEvery)
	default:
		f.Bad("set webhook.secrets, or use mode: poll", "webhook: nothing proves that a delivery comes from Jira")
	}
}

func (j *Jira) checkPlace(ctx context.Context, f *incident.Findings, t Target) {
	path := "rest/api/2/project/" + url.PathEscape(t.Project)
	if err := j.call(ctx, http.MethodGet, path, nil, nil, nil); err != nil {
		f.Bad("check the key, and give the account the permission to browse the project", "project %s: %v", t.Project, err)
		return
	}
	f.Good("project %s: found", t.Project)
	j.checkPermissions(ctx, f, t)
	j.checkScreen(ctx, f, t)
	j.checkStatuses(ctx, f, t, path)
}

func (j *Jira) checkPermissions(ctx context.Context, f *incident.Findings, t Target) {
	needs := []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS"}
	if j.set.Reporter != nobody {
		needs = append(needs, "MODIFY_REPORTER")
	}
	if t.Assignee != nobody {
		needs = append(needs, "ASSIGN_ISSUES")
	}
	query := url.Values{"projectKey": {t.Project}}
	if j.set.cloud() {
		query.Set("permissions", strings.Join(needs, ","))
	}
	var answer struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	if err := j.call(ctx, http.MethodGet, "rest/api/2/mypermissions", query, nil, &answer); err != nil {
		f.Bad("try again", "project %s: permissions: %v", t.Project, err)
		return
	}
	missing := slices.DeleteFunc(needs, func(p string) bool { return answer.Permissions[p].Have })
	if len(missing) > 0 {
		f.Bad("grant them to the account in the project's permission scheme", "project %s: the account lacks %s",
			t.Project, strings.Join(missing, ", "))
		return
	}
	f.Good("project %s: permissions are complete", t.Project)
}

// typeList is a page of the create screens. Cloud and Data Center name the lists differently.
type typeList struct {
	Types  []namedType   `json:"issueTypes"`
	Fields []screenField `json:"fields"`
	Values []screenField `json:"values"`
	Total  int           `json:"total"`
}

type namedType struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type screenField struct {
	namedType

	FieldID    string `json:"fieldId"`
	Required   bool   `json:"required"`
	HasDefault bool   `json:"hasDefaultValue"`
}

// checkScreen looks at what a new issue must have, and at what it can have.
func (j *Jira) checkScreen(ctx context.Context, f *incident.Findings, t Target) {
	base := "rest/api/2/issue/createmeta/" + url.PathEscape(t.Project) + "/issuetypes"
	types, err := j.screen(ctx, base)
	if err != nil {
		f.Bad("give the account the permission to create issues", "project %s: issue types: %v", t.Project, err)
		return
	}
	i := slices.IndexFunc(types, func(s screenField) bool { return has([]string{t.IssueType}, s.ID, s.Name) })
	if i < 0 {
		var offered []string
		for _, s := range types {
			offered = append(offered, s.Name)
		}
		f.Bad("set issue_type to one of them, or add the type to the project", "project %s: no issue type %q; it has %s",
			t.Project, t.IssueType, quoted(offered))
		return
	}
	fields, err := j.screen(ctx, base+"/"+url.PathEscape(types[i].ID))
	if err != nil {
		f.Bad("give the account the permission to create issues", "project %s, %s: create screen: %v", t.Project, t.IssueType, err)
		return
	}
	j.checkFields(f, t, fields)
}

func (j *Jira) screen(ctx context.Context, path string) ([]screenField, error) {
	var all []screenField
	for range maxPages {
		query := url.Values{"startAt": {strconv.Itoa(len(all))}, "maxResults": {"50"}}
		var page typeList
		if err := j.call(ctx, http.MethodGet, path, query, nil, &page); err != nil {
			return nil, err
		}
		before := len(all)
		for _, t := range page.Types {
			all = append(all, screenField{namedType: t})
		}
		all = slices.Concat(all, page.Fields, page.Values)
		if len(all) == before || len(all) >= page.Total {
			break
		}
	}
	return all, nil
}

func (j *Jira) checkFields(f *incident.Findings, t Target, fields []screenField) {
	where := fmt.Sprintf("project %s, %s", t.Project, t.IssueType)
	given := slices.Concat([]string{"project", "issuetype", "summary", "description", "labels"}, slices.Sorted(maps.Keys(t.Fields)))
	for field, set := range map[string]bool{
		"priority": t.Priority != "", "components": len(t.Components) > 0,
		"reporter": j.set.Reporter != nobody, "assignee": t.Assignee != nobody,
	} {
		if set {
			given = append(given, field)
		}
	}
	faults := len(*f)
	onScreen := map[string]bool{"project": true, "issuetype": true, "summary": true}
	for _, field := range fields {
		id := incident.Or(field.FieldID, field.ID)
		onScreen[id] = true
		// Jira itself sets the reporter to the account.
		if field.Required && !field.HasDefault && id != "reporter" && !slices.Contains(given, id) {
			f.Bad("add it under fields, or make it optional in Jira", "%s: the create screen requires %s (%s), which the configuration does not set",
				where, id, field.Name)
		}
	}
	slices.Sort(given)
	for _, id := range given {
		if onScreen[id] {
			continue
		}
		if id == "labels" {
			f.Bad("add the field Labels to the create screen", "%s: labels cannot be set, and the bridge finds its issues by them", where)
			continue
		}
		f.Bad("add the field to the create screen, or remove the setting", "%s: %s is not on the create screen", where, id)
	}
	if len(*f) == faults {
		f.Good("%s: the create screen fits", where)
	}
}

// checkStatuses looks whether the workflow of the issue type has a status for each meaning.
func (j *Jira) checkStatuses(ctx context.Context, f *incident.Findings, t Target, path string) {
	var types []struct {
		namedType

		Statuses []gojira.Status `json:"statuses"`
	}
	if err := j.call(ctx, http.MethodGet, path+"/statuses", nil, nil, &types); err != nil {
		f.Bad("give the account the permission to browse the project", "project %s: statuses: %v", t.Project, err)
		return
	}
	var statuses []gojira.Status
	for _, typ := range types {
		if has([]string{t.IssueType}, typ.ID, typ.Name) {
			statuses = typ.Statuses
		}
	}
	var offered []string
	for _, st := range statuses {
		offered = append(offered, st.Name)
	}
	s := j.set.Statuses
	for _, list := range []struct {
		meaning string
		names   []string
	}{{"pending", s.Pending}, {"approved", s.Approved}, {"denied", s.Denied}, {"expired", s.Expired}, {"promoted", s.Promoted}} {
		found := slices.ContainsFunc(statuses, func(st gojira.Status) bool { return has(list.names, st.ID, st.Name) })
		switch {
		case len(list.names) == 0:
		case found:
			f.Good("project %s, %s: the workflow has a status for %s", t.Project, t.IssueType, list.meaning)
		default:
			f.Bad("add the status to the workflow, or set statuses."+list.meaning+" to one it has",
				"project %s, %s: the workflow has no %s (%s); it has %s", t.Project, t.IssueType, quoted(list.names), list.meaning, quoted(offered))
		}
	}
}
