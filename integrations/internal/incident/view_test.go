package incident_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

var form = incident.Form{Object: "alert", End: "close", Team: "team", MaxTitle: 130, MaxText: 15_000}

func TestTitleSaysWhoAsksForWhat(t *testing.T) {
	r := testkit.Draft().Request
	require.Equal(t, "Access request: dave@example.com asks for 2 resources (node db-1, app grafana)", form.Title(r))
	r.Resources = nil
	require.Equal(t, "Access request: dave@example.com asks for prod-db, prod-web", form.Title(r))
	r.Roles, r.User = nil, "eve\nAccess request: root"
	require.Equal(t, "Access request: eve Access request: root asks for access", form.Title(r), "on one line")
}

func TestBodyShowsTheWholeRequest(t *testing.T) {
	require.Equal(t, `Requester: dave@example.com
Cluster: tele.example.com
Roles: prod-db, prod-web
Resources: node db-1, app grafana
Duration: 8h
Access until: 2026-01-02 12:04 UTC
To be decided before: 2026-01-02 04:04 UTC
Needed: 2 approvals or 1 denial
Suggested reviewers: bob@example.com
Request: 11111111-2222-3333-4444-555555555555
Open in Teleport: https://tele.example.com/web/requests/11111111-2222-3333-4444-555555555555

Reason:
Fix the outage
see ticket 7

Decide.
`, form.Body(testkit.Draft(), "Decide."))
}

func TestAPersonsTextCannotAddALineOfTheBody(t *testing.T) {
	d := testkit.Draft()
	d.Request.User = "eve\nRoles: none"
	d.Request.Roles = []string{"root\r\nRequest: other"}
	lines := strings.Split(form.Body(d, ""), "\n")
	require.NotContains(t, lines, "Roles: none")
	require.NotContains(t, lines, "Request: other")
}

func TestLongTextsAreCutOnCharacters(t *testing.T) {
	d := testkit.Draft()
	d.Request.User = strings.Repeat("é🔥", 1000)
	d.Request.Reason = strings.Repeat("ü\x00\xff ", 20_000)
	for i := range 500 {
		d.Request.Roles = append(d.Request.Roles, fmt.Sprintf("role-%d", i))
	}
	require.Equal(t, form.MaxTitle, utf8.RuneCountInString(form.Title(bridge.Request{User: d.Request.User})))
	body := form.Body(d, "To decide, do this.")
	require.True(t, utf8.ValidString(body))
	require.LessOrEqual(t, utf8.RuneCountInString(body), form.MaxText)
	require.NotContains(t, body, "\x00")
	require.Contains(t, body, "and 452 more")
	require.Contains(t, body, "To decide,", "the instructions are not cut off")
	require.Equal(t, form.MaxText, utf8.RuneCountInString(form.NoteText(bridge.Note{Text: strings.Repeat("🔥", form.MaxText+5)})))
	require.Empty(t, form.NoteText(bridge.Note{Text: " \x00\n"}))
}

func TestHowToDecideNamesEveryWay(t *testing.T) {
	for want, c := range map[string]struct {
		d   incident.Decisions
		end string
		by  string
	}{
		`To decide, add a note that begins with "approve" or "deny", then a colon and the reason. Only people who are on call for this team may decide.`: {
			incident.DefaultDecisions(), incident.MeansNothing, incident.DecideOnCall,
		},
		`To decide, run the action "Yes" or "No", or acknowledge the alert to approve, or close the alert to deny.`: {
			incident.Decisions{Actions: incident.Actions{Approve: "Yes", Deny: "No"}, Acknowledge: incident.MeansApprove}, incident.MeansDeny, incident.DecideAnyone,
		},
		"Decide this request in Teleport.": {incident.Decisions{}, incident.MeansNothing, incident.DecideOnCall},
	} {
		require.Equal(t, want, form.HowToDecide(c.d.Rules(c.end), c.by))
	}
}

func TestWhoIsBarredIsToldWhy(t *testing.T) {
	require.Equal(t, `only people who are on call for the team "Ops" may decide here, and Eve is not. Somebody on call has to.`,
		form.Barred("Ops", bridge.Actor{Name: "Eve"}))
}

func TestANoteIsKnownAgainByItsText(t *testing.T) {
	shown := []string{"first", "Two  lines\nof text "}
	require.True(t, incident.Shows(shown, "Two lines\r\nof text"))
	require.False(t, incident.Shows(shown, "Two lines"))
	require.False(t, incident.Shows(nil, "first"))
}

func TestJustOpenedIsForgottenOnceTaken(t *testing.T) {
	var j incident.JustOpened
	require.False(t, j.Take("a"))
	j.Add("a")
	require.True(t, j.Take("a"))
	require.False(t, j.Take("a"))
	j.Add("old")
	for n := range 10_000 {
		j.Add(fmt.Sprint(n))
	}
	require.False(t, j.Take("old"), "it is bounded")
	require.True(t, j.Take("9999"))
}
