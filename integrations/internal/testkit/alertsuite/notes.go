package alertsuite

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func noteCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"NotesAreAddedInOrderAndOnce":                     notesAreAddedInOrderAndOnce,
		"ManyNotesAreReadFromAllPages":                    manyNotesAreReadFromAllPages,
		"LongNotesAreCutOnRunes":                          longNotesAreCutOnRunes,
		"TheAlertStaysTheSameWhenItsAliasIsTaken":         theAlertStaysTheSameWhenItsAliasIsTaken,
		"ADeletedAlertIsGone":                             aDeletedAlertIsGone,
		"WhatIsNoAliasIsRefusedWithoutACall":              whatIsNoAliasIsRefusedWithoutACall,
		"ThatSomethingBelowAnAlertIsNotFoundIsNoDeletion": thatSomethingBelowAnAlertIsNotFoundIsNoDeletion,
		"AliasesThatCannotBeAddressed":                    aliasesThatCannotBeAddressed,
	}
}

func notesAreAddedInOrderAndOnce(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	s.Sent.Reset()
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
	s.Golden(t, "update.golden")
	require.Equal(t, []string{testkit.Notes()[0].Text, "Two lines\nof text"}, s.Texts(t))
	s.Sent.Reset()
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
	require.Len(t, s.Texts(t), 2)
	require.Len(t, s.Sent.Paths(), 1, "by the id that is known by now")
	require.Equal(t, v.Itself, s.Shown(t).Notes[0].Owner)
}

func manyNotesAreReadFromAllPages(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	for n := range 250 {
		require.NoError(t, s.Note("bob", Alias, strings.Repeat("x", n+1)))
	}
	require.NoError(t, s.Note("bob", Alias, testkit.Notes()[0].Text))
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()[:1]))
	require.Len(t, s.Texts(t), 251)
	require.NoError(t, s.Note("alice", Alias, "approve: at last"))
	require.Len(t, s.Said(t, ref), 1)
}

func longNotesAreCutOnRunes(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	huge := []bridge.Note{{ID: "n", Text: strings.Repeat("漢🔥", 20_000)}}
	for range 2 {
		require.NoError(t, s.Update(t.Context(), ref, huge))
	}
	require.Len(t, s.Texts(t), 1)
	require.Equal(t, 25_000, utf8.RuneCountInString(s.Texts(t)[0]))
}

// Once its id is known, another alert that has taken the alias is not written to.
func theAlertStaysTheSameWhenItsAliasIsTaken(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()[:1]))
	ours := s.Shown(t).ID
	require.NoError(t, s.CloseAlert("bob", Alias, ""))
	other, err := s.AddAlert("bob", account.Draft{Message: "something else", Alias: Alias})
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
	require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	a, _ := s.Alert(ours)
	require.Len(t, a.Notes, 3)
	a, _ = s.Alert(other.ID)
	require.True(t, a.Open())
	require.Empty(t, a.Notes)
}

func aDeletedAlertIsGone(t *testing.T, v Vendor) {
	for _, known := range []bool{false, true} {
		s := v.Site(t, Setup{})
		ref := s.Opened(t)
		if known {
			require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()[:1]))
		}
		require.NoError(t, s.DeleteAlert("bob", Alias))
		require.ErrorIs(t, s.Update(t.Context(), ref, testkit.Notes()), bridge.ErrGone)
		require.ErrorIs(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)), bridge.ErrGone)
		_, err := s.Evidence(t.Context(), ref)
		require.ErrorIs(t, err, bridge.ErrGone)
		found, err := s.Find(t.Context(), testkit.Marker())
		require.NoError(t, err)
		require.Nil(t, found)
		s.Opened(t)
		_, err = s.Evidence(t.Context(), ref)
		require.NoError(t, err, "made anew")
	}
}

func whatIsNoAliasIsRefusedWithoutACall(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	for _, id := range []string{"", "x", "teleport-access-request/", "teleport-access-request/../x", Alias + "?x=1", "Teleport-access-request/1"} {
		ref := bridge.Ref{ID: id}
		_, err := s.Evidence(t.Context(), ref)
		for _, err := range []error{err, s.Update(t.Context(), ref, testkit.Notes()), s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied))} {
			Terminal(t, err)
		}
	}
	require.Zero(t, s.TotalCalls())
}

func thatSomethingBelowAnAlertIsNotFoundIsNoDeletion(t *testing.T, v Vendor) {
	s := v.Site(t, Setup{})
	ref := s.Opened(t)
	s.Inject(Breaks("", "/notes", 404))
	for _, err := range []error{s.Update(t.Context(), ref, testkit.Notes()), func() error { _, err := s.Evidence(t.Context(), ref); return err }()} {
		require.Error(t, err)
		require.NotErrorIs(t, err, bridge.ErrGone)
	}
}

// That a slash may stand in an address, escaped, is not documented.
func aliasesThatCannotBeAddressed(t *testing.T, v Vendor) {
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound} {
		s := v.Site(t, Setup{Transport: unaddressed(status)})
		ref := s.Opened(t)
		require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
		require.NoError(t, s.Note("alice", Alias, "approve"))
		require.Len(t, s.Said(t, ref), 1)
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.False(t, s.Shown(t).Open())

		fresh := s.Again(t, Setup{})
		found, err := fresh.Find(t.Context(), testkit.Marker())
		require.NoError(t, err)
		require.Equal(t, &ref, found)
	}
}

// unaddressed answers calls that name an alert by its alias with a status.
func unaddressed(status int) testkit.Wrap {
	return func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.EscapedPath(), "%2F") || strings.HasSuffix(r.URL.Path, "/alerts/alias") {
				return Answer(r, status, "{}"), nil
			}
			return next.RoundTrip(r)
		})
	}
}
