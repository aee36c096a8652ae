package jira

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

func TestP2_OpenCreatesOneIssueWithItsMarkerInOneCall(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		ref := s.open(t)
		s.ResetCalls()
		d := draft()
		second := strings.Replace(reqID, "1", "9", 1)
		d.Request.ID = second
		_, err := s.Open(t.Context(), bridge.Marker{RequestID: second}, d)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"POST /issue": 1}, s.Calls(), "only the first issue is read, to learn where the workflow starts")

		i := s.issueOf(t, ref)
		require.Equal(t, i.Key, ref.Key)
		require.Equal(t, s.URL()+"/browse/"+i.Key, ref.URL)
		require.Equal(t, []string{labelAll, labelOne + reqID}, i.Labels)
		require.JSONEq(t, `"`+reqID+`"`, string(i.Properties[marker]), "a plain text, as Teleport's own plugin writes it")
		require.Len(t, s.Issues(), 2)
	})
}

func TestOpenRequestIsAsAgreed(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		project := sim.DefaultProject("ACC")
		project.IssueTypes[1].Fields = append(sim.DefaultFields(),
			sim.Field{ID: "customfield_10010", Name: "Team", Type: "option", AllowedValues: []string{"payments"}, Required: true},
			sim.Field{ID: "customfield_10011", Name: "Hours", Type: "number"},
			sim.Field{ID: "customfield_10012", Name: "User", Type: "string"},
			sim.Field{ID: "customfield_10013", Name: "Unused", Type: "string"})
		s := newSite(t, setup{
			sim: sim.Options{Flavour: f, Projects: []sim.Project{project}},
			settings: func(s *Settings) {
				s.Labels, s.Priority, s.Components = []string{"security"}, "High", []string{"Database"}
				s.Reporter, s.Assignee = requester, suggested
				s.Fields = map[string]string{
					"customfield_10010": `{"value": {{index .Request.Annotations "team" | join "" | json}}}`,
					"customfield_10011": `{{.Request.MaxDuration.Hours}}`,
					"customfield_10012": `{{.Request.User}}`,
					"customfield_10013": `{{if eq .Request.User "nobody"}}x{{end}}`,
				}
			},
		})
		d := draft()
		d.Settings = &Target{IssueType: "Access Request", Labels: []string{"from route"}, Priority: "1"}
		_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
		require.NoError(t, err)
		golden.Assert(t, s.calls.Golden(t), "open-"+f.String()+".golden")
		i := s.Issues()[0]
		require.Equal(t, "Access Request", i.Type)
		require.Equal(t, "Highest", i.Priority)
		require.Equal(t, who(f, "alice"), i.Reporter)
		require.Equal(t, who(f, "bob"), i.Assignee)
		require.InDelta(t, 8, i.Fields["customfield_10011"], 0)
	})
}

func TestW16_NewIssuesAreMovedToPendingWhereverTheWorkflowStarts(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		project := sim.DefaultProject("ACC")
		project.Workflow = sim.BacklogWorkflow()
		s := newSite(t, setup{sim: sim.Options{Flavour: f, Projects: []sim.Project{project}}})
		var wg sync.WaitGroup
		for n := range 20 {
			wg.Go(func() {
				d := draft()
				d.Request.ID = fmt.Sprintf("%08d-2222-3333-4444-555555555555", n)
				_, err := s.Open(t.Context(), bridge.Marker{RequestID: d.Request.ID}, d)
				require.NoError(t, err)
			})
		}
		wg.Wait()
		for _, i := range s.Issues() {
			require.Equal(t, "Pending", i.Status)
		}
		require.Equal(t, map[string]int{"POST /issue": 20, "GET /issue/{id}": 1, "POST /issue/{id}/transitions": 20}, s.Calls())
	})
}

// Somebody, or an automation rule, may be faster than the bridge. What was decided is not undone, and the workflow is learned from another issue.
func TestP3_W16_NewIssueThatSomebodyHasMovedStaysThere(t *testing.T) {
	for name, workflow := range map[string]sim.Workflow{"starts at pending": sim.DefaultWorkflow(), "starts elsewhere": sim.BacklogWorkflow()} {
		t.Run(name, func(t *testing.T) {
			project := sim.DefaultProject("ACC")
			project.Workflow = workflow
			back := sim.Transition{ID: "81", Name: "Take back", From: []string{"Approved"}, To: "Pending"}
			decide := sim.Transition{ID: "82", Name: "Decide", From: []string{"Backlog"}, To: "Approved"}
			project.Workflow.Transitions = append(project.Workflow.Transitions, back)
			if name == "starts elsewhere" {
				project.Workflow.Transitions = append(project.Workflow.Transitions, decide)
			}
			s := newSite(t, setup{sim: sim.Options{Projects: []sim.Project{project}}})
			fast := true
			s.OnIssue(func(i sim.Issue) {
				if fast && len(i.History) == 0 {
					require.NoError(t, s.Move("bob", i.Key, "Approved"))
				}
			})
			for range 2 {
				require.Equal(t, "Approved", s.issueOf(t, s.open(t)).Status)
			}
			fast = false
			require.Equal(t, "Pending", s.issueOf(t, s.open(t)).Status)
			fast = true
			require.Equal(t, "Approved", s.issueOf(t, s.open(t)).Status)
			require.NotContains(t, s.log.String(), "not moved")
		})
	}
}

func TestW16_StatusesProjectAndTypeAreConfigurable(t *testing.T) {
	second := sim.DefaultProject("SEC")
	for i, st := range second.Workflow.Statuses {
		second.Workflow.Statuses[i] = sim.Status{ID: fmt.Sprint(20100 + i), Name: "X " + st.Name, Category: st.Category}
	}
	second.Workflow.Initial = "X Pending"
	for i, tr := range second.Workflow.Transitions {
		from := make([]string, len(tr.From))
		for k, name := range tr.From {
			from[k] = "X " + name
		}
		second.Workflow.Transitions[i].From, second.Workflow.Transitions[i].To = from, "X "+tr.To
	}
	s := newSite(t, setup{
		sim: sim.Options{Projects: []sim.Project{sim.DefaultProject("ACC"), second}},
		settings: func(s *Settings) {
			s.Statuses = Statuses{Pending: []string{"x pending"}, Approved: []string{"Approved", " x APPROVED "}, Denied: []string{"20103"}}
		},
	})
	d := draft()
	d.Settings = &Target{Project: "SEC", IssueType: "10002"}
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(ref.Key, "SEC-"))
	require.NoError(t, s.Move("bob", ref.ID, "X Denied"))
	e := s.evidence(t, ref)
	require.Equal(t, bridge.Deny, e.Verdict)
	require.Equal(t, "X Denied", e.Status)
}

func TestOpenSurvivesAPendingStatusThatCannotBeReached(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Statuses.Pending = []string{"Waiting"} }})
	s.open(t)
	require.Contains(t, s.log.String(), "new issues cannot be moved to the pending status")
	s.ResetCalls()
	s.open(t)
	require.Equal(t, 1, s.TotalCalls(), "it is not tried for every issue")
}

func TestOpenSurvivesAFailedMove(t *testing.T) {
	project := sim.DefaultProject("ACC")
	project.Workflow = sim.BacklogWorkflow()
	s := newSite(t, setup{sim: sim.Options{Projects: []sim.Project{project}}})
	s.Inject(sim.Fault{Method: "POST", PathContains: "/transitions", Status: 500, Count: 1})
	require.Equal(t, "Pending", s.issueOf(t, s.open(t)).Status, "tried once more")
	cancel := s.Inject(sim.Fault{Method: "POST", PathContains: "/transitions", Status: 500})
	ref := s.open(t)
	require.Equal(t, "Backlog", s.issueOf(t, ref).Status)
	require.Contains(t, s.log.String(), "new issue was not moved to the pending status")
	cancel()
}

func TestRefusedOptionalFieldsAreDroppedOnce(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}, settings: func(s *Settings) {
			s.Priority, s.Reporter, s.Components = "Immediate", "ghost", []string{"Database"}
			s.Fields = map[string]string{"customfield_1": "x"}
		}})
		ref := s.open(t)
		i := s.issueOf(t, ref)
		require.Contains(t, i.Description, `Not set, because Jira refused it: customfield\_1, priority, reporter.`)
		require.Equal(t, []string{"Database"}, i.Components)
		require.Equal(t, 2, s.Calls()["POST /issue"])
		require.Contains(t, s.log.String(), "request_id="+reqID)
	})
}

func TestRefusedNeededFieldsAreTerminal(t *testing.T) {
	project := sim.DefaultProject("ACC")
	project.IssueTypes[0].Fields = append(sim.DefaultFields(), sim.Field{ID: "customfield_9", Name: "Cost centre", Type: "string", Required: true})
	project.IssueTypes = append(project.IssueTypes, sim.IssueType{ID: "10003", Name: "Bare", Fields: []sim.Field{{ID: "description", Name: "Description"}}})
	s := newSite(t, setup{sim: sim.Options{Projects: []sim.Project{project}}})
	for name, c := range map[string]struct {
		target *Target
		says   string
	}{
		"required field":  {nil, "Cost centre is required"},
		"unknown project": {&Target{Project: "NOPE"}, "project"},
		"unknown type":    {&Target{IssueType: "Nope"}, "issuetype"},
		"no labels":       {&Target{IssueType: "Bare"}, "labels"},
	} {
		t.Run(name, func(t *testing.T) {
			d := draft()
			if c.target != nil {
				d.Settings = c.target
			}
			s.ResetCalls()
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class, "%v", err)
			require.True(t, bridge.NoEffect(err))
			require.ErrorContains(t, err, c.says)
			require.Equal(t, 1, s.TotalCalls())
		})
	}
	require.Empty(t, s.Issues())
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	s := newSite(t, setup{})
	d := draft()
	d.Settings = struct{}{}
	for id, d := range map[string]bridge.Draft{reqID: d, `x" OR project = "Y`: draft(), "": draft()} {
		_, err := s.Open(t.Context(), bridge.Marker{RequestID: id}, d)
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
	}
	require.Zero(t, s.TotalCalls())
}

func TestReporterAndAssigneeAreLookedUpOnceAndMayBeMissing(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}, settings: func(s *Settings) {
			s.Reporter, s.Assignee = requester, "Carol@Example.com"
		}})
		for range 3 {
			s.open(t)
		}
		require.Equal(t, 2, s.Calls()["GET /user/search"])
		i := s.Issues()[2]
		require.Equal(t, who(f, "alice"), i.Reporter)
		require.Equal(t, who(f, "carol"), i.Assignee)

		d := draft()
		d.Request.User = "stranger@example.com"
		ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
		require.NoError(t, err)
		require.NotEqual(t, who(f, "alice"), s.issueOf(t, ref).Reporter)

		s.Inject(sim.Fault{PathContains: "/user/search", Status: 500})
		d.Request.User = "dave@example.com"
		_, err = s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
		require.NoError(t, err, "an issue is worth more than its reporter")
		require.Contains(t, s.log.String(), "account look-up failed")
	})
}

func TestHiddenAddressStillFindsTheOnlyAccount(t *testing.T) {
	users := sim.DefaultUsers()
	users[0].DisplayName = "alice@example.com" // how the simulator finds an account whose address it does not show
	s := newSite(t, setup{sim: sim.Options{HideEmails: true, Users: users}, settings: func(s *Settings) { s.Reporter = requester }})
	require.Equal(t, "712020:alice", s.issueOf(t, s.open(t)).Reporter)
}

func TestLongAndForeignTextIsCutOnARune(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}})
		d := draft()
		d.Request.Resources = nil
		d.Request.Reason = strings.Repeat("漢字\n", 2000)
		d.Request.Roles = nil
		for n := range 3000 {
			d.Request.Roles = append(d.Request.Roles, fmt.Sprintf("роль-🔥-%d", n))
		}
		ref, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, d)
		require.NoError(t, err)
		i := s.issueOf(t, ref)
		require.LessOrEqual(t, utf16Len(i.Summary), maxSummary)
		require.Greater(t, utf16Len(i.Summary), maxSummary-3)
		require.True(t, strings.HasSuffix(i.Summary, "…"))
		require.NotContains(t, i.Summary, "\uFFFD")
		require.LessOrEqual(t, utf16Len(i.Description), maxText)
		require.Contains(t, i.Description, "and 2950 more")
		require.Contains(t, i.Description, d.WebURL)
	})
}
