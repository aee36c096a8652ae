package admin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIssuesAreListed(t *testing.T) {
	s := newStage(t)
	var all []issue
	s.ask("GET", "/issues", "", &all)
	require.NotNil(t, all)
	require.Empty(t, all)
	key := s.openIssue()
	s.ask("GET", "/issues", "", &all)
	require.Len(t, all, 1)
	require.Equal(t, key, all[0].Key)
	require.Equal(t, "Pending", all[0].Status)
	require.Equal(t, "alice asks", all[0].Summary)
	require.Equal(t, []string{"one"}, all[0].Labels)
}

func TestMove(t *testing.T) {
	s := newStage(t)
	path := "/issues/" + s.openIssue() + "/move"
	s.refused(http.StatusBadRequest, "status is required", "POST", path, `{"user":"bob@example.com"}`)
	s.refused(http.StatusBadRequest, "user is required", "POST", path, `{"status":"Approved"}`)
	s.refused(http.StatusBadRequest, "nobody", "POST", path, `{"user":"nobody","status":"Approved"}`)
	s.refused(http.StatusBadRequest, "unknown field", "POST", path, `{"user":"bob","state":"Approved"}`)
	s.refused(http.StatusConflict, "Nowhere", "POST", path, `{"user":"bob","status":"Nowhere"}`)

	var got issue
	s.ask("POST", path, `{"user":"bob@example.com","status":"Approved","comment":"reason: fine"}`, &got)
	require.Equal(t, "Approved", got.Status)
	require.Len(t, got.Comments, 1)
	require.Equal(t, "reason: fine", got.Comments[0].Body)
	require.Len(t, got.History, 1)
	require.Equal(t, "712020:bob", got.History[0].Author)
	require.Equal(t, "Pending", got.History[0].From)
	require.Equal(t, "Approved", got.History[0].To)

	s.refused(http.StatusConflict, "Pending", "POST", path, `{"user":"bob@example.com","status":"Pending"}`)
}

func TestComment(t *testing.T) {
	s := newStage(t)
	path := "/issues/" + s.openIssue() + "/comment"
	s.refused(http.StatusBadRequest, "body is required", "POST", path, `{"user":"bob"}`)
	s.refused(http.StatusBadRequest, "user is required", "POST", path, `{"body":"hello"}`)
	var got issue
	s.ask("POST", path, `{"user":"carol","body":"hello"}`, &got)
	require.Len(t, got.Comments, 1)
	require.Equal(t, "hello", got.Comments[0].Body)
	require.Equal(t, "712020:carol", got.Comments[0].Author)
}

func TestDeleteIssue(t *testing.T) {
	s := newStage(t)
	key := s.openIssue()
	s.refused(http.StatusBadRequest, "user is required", "DELETE", "/issues/"+key, "")
	s.refused(http.StatusBadRequest, "nobody", "DELETE", "/issues/"+key+"?user=nobody", "")
	s.tell("DELETE", "/issues/"+key+"?user=bob@example.com", "")
	require.Empty(t, s.Jira.Issues())
}

func TestUnknownIssueIsNotFound(t *testing.T) {
	s := newStage(t)
	for _, c := range [][3]string{
		{"POST", "/issues/ACC-99/move", `{"user":"bob","status":"Approved"}`},
		{"POST", "/issues/ACC-99/comment", `{"user":"bob","body":"hello"}`},
		{"DELETE", "/issues/ACC-99?user=bob", ""},
	} {
		s.refused(http.StatusNotFound, "ACC-99", c[0], c[1], c[2])
	}
}
