package jsm

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

// lost carries out the call and cuts the connection instead of an answer.
const lost = "lost"

func fault(method, path string, status int, how ...string) standin.Fault {
	f := standin.Fault{Method: method, PathContains: path, Status: status}
	if len(how) > 0 && how[0] == lost {
		f.AfterEffect, f.Reset, f.Count = true, true, 1
	}
	return f
}

func TestEveryCodeOfACreateCallHasItsClass(t *testing.T) {
	testkit.EveryCode(t, func(t *testing.T, code int, retryAfter string) error {
		s := newSite(t, setup{})
		s.Inject(standin.Fault{Method: "POST", PathContains: "/alerts", Status: code, RetryAfter: retryAfter})
		ref, err := s.Open(t.Context(), marker, testkit.Draft())
		require.Zero(t, ref)
		require.Equal(t, 1, s.Calls()["POST /alerts"], "nothing is tried again inside")
		return err
	})
}

func TestALookupThatFailsBeforeTheCreateCallHasNoEffect(t *testing.T) {
	s := newSite(t, setup{})
	s.Inject(fault("GET", "/schedules", 502))
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestW9_RateLimitsHoldBackEveryCallOfTheAccount(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(standin.Fault{Method: "GET", Status: 429, RetryAfter: "30"})
	_, err := s.Evidence(t.Context(), ref)
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Equal(t, 30*time.Second, after)
	s.ResetCalls()
	err = s.Update(t.Context(), ref, testkit.Notes())
	class, after = bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Greater(t, after, 25*time.Second)
	require.True(t, bridge.NoEffect(err))
	require.Zero(t, s.TotalCalls())
	require.WithinDuration(t, time.Now().Add(30*time.Second), s.BusyUntil(), 5*time.Second)
	require.True(t, s.JSM.Account().Open)
}

func TestConnectionRefusedHasNoEffect(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Responders.Schedules = nil }})
	s.Stop()
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(standin.Fault{Hang: true})
	testkit.EndWithContext(t, map[string]func(context.Context) error{
		"open":     func(ctx context.Context) error { _, err := s.Open(ctx, marker, testkit.Draft()); return err },
		"find":     func(ctx context.Context) error { _, err := s.Find(ctx, marker); return err },
		"update":   func(ctx context.Context) error { return s.Update(ctx, ref, testkit.Notes()) },
		"close":    func(ctx context.Context) error { return s.JSM.Close(ctx, ref, testkit.Closing(bridge.EndDenied)) },
		"evidence": func(ctx context.Context) error { _, err := s.Evidence(ctx, ref); return err },
		"on call": func(ctx context.Context) error {
			_, err := s.JSM.OnCall(ctx, bridge.OnCallQuery{Teams: []string{sim.DefaultTeam}})
			return err
		},
		"changed": func(ctx context.Context) error {
			for _, err := range s.Changed(ctx, time.Time{}) {
				return err
			}
			return nil
		},
	})
	_, err := s.Open(testkit.Canceled(t), marker, testkit.Draft())
	require.True(t, bridge.NoEffect(err), "not even begun")
}

func TestP7_NoSecretInErrorsLogsOrTheIntegrationItself(t *testing.T) {
	s := newSite(t, setup{transport: testkit.EchoCredentials})
	s.Inject(standin.Fault{Status: 403})
	_, err := s.Find(t.Context(), marker)
	require.ErrorContains(t, err, "403")
	text := err.Error() + s.log.String() + fmt.Sprintf("%v %+v", s.JSM, s.JSM)
	text += testkit.Findings(s.Check(t.Context()))
	require.NotContains(t, text, sim.DefaultAPIToken)
	require.NotContains(t, text, "hook-secret")
	require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte(sim.DefaultEmail+":"+sim.DefaultAPIToken)))
}

func TestChangedCredentialsAreUsedAtOnce(t *testing.T) {
	t.Setenv("JSM_TEST_TOKEN", "wrong")
	s := newSite(t, setup{settings: func(s *Settings) { s.APIToken = config.SecretEnv("JSM_TEST_TOKEN") }})
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.ErrorContains(t, err, "401")
	t.Setenv("JSM_TEST_TOKEN", sim.DefaultAPIToken)
	s.open(t)
	t.Setenv("JSM_TEST_TOKEN", "")
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: "another"}, testkit.Draft())
	require.True(t, bridge.NoEffect(err))
	require.ErrorContains(t, err, "JSM_TEST_TOKEN")
}

// Whatever stands between us and Atlassian, its answer is not taken for an alert, a list or a decision.
func TestAnswersOfSomethingElseAreErrors(t *testing.T) {
	for name, body := range map[string]string{
		"a page":       "<html>Sign in</html>",
		"an object":    "{}",
		"nothing":      "",
		"no values":    `{"values":null,"requestId":""}`,
		"other fields": `{"data":{"x":1}}`,
		"a text":       `"ok"`,
	} {
		t.Run(name, func(t *testing.T) {
			var broken bool
			s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
				other := testkit.Answer(func(*http.Request) string { return body })(next)
				return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
					if broken {
						return other.RoundTrip(r)
					}
					return next.RoundTrip(r)
				})
			}})
			ref := s.open(t)
			broken = true
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: "another"}, testkit.Draft())
			require.Error(t, err)
			require.False(t, bridge.NoEffect(err))
			_, err = s.Find(t.Context(), marker)
			require.Error(t, err)
			_, err = s.Evidence(t.Context(), ref)
			require.Error(t, err)
			require.NotErrorIs(t, err, bridge.ErrGone)
			require.Error(t, s.Update(t.Context(), ref, testkit.Notes()))
			require.Error(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
			_, err = s.JSM.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{sim.DefaultSchedule}})
			require.Error(t, err)
			for _, err := range s.Changed(t.Context(), time.Time{}) {
				require.Error(t, err)
			}
		})
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	set := defaults()
	set.CAFile = "/does/not/exist"
	_, err := New("oncall", set, Options{})
	require.ErrorContains(t, err, "CA file")
}
