package pagerduty_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

func TestThePageShowsIncidentsAndEscapesThem(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(map[string]any{
		"title": "<script>alert(1)</script>", "body": map[string]any{"type": "incident_body", "details": "who & why\nline"},
	})
	require.NoError(t, a.AddNote("bob", id, "approve: <b>fine</b>"))
	require.NoError(t, a.InvokeAction("alice", id, "Deny"))
	got := a.Do(200, "GET", "/board?as=alice&message=told", nil)
	page := string(got.Body)
	for _, text := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "who &amp; why\nline", "approve: &lt;b&gt;fine&lt;/b&gt;", "Bob Brown", "action Deny", "told",
		`<option value="PALICE1" selected>`, "assigned to Alice Adams", "Production EP, level 1: Alice Adams (primary)",
		"level 3: Carol Cooper (directly)", "Action: Approve", ">Acknowledge<", ">Resolve<",
	} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<script>alert(1)")
	require.NotContains(t, page, "Access Bridge</option>", "nobody acts as the bridge")
	require.NotContains(t, page, "https://", "no assets from outside")
	require.Equal(t, "DENY", got.Header.Get("X-Frame-Options"))
}

func TestThePagesButtonsActAsTheChosenPerson(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(nil)
	press := func(button, text string) string {
		got := a.Post("/board/act", "same-origin", url.Values{"user": {"PDAVE01"}, "incident": {id}, "do": {button}, "note": {text}})
		require.Equal(t, http.StatusSeeOther, got.StatusCode)
		return got.Header.Get("Location")
	}
	require.Equal(t, "/board?as=PDAVE01", press("note", "approve: yes"))
	press("acknowledge", "")
	press("action:Approve", "and a note")
	press("resolve", "")
	in, _ := a.Incident(id)
	require.Equal(t, []string{"approve: yes", "and a note"}, []string{in.Notes[0].Content, in.Notes[1].Content})
	require.Equal(t, "PDAVE01", in.Notes[0].User)
	require.Equal(t, "Approve", in.Invocations[0].Action)
	require.Equal(t, []string{"resolved", "PDAVE01"}, []string{in.Status, in.StatusBy})
	require.Contains(t, string(a.Do(200, "GET", "/board", nil).Body), ">Reopen<")
	press("reopen", "")
	in, _ = a.Incident(id)
	require.True(t, in.Open())
	for _, wrong := range []string{"note", "invented", "action:Invented"} {
		require.Contains(t, press(wrong, ""), "message=", "what is not possible says so")
	}
	nobody := a.Post("/board/act", "same-origin", url.Values{"incident": {id}, "do": {"resolve"}})
	require.Contains(t, nobody.Header.Get("Location"), "message=", "the page never acts as automation")
}

func TestThePagesStateChangesWithEveryChange(t *testing.T) {
	a := start(t, pagerduty.Options{})
	version := func() any { return a.Do(200, "GET", "/board/state", nil).Object(t)["version"] }
	before := version()
	require.Equal(t, before, version())
	id := a.create(nil)
	created := version()
	require.NotEqual(t, before, created)
	require.NoError(t, a.AddNote("bob", id, "x"))
	require.NotEqual(t, created, version())
	require.Equal(t, 1, a.TotalCalls(), "the page is not counted")
}
