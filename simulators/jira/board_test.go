package jira_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestBoardShowsCardsAndEscapesThem(t *testing.T) {
	both(t, func(t *testing.T, flavour jira.Flavour) {
		s := start(t, jira.Options{Flavour: flavour, BasePath: "/jira"})
		key := s.create(map[string]any{"summary": "<script>alert(1)</script>", "description": "who & why"})
		require.NoError(t, s.Comment("bob", key, "reason: <b>fine</b>"))
		a := s.Do(http.StatusOK, "GET", "/board?as=alice", nil)
		page := string(a.Body)
		require.Contains(t, page, "&lt;script&gt;alert(1)&lt;/script&gt;")
		require.NotContains(t, page, "<script>alert(1)")
		require.Contains(t, page, "who &amp; why")
		require.Contains(t, page, "reason: &lt;b&gt;fine&lt;/b&gt;")
		require.Contains(t, page, "Bob Baker")
		require.Contains(t, page, "Alice Archer")
		require.NotContains(t, page, "Automation for Jira", "nobody acts as an app on the board")
		require.Contains(t, page, `action="/jira/board/move"`)
		for _, status := range []string{"Pending", "In Review", "Approved", "Denied", "Expired", "Promoted"} {
			require.Contains(t, page, "<h3>"+status+" ·")
		}
		require.NotContains(t, page, "https://", "no assets from outside")
		require.Equal(t, "DENY", a.Header.Get("X-Frame-Options"))
	})
}

func TestBoardMoveActsAsTheChosenPersonWithComment(t *testing.T) {
	s := start(t, jira.Options{BasePath: "/jira"})
	key := s.create(nil)
	a := s.Post("/board/move", "same-origin", url.Values{"user": {"712020:bob"}, "issue": {key}, "status": {"Denied"}, "comment": {"reason: no"}})
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	require.Equal(t, "/jira/board?as=712020%3Abob", a.Header.Get("Location"))
	issue, _ := s.Issue(key)
	require.Equal(t, "Denied", issue.Status)
	require.Equal(t, "712020:bob", issue.History[0].Author)
	require.Equal(t, "reason: no", issue.Comments[0].Body)

	a = s.Post("/board/move", "same-origin", url.Values{"user": {"712020:bob"}, "issue": {key}, "status": {"Pending"}})
	require.Contains(t, a.Header.Get("Location"), "message=", "a move that is not possible says so")
	page := string(s.Do(http.StatusOK, "GET", "/board?message=told", nil).Body)
	require.Contains(t, page, "told")
}

func TestBoardComments(t *testing.T) {
	s := start(t, jira.Options{})
	key := s.create(nil)
	s.Post("/board/comment", "same-origin", url.Values{"user": {"712020:bob"}, "issue": {key}, "comment": {"hello"}})
	issue, _ := s.Issue(key)
	require.Equal(t, "hello", issue.Comments[0].Body)
	require.Equal(t, "Pending", issue.Status)
}

func TestBoardStateChangesWithEveryChange(t *testing.T) {
	s := start(t, jira.Options{})
	version := func() any { return s.Do(http.StatusOK, "GET", "/board/state", nil).Object(t)["version"] }
	before := version()
	require.Equal(t, before, version())
	key := s.create(nil)
	created := version()
	require.NotEqual(t, before, created)
	require.NoError(t, s.Comment("bob", key, "x"))
	require.NotEqual(t, created, version())
	require.Empty(t, s.Calls()["other"])
	require.Equal(t, 1, s.TotalCalls(), "the board is not counted")
}
