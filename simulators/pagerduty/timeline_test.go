package pagerduty_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestTheTimelineTellsWhoDidWhat(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	id := a.create(nil)
	clock.Add(time.Minute)
	require.NoError(t, a.Acknowledge("bob", id))
	require.NoError(t, a.AddNote("alice", id, "approve: ok"))
	clock.Add(time.Minute)
	require.NoError(t, a.Resolve("", id))
	path := "/incidents/" + id + "/log_entries"
	all := a.Do(200, "GET", path, nil).Object(t).Rows("log_entries")
	require.Equal(t, []any{
		"resolve_log_entry", "annotate_log_entry", "acknowledge_log_entry", "notify_log_entry", "assign_log_entry", "trigger_log_entry",
	}, standintest.Each(all, "type"), "newest first")
	require.Equal(t, []any{"service_reference", "PSERVIC"}, []any{all[0].At("agent", "type"), all[0].At("agent", "id")}, "automation")
	require.Equal(t, []any{"user_reference", "PBOB001"}, []any{all[2].At("agent", "type"), all[2].At("agent", "id")})
	require.Equal(t, "PALICE1", all[3].At("user", "id"))
	require.Equal(t, "PBOT001", all[5].At("agent", "id"))
	require.Equal(t, id, all[0].At("incident", "id"))
	require.Equal(t, "note", all[1].At("channel", "type"))
	require.Nil(t, all[1].At("channel", "summary"), "the text comes with include[]=channels")
	overview := a.Do(200, "GET", path+"?is_overview=true&include[]=channels", nil).Object(t).Rows("log_entries")
	require.NotContains(t, standintest.Each(overview, "type"), "notify_log_entry")
	require.Equal(t, "approve: ok", overview[1].At("channel", "summary"))
	require.Len(t, a.Do(200, "GET", path+"?since=2026-01-02T03:06:00Z", nil).Object(t).Rows("log_entries"), 1)
	require.Len(t, a.Do(200, "GET", path+"?until=2026-01-02T03:05:00Z", nil).Object(t).Rows("log_entries"), 3)
	page := a.Do(200, "GET", path+"?limit=2&offset=2", nil).Object(t)
	require.Equal(t, []any{"acknowledge_log_entry", "notify_log_entry"}, standintest.Each(page.Rows("log_entries"), "type"))
	require.Equal(t, true, page["more"])
	a.Do(404, "GET", "/incidents/PNONE/log_entries", nil)
}

func TestTheAccountsTimelineHasEveryIncident(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now})
	one, two := a.create(map[string]any{"incident_key": "one"}), a.create(nil)
	clock.Add(time.Hour)
	require.NoError(t, a.Resolve("alice", one))
	require.NoError(t, a.Acknowledge("bob", two))
	rows := a.Do(200, "GET", "/log_entries?since=2026-01-02T04:00:00Z&is_overview=true&include[]=incidents", nil).Object(t).Rows("log_entries")
	require.Equal(t, []any{"acknowledge_log_entry", "resolve_log_entry"}, standintest.Each(rows, "type"))
	require.Equal(t, []any{two, one}, standintest.Each(rows, "incident", "id"))
	require.Equal(t, "one", rows[1].At("incident", "incident_key"))
	require.Equal(t, "resolved", rows[1].At("incident", "status"), "as it is now")
	require.Len(t, a.Do(200, "GET", "/log_entries", nil).Object(t).Rows("log_entries"), 8)
	a.Do(400, "GET", "/log_entries?since=x", nil)
	a.Do(400, "GET", "/log_entries?limit=0", nil)
}

func TestACustomActionIsReadBackAsAnInvocation(t *testing.T) {
	clock := standintest.NewClock()
	a := start(t, pagerduty.Options{Clock: clock.Now, Actions: []string{"Approve", "Deny"}})
	id, other := a.create(nil), a.create(nil)
	require.NoError(t, a.InvokeAction("alice", id, "approve"))
	clock.Add(time.Minute)
	require.NoError(t, a.InvokeAction("", id, "Deny"))
	require.NoError(t, a.InvokeAction("bob", other, "Deny"))
	require.Error(t, a.InvokeAction("bob", other, "Reboot"))
	require.Error(t, a.InvokeAction("nobody", other, "Deny"))
	require.Error(t, a.InvokeAction("bob", "PNONE", "Deny"))
	rows := a.Do(200, "GET", "/automation_actions/invocations?incident_id="+id, nil).Object(t).Rows("invocations")
	require.Equal(t, []any{"Deny", "Approve"}, standintest.Each(rows, "action_snapshot", "name"), "newest first")
	require.Equal(t, []any{nil, "PALICE1"}, standintest.Each(rows, "metadata", "agent", "id"), "nobody for automation")
	require.Equal(t, id, rows[1].At("metadata", "incident", "id"))
	require.Equal(t, "2026-01-02T03:04:05.678Z", rows[1].Rows("timing")[0]["creation_time"])
	own, _ := rows[1]["id"].(string)
	one := a.Do(200, "GET", "/automation_actions/invocations/"+own, nil).Object(t)
	require.Equal(t, "Approve", one.At("invocation", "action_snapshot", "name"))
	a.Do(404, "GET", "/automation_actions/invocations/none", nil)
	action, _ := rows[0]["action_id"].(string)
	require.Len(t, a.Do(200, "GET", "/automation_actions/invocations?action_id="+action, nil).Object(t).Rows("invocations"), 2)
	log := a.Do(200, "GET", "/incidents/"+id+"/log_entries", nil).Object(t).Rows("log_entries")
	require.Len(t, log, 3, "the timeline has no type for it")
}
