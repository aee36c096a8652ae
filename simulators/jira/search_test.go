package jira_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestJQLFindsWhatItSays(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		clk := standintest.NewClock()
		s := start(t, jira.Options{
			Flavour: flavour, Clock: clk.Now, Projects: []jira.Project{jira.DefaultProject("ACC"), jira.DefaultProject("OPS")},
		})
		s.create(map[string]any{"labels": []string{"red"}})                             // ACC-1
		clk.Add(10 * time.Minute)                                                       // 03:14
		s.create(map[string]any{"labels": []string{"blue", "red"}})                     // ACC-2
		s.create(map[string]any{"issuetype": map[string]any{"name": "Access Request"}}) // ACC-3
		s.create(map[string]any{"project": map[string]any{"id": "10001"}})              // OPS-1
		clk.Add(10 * time.Minute)                                                       // 03:24
		require.NoError(t, s.Move("alice", "ACC-1", "Approved"))

		for jql, want := range map[string][]string{
			`project = ACC`: {"ACC-3", "ACC-2", "ACC-1"},
			`project in (ops, "ACC") ORDER BY key ASC`:                 {"ACC-1", "ACC-2", "ACC-3", "OPS-1"},
			`project = 10001`:                                          {"OPS-1"},
			`labels = red ORDER BY created`:                            {"ACC-1", "ACC-2"},
			`labels in ("blue", 'green')`:                              {"ACC-2"},
			`labels = none`:                                            {},
			`project = ACC AND labels not in (blue) order by key`:      {"ACC-1"},
			`project = ACC AND status = approved`:                      {"ACC-1"},
			`project = ACC and status not in (Approved) ORDER BY key`:  {"ACC-2", "ACC-3"},
			`status != 10102 AND project != OPS order by key asc`:      {"ACC-2", "ACC-3"},
			`issuetype = "Access Request"`:                             {"ACC-3"},
			`key in (ACC-2, ACC-1) ORDER BY key ASC`:                   {"ACC-1", "ACC-2"},
			`id = 10004`:                                               {"OPS-1"},
			`project = ACC AND updated >= -15m ORDER BY updated DESC`:  {"ACC-1", "ACC-3", "ACC-2"},
			`project = ACC AND updated >= "-15m" ORDER BY updated ASC`: {"ACC-2", "ACC-3", "ACC-1"},
			`project = ACC AND created >= "2026-01-02 03:14"`:          {"ACC-3", "ACC-2"},
			`project = ACC AND created < "2026/01/02 03:14"`:           {"ACC-1"},
			`created >= 2026-01-03 AND project = ACC`:                  {},
		} {
			require.Equal(t, want, s.search(jql, nil).keys(), jql)
		}
	})
}

func TestJQLRefusesWhatItDoesNotKnow(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour})
		path := "/rest/api/2/search"
		if flavour == jira.Cloud {
			path = "/rest/api/3/search/jql"
		}
		for _, jql := range []string{
			`project = NOPE`, `status = Frobnicated`, `issuetype = Saga`, `key = ACC-77`, `nonsense = 1`, `project ~ ACC`,
			`project = ACC OR project = OPS`, `project = ACC AND`, `project`, `project in ACC`, `project in (ACC`, `project not ACC`,
			`labels = "open`, `created >= soon`, `created = -1d`, `project = ACC ORDER BY rank`, `project = ACC ORDER BY key ASC, created`,
			`project = ACC ORDER`, `(project = ACC)`, `labels = `, `key != ACC-1`, `updated >= ""`,
		} {
			messages, _ := problems(t, s.Do(http.StatusBadRequest, "GET", path+"?jql="+url.QueryEscape(jql), nil))
			require.NotEmpty(t, messages, jql)
		}
	})
}

func TestCloudSearchPagesByToken(t *testing.T) {
	for _, order := range []string{"", " ORDER BY created ASC", " ORDER BY updated DESC", " ORDER BY updated ASC", " ORDER BY key DESC"} {
		t.Run(order, func(t *testing.T) {
			s := start(t, jira.Options{})
			for range 250 {
				s.create(map[string]any{"labels": []string{"x"}})
			}
			seen := map[string]bool{}
			more := map[string]any{"maxResults": 500}
			for page := 1; ; page++ {
				got := s.search("labels = x"+order, more)
				for _, key := range got.keys() {
					require.False(t, seen[key], "%s came twice", key)
					seen[key] = true
				}
				if got.IsLast {
					require.Empty(t, got.NextPageToken)
					require.Equal(t, 3, page, "a page with fields has at most 100 issues")
					break
				}
				require.Len(t, got.Issues, 100)
				more["nextPageToken"] = got.NextPageToken
			}
			require.Len(t, seen, 250)
		})
	}
}

func TestCloudSearchDefaultsAndLimits(t *testing.T) {
	s := start(t, jira.Options{})
	for range 60 {
		s.create(nil)
	}
	bare := s.Do(http.StatusOK, "GET", "/rest/api/3/search/jql?jql=project%3DACC", nil).Object(t)
	require.Len(t, bare["issues"], 50)
	require.Equal(t, map[string]any{"id": "10060"}, bare["issues"].([]any)[0], "ids only unless fields are asked for")
	require.NotContains(t, bare, "total")
	all := s.Do(http.StatusOK, "GET", "/rest/api/3/search/jql?jql=project%3DACC&maxResults=1000", nil).Object(t)
	require.Len(t, all["issues"], 60)
	s.Do(http.StatusOK, "GET", "/rest/api/2/search/jql?jql=project%3DACC", nil)

	s.Do(http.StatusBadRequest, "GET", "/rest/api/3/search/jql", nil)
	s.Do(http.StatusBadRequest, "GET", "/rest/api/3/search/jql?jql=project%3DACC&nextPageToken=x", nil)
	token, isText := bare["nextPageToken"].(string)
	require.True(t, isText)
	s.Do(http.StatusBadRequest, "GET", "/rest/api/3/search/jql?jql=project%3D10000&nextPageToken="+token, nil)
	s.Do(http.StatusBadRequest, "GET", "/rest/api/3/search/jql?jql=project%3DACC&reconcileIssues=ACC-1", nil)
}

func TestCloudSearchAnswersPropertiesAndChangelog(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	require.NoError(t, s.SetProperty(key, "teleportAccessRequestId", "req-1"))
	require.NoError(t, s.Move("alice", key, "Denied"))
	body := map[string]any{"jql": "project=ACC", "fields": []string{"status"}, "properties": []string{"teleportAccessRequestId"}, "expand": "changelog"}
	got := s.Do(http.StatusOK, "POST", "/rest/api/3/search/jql", body).Object(t)["issues"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"teleportAccessRequestId": "req-1"}, got["properties"])
	require.Contains(t, got, "changelog")
	require.Len(t, got["fields"], 1)
}

func TestOldSearchIsGoneOnCloud(t *testing.T) {
	s := start(t, jira.Options{})
	for _, path := range []string{"/rest/api/2/search", "/rest/api/3/search"} {
		for _, method := range []string{"GET", "POST"} {
			messages, _ := problems(t, s.Do(http.StatusGone, method, path+"?jql=project%3DACC", nil))
			require.Contains(t, messages[0], "/rest/api/3/search/jql")
		}
	}
}

func TestDataCenterSearchPagesByStartWithTotal(t *testing.T) {
	s := start(t, jira.Options{Flavour: jira.DataCenter})
	for range 120 {
		s.create(nil)
	}
	first := s.search("project = ACC ORDER BY key ASC", nil)
	require.Equal(t, 120, first.Total)
	require.Len(t, first.Issues, 50)
	last := s.search("project = ACC ORDER BY key ASC", map[string]any{"startAt": 100, "maxResults": 100})
	require.Equal(t, 100, last.StartAt)
	require.Len(t, last.Issues, 20)
	require.Equal(t, "ACC-101", last.Issues[0].Key)
	full := s.Do(http.StatusOK, "GET", "/rest/api/2/search?jql=key%3DACC-1", nil).Object(t)["issues"].([]any)[0].(map[string]any)["fields"]
	require.Contains(t, full, "description")
	require.NotContains(t, full, "comment")

	require.Empty(t, s.search("key in (ACC-500)", map[string]any{"validateQuery": false}).Issues)
	s.Do(http.StatusNotFound, "GET", "/rest/api/3/myself", nil)
	s.Do(http.StatusNotFound, "GET", "/rest/api/2/search/jql?jql=project%3DACC", nil)
	s.Do(http.StatusOK, "GET", "/rest/api/latest/myself", nil)
}

func TestUnknownKeysCanBeIgnored(t *testing.T) {
	s := start(t, jira.Options{IgnoreUnknownKeys: true})
	s.create(nil)
	require.Equal(t, []string{"ACC-1"}, s.search("key in (ACC-1, ACC-2)", nil).keys())
	require.Empty(t, s.search("key = ACC-2", nil).keys())
}

func TestP2_SearchLagsBehindAndReconciles(t *testing.T) {
	clk := standintest.NewClock()
	s := start(t, jira.Options{Clock: clk.Now, IndexLag: time.Minute})
	key := s.create(map[string]any{"labels": []string{"x"}})
	s.Do(http.StatusOK, "GET", issuePath(key), nil)
	require.Empty(t, s.search("labels = x", nil).keys(), "a read by key is never late, a search is")
	require.Equal(t, []string{key}, s.search("labels = x", map[string]any{"reconcileIssues": []int{10001}}).keys())

	clk.Add(time.Minute)
	require.Equal(t, []string{key}, s.search("labels = x", nil).keys())

	require.NoError(t, s.SetLabels(key, "y"))
	require.Equal(t, []string{key}, s.search("labels = x", nil).keys(), "the old state is still found")
	require.Empty(t, s.search("labels = y", nil).keys())
	require.Empty(t, s.search("labels = x", map[string]any{"reconcileIssues": []int{10001}}).keys())
	clk.Add(30 * time.Second)
	require.NoError(t, s.SetLabels(key, "z"))
	require.Equal(t, []string{key}, s.search("labels = x", nil).keys())
	clk.Add(30 * time.Second)
	require.Equal(t, []string{key}, s.search("labels = y", nil).keys(), "each state appears after its own lag")
	clk.Add(30 * time.Second)
	require.Equal(t, []string{key}, s.search("labels = z", nil).keys())

	require.NoError(t, s.DeleteIssue("alice", key))
	require.Equal(t, []string{key}, s.search("labels = z", nil).keys(), "a deleted issue is still found")
	clk.Add(time.Minute)
	require.Empty(t, s.search("labels = z", nil).keys())
}

func TestSearchOverThousandsOfIssuesIsComplete(t *testing.T) {
	s := start(t, jira.Options{})
	for i := range 1500 {
		s.create(map[string]any{"labels": []string{"all", fmt.Sprintf("n%d", i)}})
	}
	require.Equal(t, []string{"ACC-1035"}, s.search("labels = n1034", nil).keys())
	seen, more := 0, map[string]any{"maxResults": 100}
	for done := false; !done; {
		page := s.search("project = ACC", more)
		seen, done, more["nextPageToken"] = seen+len(page.Issues), page.IsLast, page.NextPageToken
	}
	require.Equal(t, 1500, seen)
	require.Equal(t, 16, s.Calls()["POST /search/jql"])
}

func TestAStatusNameMeansTheStatusesOfEveryWorkflow(t *testing.T) {
	other := jira.DefaultProject("OPS")
	other.Workflow = jira.Workflow{
		Statuses:    []jira.Status{{ID: "1", Name: "Pending", Category: "To Do"}, {ID: "2", Name: "Approved", Category: "Done"}},
		Transitions: []jira.Transition{{ID: "5", Name: "Yes", To: "Approved"}},
	}
	s := start(t, jira.Options{Projects: []jira.Project{jira.DefaultProject("ACC"), other}})
	one, two := s.create(nil), s.create(map[string]any{"project": map[string]any{"key": "OPS"}})
	require.NoError(t, s.Move("alice", one, "approved"))
	require.NoError(t, s.Move("alice", two, "approved"), "a transition without From starts anywhere")
	require.Equal(t, []string{one, two}, s.search("status = Approved ORDER BY created ASC", nil).keys())
	require.Equal(t, []string{two}, s.search("status = 2", nil).keys())
	require.NoError(t, s.RenameStatus("Approved", "Granted"))
	for _, key := range []string{one, two} {
		issue, _ := s.Issue(key)
		require.Equal(t, "Granted", issue.Status)
	}
}
