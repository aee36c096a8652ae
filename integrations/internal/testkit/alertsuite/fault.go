package alertsuite

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func faultCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"EveryCodeOfACreateCallHasItsClass":              everyCodeOfACreateCallHasItsClass,
		"ALookupThatFailsBeforeTheCreateCallHasNoEffect": aLookupThatFailsBeforeTheCreateCallHasNoEffect,
		"W9_RateLimitsHoldBackEveryCallOfTheAccount":     rateLimitsHoldBackEveryCallOfTheAccount,
		"ConnectionRefusedHasNoEffect":                   connectionRefusedHasNoEffect,
		"EveryCallEndsWithItsContext":                    everyCallEndsWithItsContext,
		"P7_NoSecretInErrorsLogsOrTheIntegrationItself":  noSecretInErrorsLogsOrTheIntegrationItself,
		"ChangedCredentialsAreUsedAtOnce":                changedCredentialsAreUsedAtOnce,
		"AnswersOfSomethingElseAreErrors":                answersOfSomethingElseAreErrors,
		"NewRefusesWhatCannotWork":                       newRefusesWhatCannotWork,
	}
}

func everyCodeOfACreateCallHasItsClass(t *testing.T, v Vendor) {
	testkit.EveryCode(t, func(t *testing.T, code int, retryAfter string) error {
		s := v.Site(t, Setup{})
		s.Inject(standin.Fault{Method: "POST", PathContains: "/alerts", Status: code, RetryAfter: retryAfter})
		ref, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
		require.Zero(t, ref)
		require.Equal(t, 1, s.Counted()["POST /alerts"], "nothing is tried again inside")
		return err
	})
}

func aLookupThatFailsBeforeTheCreateCallHasNoEffect(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	s.Inject(Breaks("GET", "/schedules", 502))
	_, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func rateLimitsHoldBackEveryCallOfTheAccount(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	s.Inject(standin.Fault{Method: "GET", Status: 429, RetryAfter: "240"})
	_, err := s.Evidence(t.Context(), ref)
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Equal(t, 4*time.Minute, after)
	s.ResetCalls()
	err = s.Update(t.Context(), ref, testkit.Notes())
	class, after = bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Greater(t, after, 3*time.Minute)
	require.True(t, bridge.NoEffect(err))
	require.Zero(t, s.TotalCalls())
	require.WithinDuration(t, time.Now().Add(4*time.Minute), s.BusyUntil(), time.Minute)
	require.True(t, s.Integration.Account().Open)
}

func connectionRefusedHasNoEffect(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Responders.Schedules = nil }})
	s.Stop()
	_, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func everyCallEndsWithItsContext(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	s.Inject(standin.Fault{Hang: true})
	testkit.EndWithContext(t, map[string]func(context.Context) error{
		"open":     func(ctx context.Context) error { _, err := s.Open(ctx, testkit.Marker(), testkit.Draft()); return err },
		"find":     func(ctx context.Context) error { _, err := s.Find(ctx, testkit.Marker()); return err },
		"update":   func(ctx context.Context) error { return s.Update(ctx, ref, testkit.Notes()) },
		"close":    func(ctx context.Context) error { return s.Close(ctx, ref, testkit.Closing(bridge.EndDenied)) },
		"evidence": func(ctx context.Context) error { _, err := s.Evidence(ctx, ref); return err },
		"on call": func(ctx context.Context) error {
			_, err := s.OnCall(ctx, bridge.OnCallQuery{Teams: []string{account.DefaultTeam}})
			return err
		},
		"changed": func(ctx context.Context) error {
			for _, err := range s.Changed(ctx, time.Time{}) {
				return err
			}
			return nil
		},
	})
	_, err := s.Open(testkit.Canceled(t), testkit.Marker(), testkit.Draft())
	require.True(t, bridge.NoEffect(err), "not even begun")
}

func noSecretInErrorsLogsOrTheIntegrationItself(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Transport: testkit.EchoCredentials})
	s.Inject(standin.Fault{Status: 403})
	_, err := s.Find(t.Context(), testkit.Marker())
	require.ErrorContains(t, err, "403")
	text := err.Error() + s.Log.String() + fmt.Sprintf("%v %+v", s.Integration, s.Integration)
	text += testkit.Findings(s.Check(t.Context()))
	for _, secret := range append([]string{v.Key, "hook-secret"}, v.Credentials...) {
		require.NotContains(t, text, secret)
	}
}

func changedCredentialsAreUsedAtOnce(t *testing.T, v Vendor) {
	const name = "ALERTSUITE_TEST_KEY"
	t.Setenv(name, "00000000-0000-4000-8000-000000000000")
	s := v.Site(t, Setup{Key: config.SecretEnv(name)})
	_, err := s.Open(t.Context(), testkit.Marker(), testkit.Draft())
	require.ErrorContains(t, err, "401")
	t.Setenv(name, v.Key)
	s.Opened(t)
	t.Setenv(name, "")
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: "another"}, testkit.Draft())
	require.True(t, bridge.NoEffect(err))
	require.ErrorContains(t, err, name)
}

// Whatever stands between us and the product, its answer is not taken for an alert, a list or a decision.
func answersOfSomethingElseAreErrors(t *testing.T, v Vendor) {
	for name, body := range map[string]string{
		"a page":       "<html>Sign in</html>",
		"an object":    "{}",
		"nothing":      "",
		"no values":    `{"values":null,"requestId":""}`,
		"no data":      `{"data":null,"requestId":""}`,
		"other fields": `{"data":{"x":1}}`,
		"a text":       `"ok"`,
	} {
		t.Run(name, func(t *testing.T) {
			var broken bool
			s := v.Site(t, Setup{Transport: func(next http.RoundTripper) http.RoundTripper {
				other := testkit.Answer(func(*http.Request) string { return body })(next)
				return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
					if broken {
						return other.RoundTrip(r)
					}
					return next.RoundTrip(r)
				})
			}})
			ref := s.Opened(t)
			broken = true
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: "another"}, testkit.Draft())
			require.Error(t, err)
			require.False(t, bridge.NoEffect(err))
			_, err = s.Find(t.Context(), testkit.Marker())
			require.Error(t, err)
			_, err = s.Evidence(t.Context(), ref)
			require.Error(t, err)
			require.NotErrorIs(t, err, bridge.ErrGone)
			require.Error(t, s.Update(t.Context(), ref, testkit.Notes()))
			require.Error(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
			_, err = s.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{account.PrimarySchedule}})
			require.Error(t, err)
			for _, err := range s.Changed(t.Context(), time.Time{}) {
				require.Error(t, err)
			}
		})
	}
}

func newRefusesWhatCannotWork(t *testing.T, v Vendor) {
	set := v.configured("https://vendor.example", Setup{Settings: func(s *alerting.Settings) { s.CAFile = "/does/not/exist" }})
	_, err := v.New(set, Options{})
	require.ErrorContains(t, err, "CA file")
}
