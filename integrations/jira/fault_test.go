package jira

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

func TestEveryCodeOfACreateCallHasItsClass(t *testing.T) {
	testkit.EveryCode(t, func(t *testing.T, code int, retryAfter string) error {
		s := newSite(t, setup{})
		s.Inject(sim.Fault{Method: "POST", PathContains: "/issue", Status: code, RetryAfter: retryAfter})
		ref, err := s.Open(t.Context(), testkit.Marker(), draft())
		require.Zero(t, ref)
		return err
	})
}

func TestW9_RetryAfterHoldsBackEveryCallOfTheAccount(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Method: "GET", Status: 429, RetryAfter: "240"})
	_, err := s.Evidence(t.Context(), ref)
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Equal(t, 4*time.Minute, after)
	s.ResetCalls()
	err = s.Update(t.Context(), ref, []bridge.Note{{ID: "a", Text: "b"}})
	class, after = bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Greater(t, after, 3*time.Minute)
	require.Zero(t, s.TotalCalls())
	require.True(t, s.Account().Open)
}

func TestP2_AnIssueWhoseAnswerWasLostIsAdopted(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		for name, fault := range map[string]sim.Fault{
			"reset":   {Method: "POST", PathContains: "/issue", Reset: true, AfterEffect: true, Count: 1},
			"gateway": {Method: "POST", PathContains: "/issue", Status: 504, AfterEffect: true, Count: 1},
		} {
			t.Run(name, func(t *testing.T) {
				project := sim.DefaultProject("ACC")
				project.Workflow = sim.BacklogWorkflow()
				s := newSite(t, setup{sim: sim.Options{Flavour: f, Projects: []sim.Project{project}}})
				s.Inject(fault)
				_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
				require.Error(t, err)
				require.False(t, bridge.NoEffect(err), "%v", err)
				require.Len(t, s.Issues(), 1)

				ref, err := s.Find(t.Context(), bridge.Marker{RequestID: reqID})
				require.NoError(t, err)
				require.NotNil(t, ref)
				i := s.issueOf(t, *ref)
				require.Equal(t, s.ref(i.ID, i.Key), *ref)
				require.Equal(t, "Pending", i.Status, "what its creator did not come to is made up for")
			})
		}
	})
}

func TestConnectionRefusedHasNoEffect(t *testing.T) {
	s := newSite(t, setup{})
	s.Stop()
	_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Hang: true})
	testkit.EndWithContext(t, map[string]func(context.Context) error{
		"open": func(ctx context.Context) error {
			_, err := s.Open(ctx, bridge.Marker{RequestID: reqID}, draft())
			return err
		},
		"find":   func(ctx context.Context) error { _, err := s.Find(ctx, bridge.Marker{RequestID: reqID}); return err },
		"update": func(ctx context.Context) error { return s.Update(ctx, ref, []bridge.Note{{ID: "a", Text: "b"}}) },
		"close": func(ctx context.Context) error {
			return s.Close(ctx, ref, bridge.Outcome{Ending: bridge.EndDenied})
		},
		"evidence": func(ctx context.Context) error { _, err := s.Evidence(ctx, ref); return err },
		"changed": func(ctx context.Context) error {
			for _, err := range s.Changed(ctx, time.Time{}) {
				return err
			}
			return nil
		},
		"check": func(ctx context.Context) error {
			for _, f := range s.Check(ctx) {
				if !f.OK {
					return context.Canceled
				}
			}
			return nil
		},
	})
	_, err := s.Open(testkit.Canceled(t), bridge.Marker{RequestID: reqID}, draft())
	require.True(t, bridge.NoEffect(err), "not even begun")
}

func TestP7_NoSecretInErrorsLogsOrTheIntegrationItself(t *testing.T) {
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}, transport: testkit.EchoCredentials})
		s.Inject(sim.Fault{Status: 403})
		_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
		require.Error(t, err)
		s.settle(t.Context(), bridge.Ref{ID: "1"}, Target{})
		text := err.Error() + s.log.String() + fmt.Sprintf("%v %+v %#v", s.set, s.set, s.set)
		text += testkit.Findings(s.Check(t.Context()))
		require.NotContains(t, text, sim.BotToken)
		require.NotContains(t, text, "hook-secret")
		require.NotContains(t, text, "outage", "nor the body we sent")
	})
}

func TestChangedCredentialsAreUsedAtOnce(t *testing.T) {
	t.Setenv("JIRA_TEST_TOKEN", "wrong")
	s := newSite(t, setup{settings: func(s *Settings) { s.APIToken = config.SecretEnv("JIRA_TEST_TOKEN") }})
	_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.ErrorContains(t, err, "401")
	t.Setenv("JIRA_TEST_TOKEN", sim.BotToken)
	s.open(t)
	t.Setenv("JIRA_TEST_TOKEN", "")
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.True(t, bridge.NoEffect(err))
	require.ErrorContains(t, err, "JIRA_TEST_TOKEN")
}

func TestBaseURLWithAPath(t *testing.T) {
	s := newSite(t, setup{sim: sim.Options{Flavour: sim.DataCenter, BasePath: "/jira"}})
	ref := s.open(t)
	require.Equal(t, s.URL()+"/browse/ACC-1", ref.URL)
	require.Contains(t, ref.URL, "/jira/browse/")
}

func TestAnAnswerOfSomethingElseIsNotASuccess(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Answer(func(r *http.Request) string {
		return map[bool]string{true: "<html>login</html>", false: "{}"}[r.Method == http.MethodGet]
	})})
	_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.ErrorContains(t, err, "names no issue")
	require.False(t, bridge.NoEffect(err))
	_, err = s.Evidence(t.Context(), bridge.Ref{ID: "1"})
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone)
}
