package pagerduty_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestCreateAssignsWhoIsOnCall(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	var seen []pagerduty.Incident
	a.OnIncident(func(in pagerduty.Incident) { seen = append(seen, in) })
	id := a.create(map[string]any{"incident_key": "accessbridge:req-1", "priority": map[string]any{"id": "PPRIO02"}})
	got := a.Do(200, "GET", "/incidents/"+id, nil).Object(t)
	require.Equal(t, []any{"triggered", "high", "accessbridge:req-1", "Access to prod-db", "[#1] Access to prod-db", "2026-01-02T03:04:05Z"}, []any{
		got.At("incident", "status"), got.At("incident", "urgency"), got.At("incident", "incident_key"), got.At("incident", "title"),
		got.At("incident", "summary"), got.At("incident", "created_at"),
	})
	in, _ := got["incident"].(map[string]any)
	require.Equal(t, []any{"PALICE1"}, standintest.Each(standintest.Object(in).Rows("assignments"), "assignee", "id"))
	require.Equal(t, "escalation_policy", in["assigned_via"])
	require.Equal(t, "P2", got.At("incident", "priority", "name"))
	require.Equal(t, "PBOT001", got.At("incident", "last_status_change_by", "id"))
	require.Equal(t, "PPOLICY", got.At("incident", "escalation_policy", "id"), "the service's policy")
	require.Nil(t, got.At("incident", "body"), "only with include[]=body")

	require.Len(t, seen, 1)
	known, found := a.Incident("accessbridge:req-1")
	require.True(t, found)
	require.Equal(t, id, known.ID)
	require.Equal(t, seen[0].ID, known.ID)
	_, found = a.Incident("nothing")
	require.False(t, found)
	a.Do(200, "GET", "/incidents/1", nil)
}

func TestCreateWithAssigneesOrPolicyOrNobodyOnCall(t *testing.T) {
	a := start(t, pagerduty.Options{})
	dave := []any{map[string]any{"assignee": map[string]any{"id": "PDAVE01", "type": "user_reference"}}}
	policy := map[string]any{"id": "PPOLICY", "type": "escalation_policy_reference"}
	direct, _ := a.Incident(a.create(map[string]any{"assignments": dave, "urgency": "low"}))
	require.Equal(t, []string{"PDAVE01"}, direct.Assignees)
	require.True(t, direct.Direct)
	require.Equal(t, "low", direct.Urgency)
	a.Do(400, "POST", "/incidents", draft(map[string]any{"assignments": dave, "escalation_policy": policy}))
	require.NoError(t, a.ClearOnCall("primary"))
	second, _ := a.Incident(a.create(map[string]any{"escalation_policy": policy}))
	require.Equal(t, []string{"PBOB001"}, second.Assignees, "level 1 has nobody")
	require.Equal(t, 2, second.Level)
}

func TestP2_AnOpenKeyIsRefusedOnTheSameServiceOnly(t *testing.T) {
	opt := pagerduty.Options{
		Services: []pagerduty.Service{{ID: "PA", Name: "A", Policy: "EP"}, {ID: "PB", Name: "B", Policy: "EP"}},
		Policies: []pagerduty.Policy{{Name: "EP", Rules: []pagerduty.Rule{{Users: []string{"carol"}}}}},
	}
	a := start(t, opt)
	on := func(service string) map[string]any {
		return draft(map[string]any{"incident_key": "k", "service": map[string]any{"id": service, "type": "service_reference"}})
	}
	first, _ := a.Do(201, "POST", "/incidents", on("PA")).Object(t).At("incident", "id").(string)
	code, message, details := problem(t, a.Do(400, "POST", "/incidents", on("PA")))
	require.Equal(t, []any{2002, "Arguments Caused Error"}, []any{code, message})
	require.Equal(t, []string{"Open incident with matching dedup key already exists on this service"}, details)
	a.Do(201, "POST", "/incidents", on("PB"))
	require.NoError(t, a.Acknowledge("carol", first))
	a.Do(400, "POST", "/incidents", on("PA"))
	require.NoError(t, a.Resolve("carol", first))
	a.Do(201, "POST", "/incidents", on("PA"))
	found := a.Do(200, "GET", "/incidents?incident_key=k&service_ids[]=PA", nil).Object(t).Rows("incidents")
	require.Equal(t, []any{"resolved", "triggered"}, standintest.Each(found, "status"))
	newest, _ := a.Incident("k")
	require.Equal(t, found[1]["id"], newest.ID)
}

func TestTheFromHeaderMustBeAUser(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(nil)
	for method, path := range map[string]string{"POST": "/incidents/" + id + "/notes", "PUT": "/incidents/" + id} {
		code, _, _ := problem(t, a.with("From", "").Do(400, method, path, note("x")))
		require.Equal(t, 2016, code)
		code, message, _ := problem(t, a.with("From", "nobody@example.com").Do(400, method, path, note("x")))
		require.Equal(t, 1008, code)
		require.Equal(t, "Requester User Not Found", message)
	}
	a.with("From", "").Do(400, "POST", "/incidents", draft(nil))
	a.with("From", "ALICE@example.com").Do(200, "POST", "/incidents/"+id+"/notes", note("by alice"))
	in, _ := a.Incident(id)
	require.Equal(t, "PALICE1", in.Notes[0].User)
	own := a.with("Authorization", "Token token=token-of-bob").with("From", "")
	own.Do(200, "POST", "/incidents/"+id+"/notes", note("by bob"))
	in, _ = a.Incident(id)
	require.Equal(t, "PBOB001", in.Notes[1].User, "a user's key speaks for its user")
}

func TestAWrongCreateSaysWhatIsWrong(t *testing.T) {
	a := start(t, pagerduty.Options{
		Services: []pagerduty.Service{{ID: "PSERVIC", Name: "S", Policy: "EP"}, {ID: "POFF", Name: "Off", Policy: "EP", Disabled: true}},
		Policies: []pagerduty.Policy{{Name: "EP"}},
	})
	for details, more := range map[string]map[string]any{
		"Title cannot be empty":   {"title": " "},
		"Type must be incident":   {"type": "other"},
		"Service cannot be empty": {"service": nil},
		"Service not found":       {"service": map[string]any{"id": "PX"}},
		"Service is disabled":     {"service": map[string]any{"id": "POFF"}},
		"Priority not found":      {"priority": map[string]any{"id": "PX"}},
		"Urgency must be":         {"urgency": "medium"},
		"Escalation Policy not":   {"escalation_policy": map[string]any{"id": "PX"}},
		"Assignee not found":      {"assignments": []any{map[string]any{"assignee": map[string]any{"id": "PX"}}}},
		"is not the JSON":         {"title": 1},
	} {
		_, _, got := problem(t, a.Do(400, "POST", "/incidents", draft(more)))
		require.Len(t, got, 1)
		require.Contains(t, got[0], details)
	}
	a.Do(400, "POST", "/incidents", `{}`)
	require.Empty(t, a.Incidents())
}

func TestAcknowledgeResolveAndReopen(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	id := a.create(nil)
	put := func(status int, fields map[string]any) standintest.Answer {
		return a.Do(status, "PUT", "/incidents/"+id, change(fields))
	}
	clock.Add(time.Minute)
	acked := put(200, map[string]any{"status": "acknowledged"}).Object(t)
	require.Equal(t, "acknowledged", acked.At("incident", "status"))
	code, _, _ := problem(t, put(400, map[string]any{"status": "acknowledged"}))
	require.Equal(t, 1002, code)
	require.NoError(t, a.Acknowledge("alice", id), "a second person may")
	put(200, map[string]any{"status": "triggered"})
	in, _ := a.Incident(id)
	require.Empty(t, in.Acknowledgements)

	done := put(200, map[string]any{"status": "resolved", "resolution": "approved by alice"}).Object(t)
	require.Equal(t, "2026-01-02T03:05:05Z", done.At("incident", "resolved_at"))
	require.Empty(t, done.At("incident", "assignments"))
	code, message, _ := problem(t, put(400, map[string]any{"status": "resolved"}))
	require.Equal(t, []any{1001, "Incident Already Resolved"}, []any{code, message})
	in, _ = a.Incident(id)
	require.False(t, in.Open())
	require.Equal(t, "approved by alice", in.Resolution)
	require.Equal(t, "approved by alice", in.Log[len(in.Log)-1].Note)

	require.NoError(t, a.Reopen("bob", id))
	in, _ = a.Incident(id)
	require.Equal(t, []string{"PALICE1"}, in.Assignees)
	require.True(t, in.Resolved.IsZero())
	put(400, map[string]any{"status": "closed"})
	put(400, map[string]any{"type": "other"})
	a.Do(404, "PUT", "/incidents/PNONE", change(nil))
}

func TestUpdateOfTheRest(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(nil)
	put := func(status int, fields map[string]any) { a.Do(status, "PUT", "/incidents/"+id, change(fields)) }
	put(200, map[string]any{"title": "new", "urgency": "low", "priority": map[string]any{"id": "PPRIO01", "type": "priority_reference"}})
	in, _ := a.Incident(id)
	require.Equal(t, []string{"new", "low", "P1"}, []string{in.Title, in.Urgency, in.Priority})
	put(200, map[string]any{"escalation_level": 3})
	in, _ = a.Incident(id)
	require.Equal(t, []string{"PCAROL1"}, in.Assignees)
	require.NoError(t, a.Reassign("carol", id, "dave", "bob"))
	in, _ = a.Incident(id)
	require.Equal(t, []string{"PDAVE01", "PBOB001"}, in.Assignees)
	require.NoError(t, a.Escalate("", id, 1))
	in, _ = a.Incident(id)
	require.Equal(t, []string{"PALICE1"}, in.Assignees)
	require.False(t, in.Direct)
	put(200, map[string]any{"priority": nil})
	put(400, map[string]any{"priority": 5})
	put(400, map[string]any{"urgency": "none"})
	a.Do(400, "PUT", "/incidents", `{"incidents":[]}`)
	many := make([]any, 251)
	a.Do(413, "PUT", "/incidents", map[string]any{"incidents": many})
	require.Error(t, a.Reassign("carol", id, "nobody"))
	require.Error(t, a.Resolve("nobody", id))
	require.Error(t, a.Resolve("carol", "PNONE"))
}

func TestListFiltersSortsAndPages(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	for i := range 5 {
		id := a.create(map[string]any{"title": fmt.Sprint("n", i+1), "urgency": []string{"high", "low"}[i%2]})
		if i == 0 {
			require.NoError(t, a.Resolve("alice", id))
		}
		clock.Add(time.Hour)
	}
	titles := func(query string) []any {
		return standintest.Each(a.Do(200, "GET", "/incidents?"+query, nil).Object(t).Rows("incidents"), "title")
	}
	require.Equal(t, []any{"n1", "n2", "n3", "n4", "n5"}, titles(""))
	require.Equal(t, []any{"n2", "n3", "n4", "n5"}, titles("statuses[]=triggered&statuses[]=acknowledged"))
	require.Equal(t, []any{"n5", "n4"}, titles("sort_by=created_at:desc&limit=2"))
	require.Equal(t, []any{"n1", "n3", "n5", "n2", "n4"}, titles("sort_by=urgency,incident_number"))
	require.Equal(t, []any{"n2", "n4"}, titles("urgencies[]=low&user_ids[]=PALICE1"))
	require.Empty(t, titles("user_ids[]=PDAVE01"))
	require.Equal(t, []any{"n4", "n5"}, titles("since=2026-01-02T06:00:00Z"))
	require.Equal(t, []any{"n1"}, titles("since=2026-01-02T03:00:00Z&until=2026-01-02T03:30:00Z"))
	require.Empty(t, titles("incident_key=none"))

	page := a.Do(200, "GET", "/incidents?limit=2&offset=2&total=true", nil).Object(t)
	require.Equal(t, []any{2.0, 2.0, true, 5.0}, []any{page["limit"], page["offset"], page["more"], page["total"]})
	last := a.Do(200, "GET", "/incidents?limit=2&offset=4", nil).Object(t)
	require.Equal(t, []any{false, nil}, []any{last["more"], last["total"]})
	require.EqualValues(t, 100, a.Do(200, "GET", "/incidents?limit=500", nil).Object(t)["limit"])
	for _, bad := range []string{
		"limit=x", "offset=-1", "offset=9990&limit=100", "statuses[]=closed", "urgencies[]=none", "since=yesterday", "sort_by=title",
		"sort_by=a,b,c", "since=2025-01-01", "since=2026-01-02&until=2026-01-01",
	} {
		a.Do(400, "GET", "/incidents?"+bad, nil)
	}
	clock.Add(40 * 24 * time.Hour)
	require.Empty(t, titles(""), "without since only the last month")
	require.Len(t, titles("date_range=all"), 5)
}

func TestNotesNewestFirstAndTheirAuthors(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	id := a.create(map[string]any{"incident_key": "key"})
	require.NoError(t, a.AddNote("alice", "key", "approve: fine"), "by key too")
	clock.Add(time.Minute)
	require.NoError(t, a.AddNote("", id, "a rule says hello"))
	notes := a.Do(200, "GET", "/incidents/"+id+"/notes", nil).Object(t).Rows("notes")
	require.Equal(t, []any{"a rule says hello", "approve: fine"}, standintest.Each(notes, "content"))
	require.Equal(t, []any{"bot_user_reference", "user_reference"}, standintest.Each(notes, "user", "type"))
	require.Equal(t, "PALICE1", notes[1].At("user", "id"))
	require.Equal(t, notes[1]["created_at"], notes[1]["updated_at"])
	in, _ := a.Incident(id)
	require.NoError(t, a.EditNote(id, in.Notes[0].ID, "deny: changed"))
	require.Error(t, a.EditNote(id, "PNONE", "x"))
	notes = a.Do(200, "GET", "/incidents/"+id+"/notes", nil).Object(t).Rows("notes")
	require.Equal(t, "deny: changed", notes[1]["content"])
	require.Equal(t, "2026-01-02T03:05:05Z", notes[1]["updated_at"])
	require.Equal(t, "approve: fine", in.Notes[0].Content, "what was handed out stays")
	a.Do(400, "POST", "/incidents/"+id+"/notes", note(" "))
	a.Do(404, "POST", "/incidents/PNONE/notes", note("x"))
}

func TestThe2001stNoteIsRefused(t *testing.T) {
	a := start(t, pagerduty.Options{})
	id := a.create(nil)
	for range 2000 {
		require.NoError(t, a.AddNote("alice", id, "x"))
	}
	a.Do(http.StatusBadRequest, "POST", "/incidents/"+id+"/notes", note("one more"))
}
