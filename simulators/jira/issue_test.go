package jira_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestCreateKeepsEveryFieldAndProperty(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		project := jira.DefaultProject("ACC")
		project.IssueTypes[0].Fields = append(jira.DefaultFields(),
			jira.Field{ID: "customfield_10050", Name: "Ticket", Type: "string"},
			jira.Field{ID: "customfield_10051", Name: "Level", Type: "option", AllowedValues: []string{"low", "high"}})
		s := start(t, jira.Options{Flavour: flavour, Projects: []jira.Project{project}})
		person := map[string]any{"name": "alice"}
		if flavour == jira.Cloud {
			person = map[string]any{"accountId": "712020:alice"}
		}
		body := fields(map[string]any{
			"description": "line 1\nline 2", "labels": []string{"teleport", "accessbridge-1", "teleport"},
			"priority": map[string]any{"name": "high"}, "components": []any{map[string]any{"name": "Database"}},
			"reporter": person, "assignee": person, "customfield_10050": "T-1", "customfield_10051": map[string]any{"value": "high"},
		})
		body["properties"] = []any{map[string]any{"key": "teleportAccessRequestId", "value": "req-1"}}
		created := s.Do(http.StatusCreated, "POST", "/rest/api/2/issue", body).Object(t)
		require.Equal(t, standintest.Object{"id": "10001", "key": "ACC-1", "self": s.URL() + "/rest/api/2/issue/10001"}, created)

		read := s.Do(http.StatusOK, "GET", issuePath("ACC-1")+"?properties=teleportAccessRequestId", nil).Object(t)
		got := read["fields"].(map[string]any)
		require.Equal(t, "line 1\nline 2", got["description"])
		require.Equal(t, []any{"accessbridge-1", "teleport"}, got["labels"], "each label once, in order")
		require.Equal(t, "High", got["priority"].(map[string]any)["name"])
		require.Equal(t, "Database", got["components"].([]any)[0].(map[string]any)["name"])
		require.Equal(t, "Alice Archer", got["reporter"].(map[string]any)["displayName"])
		require.Equal(t, "Alice Archer", got["assignee"].(map[string]any)["displayName"])
		require.Equal(t, "Pending", got["status"].(map[string]any)["name"])
		require.Equal(t, "T-1", got["customfield_10050"])
		require.Equal(t, map[string]any{"id": "10201", "value": "high"}, got["customfield_10051"])
		require.Equal(t, map[string]any{"teleportAccessRequestId": "req-1"}, read["properties"])
	})
}

func TestCreateRefusesWhatJiraRefuses(t *testing.T) {
	project := jira.DefaultProject("ACC")
	project.IssueTypes[0].Fields = append(jira.DefaultFields(),
		jira.Field{ID: "customfield_1", Name: "Number", Type: "number"},
		jira.Field{ID: "customfield_2", Name: "Option", Type: "option", AllowedValues: []string{"a"}},
		jira.Field{ID: "customfield_3", Name: "Date", Type: "date"},
		jira.Field{ID: "customfield_4", Name: "List", Type: "array"},
		jira.Field{ID: "customfield_5", Name: "Text", Type: "string"})
	project.IssueTypes[1].Fields = []jira.Field{{ID: "customfield_9", Name: "Cost centre", Type: "string", Required: true}}
	s := start(t, jira.Options{Projects: []jira.Project{project}})

	for name, tc := range map[string]struct {
		set   map[string]any
		field string
		text  string
	}{
		"unknown project":        {map[string]any{"project": map[string]any{"key": "NOPE"}}, "project", "valid project"},
		"unknown issue type":     {map[string]any{"issuetype": map[string]any{"name": "Saga"}}, "issuetype", "valid issue type"},
		"no summary":             {map[string]any{"summary": ""}, "summary", "must specify a summary"},
		"summary of two lines":   {map[string]any{"summary": "a\nb"}, "summary", "newline"},
		"summary of 256":         {map[string]any{"summary": strings.Repeat("ä", 256)}, "summary", "255"},
		"label with space":       {map[string]any{"labels": []string{"a b"}}, "labels", "contains spaces"},
		"unknown priority":       {map[string]any{"priority": map[string]any{"name": "Now"}}, "priority", "valid"},
		"unknown component":      {map[string]any{"components": []any{map[string]any{"name": "Mars"}}}, "components", "not valid"},
		"unknown reporter":       {map[string]any{"reporter": map[string]any{"id": "nobody"}}, "reporter", "not a user"},
		"assignee by DC name":    {map[string]any{"assignee": map[string]any{"name": "alice"}}, "assignee", "not a user"},
		"field off the screen":   {map[string]any{"customfield_77": "x"}, "customfield_77", "cannot be set"},
		"document by version 2":  {map[string]any{"description": document("x")}, "description", "must be a string"},
		"too long a description": {map[string]any{"description": strings.Repeat("x", 32768)}, "description", "32,767"},
		"number as text":         {map[string]any{"customfield_1": "1"}, "customfield_1", "number"},
		"unknown option":         {map[string]any{"customfield_2": map[string]any{"value": "b"}}, "customfield_2", "not valid"},
		"no date":                {map[string]any{"customfield_3": "soon"}, "customfield_3", "date"},
		"no list":                {map[string]any{"customfield_4": "x"}, "customfield_4", "array"},
		"no text":                {map[string]any{"customfield_5": 5}, "customfield_5", "string"},
		"required is missing":    {map[string]any{"issuetype": map[string]any{"id": "10002"}}, "customfield_9", "Cost centre is required"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := problems(t, s.Do(http.StatusBadRequest, "POST", "/rest/api/2/issue", fields(tc.set)))
			require.Contains(t, problems[tc.field], tc.text)
			require.Empty(t, s.Issues())
		})
	}
	t.Run("every mistake at once", func(t *testing.T) {
		body := fields(map[string]any{"summary": "", "labels": []string{"a b"}, "customfield_77": 1})
		_, problems := problems(t, s.Do(http.StatusBadRequest, "POST", "/rest/api/2/issue", body))
		require.Len(t, problems, 3)
	})
	t.Run("text by version 3", func(t *testing.T) {
		_, problems := problems(t, s.Do(http.StatusBadRequest, "POST", "/rest/api/3/issue", fields(map[string]any{"description": "x"})))
		require.Contains(t, problems["description"], "Atlassian Document")
	})
	t.Run("no JSON", func(t *testing.T) {
		messages, _ := problems(t, s.Do(http.StatusBadRequest, "POST", "/rest/api/2/issue", `{"fields":`))
		require.NotEmpty(t, messages)
	})
	t.Run("the longest summary is kept", func(t *testing.T) {
		s.create(map[string]any{"summary": strings.Repeat("ä", 255)})
	})
}

func TestRichTextIsADocumentInVersion3AndTextInVersion2(t *testing.T) {
	s := start(t, jira.Options{})
	s.Do(http.StatusCreated, "POST", "/rest/api/3/issue", fields(map[string]any{"description": document("by document")}))
	s.create(map[string]any{"description": "by text\nsecond"})

	v2 := s.Do(http.StatusOK, "GET", "/rest/api/2/issue/ACC-1?fields=description", nil).Object(t)
	require.Equal(t, map[string]any{"description": "by document"}, v2["fields"])
	var v3 struct {
		Fields struct {
			Description struct {
				Type    string
				Content []struct{ Content []struct{ Text string } }
			}
		}
	}
	s.Do(http.StatusOK, "GET", "/rest/api/3/issue/ACC-2?fields=description", nil).Into(t, &v3)
	require.Equal(t, "doc", v3.Fields.Description.Type)
	require.Len(t, v3.Fields.Description.Content, 2)
	require.Equal(t, "second", v3.Fields.Description.Content[1].Content[0].Text)
}

func TestGetIssueAnswersOnlyWhatIsAsked(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	read := s.Do(http.StatusOK, "GET", issuePath(key)+"?fields=summary,status&expand=names", nil).Object(t)
	require.Len(t, read["fields"], 2)
	require.Equal(t, "Summary", read["names"].(map[string]any)["summary"])
	require.NotContains(t, read, "changelog")
	require.NotContains(t, read, "transitions")
	less := s.Do(http.StatusOK, "GET", issuePath(key)+"?fields=-comment", nil).Object(t)["fields"]
	require.NotContains(t, less, "comment")
	require.Contains(t, less, "summary")
	s.Do(http.StatusOK, "GET", "/rest/api/3/issue/10001", nil)
	s.Do(http.StatusOK, "GET", issuePath("acc-1"), nil)
	s.Do(http.StatusNotFound, "GET", issuePath("ACC-2"), nil)
}

func TestEditChangesFieldsLabelsCommentsAndProperties(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(map[string]any{"labels": []string{"a", "b"}})
	before, _ := s.Issue(key)
	s.Do(http.StatusNoContent, "PUT", issuePath(key), map[string]any{
		"fields": map[string]any{"summary": "Changed"},
		"update": map[string]any{
			"labels":  []any{map[string]any{"add": "c"}, map[string]any{"remove": "a"}},
			"comment": []any{map[string]any{"add": map[string]any{"body": "edited"}}},
		},
		"properties": []any{map[string]any{"key": "k", "value": 1}},
	})
	after, _ := s.Issue(key)
	require.Equal(t, "Changed", after.Summary)
	require.Equal(t, []string{"b", "c"}, after.Labels)
	require.Equal(t, "edited", after.Comments[0].Body)
	require.JSONEq(t, "1", string(after.Properties["k"]))
	require.Len(t, after.History, 1)
	require.Len(t, after.History[0].Items, 2)
	require.Equal(t, []string{"a", "b"}, before.Labels, "an earlier reading stays as it was")

	s.Do(http.StatusBadRequest, "PUT", issuePath(key), map[string]any{"update": map[string]any{"labels": []any{map[string]any{"add": "x y"}}}})
	s.Do(http.StatusBadRequest, "PUT", issuePath(key), map[string]any{"update": map[string]any{"summary": []any{map[string]any{"add": "x"}}}})
	unchanged, _ := s.Issue(key)
	require.Equal(t, after.Labels, unchanged.Labels)
}

func TestPropertiesArePutAndRead(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	s.Do(http.StatusNotFound, "GET", issuePath(key)+"/properties/teleportAccessRequestId", nil)
	s.Do(http.StatusCreated, "PUT", issuePath(key)+"/properties/teleportAccessRequestId", `"req-1"`)
	s.Do(http.StatusOK, "PUT", issuePath(key)+"/properties/teleportAccessRequestId", `"req-2"`)
	got := s.Do(http.StatusOK, "GET", issuePath(key)+"/properties/teleportAccessRequestId", nil).Object(t)
	require.Equal(t, standintest.Object{"key": "teleportAccessRequestId", "value": "req-2"}, got)
	require.NoError(t, s.SetProperty(key, "other", map[string]int{"n": 1}))
	keys := s.Do(http.StatusOK, "GET", issuePath(key)+"/properties", nil).Object(t)["keys"]
	require.Len(t, keys, 2)
	s.Do(http.StatusBadRequest, "PUT", issuePath(key)+"/properties/bad", `{`)
	s.Do(http.StatusBadRequest, "PUT", issuePath(key)+"/properties/big", `"`+strings.Repeat("x", 32768)+`"`)
}

func TestCommentsArePagedAndCarryProperties(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour})
		key := s.create(nil)
		s.Do(http.StatusCreated, "POST", issuePath(key)+"/comment", map[string]any{
			"body": "first", "properties": []any{map[string]any{"key": "review", "value": "r1"}},
		})
		require.NoError(t, s.Comment("alice", key, "reason: fine"))
		s.Do(http.StatusBadRequest, "POST", issuePath(key)+"/comment", map[string]any{"body": " "})
		s.Do(http.StatusNotFound, "POST", issuePath("ACC-9")+"/comment", map[string]any{"body": "x"})

		var all struct {
			Total    int
			Comments []struct {
				Body       string
				Author     struct{ AccountID, Name string }
				Properties []struct{ Key, Value string }
			}
		}
		s.Do(http.StatusOK, "GET", issuePath(key)+"/comment?expand=properties", nil).Into(t, &all)
		require.Equal(t, 2, all.Total)
		require.Equal(t, "r1", all.Comments[0].Properties[0].Value)
		require.Equal(t, "reason: fine", all.Comments[1].Body)
		if flavour == jira.Cloud {
			require.Equal(t, "712020:alice", all.Comments[1].Author.AccountID)
		} else {
			require.Equal(t, "alice", all.Comments[1].Author.Name)
		}
		s.Do(http.StatusOK, "GET", issuePath(key)+"/comment?startAt=1&maxResults=1", nil).Into(t, &all)
		require.Equal(t, "reason: fine", all.Comments[0].Body)
		s.Do(http.StatusOK, "GET", issuePath(key)+"/comment?orderBy=-created&maxResults=1", nil).Into(t, &all)
		require.Len(t, all.Comments, 1)
		require.Equal(t, "reason: fine", all.Comments[0].Body)
	})
}

func TestDeletedIssuesAreGone(t *testing.T) {
	s := start(t, jira.Options{})
	one, two := s.create(nil), s.create(nil)
	s.Do(http.StatusNoContent, "DELETE", issuePath(one), nil)
	require.NoError(t, s.DeleteIssue("alice", two))
	s.Do(http.StatusNotFound, "GET", issuePath(one), nil)
	require.Error(t, s.DeleteIssue("alice", two))
	require.Empty(t, s.Issues())
	require.Equal(t, "ACC-3", s.create(nil), "numbers are not used again")
}
