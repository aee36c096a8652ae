package opsgenie_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/opsgenie"
)

func TestThePageShowsAlertsAndEscapesThem(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(map[string]any{
		"message": "<script>alert(1)</script>", "description": "who & why\nline", "actions": []string{"Approve"},
		"details": map[string]string{"request": "<r1>"}, "responders": []any{map[string]any{"type": "team", "name": "Operations"}},
	})
	require.NoError(t, a.Note("bob", id, "approve: <b>fine</b>"))
	require.NoError(t, a.Acknowledge("alice", id))
	got := a.Do(200, "GET", "/board?as=alice&message=told", nil)
	page := string(got.Body)
	for _, text := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "who &amp; why\nline", "approve: &lt;b&gt;fine&lt;/b&gt;", "bob@example.com", "told",
		"request: &lt;r1&gt;", "owner alice@example.com", "for Operations", "primary: alice@example.com", "secondary: bob@example.com",
		`<option value="00000001-0000-4000-8000-000000000000" selected>`, "Action: Approve", ">Unacknowledge<", ">Close<",
	} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<script>alert(1)")
	require.NotContains(t, page, "Access Bridge</option>", "nobody acts as the bridge")
	require.NotContains(t, page, opsgenie.DefaultAPIKey)
	require.Equal(t, a.URL()+"/board", a.BoardURL())
}

func TestThePagesButtonsActAsTheChosenPerson(t *testing.T) {
	a := start(t, opsgenie.Options{})
	id := a.create(map[string]any{"actions": []string{"Approve"}})
	dave := opsgenie.DefaultUsers()[3].ID
	press := func(button, text string) string {
		t.Helper()
		form := url.Values{"user": {dave}, "alert": {id}, "do": {button}, "note": {text}}
		got := a.Post("/board/act", "same-origin", form)
		require.Equal(t, http.StatusSeeOther, got.StatusCode)
		return got.Header.Get("Location")
	}
	require.Equal(t, "/board?as="+dave, press("AddNote", " approve: yes "))
	press("Acknowledge", "")
	press("UnAcknowledge", "")
	press("action:Approve", "and a note")
	press("Close", "")
	logs := a.rows("/v2/alerts/" + id + "/logs?order=asc")
	require.Equal(t, []string{
		"Alert created via API", "Added note [approve: yes] via web", "Alert acknowledged via web", "Alert unacknowledged via web",
		"Executed [Approve] action via web", "Added note [and a note] via web", "Alert closed via web",
	}, texts(logs, "log"))
	require.Equal(t, "dave@example.com", texts(logs, "owner")[4])
	for _, wrong := range []string{"AddNote", "Close", "Delete", "invented", "action:Invented"} {
		require.Contains(t, press(wrong, ""), "message=", "what is not possible says so")
	}
	nobody := a.Post("/board/act", "same-origin", url.Values{"alert": {id}, "do": {"AddNote"}, "note": {"n"}})
	require.Contains(t, nobody.Header.Get("Location"), "message=", "the page never acts as automation")
	foreign := a.Post("/board/act", "cross-site", url.Values{"user": {dave}, "alert": {id}, "do": {"AddNote"}, "note": {"n"}})
	require.Equal(t, http.StatusForbidden, foreign.StatusCode, "nor for other sites")
}

func TestThePageNoticesChanges(t *testing.T) {
	a := start(t, opsgenie.Options{})
	version := func() any { return a.Do(200, "GET", "/board/state", nil).Object(t)["version"] }
	before := version()
	a.create(nil)
	require.NotEqual(t, before, version())
	require.Contains(t, string(a.Do(200, "GET", "/board", nil).Body), `article class="card alarm"`)
}
