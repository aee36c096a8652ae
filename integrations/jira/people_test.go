package jira

import (
	"net/http"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

func TestLookUpsAreRemembered(t *testing.T) {
	s := newSite(t, setup{})
	for range 3 {
		require.Equal(t, "712020:alice", s.lookUp(t.Context(), "Alice@example.com"))
		require.Empty(t, s.lookUp(t.Context(), "stranger@example.com"))
	}
	require.Equal(t, 2, s.Calls()["GET /user/search"], "that somebody is unknown is remembered too")
	s.people.Now = func() time.Time { return time.Now().Add(lookup.For) }
	s.lookUp(t.Context(), "alice@example.com")
	require.Equal(t, 3, s.Calls()["GET /user/search"])

	s.Inject(sim.Fault{PathContains: "/user/search", Status: 500, Count: 1})
	require.Empty(t, s.lookUp(t.Context(), "bob@example.com"))
	require.Equal(t, "712020:bob", s.lookUp(t.Context(), "bob@example.com"), "a failure is not")
}

func TestWhomASettingMeans(t *testing.T) {
	r := bridge.Request{User: "Alice@Example.com", SuggestedReviewers: []string{"carol", "", "bob@example.com"}}
	for setting, want := range map[string]string{
		"": "", nobody: "", requester: "alice", suggested: "bob", "dave@example.com": "dave", "stranger@example.com": "",
	} {
		s := newSite(t, setup{})
		if want != "" {
			want = "712020:" + want
		}
		require.Equal(t, want, s.accountFor(t.Context(), setting, r), setting)
	}
	s := newSite(t, setup{sim: sim.Options{Flavour: sim.DataCenter}})
	require.Equal(t, "carol", s.accountFor(t.Context(), suggested, r), "Data Center knows user names")
	require.Equal(t, "anything", s.accountFor(t.Context(), "anything", r), "an account is taken as it is")
}

// A search by the beginning of names finds others as well.
func TestALookUpTakesOnlyTheExactPerson(t *testing.T) {
	for name, c := range map[string]struct{ answer, want string }{
		"the right one of two":   {`[{"accountId":"1","emailAddress":"bob@example.com.evil"},{"accountId":"2","emailAddress":"BOB@example.com"}]`, "2"},
		"only a longer address":  {`[{"accountId":"1","emailAddress":"bob@example.com.evil"}]`, ""},
		"two hidden":             {`[{"accountId":"1"},{"accountId":"2"}]`, ""},
		"one hidden":             {`[{"accountId":"1"}]`, "1"},
		"an app":                 {`[{"accountId":"1","accountType":"app"}]`, ""},
		"nobody":                 {`[]`, ""},
		"something else instead": {`{}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{transport: testkit.Answer(func(*http.Request) string { return c.answer })})
			require.Equal(t, c.want, s.lookUp(t.Context(), "bob@example.com"))
		})
	}
}

// Whoever waits for another's reading of the workflow does not depend on its success.
func TestW16_AFailedReadingOfTheWorkflowIsMadeUpFor(t *testing.T) {
	project := sim.DefaultProject("ACC")
	project.Workflow = sim.BacklogWorkflow()
	s := newSite(t, setup{sim: sim.Options{Projects: []sim.Project{project}}})
	s.Inject(sim.Fault{Method: "GET", PathContains: "/issue/", Status: 500, Count: 1})
	require.Equal(t, "Pending", s.issueOf(t, s.open(t)).Status)
	require.Equal(t, "Pending", s.issueOf(t, s.open(t)).Status)
	s.ResetCalls()
	s.open(t)
	require.Equal(t, map[string]int{"POST /issue": 1, "POST /issue/{id}/transitions": 1}, s.Calls(), "learned in the end")
}
