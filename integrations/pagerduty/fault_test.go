package pagerduty

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	sim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/stretchr/testify/require"
)

func TestW10_EveryCodeOfACreateCallHasItsClass(t *testing.T) {
	for _, c := range []struct {
		code     int
		after    string
		class    bridge.Class
		noEffect bool
	}{
		{400, "", bridge.ClassTerminal, true},
		{401, "", bridge.ClassTerminal, true},
		{403, "", bridge.ClassTerminal, true},
		{404, "", bridge.ClassTerminal, true},
		{408, "", bridge.ClassRetry, false},
		{409, "", bridge.ClassRetry, true},
		{413, "", bridge.ClassTerminal, true},
		{429, "7", bridge.ClassWait, true},
		{500, "", bridge.ClassRetry, false},
		{502, "", bridge.ClassRetry, false},
		{503, "", bridge.ClassRetry, false},
		{503, "7", bridge.ClassWait, false},
		{504, "", bridge.ClassRetry, false},
	} {
		t.Run(fmt.Sprint(c.code, c.after), func(t *testing.T) {
			s := newSite(t, setup{})
			s.Inject(sim.Fault{Method: "POST", PathContains: "/incidents", Status: c.code, RetryAfter: c.after})
			ref, err := s.Open(t.Context(), marker, draft())
			require.Zero(t, ref)
			class, after := bridge.ClassOf(err)
			require.Equal(t, c.class, class, "%v", err)
			require.Equal(t, c.noEffect, bridge.NoEffect(err), "%v", err)
			if c.after != "" {
				require.Equal(t, 7*time.Second, after)
			}
			require.Contains(t, err.Error(), fmt.Sprint(c.code))
		})
	}
}

func TestALookupThatFailsBeforeTheCreateCallHasNoEffect(t *testing.T) {
	s := newSite(t, setup{})
	s.Inject(sim.Fault{Method: "GET", PathContains: "/services", Status: 502})
	_, err := s.Open(t.Context(), marker, draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestW9_RateLimitsHoldBackEveryCallOfTheAccount(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"Retry-After": {Method: "GET", Status: 429, RetryAfter: "30"},
		"own header":  {Method: "GET", Status: 429},
	} {
		t.Run(name, func(t *testing.T) {
			transport := func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					resp, err := next.RoundTrip(r)
					if err == nil && resp.Header.Get("Retry-After") == "" && resp.StatusCode == 429 {
						resp.Header.Set("ratelimit-reset", "30")
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
			require.Equal(t, 30*time.Second, after)
			s.ResetCalls()
			err = s.Update(t.Context(), ref, twoNotes)
			class, after = bridge.ClassOf(err)
			require.Equal(t, bridge.ClassWait, class)
			require.Greater(t, after, 25*time.Second)
			require.True(t, bridge.NoEffect(err))
			require.Zero(t, s.TotalCalls())
			require.WithinDuration(t, time.Now().Add(30*time.Second), s.BusyUntil(), 5*time.Second)
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
	s.look.names.put("services\x00Production", remembered[object]{value: object{APIObject: pd.APIObject{ID: "PSERVIC"}}, at: time.Now()})
	s.Stop()
	_, err := s.Open(t.Context(), marker, draft())
	require.True(t, bridge.NoEffect(err), "%v", err)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.look = newLookups()
	s.Inject(sim.Fault{Hang: true})
	for name, call := range map[string]func(context.Context) error{
		"open":     func(ctx context.Context) error { _, err := s.Open(ctx, marker, draft()); return err },
		"find":     func(ctx context.Context) error { _, err := s.Find(ctx, marker); return err },
		"update":   func(ctx context.Context) error { return s.Update(ctx, ref, twoNotes) },
		"close":    func(ctx context.Context) error { return s.PagerDuty.Close(ctx, ref, closing(bridge.EndDenied)) },
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
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- call(ctx) }()
			cancel()
			select {
			case err := <-done:
				require.ErrorIs(t, err, context.Canceled)
			case <-time.After(5 * time.Second):
				require.Fail(t, "the call did not end")
			}
		})
	}
	_, err := s.Open(canceled(t), marker, draft())
	require.True(t, bridge.NoEffect(err), "not even begun")
}

func TestP7_NoSecretInErrorsLogsOrTheIntegrationItself(t *testing.T) {
	echo := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode >= 400 {
				resp.Header.Set("Content-Type", "text/plain")
				_, bare, _ := strings.Cut(r.Header.Get("Authorization"), "token=")
				resp.Body = io.NopCloser(strings.NewReader(r.Header.Get("Authorization") + " or " + bare))
			}
			return resp, err
		})
	}
	s := newSite(t, setup{transport: echo})
	s.Inject(sim.Fault{Status: 403})
	_, err := s.Open(t.Context(), marker, draft())
	require.ErrorContains(t, err, "403")
	text := err.Error() + s.log.String() + fmt.Sprintf("%v %+v %#v", s.set, s.set, s.set)
	_, _, err = s.EnsureWebhooks(t.Context(), "https://bridge.example.com/webhooks/oncall")
	text += err.Error()
	for _, f := range s.Check(t.Context()) {
		text += f.What + f.Mend
	}
	require.NotContains(t, text, sim.DefaultToken)
	require.NotContains(t, text, "hook-secret")
	require.NotContains(t, text, "outage", "nor the body we sent")
}

func TestChangedCredentialsAreUsedAtOnce(t *testing.T) {
	t.Setenv("PAGERDUTY_TEST_TOKEN", "wrong")
	s := newSite(t, setup{settings: func(s *Settings) { s.APIToken = config.SecretEnv("PAGERDUTY_TEST_TOKEN") }})
	_, err := s.Open(t.Context(), marker, draft())
	require.ErrorContains(t, err, "401")
	t.Setenv("PAGERDUTY_TEST_TOKEN", sim.DefaultToken)
	s.open(t)
	t.Setenv("PAGERDUTY_TEST_TOKEN", "")
	_, err = s.Open(t.Context(), bridge.Marker{RequestID: "another"}, draft())
	require.True(t, bridge.NoEffect(err))
	require.ErrorContains(t, err, "PAGERDUTY_TEST_TOKEN")
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	set := defaults()
	set.CAFile = "/does/not/exist"
	_, err := New("oncall", set, Options{})
	require.ErrorContains(t, err, "CA file")
}
