package jira

import (
	"testing"

	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

func TestCheckFindsNothingWrongWithAGoodSetup(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{
			sim:      sim.Options{Flavour: f, Projects: []sim.Project{sim.DefaultProject("ACC"), sim.DefaultProject("SEC")}},
			settings: func(s *Settings) { s.Reporter, s.Statuses.Promoted = requester, []string{"Promoted", "Granted"} },
			targets:  []*Target{{Project: "SEC"}, {Project: "ACC"}, {IssueType: "10002"}},
		})
		list := s.Check(t.Context())
		require.Empty(t, testkit.Faults(t, list))
		text := testkit.Findings(list)
		for _, part := range []string{"proven by signature", "connected as Access Bridge", "project SEC: found", "ACC, Task: the create screen fits", "ACC, 10002: the create"} {
			require.Contains(t, text, part)
		}
		require.Equal(t, 1, s.Calls()["GET /myself"])
		require.Zero(t, s.Calls()["POST /issue"])
	})
}

func TestCheckNamesEachFaultWithItsMend(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		project := sim.DefaultProject("ACC")
		project.IssueTypes[0].Fields = []sim.Field{
			{ID: "description", Name: "Description"},
			{ID: "customfield_1", Name: "Cost centre", Type: "string", Required: true},
			{ID: "customfield_2", Name: "Team", Type: "string", Required: true},
		}
		options := sim.Options{Flavour: f, Projects: []sim.Project{project}}
		for name, c := range map[string]struct {
			settings func(*Settings)
			prepare  func(*testing.T, *site)
			want     []string
		}{
			"screen and statuses": {settings: func(s *Settings) {
				s.Fields, s.Priority = map[string]string{"customfield_2": "x"}, "High"
				s.Statuses.Approved, s.Statuses.Promoted = []string{"Granted"}, []string{"Gone"}
			}, want: []string{
				"create screen requires customfield_1 (Cost centre)", "labels cannot be set", "priority is not on the create screen",
				`has no "Granted" (approved); it has "Pending" or "In Review"`, "statuses.approved", `no "Gone" (promoted)`,
			}},
			"type":    {settings: func(s *Settings) { s.IssueType = "Epic" }, want: []string{`no issue type "Epic"; it has "Task" or "Access Request"`}},
			"project": {settings: func(s *Settings) { s.Project = "NOPE" }, want: []string{"project NOPE", "check the key"}},
			"credentials": {prepare: func(t *testing.T, s *site) {
				require.NoError(t, s.UpdateUser(sim.BotName, func(u *sim.User) { u.Token = "x" }))
			}, want: []string{"credentials: jira: GET", "401", "check url, user and api_token"}},
			"down": {prepare: func(_ *testing.T, s *site) { s.Stop() }, want: []string{"credentials: ", "connection refused"}},
			"permissions": {settings: func(s *Settings) { s.IssueType, s.Assignee = "10002", suggested }, prepare: func(t *testing.T, s *site) {
				require.NoError(t, s.UpdateUser(sim.BotName, func(u *sim.User) { u.Permissions = []string{"BROWSE_PROJECTS", "CREATE_ISSUES"} }))
			}, want: []string{"lacks TRANSITION_ISSUES, ADD_COMMENTS, ASSIGN_ISSUES", "permission scheme"}},
			"half a failure": {prepare: func(_ *testing.T, s *site) {
				for _, part := range []string{"mypermissions", "createmeta", "statuses"} {
					s.Inject(sim.Fault{PathContains: part, Status: 404})
				}
			}, want: []string{"permissions: ", "issue types: ", "statuses: "}},
		} {
			t.Run(name, func(t *testing.T) {
				s := newSite(t, setup{sim: options, settings: c.settings})
				if c.prepare != nil {
					c.prepare(t, s)
				}
				text := testkit.Faults(t, s.Check(t.Context()))
				for _, part := range c.want {
					require.Contains(t, text, part)
				}
			})
		}
	})
}

func TestCheckAsksForAProofOfDeliveries(t *testing.T) {
	j := &Jira{set: Settings{Common: incident.Common{Mode: incident.ModeWebhook}}}
	var f incident.Findings
	j.checkWebhook(&f)
	require.Contains(t, testkit.Faults(t, f), "set webhook.secrets, or use mode: poll")
	j.set.Mode, f = incident.ModePoll, nil
	j.checkWebhook(&f)
	require.Empty(t, testkit.Faults(t, f))
}
