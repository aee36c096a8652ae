package jsm_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

// onCall is who is on call in a schedule of the site, by account id.
func (s *site) onCall(schedule int, more string) []any {
	s.T.Helper()
	users, isList := s.read("/schedules/" + s.Schedules()[schedule].ID + "/on-calls?flat=true" + more)["onCallUsers"].([]any)
	require.True(s.T, isList)
	return users
}

func TestOnCallIsToldByAccountID(t *testing.T) {
	s := start(t, jsm.Options{})
	require.Equal(t, []any{s.account("alice")}, s.onCall(0, ""))
	require.Equal(t, []any{s.account("bob")}, s.onCall(1, ""))
	now := s.clock.Now()
	require.NoError(t, s.SetOnCall(jsm.DefaultSchedule, "carol", now.Add(time.Hour), now.Add(2*time.Hour)))
	require.Equal(t, []any{s.account("alice")}, s.onCall(0, ""))
	require.Equal(t, []any{s.account("carol")}, s.onCall(0, "&date="+url.QueryEscape(now.Add(90*time.Minute).Format(time.RFC3339))))
	s.clock.Add(time.Hour)
	require.Equal(t, []any{s.account("carol")}, s.onCall(0, ""))
	require.NoError(t, s.ClearOnCall(jsm.DefaultSchedule))
	require.Empty(t, s.onCall(0, ""))
}

func TestOnCallIsToldAsATreeOfIDs(t *testing.T) {
	clock := standintest.NewClock()
	from := clock.Now().AddDate(0, 0, -1)
	s := start(t, jsm.Options{Account: alerting.Options{
		Clock: clock.Now, Teams: alerting.DefaultTeams(), Escalations: []alerting.Escalation{{Name: "e", Rules: []alerting.Rule{{User: "bob"}}}},
		Schedules: []alerting.Schedule{{Name: "s", Rotations: []alerting.Rotation{
			{Shifts: []alerting.Shift{{Escalation: "e", From: from}}},
			{Shifts: []alerting.Shift{{User: "carol", ForwardedFrom: "alice", From: from}}},
		}}},
	}})
	got := s.read("/schedules/" + s.Schedules()[0].ID + "/on-calls")
	require.Equal(t, standintest.Object{"onCallParticipants": []any{
		map[string]any{"type": "escalation", "id": s.Escalations()[0].ID, "onCallParticipants": []any{
			map[string]any{"type": "user", "id": s.account("bob")},
		}},
		map[string]any{
			"type": "user", "id": s.account("carol"), "forwardedFrom": map[string]any{"type": "user", "id": s.account("alice")},
		},
	}}, got)
	require.ElementsMatch(t, []any{s.account("bob"), s.account("carol")}, s.onCall(0, ""), "not who handed over")
}

func TestSchedulesAreListedByNameAndPage(t *testing.T) {
	s := start(t, jsm.Options{})
	names, pages := s.walk("/schedules?size=1", "name")
	require.Equal(t, []string{"primary", "secondary"}, names)
	require.Equal(t, 2, pages)
	require.Equal(t, []string{"primary"}, texts(s.rows("/schedules?query=PRIMARY"), "name"))
	require.Equal(t, []string{"secondary"}, texts(s.rows("/schedules?query=sec*"), "name"))
	require.Empty(t, s.rows("/schedules?query=prim"))
	first := s.rows("/schedules?expand=rotation")[0]
	require.Equal(t, alerting.DefaultTeams()[0].ID, first["teamId"])
	require.Equal(t, s.account("alice"), first.Rows("rotations")[0]["participants"].([]any)[0].(map[string]any)["id"])
	require.NotContains(t, s.rows("/schedules")[0], "rotations")
	id, _ := first["id"].(string)
	require.Equal(t, "primary", s.read("/schedules/" + id)["name"])
	s.Do(404, "GET", ops+"/schedules/primary", nil) // names are no ids
	s.Do(422, "GET", ops+"/schedules/"+id+"/on-calls?date=today", nil)
	s.Do(422, "GET", ops+"/schedules/"+id+"/on-calls?flat=yes", nil)
}

func TestTeamsAndTheirEscalations(t *testing.T) {
	s := start(t, jsm.Options{})
	team := s.read("/teams").Rows("platformTeams")[0]
	require.Equal(t, "Operations", team["teamName"])
	path := "/teams/" + team["teamId"].(string) + "/escalations"
	escalation := s.rows(path)[0]
	require.Equal(t, jsm.DefaultEscalation, escalation["name"])
	rules := escalation.Rows("rules")
	require.Equal(t, []string{"0", "10", "20"}, texts(rules, "delay"))
	require.Equal(t, map[string]any{"type": "schedule", "id": s.Schedules()[0].ID}, rules[0]["recipient"])
	require.Equal(t, map[string]any{"type": "user", "id": s.account("carol")}, rules[2]["recipient"])
	require.Equal(t, escalation, s.read(path+"/"+escalation["id"].(string)))
	s.Do(404, "GET", ops+path+"/none", nil)
	s.Do(404, "GET", ops+"/teams/none/escalations", nil)

	var bare []map[string]any
	start(t, jsm.Options{BareTeams: true}).Do(200, "GET", ops+"/teams", nil).Into(t, &bare)
	require.Equal(t, "Operations", bare[0]["teamName"])
}
