package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

func TestW10_EveryCodeOfACreateCallHasItsClass(t *testing.T) {
	testkit.EveryCode(t, func(t *testing.T, code int, retryAfter string) error {
		s := newSite(t, setup{})
		s.Inject(sim.Fault{Method: "POST", PathContains: "/incidents", Status: code, RetryAfter: retryAfter})
		ref, err := s.Open(t.Context(), marker, testkit.Draft())
		require.Zero(t, ref)
		return err
	})
}

func TestALookupThatFailsBeforeTheCreateCallHasNoEffect(t *testing.T) {
	s := newSite(t, setup{})
	s.Inject(sim.Fault{Method: "GET", PathContains: "/services", Status: 502})
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestW9_RateLimitsHoldBackEveryCallOfTheAccount(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"Retry-After": {Method: "GET", Status: 429, RetryAfter: "120"},
		"own header":  {Method: "GET", Status: 429},
	} {
		t.Run(name, func(t *testing.T) {
			transport := func(next http.RoundTripper) http.RoundTripper {
				return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
					resp, err := next.RoundTrip(r)
					if err == nil && resp.Header.Get("Retry-After") == "" && resp.StatusCode == 429 {
						resp.Header.Set("ratelimit-reset", "120")
					}
					return resp, err
				})
			}
			s := newSite(t, setup{transport: transport})
			ref := s.open(t)
			s.Inject(fault)
			_, err := s.Evidence(t.Context(), ref)
			class, after := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassWait, class)
			require.Equal(t, 2*time.Minute, after)
			s.ResetCalls()
			err = s.Update(t.Context(), ref, twoNotes)
			class, after = bridge.ClassOf(err)
			require.Equal(t, bridge.ClassWait, class)
			require.Greater(t, after, time.Minute)
			require.True(t, bridge.NoEffect(err))
			require.Zero(t, s.TotalCalls())
			require.WithinDuration(t, time.Now().Add(2*time.Minute), s.BusyUntil(), time.Minute)
			require.True(t, s.Account().Open)
		})
	}
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Status: 429, Bare: true, Count: 1})
	_, err := s.Evidence(t.Context(), ref)
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Equal(t, 5*time.Second, after, "PagerDuty may say nothing more")
}

func TestConnectionRefusedHasNoEffect(t *testing.T) {
	s := newSite(t, setup{})
	_, err := s.look.names.Get(t.Context(), "services\x00Production", lookup.For, func(context.Context) (object, error) {
		return object{APIObject: pd.APIObject{ID: "PSERVIC"}}, nil
	})
	require.NoError(t, err)
	s.Stop()
	_, err = s.Open(t.Context(), marker, testkit.Draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.look = newLookups()
	s.Inject(sim.Fault{Hang: true})
	testkit.EndWithContext(t, map[string]func(context.Context) error{
		"open":     func(ctx context.Context) error { _, err := s.Open(ctx, marker, testkit.Draft()); return err },
		"find":     func(ctx context.Context) error { _, err := s.Find(ctx, marker); return err },
		"update":   func(ctx context.Context) error { return s.Update(ctx, ref, twoNotes) },
		"close":    func(ctx context.Context) error { return s.Close(ctx, ref, testkit.Closing(bridge.EndDenied)) },
		"evidence": func(ctx context.Context) error { _, err := s.Evidence(ctx, ref); return err },
		"on call": func(ctx context.Context) error {
			_, err := s.OnCall(ctx, bridge.OnCallQuery{Services: []string{"Production"}})
			return err
		},
		"changed": func(ctx context.Context) error {
			for _, err := range s.Changed(ctx, time.Time{}) {
				return err
			}
			return nil
		},
		"hooks": func(ctx context.Context) error {
			_, _, err := s.EnsureWebhooks(ctx, "https://bridge.example.com/webhooks/oncall")
			return err
		},
	})
	_, err := s.Open(testkit.Canceled(t), marker, testkit.Draft())
	require.True(t, bridge.NoEffect(err), "not even begun")
}

func TestP7_NoSecretInErrorsLogsOrTheIntegrationItself(t *testing.T) {
	s := newSite(t, setup{transport: testkit.EchoCredentials})
	s.Inject(sim.Fault{Status: 403})
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.ErrorContains(t, err, "403")
	text := err.Error() + s.log.String() + fmt.Sprintf("%v %+v %#v", s.set, s.set, s.set)
	_, _, err = s.EnsureWebhooks(t.Context(), "https://bridge.example.com/webhooks/oncall")
	text += err.Error()
	text += testkit.Findings(s.Check(t.Context()))
	require.NotContains(t, text, sim.DefaultToken)
	require.NotContains(t, text, "hook-secret")
	require.NotContains(t, text, "outage", "nor the body we sent")
}

func TestChangedCredentialsAreUsedAtOnce(t *testing.T) {
	t.Setenv("PAGERDUTY_TEST_TOKEN", "wrong")
	s := newSite(t, setup{settings: func(s *Settings) { s.APIToken = config.SecretEnv("PAGERDUTY_TEST_TOKEN") }})
	_, err := s.Open(t.Context(), marker, testkit.Draft())
	require.ErrorContains(t, err, "401")
	t.Setenv("PAGERDUTY_TEST_TOKEN", sim.DefaultToken)
	s.open(t)
	t.Setenv("PAGERDUTY_TEST_TOKEN", "")
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: "another"}, testkit.Draft())
	require.True(t, bridge.NoEffect(err))
	require.ErrorContains(t, err, "PAGERDUTY_TEST_TOKEN")
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	set := defaults()
	set.CAFile = "/does/not/exist"
	_, err := New("oncall", set, Options{})
	require.ErrorContains(t, err, "CA file")
}
