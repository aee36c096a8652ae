package opsgenie

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/opsgenie"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

// vendorError answers every close call with an error.
func vendorError(status int, body string) standin.Fault {
	return standin.Fault{Method: "POST", PathContains: "/close", Status: status, Body: body}
}

// waits checks that an error asks for another try soon, and returns when.
func waits(t *testing.T, err error) time.Duration {
	t.Helper()
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class, "%v", err)
	require.Positive(t, after)
	require.ErrorContains(t, err, "not carried out yet")
	return after
}

// clocked runs a test with a site whose calls do not leave the process, so that the clock of the test is the only one.
func clocked(t *testing.T, s setup, test func(t *testing.T, s *site)) {
	t.Helper()
	srv, err := sim.New(s.sim)
	require.NoError(t, err)
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	inner := s.transport
	s.transport = func(http.RoundTripper) http.RoundTripper {
		direct := testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			given := r.Clone(r.Context())
			if given.RequestURI = r.URL.RequestURI(); given.Body == nil {
				given.Body = http.NoBody
			}
			srv.ServeHTTP(answer, given)
			return answer.Result(), nil
		})
		if inner != nil {
			return inner(direct)
		}
		return direct
	}
	synctest.Test(t, func(t *testing.T) { test(t, around(t, srv, s)) })
}

// Opsgenie makes alerts later, and tells their ids then. Nothing waits for that inside a call, and nothing is lost meanwhile.
func TestW17_AnAlertIsUsableWhileItIsStillBeingMade(t *testing.T) {
	clocked(t, setup{}, func(t *testing.T, s *site) {
		resume := s.PauseRequests()
		ref := s.open(t)
		require.Equal(t, alias, ref.ID, "known at once")
		require.Empty(t, s.Alerts())

		found, err := s.Find(t.Context(), marker)
		require.NoError(t, err)
		require.Equal(t, ref, *found, "asked for is as good as there: no second one")
		waits(t, s.Update(t.Context(), ref, twoNotes))
		s.ResetCalls()
		_, err = s.Evidence(t.Context(), ref)
		waits(t, err)
		require.Zero(t, s.TotalCalls(), "it was asked a moment ago")
		waits(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.Equal(t, map[string]int{"POST /v2/alerts/{id}/close": 1}, s.Calls(), "closed by its alias at once")
		for range 2 {
			s.ResetCalls()
			<-time.After(waits(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved))))
			require.LessOrEqual(t, s.TotalCalls(), 1, "only asked what became of it")
		}

		resume()
		require.Len(t, s.Alerts(), 1)
		require.False(t, s.shown(t).Open(), "nobody is called for a request that is over")
		s.ResetCalls()
		require.NoError(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.Equal(t, 1, s.TotalCalls())
		require.Equal(t, []string{testkit.Closing(bridge.EndApproved).Note.Text}, s.notes(t))
	})
}

// The official plugin shows reviews only when the request is over.
func TestW17_ReviewsAreNotedAsSoonAsThereIsAnAlert(t *testing.T) {
	clocked(t, setup{}, func(t *testing.T, s *site) {
		resume := s.PauseRequests()
		ref := s.open(t)
		<-time.After(waits(t, s.Update(t.Context(), ref, twoNotes[:1])))
		resume()
		require.NoError(t, s.Update(t.Context(), ref, twoNotes[:1]))
		require.Equal(t, []string{twoNotes[0].Text}, s.notes(t))
		require.True(t, s.shown(t).Open(), "a review is no end")
		require.NoError(t, s.Update(t.Context(), ref, twoNotes))
		require.Equal(t, []string{twoNotes[0].Text, "Two lines\nof text"}, s.notes(t))
	})
}

// The official plugin's reason names its own user, and finds the requester only where the case of letters agrees.
func TestW17_WhoIsOnCallIsToldAsOpsgenieHasIt(t *testing.T) {
	options := sim.Options{Account: account.Options{
		Users:     []account.User{{Username: "Dave@Example.com", FullName: "Dave Dunn"}},
		Schedules: []account.Schedule{{Name: "Primary", Rotations: []account.Rotation{{Shifts: []account.Shift{{User: "Dave@Example.com"}}}}}},
	}}
	s := newSite(t, setup{sim: options, settings: func(s *Settings) { s.Responders = alerting.Responders{} }})
	shifts, err := s.Opsgenie.OnCall(t.Context(), bridge.OnCallQuery{Schedules: []string{"primary"}})
	require.NoError(t, err)
	require.Equal(t, []bridge.Shift{{Person: bridge.Actor{Email: "Dave@Example.com"}, Via: "Primary"}}, shifts)
	require.True(t, bridge.SameName("dave@example.com", shifts[0].Person.Email))
}

// The closing note says who decided and why, as it was given.
func TestW17_TheClosingNoteIsTheOneOfTheOutcome(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	text := "Approved: dave@example.com is on call for primary."
	require.NoError(t, s.Opsgenie.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndApproved, Note: bridge.Note{ID: "n", Text: text}}))
	require.Equal(t, []string{text}, s.notes(t))
	require.Equal(t, "accessbridge", s.shown(t).ClosedBy)
}

func TestAnAlertThatCouldNotBeMadeIsGone(t *testing.T) {
	for name, look := range map[string]func(*testing.T, *site, bridge.Ref) error{
		"update":   func(t *testing.T, s *site, ref bridge.Ref) error { return s.Update(t.Context(), ref, twoNotes) },
		"evidence": func(t *testing.T, s *site, ref bridge.Ref) error { _, err := s.Evidence(t.Context(), ref); return err },
		"close": func(t *testing.T, s *site, ref bridge.Ref) error {
			return s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{transport: failing()})
			ref := s.open(t)
			require.Empty(t, s.Alerts())
			err := look(t, s, ref)
			require.ErrorIs(t, err, bridge.ErrGone, "so that it is made once more")
			found, err := s.Find(t.Context(), marker)
			require.NoError(t, err)
			require.Nil(t, found)
		})
	}
	s := newSite(t, setup{transport: failing()})
	ref := s.open(t)
	_, err := s.Evidence(t.Context(), ref)
	require.ErrorContains(t, err, "Responder does not exist")
	require.Contains(t, s.log.String(), "could not be made")
}

// failing names a responder in create calls that is not there any more, so that they fail once they are processed.
func failing() testkit.Wrap {
	return func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/alerts") {
				return next.RoundTrip(replaced(r, "20000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-0000000000ff"))
			}
			return next.RoundTrip(r)
		})
	}
}

// After a restart nothing is known of a request that waits: the alias keeps it from being doubled all the same.
func TestP2_AnotherInstanceDoesNotDoubleAnAlertThatIsBeingMade(t *testing.T) {
	first := newSite(t, setup{})
	resume := first.PauseRequests()
	ref := first.open(t)
	second := around(t, first.Server, setup{})
	_, err := second.Evidence(t.Context(), ref)
	require.ErrorIs(t, err, bridge.ErrGone)
	require.Equal(t, ref, second.open(t))
	resume()
	require.Len(t, first.Alerts(), 1)
	require.NoError(t, second.Update(t.Context(), ref, twoNotes))
	require.NoError(t, first.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.False(t, first.shown(t).Open())
}

// A closing that failed once it was processed is noticed.
func TestAClosingThatCameToNothingIsMadeAgain(t *testing.T) {
	s := newSite(t, setup{transport: testkit.Rewrite(func(r *http.Request, body string) string {
		if strings.Contains(r.URL.Path, "/requests/") && strings.Contains(body, `"Close"`) {
			return strings.ReplaceAll(body, `"isSuccess":true`, `"isSuccess":false`)
		}
		return body
	})})
	ref := s.open(t)
	require.NoError(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.False(t, s.shown(t).Open())
	require.Len(t, s.notes(t), 1)
}

// A server that answers a write to an unknown alert with 404 at once, and one whose 404 says no more.
func TestPendingIsToldApartWithoutTheHeader(t *testing.T) {
	options := setup{
		sim: sim.Options{RefuseUnknown: true},
		transport: func(next http.RoundTripper) http.RoundTripper {
			return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err == nil {
					resp.Header.Del("X-Opsgenie-Errortype")
				}
				return resp, err
			})
		},
	}
	clocked(t, options, func(t *testing.T, s *site) {
		resume := s.PauseRequests()
		ref := s.open(t)
		waits(t, s.Update(t.Context(), ref, twoNotes))
		pause := waits(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		resume()
		<-time.After(pause)
		require.NoError(t, s.Opsgenie.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		require.False(t, s.shown(t).Open())
		require.Len(t, s.notes(t), 1)
	})
}
