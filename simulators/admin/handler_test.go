package admin_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var endpointLine = regexp.MustCompile(`(?m)^(GET|POST|DELETE) /\S*$`)

func TestHelpListsEveryEndpoint(t *testing.T) {
	s := newStage(t)
	status, text := s.call("GET", "/", "")
	require.Equal(t, http.StatusOK, status)
	listed := endpointLine.FindAllString(string(text), -1)
	require.Subset(t, listed, []string{
		"GET /requests", "GET /requests/{id}", "POST /requests", "POST /requests/{id}/review", "POST /requests/{id}/state",
		"DELETE /requests/{id}", "POST /requests/{id}/expire", "POST /requests/{id}/promote",
		"GET /issues", "POST /issues/{key}/move", "POST /issues/{key}/comment", "DELETE /issues/{key}",
		"POST /teleport/faults", "POST /jira/faults", "POST /jira/webhook-faults", "DELETE /faults/{id}",
		"POST /teleport/stop", "POST /teleport/start", "POST /teleport/break-watchers", "POST /teleport/drop-connections",
		"POST /jira/stop", "POST /jira/start", "GET /calls", "POST /calls/reset", "GET /deliveries", "POST /identity",
	})
	require.Equal(t, len(listed), strings.Count(string(text), "curl -sS -X "), "each has an example")
}

// Every example must work as it stands, once the id of a request, an issue or a fault is put in.
func TestExamplesOfTheHelpWork(t *testing.T) {
	s := newStage(t)
	_, text := s.call("GET", "/", "")
	example := regexp.MustCompile(`curl -sS -X (\S+)(?: -d '(.*)')? '` + regexp.QuoteMeta(s.url) + `(\S+)'`)
	found := example.FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, len(endpointLine.FindAllString(string(text), -1)))
	for _, f := range found {
		method, body, path := f[1], f[2], f[3]
		fresh := newStage(t)
		switch {
		case strings.HasPrefix(path, "/requests/"):
			path = strings.Replace(path, "ID", fresh.create(), 1)
		case strings.HasPrefix(path, "/issues/"):
			path = strings.Replace(path, "KEY", fresh.openIssue(), 1)
		case strings.HasPrefix(path, "/faults/"):
			var fault struct{ ID string }
			fresh.ask("POST", "/jira/faults", `{"status":500}`, &fault)
			path = strings.Replace(path, "ID", fault.ID, 1)
		case path == "/jira/start":
			fresh.Jira.Stop()
		}
		status, answer := fresh.call(method, path, body)
		require.Less(t, status, 300, "%s %s %s: %s", method, path, body, answer)
	}
}

func TestUnknownEndpointIsNotFound(t *testing.T) {
	s := newStage(t)
	for _, c := range [][2]string{{"GET", "/request"}, {"DELETE", "/requests"}, {"GET", "/teleport/stop"}, {"POST", "/"}} {
		s.refused(http.StatusNotFound, fmt.Sprintf("no %s %s", c[0], c[1]), c[0], c[1], "")
	}
	require.True(t, s.listening(s.Teleport.Addr()))
}

func TestW14_OversizedBodyIsRefused(t *testing.T) {
	s := newStage(t)
	body := `{"user":"` + strings.Repeat("x", 1<<20) + `"}`
	s.refused(http.StatusBadRequest, "too large", "POST", "/requests", body)
}

func TestGuideNamesEveryEndpoint(t *testing.T) {
	guide, err := os.ReadFile("../../docs/simulators.md")
	require.NoError(t, err)
	s := newStage(t)
	_, text := s.call("GET", "/", "")
	for _, line := range endpointLine.FindAllString(string(text), -1) {
		require.Contains(t, string(guide), "`"+line+"`")
	}
}
