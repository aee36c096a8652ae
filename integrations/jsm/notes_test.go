package jsm

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	sim "github.com/accessbridge/accessbridge/simulators/jsm"
	"github.com/stretchr/testify/require"
)

var twoNotes = testkit.Notes()

func TestNotesAreAddedInOrderAndOnce(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.calls.Reset()
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	s.golden(t, "update.golden")
	require.Equal(t, []string{twoNotes[0].Text, "Two lines\nof text"}, s.notes(t))
	s.calls.Reset()
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.Len(t, s.notes(t), 2)
	require.Len(t, s.calls.Paths(), 1, "by the id that is known by now")
	require.Equal(t, sim.DefaultEmail, s.shown(t).Notes[0].Owner)
}

func TestManyNotesAreReadFromAllPages(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	for n := range 250 {
		require.NoError(t, s.Note("bob", alias, strings.Repeat("x", n+1)))
	}
	require.NoError(t, s.Note("bob", alias, twoNotes[0].Text))
	require.NoError(t, s.Update(t.Context(), ref, twoNotes[:1]))
	require.Len(t, s.notes(t), 251)
	require.NoError(t, s.Note("alice", alias, "approve: at last"))
	require.Len(t, s.evidence(t, ref), 1)
}

func TestLongNotesAreCutOnRunes(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	huge := []bridge.Note{{ID: "n", Text: strings.Repeat("漢🔥", 20_000)}}
	for range 2 {
		require.NoError(t, s.Update(t.Context(), ref, huge))
	}
	require.Len(t, s.notes(t), 1)
	require.Equal(t, 25_000, utf8.RuneCountInString(s.notes(t)[0]))
}

// Opening, what the id of the alert is, closing, and the note, which closing does not take.
func TestClosingTakesFourCallsWithOpening(t *testing.T) {
	s := newSite(t, setup{settings: func(s *Settings) { s.Responders.Schedules, s.CloudID = nil, sim.DefaultCloudID }})
	ref := s.open(t)
	require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
	require.Equal(t, map[string]int{
		"POST /alerts": 1, "GET /alerts/requests/{id}": 1, "POST /alerts/{id}/close": 1, "POST /alerts/{id}/notes": 1,
	}, s.Calls())
	require.False(t, s.shown(t).Open())
	require.Equal(t, []string{testkit.Closing(bridge.EndApproved).Note.Text}, s.notes(t))
}

// Where closing succeeds and the note does not, the next try adds the note alone.
func TestP4_ANoteThatFailedAfterClosingIsAddedLater(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	cancel := s.Inject(fault("POST", "/notes", 502))
	require.Error(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.False(t, s.shown(t).Open())
	cancel()
	s.ResetCalls()
	require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.Equal(t, []string{testkit.Closing(bridge.EndDenied).Note.Text}, s.notes(t))
	require.Zero(t, s.Calls()["POST /alerts/{id}/close"])
}

func TestClosingSendsTheNoteAfterIt(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.calls.Reset()
	require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	s.golden(t, "close.golden")
}

func TestP4_ClosingAfterARestart(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *site, bridge.Ref){
		"open": func(*testing.T, *site, bridge.Ref) {},
		"closed by a person": func(t *testing.T, s *site, _ bridge.Ref) {
			require.NoError(t, s.CloseAlert("bob", alias, ""))
		},
		"closed by another instance": func(t *testing.T, s *site, ref bridge.Ref) {
			require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		},
		"closed, the answer lost": func(t *testing.T, s *site, ref bridge.Ref) {
			s.Inject(fault("POST", "/close", 0, lost))
			require.Error(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := newSite(t, setup{})
			ref := first.open(t)
			prepare(t, first, ref)
			s := around(t, first.Server, setup{})
			for range 2 {
				require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
			}
			require.False(t, s.shown(t).Open())
			require.Equal(t, []string{testkit.Closing(bridge.EndDenied).Note.Text}, s.notes(t))
			require.Len(t, s.Alerts(), 1)
		})
	}
}

// What is answered to closing is not looked at: the alert's state tells.
func TestW26_AlreadyClosedIsSeenByTheState(t *testing.T) {
	for name, answer := range map[string]string{
		"as it is":       "Alert is already closed",
		"in other words": "Nothing to do",
		"misleading":     "Alert does not exist",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, setup{transport: testkit.Rewrite(func(_ *http.Request, body string) string {
				return strings.ReplaceAll(body, "Alert is already closed", answer)
			})})
			ref := s.open(t)
			require.NoError(t, s.CloseAlert("bob", alias, "we are done here"))
			require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
			require.Equal(t, []string{"we are done here", testkit.Closing(bridge.EndApproved).Note.Text}, s.notes(t))
			require.Len(t, s.Alerts(), 1)
		})
	}
	t.Run("a failure that looks like it", func(t *testing.T) {
		s := newSite(t, setup{})
		ref := s.open(t)
		s.Inject(vendorError(422, `{"message":"Alert is already closed"}`))
		require.Error(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.True(t, s.shown(t).Open())
	})
}

func TestAnAlertClosedByAPersonIsNotOpenedAgain(t *testing.T) {
	for _, openOnly := range []bool{false, true} {
		first := newSite(t, setup{sim: sim.Options{Account: account.Options{OpenAliasOnly: openOnly}}})
		ref := first.open(t)
		require.NoError(t, first.Note("alice", alias, "approve: fine"))
		require.NoError(t, first.CloseAlert("bob", alias, ""))
		s := around(t, first.Server, setup{})
		found, err := s.Find(t.Context(), marker)
		require.NoError(t, err)
		require.Equal(t, ref, *found)
		require.NoError(t, s.Update(t.Context(), ref, twoNotes))
		require.Len(t, s.evidence(t, ref), 1, "what was said counts on a closed alert too")
		require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.Len(t, s.Alerts(), 1)
	}
}

// Once its id is known, another alert that has taken the alias is not written to.
func TestTheAlertStaysTheSameWhenItsAliasIsTaken(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.Update(t.Context(), ref, twoNotes[:1]))
	ours := s.shown(t).ID
	require.NoError(t, s.CloseAlert("bob", alias, ""))
	other, err := s.AddAlert("bob", account.Draft{Message: "something else", Alias: alias})
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), ref, twoNotes))
	require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	a, _ := s.Alert(ours)
	require.Len(t, a.Notes, 3)
	a, _ = s.Alert(other.ID)
	require.True(t, a.Open())
	require.Empty(t, a.Notes)
}

func TestADeletedAlertIsGone(t *testing.T) {
	for _, known := range []bool{false, true} {
		s := newSite(t, setup{})
		ref := s.open(t)
		if known {
			require.NoError(t, s.Update(t.Context(), ref, twoNotes[:1]))
		}
		require.NoError(t, s.DeleteAlert("bob", alias))
		require.ErrorIs(t, s.Update(t.Context(), ref, twoNotes), bridge.ErrGone)
		require.ErrorIs(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)), bridge.ErrGone)
		_, err := s.Evidence(t.Context(), ref)
		require.ErrorIs(t, err, bridge.ErrGone)
		found, err := s.Find(t.Context(), marker)
		require.NoError(t, err)
		require.Nil(t, found)
		s.open(t)
		_, err = s.Evidence(t.Context(), ref)
		require.NoError(t, err, "made anew")
	}
}

func TestWhatIsNoAliasIsRefusedWithoutACall(t *testing.T) {
	s := newSite(t, setup{})
	for _, id := range []string{"", "x", "teleport-access-request/", "teleport-access-request/../x", alias + "?x=1", "Teleport-access-request/1"} {
		ref := bridge.Ref{ID: id}
		_, err := s.Evidence(t.Context(), ref)
		for _, err := range []error{err, s.Update(t.Context(), ref, twoNotes), s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied))} {
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class, "%q: %v", id, err)
		}
	}
	require.Zero(t, s.TotalCalls())
}

func TestThatSomethingBelowAnAlertIsNotFoundIsNoDeletion(t *testing.T) {
	s := newSite(t, setup{})
	ref := s.open(t)
	s.Inject(fault("", "/notes", 404))
	for _, err := range []error{s.Update(t.Context(), ref, twoNotes), func() error { _, err := s.Evidence(t.Context(), ref); return err }()} {
		require.Error(t, err)
		require.NotErrorIs(t, err, bridge.ErrGone)
	}
}

// That a slash may stand in an address, escaped, is not documented.
func TestAliasesThatCannotBeAddressed(t *testing.T) {
	for _, code := range []string{"400", "404"} {
		s := newSite(t, setup{transport: func(next http.RoundTripper) http.RoundTripper {
			return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.Contains(r.URL.EscapedPath(), "%2F") {
					r = r.Clone(r.Context())
					r.URL.Path, r.URL.RawPath = "/"+code, ""
					resp, err := next.RoundTrip(r)
					if resp != nil && code == "400" {
						resp.StatusCode = 400
					}
					return resp, err
				}
				return next.RoundTrip(r)
			})
		}})
		ref := s.open(t)
		require.NoError(t, s.Update(t.Context(), ref, twoNotes))
		require.NoError(t, s.Note("alice", alias, "approve"))
		require.Len(t, s.evidence(t, ref), 1)
		require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.False(t, s.shown(t).Open())

		fresh := around(t, s.Server, setup{})
		found, err := fresh.Find(t.Context(), marker)
		require.NoError(t, err)
		require.Equal(t, ref, *found)
	}
}

func TestEveryEndingClosesTheAlert(t *testing.T) {
	for _, ending := range []bridge.Ending{
		bridge.EndApproved, bridge.EndDenied, bridge.EndPromoted, bridge.EndExpired, bridge.EndDeleted, bridge.EndUnknown,
	} {
		s := newSite(t, setup{})
		ref := s.open(t)
		require.NoError(t, s.JSM.Close(t.Context(), ref, testkit.Closing(ending)))
		require.False(t, s.shown(t).Open())
		require.Len(t, s.notes(t), 1)
	}
	s := newSite(t, setup{})
	ref := s.open(t)
	require.NoError(t, s.JSM.Close(t.Context(), ref, bridge.Outcome{Ending: bridge.EndUnknown}))
	require.False(t, s.shown(t).Open())
	require.Empty(t, s.notes(t))
	require.Zero(t, s.BusyUntil().Unix()-time.Time{}.Unix())
}
