package jira

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/stretchr/testify/require"
)

func TestEveryCodeOfACreateCallHasItsClass(t *testing.T) {
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
		{422, "", bridge.ClassTerminal, true},
		{425, "", bridge.ClassRetry, true},
		{429, "7", bridge.ClassWait, true},
		{500, "", bridge.ClassRetry, false},
		{502, "", bridge.ClassRetry, false},
		{503, "", bridge.ClassRetry, false},
		{503, "7", bridge.ClassWait, false},
		{504, "", bridge.ClassRetry, false},
	} {
		t.Run(fmt.Sprint(c.code, c.after), func(t *testing.T) {
			s := newSite(t, setup{})
			s.Inject(sim.Fault{Method: "POST", PathContains: "/issue", Status: c.code, RetryAfter: c.after})
			_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
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

func TestW9_RetryAfterHoldsBackEveryCallOfTheAccount(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(sim.Fault{Method: "GET", Status: 429, RetryAfter: "30"})
	_, err := s.Evidence(t.Context(), ref)
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Equal(t, 30*time.Second, after)
	s.ResetCalls()
	err = s.Update(t.Context(), ref, []bridge.Note{{ID: "a", Text: "b"}})
	class, after = bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class)
	require.Greater(t, after, 25*time.Second)
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
	for name, call := range map[string]func(context.Context) error{
		"open": func(ctx context.Context) error {
			_, err := s.Open(ctx, bridge.Marker{RequestID: reqID}, draft())
			return err
		},
		"find":   func(ctx context.Context) error { _, err := s.Find(ctx, bridge.Marker{RequestID: reqID}); return err },
		"update": func(ctx context.Context) error { return s.Update(ctx, ref, []bridge.Note{{ID: "a", Text: "b"}}) },
		"close": func(ctx context.Context) error {
			return s.Jira.Close(ctx, ref, bridge.Outcome{Ending: bridge.EndDenied})
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
	_, err := s.Open(canceled(t), bridge.Marker{RequestID: reqID}, draft())
	require.True(t, bridge.NoEffect(err), "not even begun")
}

func TestP7_NoSecretInErrorsLogsOrTheIntegrationItself(t *testing.T) {
	echo := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && resp.StatusCode >= 400 {
				resp.Header.Set("Content-Type", "text/plain")
				resp.Body = http.NoBody
				if r.Header.Get("Authorization") != "" {
					user, password, _ := r.BasicAuth()
					text := r.Header.Get("Authorization") + " " + user + ":" + password
					resp.Body = readCloser{strings.NewReader(text)}
				}
			}
			return resp, err
		})
	}
	eachFlavour(t, func(t *testing.T, f sim.Flavour) {
		s := newSite(t, setup{sim: sim.Options{Flavour: f}, transport: echo})
		s.Inject(sim.Fault{Status: 403})
		_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
		require.Error(t, err)
		s.settle(t.Context(), bridge.Ref{ID: "1"}, Target{})
		text := err.Error() + s.log.String() + fmt.Sprintf("%v %+v %#v", s.set, s.set, s.set)
		for _, f := range s.Check(t.Context()) {
			text += f.What + f.Mend
		}
		require.NotContains(t, text, sim.BotToken)
		require.NotContains(t, text, "hook-secret")
		require.NotContains(t, text, "outage", "nor the body we sent")
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

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
	s := newSite(t, setup{transport: func(http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			body := map[bool]string{true: "<html>login</html>", false: "{}"}[r.Method == http.MethodGet]
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: readCloser{strings.NewReader(body)}, Request: r}, nil
		})
	}})
	_, err := s.Open(t.Context(), bridge.Marker{RequestID: reqID}, draft())
	require.ErrorContains(t, err, "names no issue")
	require.False(t, bridge.NoEffect(err))
	_, err = s.Evidence(t.Context(), bridge.Ref{ID: "1"})
	require.Error(t, err)
	require.NotErrorIs(t, err, bridge.ErrGone)
}
