package admin_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/admin"
)

var endpointLine = regexp.MustCompile(`(?m)^(GET|POST|DELETE) /\S*$`)

func TestHelpListsEveryEndpoint(t *testing.T) {
	s := newStage(t)
	status, text := s.call("GET", "/", "")
	require.Equal(t, http.StatusOK, status)
	listed := endpointLine.FindAllString(string(text), -1)
	alone := []string{
		"GET /requests", "GET /requests/{id}", "POST /requests", "POST /requests/{id}/review", "POST /requests/{id}/state",
		"DELETE /requests/{id}", "POST /requests/{id}/expire", "POST /requests/{id}/promote",
		"GET /issues", "POST /issues/{key}/move", "POST /issues/{key}/comment", "DELETE /issues/{key}",
		"POST /teleport/faults", "POST /jira/faults", "POST /jira/webhook-faults", "DELETE /faults/{id}",
		"POST /teleport/stop", "POST /teleport/start", "POST /teleport/break-watchers", "POST /teleport/drop-connections",
		"POST /jira/stop", "POST /jira/start", "GET /calls", "POST /calls/reset", "GET /deliveries", "POST /identity",
	}
	require.ElementsMatch(t, alone, listed, "vendors that do not run have no endpoints")
	require.Equal(t, len(listed), strings.Count(string(text), "curl -sS -X "), "each has an example")
	require.Contains(t, string(text), s.Jira.BoardURL())

	all := newStage(t, everybody)
	_, text = all.call("GET", "/", "")
	listed = endpointLine.FindAllString(string(text), -1)
	require.Subset(t, listed, alone)
	for _, v := range admin.Vendors() {
		objects, ended := "alerts", "close"
		if v == admin.PagerDuty {
			objects, ended = "incidents", "resolve"
		}
		base := "/" + string(v)
		require.Subset(t, listed, []string{
			"POST " + base + "/faults", "POST " + base + "/webhook-faults", "POST " + base + "/stop", "POST " + base + "/start",
			"GET " + base + "/" + objects, "POST " + base + "/" + objects + "/{id}/note", "POST " + base + "/" + objects + "/{id}/action",
			"POST " + base + "/" + objects + "/{id}/acknowledge", "POST " + base + "/" + objects + "/{id}/" + ended,
			"POST " + base + "/schedules/{name}/shifts", "DELETE " + base + "/schedules/{name}/shifts",
		})
		require.Contains(t, string(text), all.BoardURL(v))
	}
	require.Len(t, listed, len(alone)+3*11)
	require.Equal(t, len(listed), strings.Count(string(text), "curl -sS -X "), "each has an example")
}

// Every example must work as it stands, once the id of a request, an issue, an incident, an alert or a fault is put in.
func TestExamplesOfTheHelpWork(t *testing.T) {
	s := newStage(t, everybody)
	_, text := s.call("GET", "/", "")
	example := regexp.MustCompile(`curl -sS -X (\S+)(?: -d '(.*)')? '` + regexp.QuoteMeta(s.url) + `(\S+)'`)
	found := example.FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, len(endpointLine.FindAllString(string(text), -1)))
	for _, f := range found {
		method, body, path := f[1], f[2], f[3]
		fresh := newStage(t, everybody)
		name, _, _ := strings.Cut(path[1:], "/")
		switch {
		case strings.HasPrefix(path, "/requests/"):
			path = strings.Replace(path, "ID", fresh.create(), 1)
		case strings.HasPrefix(path, "/issues/"):
			path = strings.Replace(path, "KEY", fresh.openIssue(), 1)
		case strings.HasPrefix(path, "/pagerduty/incidents/"):
			path = strings.Replace(path, "ID", fresh.openIncident(), 1)
		case strings.Contains(path, "/alerts/"):
			path = strings.Replace(path, "ID", fresh.openAlert(admin.Vendor(name)), 1)
		case strings.HasPrefix(path, "/faults/"):
			var fault struct{ ID string }
			fresh.ask("POST", "/jira/faults", `{"status":500}`, &fault)
			path = strings.Replace(path, "ID", fault.ID, 1)
		case strings.HasSuffix(path, "/start"):
			_, _ = fresh.call("POST", "/"+name+"/stop", "")
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

// The guide names what all vendors, or both with alerts, have in common once, as {vendor}.
func TestGuideNamesEveryEndpoint(t *testing.T) {
	guide, err := os.ReadFile("../../docs/simulators.md")
	require.NoError(t, err)
	s := newStage(t, everybody)
	_, text := s.call("GET", "/", "")
	vendor := regexp.MustCompile(`/(jira|pagerduty|opsgenie|jsm)/`)
	for _, line := range endpointLine.FindAllString(string(text), -1) {
		named := strings.Contains(string(guide), "`"+line+"`") ||
			strings.Contains(string(guide), "`"+vendor.ReplaceAllString(line, "/{vendor}/")+"`")
		require.True(t, named, line)
	}
}
