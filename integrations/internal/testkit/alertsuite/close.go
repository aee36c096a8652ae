package alertsuite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/stretchr/testify/require"
)

func closeCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"ClosingWithOpeningTakesFewCalls":        closingWithOpeningTakesFewCalls,
		"ClosingSendsTheNote":                    closingSendsTheNote,
		"P4_AClosingThatFailedLaterIsMadeAgain":  aClosingThatFailedLaterIsMadeAgain,
		"P4_ClosingAfterARestart":                closingAfterARestart,
		"P4_ASecondAlertIsClosedWithAClosedOne":  aSecondAlertIsClosedWithAClosedOne,
		"W26_AlreadyClosedIsSeenByTheState":      alreadyClosedIsSeenByTheState,
		"AnAlertClosedByAPersonIsNotOpenedAgain": anAlertClosedByAPersonIsNotOpenedAgain,
		"EveryEndingClosesTheAlert":              everyEndingClosesTheAlert,
		"W17_TheClosingNoteIsTheOneOfTheOutcome": theClosingNoteIsTheOneOfTheOutcome,
	}
}

func closingWithOpeningTakesFewCalls(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{Settings: func(s *alerting.Settings) { s.Responders.Schedules = nil }})
	ref := s.Opened(t)
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	require.Equal(t, v.Round, s.Counted())
	require.False(t, s.Shown(t).Open())
	require.Equal(t, []string{testkit.Closing(bridge.EndApproved).Note.Text}, s.Texts(t))
}

func closingSendsTheNote(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	s.Sent.Reset()
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	s.Golden(t, "close.golden")
}

func closingAfterARestart(t *testing.T, v Vendor) {
	for name, prepare := range map[string]func(*testing.T, *Site, bridge.Ref){
		"open": func(*testing.T, *Site, bridge.Ref) {},
		"closed by a person": func(t *testing.T, s *Site, _ bridge.Ref) {
			require.NoError(t, s.CloseAlert("bob", Alias, ""))
		},
		"closed by another instance": func(t *testing.T, s *Site, ref bridge.Ref) {
			require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		},
		"closed, the answer lost": func(t *testing.T, s *Site, ref bridge.Ref) {
			s.Inject(LosesAnswer("POST", "/close"))
			require.Error(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := v.Site(t, Setup{})
			ref := first.Opened(t)
			prepare(t, first, ref)
			s := first.Again(t, Setup{})
			for range 2 {
				require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
			}
			require.False(t, s.Shown(t).Open())
			require.Equal(t, []string{testkit.Closing(bridge.EndDenied).Note.Text}, s.Texts(t))
			require.Len(t, s.Alerts(), 1)
		})
	}
}

// Somebody closes the alert; then a creation whose answer was lost is carried out after all, and the alias joins it to none.
func aSecondAlertIsClosedWithAClosedOne(t *testing.T, v Vendor) {
	v.Clocked(t, Setup{}, func(t *testing.T, s *Site) {
		ref := s.Opened(t)
		require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()[:1]))
		require.NoError(t, s.CloseAlert("bob", Alias, ""))
		s.restarted(t).Opened(t)
		<-time.After(time.Minute)
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		<-time.After(5 * time.Minute)
		all := s.Alerts()
		require.Len(t, all, 2)
		for _, a := range all {
			require.False(t, a.Open())
			require.Equal(t, testkit.Closing(bridge.EndDenied).Note.Text, a.Notes[len(a.Notes)-1].Text)
		}
	})
}

// What is answered to closing is not looked at: the alert's state tells.
func alreadyClosedIsSeenByTheState(t *testing.T, v Vendor) {
	for name, answer := range map[string]string{
		"as it is":       "Alert is already closed",
		"in other words": "Nothing to do",
		"misleading":     "Alert does not exist",
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Transport: testkit.Rewrite(func(_ *http.Request, body string) string {
				return strings.ReplaceAll(body, "Alert is already closed", answer)
			})})
			ref := s.Opened(t)
			require.NoError(t, s.CloseAlert("bob", Alias, "we are done here"))
			require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
			require.Equal(t, []string{"we are done here", testkit.Closing(bridge.EndApproved).Note.Text}, s.Texts(t))
			require.Len(t, s.Alerts(), 1)
		})
	}
	t.Run("a failure that looks like it", func(t *testing.T) {
		s := v.Site(t, Setup{})
		ref := s.Opened(t)
		s.Inject(standin.Fault{Method: "POST", PathContains: "/close", Status: 422, Body: `{"message":"Alert is already closed"}`})
		require.Error(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.True(t, s.Shown(t).Open())
	})
}

func anAlertClosedByAPersonIsNotOpenedAgain(t *testing.T, v Vendor) {
	for _, openOnly := range []bool{false, true} {
		first := v.Site(t, Setup{Account: account.Options{OpenAliasOnly: openOnly}})
		ref := first.Opened(t)
		require.NoError(t, first.Note("alice", Alias, "approve: fine"))
		require.NoError(t, first.CloseAlert("bob", Alias, ""))
		s := first.Again(t, Setup{})
		found, err := s.Find(t.Context(), testkit.Marker())
		require.NoError(t, err)
		require.Equal(t, &ref, found)
		require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
		require.Len(t, s.Said(t, ref), 1, "what was said counts on a closed alert too")
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.Len(t, s.Alerts(), 1)
	}
}

func everyEndingClosesTheAlert(t *testing.T, v Vendor) {
	for _, ending := range []bridge.Ending{
		bridge.EndApproved, bridge.EndDenied, bridge.EndPromoted, bridge.EndExpired, bridge.EndDeleted, bridge.EndUnknown,
	} {
		s := v.Site(t, Setup{})
		ref := s.Opened(t)
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(ending)))
		require.False(t, s.Shown(t).Open())
		require.Len(t, s.Texts(t), 1)
	}
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndUnknown}))
	require.False(t, s.Shown(t).Open())
	require.Empty(t, s.Texts(t))
	require.Zero(t, s.BusyUntil().Unix()-time.Time{}.Unix())
}

// The closing note says who decided and why, as it was given.
func theClosingNoteIsTheOneOfTheOutcome(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	text := "Approved: dave@example.com is on call for primary."
	require.NoError(t, s.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndApproved, Note: bridge.Note{ID: "n", Text: text}}))
	require.Equal(t, []string{text}, s.Texts(t))
	require.Equal(t, v.Itself, s.Shown(t).ClosedBy)
}

// A closing that was accepted and comes to nothing is noticed, whether the alert is one of this process or of an earlier one.
func aClosingThatFailedLaterIsMadeAgain(t *testing.T, v Vendor) {
	for name, again := range map[string]bool{"at once": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			swallowed := false
			lost := func(next http.RoundTripper) http.RoundTripper {
				return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
					if swallowed || !strings.HasSuffix(r.URL.Path, "/close") {
						return next.RoundTrip(r)
					}
					swallowed = true
					r = r.Clone(r.Context())
					before, _, _ := strings.Cut(r.URL.Path, "/alerts/")
					r.URL.Path, r.URL.RawPath = before+"/alerts/none/close", ""
					return next.RoundTrip(r) // accepted, but there is no such alert
				})
			}
			v.Clocked(t, Setup{Transport: lost}, func(t *testing.T, s *Site) {
				ref, closing := s.Opened(t), s
				if again {
					closing = s.restarted(t)
				}
				require.NoError(t, closing.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
				<-time.After(5 * time.Minute)
				require.False(t, s.Shown(t).Open())
				require.Len(t, s.Texts(t), 1)
			})
		})
	}
}
