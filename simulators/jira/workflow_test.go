package jira_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

type transitions struct {
	Transitions []struct {
		ID, Name string
		To       struct {
			ID, Name       string
			StatusCategory struct{ Key string }
		}
	}
}

func TestTransitionsFollowTheWorkflow(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour})
		key := s.create(nil)
		var list transitions
		s.Do(http.StatusOK, "GET", issuePath(key)+"/transitions", nil).Into(t, &list)
		var to []string
		for _, tr := range list.Transitions {
			to = append(to, tr.To.Name)
		}
		require.Equal(t, []string{"In Review", "Approved", "Denied", "Expired", "Promoted"}, to)
		require.Equal(t, "done", list.Transitions[1].To.StatusCategory.Key)

		s.Do(http.StatusNoContent, "POST", issuePath(key)+"/transitions", transitionTo("31"))
		issue, _ := s.Issue(key)
		require.Equal(t, "Approved", issue.Status)

		// A second time, and from elsewhere, it is refused and changes nothing.
		s.Do(http.StatusBadRequest, "POST", issuePath(key)+"/transitions", transitionTo("31"))
		s.Do(http.StatusBadRequest, "POST", issuePath(key)+"/transitions", transitionTo("51"))
		s.Do(http.StatusBadRequest, "POST", issuePath(key)+"/transitions", `{}`)
		again, _ := s.Issue(key)
		require.Equal(t, issue.History, again.History)
	})
}

func TestTransitionTakesACommentOnlyOnAScreen(t *testing.T) {
	project := jira.DefaultProject("ACC")
	project.Workflow.Transitions[3].Screen = true // Deny
	s := start(t, jira.Options{Projects: []jira.Project{project}})
	key := s.create(nil)
	body := transitionTo("31")
	body["update"] = map[string]any{"comment": []any{map[string]any{"add": map[string]any{"body": "no"}}}}
	s.Do(http.StatusBadRequest, "POST", issuePath(key)+"/transitions", body)
	body["transition"] = map[string]any{"id": 41}
	s.Do(http.StatusNoContent, "POST", issuePath(key)+"/transitions", body)
	issue, _ := s.Issue(key)
	require.Equal(t, "Denied", issue.Status)
	require.Equal(t, "no", issue.Comments[0].Body)
}

func TestW15_ChangelogOrderFollowsFlavourAndSwitch(t *testing.T) {
	for name, tc := range map[string]struct {
		opt   jira.Options
		first string
	}{
		"cloud is newest first":          {jira.Options{}, "Approved"},
		"cloud turned round":             {jira.Options{HistoryOldestFirst: true}, "In Review"},
		"data center is oldest first":    {jira.Options{Flavour: jira.DataCenter}, "In Review"},
		"data center turned round":       {jira.Options{Flavour: jira.DataCenter, HistoryNewestFirst: true}, "Approved"},
		"the switch of cloud is its own": {jira.Options{HistoryNewestFirst: true}, "Approved"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, tc.opt)
			key := s.create(nil)
			require.NoError(t, s.Move("alice", key, "In Review"))
			require.NoError(t, s.Move("bob@example.com", key, "approved"))
			var read struct {
				Changelog struct {
					Total     int
					Histories []struct {
						Author struct{ DisplayName string }
						Items  []map[string]any
					}
				}
			}
			s.Do(http.StatusOK, "GET", issuePath(key)+"?expand=changelog", nil).Into(t, &read)
			require.Equal(t, 2, read.Changelog.Total)
			require.Equal(t, tc.first, read.Changelog.Histories[0].Items[0]["toString"])
			issue, _ := s.Issue(key)
			require.Equal(t, "In Review", issue.History[0].Items[0].ToString, "our own view is always oldest first")
		})
	}
}

func TestChangelogPagesAreOldestFirstOnCloud(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	for range 60 {
		require.NoError(t, s.Move("alice", key, "In Review"))
		require.NoError(t, s.Move("alice", key, "Pending"))
	}
	var page struct {
		IsLast bool
		Total  int
		Values []struct{ ID string }
	}
	s.Do(http.StatusOK, "GET", issuePath(key)+"/changelog", nil).Into(t, &page)
	require.Equal(t, 120, page.Total)
	require.Len(t, page.Values, 100)
	require.False(t, page.IsLast)
	require.Equal(t, "20001", page.Values[0].ID)
	s.Do(http.StatusOK, "GET", issuePath(key)+"/changelog?startAt=100", nil).Into(t, &page)
	require.True(t, page.IsLast)
	require.Len(t, page.Values, 20)

	var read struct {
		Changelog struct {
			Total     int
			Histories []struct{ ID string }
		}
	}
	s.Do(http.StatusOK, "GET", issuePath(key)+"?expand=changelog", nil).Into(t, &read)
	require.Len(t, read.Changelog.Histories, 100, "an issue read shows the newest hundred")
	require.Equal(t, "20120", read.Changelog.Histories[0].ID)
}

func TestMoveActsAsThePerson(t *testing.T) {
	clk := standintest.NewClock()
	s := start(t, jira.Options{Clock: clk.Now})
	key := s.create(nil)
	clk.Add(time.Minute)
	require.NoError(t, s.Move("Alice Archer", key, "10102"))
	issue, _ := s.Issue(key)
	require.Equal(t, "712020:alice", issue.History[0].Author)
	require.Equal(t, clk.Now(), issue.History[0].At)
	require.Equal(t, clk.Now(), issue.Updated)
	require.ErrorContains(t, s.Move("alice", key, "Pending"), "cannot move")
	require.ErrorContains(t, s.Move("mallory", key, "Denied"), "no user")
	require.Error(t, s.Move("alice", "ACC-9", "Denied"))
	require.NoError(t, s.UpdateUser("alice", func(u *jira.User) { u.Permissions = []string{"BROWSE_PROJECTS"} }))
	require.Error(t, s.Move("alice", key, "Denied"))
	require.Error(t, s.Comment("alice", key, "x"))
	require.Error(t, s.Comment("mallory", key, "x"))
}

func TestW16_BacklogWorkflowStartsElsewhere(t *testing.T) {
	project := jira.DefaultProject("ACC")
	project.Workflow = jira.BacklogWorkflow()
	s := start(t, jira.Options{Projects: []jira.Project{project}})
	key := s.create(nil)
	issue, _ := s.Issue(key)
	require.Equal(t, "Backlog", issue.Status)
	require.Error(t, s.Move("alice", key, "Approved"))
	s.Do(http.StatusNoContent, "POST", issuePath(key)+"/transitions", transitionTo("71"))
	require.NoError(t, s.Move("alice", key, "Approved"))
}

func TestRenamedStatusKeepsItsID(t *testing.T) {
	s := start(t, jira.Options{IndexLag: time.Hour})
	key := s.create(nil)
	require.NoError(t, s.Move("alice", key, "Approved"))
	require.NoError(t, s.RenameStatus("approved", "Granted"))
	var read struct {
		Fields struct{ Status struct{ ID, Name string } }
	}
	s.Do(http.StatusOK, "GET", issuePath(key), nil).Into(t, &read)
	require.Equal(t, "Granted", read.Fields.Status.Name)
	require.Equal(t, "10102", read.Fields.Status.ID)
	issue, _ := s.Issue(key)
	require.Equal(t, "Approved", issue.History[0].Items[0].ToString, "history stays")
	require.NoError(t, s.Move("alice", key, "Denied"), "transitions follow the new name")
	require.Error(t, s.RenameStatus("approved", "x"))
}

func TestOnIssueIsCalledForCreationAndTransition(t *testing.T) {
	s := start(t, jira.Options{})
	var seen []string
	s.OnIssue(func(i jira.Issue) { seen = append(seen, i.Key+" "+i.Status) })
	key := s.create(nil)
	require.NoError(t, s.Comment("alice", key, "x"))
	require.NoError(t, s.Move("alice", key, "Denied"))
	require.Equal(t, []string{"ACC-1 Pending", "ACC-1 Denied"}, seen)
}

func TestNewRefusesAContradictorySite(t *testing.T) {
	bad := jira.DefaultProject("ACC")
	bad.Workflow.Transitions = append(slices.Clone(bad.Workflow.Transitions), jira.Transition{ID: "9", To: "Nowhere"})
	for name, opt := range map[string]jira.Options{
		"unknown status":   {Projects: []jira.Project{bad}},
		"lower-case key":   {Projects: []jira.Project{jira.DefaultProject("acc")}},
		"project twice":    {Projects: []jira.Project{jira.DefaultProject("ACC"), jira.DefaultProject("ACC")}},
		"no issue type":    {Projects: []jira.Project{{Key: "X", Workflow: jira.DefaultWorkflow()}}},
		"two of one name":  {Users: []jira.User{{Name: "a"}, {Name: "A"}}},
		"two of one email": {Users: []jira.User{{Name: "a", Email: "x@example.com"}, {Name: "b", Email: "X@example.com"}}},
	} {
		_, err := jira.New(opt)
		require.Error(t, err, name)
	}
}
