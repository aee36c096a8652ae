package jira_test

import (
	"net/http"
	"testing"

	gojira "github.com/andygrunwald/go-jira"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

// loggedIn adds the site's login to every request.
type loggedIn struct{ s *site }

func (l loggedIn) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	l.s.Login(r)
	return l.s.HTTP.Transport.RoundTrip(r)
}

func TestAPublicClientUnderstandsTheAnswers(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour, BasePath: "/jira"})
		client, err := gojira.NewClient(&http.Client{Transport: loggedIn{s}}, s.URL()+"/")
		require.NoError(t, err)
		me, _, err := client.User.GetSelfWithContext(t.Context())
		require.NoError(t, err)
		require.Equal(t, "Access Bridge", me.DisplayName)

		created, _, err := client.Issue.CreateWithContext(t.Context(), &gojira.Issue{Fields: &gojira.IssueFields{
			Project: gojira.Project{Key: "ACC"}, Type: gojira.IssueType{Name: "Access Request"}, Summary: "by go-jira",
			Description: "text", Labels: []string{"x"}, Priority: &gojira.Priority{Name: "Low"},
		}})
		require.NoError(t, err)
		list, _, err := client.Issue.GetTransitionsWithContext(t.Context(), created.ID)
		require.NoError(t, err)
		_, err = client.Issue.DoTransitionWithContext(t.Context(), created.ID, list[1].ID)
		require.NoError(t, err)
		_, _, err = client.Issue.AddCommentWithContext(t.Context(), created.ID, &gojira.Comment{Body: "hello"})
		require.NoError(t, err)

		issue, _, err := client.Issue.GetWithContext(t.Context(), created.Key, &gojira.GetQueryOptions{Expand: "changelog,transitions"})
		require.NoError(t, err)
		require.Equal(t, "Approved", issue.Fields.Status.Name)
		require.Equal(t, "Low", issue.Fields.Priority.Name)
		require.Equal(t, "hello", issue.Fields.Comments.Comments[0].Body)
		require.Equal(t, "Approved", issue.Changelog.Histories[0].Items[0].ToString)
		at, err := issue.Changelog.Histories[0].CreatedTime()
		require.NoError(t, err)
		require.False(t, at.IsZero())

		var found []gojira.Issue
		if flavour == jira.Cloud {
			found, _, err = client.Issue.SearchV2JQLWithContext(t.Context(), "labels = x", &gojira.SearchOptionsV2{Fields: []string{"status"}})
		} else {
			found, _, err = client.Issue.SearchWithContext(t.Context(), "labels = x", nil)
		}
		require.NoError(t, err)
		require.Equal(t, created.Key, found[0].Key)
	})
}
