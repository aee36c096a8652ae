package opsgenie_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/opsgenie"
)

func TestAnAlertHasWhatItWasMadeWith(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(full())
	got := a.read("/v2/alerts/" + id)
	for field, want := range map[string]any{
		"id": id, "tinyId": "1", "alias": "accessbridge:r 1", "message": "Access to prod-db", "description": "who & why",
		"entity": "prod-db", "priority": "P2", "source": "accessbridge", "status": "open", "acknowledged": false, "isSeen": false,
		"count": float64(1), "owner": "", "tags": []any{"accessbridge", "prod"}, "actions": []any{"Approve", "Deny"},
		"details": map[string]any{"request": "r1"}, "createdAt": "2026-01-02T03:04:05.678Z",
	} {
		require.Equal(t, want, got[field], field)
	}
	require.Equal(t, []any{"team", "user", "schedule", "escalation"}, anyEach(got, "responders", "type"))
	require.Nil(t, got["report"])
	notes := a.rows("/v2/alerts/" + id + "/notes")
	require.Equal(t, []string{"first", "bridge"}, []string{texts(notes, "note")[0], texts(notes, "owner")[0]})
	for _, other := range []string{"1?identifierType=tiny", url.PathEscape("accessbridge:r 1") + "?identifierType=alias"} {
		require.Equal(t, id, a.read("/v2/alerts/" + other)["id"], other)
	}
	a.Do(404, "GET", "/v2/alerts/1", nil) // an id is wanted unless the type says otherwise
	a.Do(404, "GET", "/v2/alerts/accessbridge:r%201", nil)
	a.Do(422, "GET", "/v2/alerts/1?identifierType=name", nil)
}

func anyEach(o map[string]any, list, field string) []any {
	rows, _ := o[list].([]any)
	out := []any{}
	for _, row := range rows {
		object, _ := row.(map[string]any)
		out = append(out, object[field])
	}
	return out
}

func TestWritesAreAcceptedAndTakeEffectLater(t *testing.T) {
	a := start(t, opsgenie.Options{Account: alerting.Options{ProcessLag: time.Hour}})
	got := a.Do(http.StatusAccepted, "POST", "/v2/alerts", draft(map[string]any{"alias": "key"})).Object(t)
	require.Equal(t, "Request will be processed", got["result"])
	id := fmt.Sprint(got["requestId"])
	status := a.Do(404, "GET", "/v2/alerts/requests/"+id, nil)
	require.Equal(t, "RequestNotProcessed", status.Header.Get("X-Opsgenie-Errortype"))
	a.Do(404, "GET", "/v2/alerts/key?identifierType=alias", nil)
	a.Do(http.StatusAccepted, "POST", "/v2/alerts/key/notes?identifierType=alias", map[string]any{"note": "n"})
	require.Equal(t, 2, a.PendingRequests())
}

// An accepted write may fail, and only the status of its request says so.
func TestAnAcceptedWriteMayFail(t *testing.T) {
	a := start(t, opsgenie.Options{})
	status := a.write("POST", "/v2/alerts/none/acknowledge", map[string]any{})
	require.Equal(t, false, status["isSuccess"])
	require.Equal(t, []any{"Acknowledge", "Alert does not exist", "", ""},
		[]any{status["action"], status["status"], status["alertId"], status["alias"]})
	status = a.write("POST", "/v2/alerts", draft(map[string]any{"responders": []any{map[string]any{"type": "team", "name": "Nobody"}}}))
	require.Equal(t, false, status["isSuccess"])
	require.Empty(t, a.Alerts())

	strict := start(t, opsgenie.Options{RefuseUnknown: true})
	strict.Do(404, "POST", "/v2/alerts/none/acknowledge", map[string]any{})
	strict.write("POST", "/v2/alerts", draft(map[string]any{"alias": "key"}))
	require.Equal(t, true, strict.write("POST", "/v2/alerts/key/acknowledge?identifierType=alias", nil)["isSuccess"])
}

func TestASecondAlertWithTheAliasCountsTheFirst(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(map[string]any{"alias": "key"})
	require.Equal(t, id, a.create(map[string]any{"alias": "key", "message": "other"}))
	got := a.read("/v2/alerts/" + id)
	require.Equal(t, []any{float64(2), "Access to prod-db"}, []any{got["count"], got["message"]})
}

func TestEveryWriteIsSeenInTheAlertAndItsLog(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(full())
	at := "/v2/alerts/" + id
	for _, w := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/tags", map[string]any{"tags": []string{"x"}}},
		{"DELETE", "/tags?tags=prod,x&user=u", nil},
		{"POST", "/details", map[string]any{"details": map[string]string{"k": "v"}}},
		{"DELETE", "/details?keys=request", nil},
		{"PUT", "/priority", map[string]any{"priority": "P5"}},
		{"PUT", "/message", map[string]any{"message": "new message"}},
		{"PUT", "/description", map[string]any{"description": "new description"}},
		{"POST", "/actions/Deny", map[string]any{"user": "script", "note": "no"}},
		{"POST", "/acknowledge", map[string]any{"user": "alice@example.com"}},
		{"POST", "/unacknowledge", map[string]any{}},
		{"POST", "/close", map[string]any{"user": "bridge", "note": "done"}},
	} {
		require.Equal(t, true, a.write(w.method, at+w.path, w.body)["isSuccess"], w.path)
	}
	got := a.read(at)
	for field, want := range map[string]any{
		"tags": []any{"accessbridge"}, "details": map[string]any{"k": "v"}, "priority": "P5", "message": "new message",
		"description": "new description", "status": "closed", "owner": "", "acknowledged": false,
		"report": map[string]any{"closeTime": float64(0), "closedBy": "bridge"},
	} {
		require.Equal(t, want, got[field], field)
	}
	logs := a.rows(at + "/logs?limit=100&order=asc")
	require.Equal(t, []string{
		"bridge: Alert created via API", "bridge: Added note [first] via API", "System: Added tags [x] via API",
		"u: Removed tags [prod,x] via API", "System: Added details via API", "System: Removed details via API",
		"System: Updated priority to [P5] via API", "System: Updated message via API", "System: Updated description via API",
		"script: Executed [Deny] action via API", "script: Added note [no] via API", "alice@example.com: Alert acknowledged via API",
		"System: Alert unacknowledged via API", "bridge: Alert closed via API", "bridge: Added note [done] via API",
	}, joined(texts(logs, "owner"), texts(logs, "log")))
	require.Equal(t, true, a.write("DELETE", at, nil)["isSuccess"])
	a.Do(404, "GET", at, nil)
}

func joined(a, b []string) []string {
	out := []string{}
	for i := range a {
		out = append(out, a[i]+": "+b[i])
	}
	return out
}

func TestRequestsThatAreNotRightAreRefused(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(nil)
	for _, w := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "", `{"message":`},
		{422, "POST", "", `{"message":7}`},
		{422, "POST", "", `{"message":"m","tags":"x"}`},
		{422, "POST", "", ``},
		{422, "POST", "", `{"message":"m","priority":"high"}`},
		{422, "POST", "", `{"message":"` + strings.Repeat("m", 131) + `"}`},
		{422, "POST", "/" + id + "/notes", `{}`},
		{422, "POST", "/" + id + "/tags", `{}`},
		{422, "PUT", "/" + id + "/priority", `{"priority":"P9"}`},
		{400, "POST", "/" + id + "/close", `[`},
		{422, "POST", "/" + id + "/close?identifierType=x", `{}`},
		{422, "DELETE", "/" + id + "/details", ``},
		{405, "PATCH", "/" + id, ``},
		{404, "POST", "/" + id + "/invented", `{}`},
		{413, "POST", "", `{"message":"` + strings.Repeat("m", 5<<20) + `"}`},
	} {
		got := a.Do(w.status, w.method, "/v2/alerts"+w.path, w.body).Object(t)
		require.NotEmpty(t, got["message"], w.path)
		require.NotEmpty(t, got["requestId"])
		require.NotZero(t, got["took"])
	}
	require.Contains(t, a.Do(422, "POST", "/v2/alerts", `{"message":""}`).Object(t).At("errors"), "message")
	require.Len(t, a.Alerts(), 1)
}

func TestListsAreCutIntoPagesThatLinkToEachOther(t *testing.T) {
	a := start(t, opsgenie.Options{})
	for i := range 5 {
		a.create(map[string]any{"alias": fmt.Sprint("a", i), "tags": []string{"x y"}})
		a.clock.Add(time.Second)
	}
	var all []string
	next := query(`tag:"x y"`) + "&limit=2&order=asc"
	for pages := 1; next != ""; pages++ {
		require.LessOrEqual(t, pages, 3)
		got := a.Do(200, "GET", next, nil)
		body := got.Object(t)
		all = append(all, texts(body.Rows("data"), "alias")...)
		require.NotEmpty(t, body.At("paging", "first"))
		require.Equal(t, pages > 1, body.At("paging", "prev") != nil)
		next, _ = body.At("paging", "next").(string)
		require.Equal(t, next, got.Header.Get("X-Paging-Next"))
		next = strings.TrimPrefix(next, a.URL())
	}
	require.Equal(t, []string{"a0", "a1", "a2", "a3", "a4"}, all)
	require.Equal(t, []string{"a4", "a3", "a2", "a1", "a0"}, texts(a.rows("/v2/alerts"), "alias"), "the newest first")
	require.Nil(t, a.rows("/v2/alerts")[0]["description"], "a list tells less")
	require.Nil(t, a.rows("/v2/alerts")[0]["actions"])
	require.Empty(t, a.rows(query("alias: none")))
	for _, bad := range []string{
		"limit=0", "limit=101", "limit=x", "offset=-1", "offset=19990&limit=20", "order=up", "sort=invented", "query=invented:x",
	} {
		a.Do(422, "GET", "/v2/alerts?"+bad, nil)
	}
	a.Do(404, "GET", "/v2/alerts?searchIdentifier=mine", nil)
}

func TestTheLogIsReadFromAnOffsetOn(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(nil)
	for i := range 6 {
		require.NoError(t, a.Note("alice", id, fmt.Sprint("n", i)))
	}
	at := "/v2/alerts/" + id + "/notes"
	require.Equal(t, []string{"n5", "n4", "n3", "n2", "n1", "n0"}, texts(a.rows(at), "note"), "the newest first")
	var all []string
	next := at + "?limit=4"
	for next != "" {
		body := a.Do(200, "GET", next, nil).Object(t)
		all = append(all, texts(body.Rows("data"), "note")...)
		next, _ = body.At("paging", "next").(string)
		next = strings.TrimPrefix(next, a.URL())
	}
	require.Equal(t, []string{"n5", "n4", "n3", "n2", "n1", "n0"}, all)
	middle := texts(a.rows(at), "offset")[2] // n3
	for path, want := range map[string][]string{
		"?offset=" + middle:                               {"n2", "n1", "n0"},
		"?offset=" + middle + "&direction=prev":           {"n5", "n4"},
		"?offset=" + middle + "&direction=prev&limit=1":   {"n4"},
		"?offset=" + middle + "&order=asc":                {"n4", "n5"},
		"?offset=" + middle + "&order=asc&limit=1":        {"n4"},
		"?offset=" + middle + "&order=asc&direction=prev": {"n0", "n1", "n2"},
	} {
		require.Equal(t, want, texts(a.rows(at+path), "note"), path)
	}
	for _, bad := range []string{"?limit=101", "?order=x", "?direction=x", "?identifierType=x"} {
		a.Do(422, "GET", at+bad, nil)
	}
	a.Do(404, "GET", "/v2/alerts/none/logs", nil)
}

func TestAListLagsBehindAndAReadDoesNot(t *testing.T) {
	a := start(t, opsgenie.Options{Account: alerting.Options{IndexLag: time.Minute}})
	id := a.create(map[string]any{"alias": "key"})
	require.Empty(t, a.rows(query("alias: key")))
	require.Equal(t, id, a.read("/v2/alerts/key?identifierType=alias")["id"])
	a.clock.Add(time.Minute)
	require.Len(t, a.rows(query("alias: key")), 1)
}
