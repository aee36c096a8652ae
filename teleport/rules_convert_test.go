package teleport

import (
	"testing"
	"time"

	rulespb "github.com/gravitational/teleport/api/gen/proto/go/teleport/accessmonitoringrules/v1"
	"github.com/stretchr/testify/require"

	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func TestRules_Schedules(t *testing.T) {
	week := map[string]sim.Schedule{
		"office": {Timezone: "America/Los_Angeles", Shifts: []sim.Shift{{Weekday: "Monday", Start: "09:00", End: "17:00"}, {Weekday: "Friday", Start: "17:00", End: "23:59"}}},
		"sunday": {Shifts: []sim.Shift{{Weekday: "Sunday", Start: "00:00", End: "23:59"}}},
		"never":  {Timezone: "UTC"},
	}
	w := newWorld(t, watched())
	rule := ruled("a", "jira")
	rule.Schedules = week
	w.srv.PutMonitoringRule(rule)
	rules, _ := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	active := rules.All()[0].Active
	require.NotNil(t, active)
	for at, want := range map[string]bool{
		"2026-03-02T08:59:59-08:00": false, // Monday
		"2026-03-02T09:00:00-08:00": true,
		"2026-03-02T17:00:59-08:00": true, // the last minute counts as a whole
		"2026-03-02T17:01:00-08:00": false,
		"2026-03-02T12:00:00Z":      false, // four in the morning over there
		"2026-03-02T17:00:00Z":      true,
		"2026-03-03T12:00:00-08:00": false, // Tuesday
		"2026-03-06T23:59:59-08:00": true,  // Friday
		"2026-03-07T00:00:00-08:00": false,
		"2026-03-08T00:00:00Z":      true, // Sunday
		"2026-03-08T23:59:59Z":      true,
		"2026-07-06T16:00:00Z":      true, // nine in summer time
		"2026-07-06T15:59:00Z":      false,
	} {
		moment, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		require.Equal(t, want, active(moment), at)
	}
	rule.Schedules = map[string]sim.Schedule{"never": {}}
	w.srv.PutMonitoringRule(rule)
	eventually(t, "changed", func() bool { return !rules.All()[0].Active(time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)) })
	rule.Schedules = nil
	w.srv.PutMonitoringRule(rule)
	eventually(t, "changed", func() bool { return rules.All()[0].Active == nil })
}

func TestRules_SchedulesThatMakeNoSenseAreFaults(t *testing.T) {
	one := func(zone, day, from, until string) map[string]sim.Schedule {
		return map[string]sim.Schedule{"s": {Timezone: zone, Shifts: []sim.Shift{{Weekday: day, Start: from, End: until}}}}
	}
	w := newWorld(t, watched())
	rules, requests := w.rules(RulesOptions{})
	receive(t, rules.Ready())
	receive(t, requests.Ready())
	for want, schedules := range map[string]map[string]sim.Schedule{
		`schedule "s": unknown time zone "Mars/Base"`:        one("Mars/Base", "Monday", "00:00", "23:59"),
		`schedule "s": unknown time zone "Local"`:            one("Local", "Monday", "00:00", "23:59"),
		`schedule "s": "monday" is no day of the week`:       one("UTC", "monday", "00:00", "23:59"),
		`schedule "s": "24:00" is no time of day as HH:MM`:   one("UTC", "Monday", "00:00", "24:00"),
		`schedule "s": "9:00:00" is no time of day as HH:MM`: one("UTC", "Monday", "9:00:00", "10:00"),
		`schedule "s": "" is no time of day as HH:MM`:        one("UTC", "Monday", "", "10:00"),
	} {
		rule := ruled("a", "jira")
		rule.Schedules = schedules
		w.srv.PutMonitoringRule(rule)
		eventually(t, want, func() bool {
			all := rules.All()
			return len(all) == 1 && all[0].Fault != nil && all[0].Fault.Error() == want
		})
		require.Nil(t, rules.All()[0].Active)
	}
}

func FuzzRuleSpec(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x42, 0x00})
	f.Add([]byte{0x42, 0x0b, 0x0a, 0x01, 's', 0x12, 0x06, 0x0a, 0x04, 0x12, 0x02, 'U', 'T'})
	f.Add([]byte{0x4a, 0x01, 'x'})
	f.Add([]byte{0x40, 0x01})
	f.Fuzz(func(t *testing.T, later []byte) {
		spec := &rulespb.AccessMonitoringRuleSpec{
			Subjects: []string{"access_request"}, Condition: "true", Notification: &rulespb.Notification{Name: "jira", Recipients: []string{"x"}},
		}
		spec.ProtoReflect().SetUnknown(later)
		rule := monitoringRule(&rulespb.AccessMonitoringRule{Spec: spec})
		require.NotNil(t, rule)
		if rule.Fault != nil {
			require.Nil(t, rule.Active)
			return
		}
		if rule.Active != nil {
			rule.Active(time.Unix(0, 0))
		}
	})
}
