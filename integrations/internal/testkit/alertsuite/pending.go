package alertsuite

import (
	"strconv"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	account "github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/stretchr/testify/require"
)

func pendingCases() map[string]func(*testing.T, Vendor) {
	return map[string]func(*testing.T, Vendor){
		"W17_AnAlertIsUsableWhileItIsStillBeingMade":            anAlertIsUsableWhileItIsStillBeingMade,
		"W17_ReviewsAreNotedAsSoonAsThereIsAnAlert":             reviewsAreNotedAsSoonAsThereIsAnAlert,
		"AnAlertThatCouldNotBeMadeIsGone":                       anAlertThatCouldNotBeMadeIsGone,
		"P2_AnotherInstanceDoesNotDoubleAnAlertThatIsBeingMade": anotherInstanceDoesNotDoubleAnAlertThatIsBeingMade,
		"ARequestThatWaitsIsKnownInEveryForm":                   aRequestThatWaitsIsKnownInEveryForm,
		"W17_AlertsThatAreMadeLaterCostNoMoreCalls":             alertsThatAreMadeLaterCostNoMoreCalls,
	}
}

// Alerts are made later, and their ids told then. Nothing waits for that inside a call, and nothing is lost meanwhile.
func anAlertIsUsableWhileItIsStillBeingMade(t *testing.T, v Vendor) {
	v.Clocked(t, Setup{}, func(t *testing.T, s *Site) {
		resume := s.PauseRequests()
		ref := s.Opened(t)
		require.Equal(t, Alias, ref.ID, "known at once")
		require.Empty(t, s.Alerts())

		found, err := s.Find(t.Context(), testkit.Marker())
		require.NoError(t, err)
		require.Equal(t, &ref, found, "asked for is as good as there: no second one")
		s.ResetCalls()
		Waits(t, s.Update(t.Context(), ref, testkit.Notes()))
		_, err = s.Evidence(t.Context(), ref)
		Waits(t, err)
		require.Zero(t, s.TotalCalls(), "it was asked a moment ago")
		left := len(v.Round) - 1
		if v.ByAlias {
			Waits(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
			require.Equal(t, map[string]int{"POST /alerts/{id}/close": 1}, s.Counted(), "closed by its alias at once")
			left--
		}
		for range 2 {
			s.ResetCalls()
			<-time.After(Waits(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved))))
			require.LessOrEqual(t, s.TotalCalls(), 3, "only asked what became of it: %v", s.Calls())
			require.True(t, !v.ByAlias || s.TotalCalls() <= 1)
		}

		resume()
		require.Len(t, s.Alerts(), 1)
		require.Equal(t, v.ByAlias, !s.Shown(t).Open(), "where that is possible, nobody is called for a request that is over")
		s.ResetCalls()
		require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)))
		require.LessOrEqual(t, s.TotalCalls(), left, "%v", s.Calls())
		require.False(t, s.Shown(t).Open())
		require.Equal(t, []string{testkit.Closing(bridge.EndApproved).Note.Text}, s.Texts(t))
	})
}

// The official plugin shows reviews only when the request is over.
func reviewsAreNotedAsSoonAsThereIsAnAlert(t *testing.T, v Vendor) {
	v.Clocked(t, Setup{}, func(t *testing.T, s *Site) {
		resume := s.PauseRequests()
		ref := s.Opened(t)
		<-time.After(Waits(t, s.Update(t.Context(), ref, testkit.Notes()[:1])))
		resume()
		require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()[:1]))
		require.Equal(t, []string{testkit.Notes()[0].Text}, s.Texts(t))
		require.True(t, s.Shown(t).Open(), "a review is no end")
		require.NoError(t, s.Update(t.Context(), ref, testkit.Notes()))
		require.Equal(t, []string{testkit.Notes()[0].Text, "Two lines\nof text"}, s.Texts(t))
	})
}

func anAlertThatCouldNotBeMadeIsGone(t *testing.T, v Vendor) {
	for name, look := range map[string]func(*testing.T, *Site, bridge.Ref) error{
		"update":   func(t *testing.T, s *Site, ref bridge.Ref) error { return s.Update(t.Context(), ref, testkit.Notes()) },
		"evidence": func(t *testing.T, s *Site, ref bridge.Ref) error { _, err := s.Evidence(t.Context(), ref); return err },
		"close": func(t *testing.T, s *Site, ref bridge.Ref) error {
			return s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Site(t, Setup{Transport: v.Failing})
			ref := s.Opened(t)
			require.Empty(t, s.Alerts())
			err := look(t, s, ref)
			require.ErrorIs(t, err, bridge.ErrGone, "so that it is made once more")
			found, err := s.Find(t.Context(), testkit.Marker())
			require.NoError(t, err)
			require.Nil(t, found)
		})
	}
	s := v.Site(t, Setup{Transport: v.Failing})
	ref := s.Opened(t)
	_, err := s.Evidence(t.Context(), ref)
	require.ErrorContains(t, err, "Responder does not exist")
	require.Contains(t, s.Log.String(), "could not be made")
}

// After a restart nothing is known of a request that waits: the alias keeps it from being doubled all the same.
func anotherInstanceDoesNotDoubleAnAlertThatIsBeingMade(t *testing.T, v Vendor) {
	first := v.Site(t, Setup{})
	resume := first.PauseRequests()
	ref := first.Opened(t)
	second := first.Again(t, Setup{})
	_, err := second.Evidence(t.Context(), ref)
	require.ErrorIs(t, err, bridge.ErrGone)
	require.Equal(t, ref, second.Opened(t))
	resume()
	require.Len(t, first.Alerts(), 1)
	require.NoError(t, second.Update(t.Context(), ref, testkit.Notes()))
	require.NoError(t, first.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
	require.False(t, first.Shown(t).Open())
}

// How a request that waits is answered is not documented in every point.
func aRequestThatWaitsIsKnownInEveryForm(t *testing.T, v Vendor) {
	for name, wait := range v.Waiting {
		t.Run(name, func(t *testing.T) {
			v.Clocked(t, Setup{RefuseUnknown: true, Transport: wait}, func(t *testing.T, s *Site) {
				resume := s.PauseRequests()
				ref := s.Opened(t)
				Waits(t, s.Update(t.Context(), ref, testkit.Notes()))
				pause := Waits(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
				resume()
				<-time.After(pause)
				require.NoError(t, s.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
				require.False(t, s.Shown(t).Open())
				require.Len(t, s.Texts(t), 1)
			})
		})
	}
}

// through opens an alert and closes it, with tries before the time that was asked for, as other events of a request cause.
func (s *Site) through(t *testing.T, id string) {
	t.Helper()
	ref, err := s.Open(t.Context(), bridge.Marker{RequestID: id}, testkit.Draft())
	require.NoError(t, err)
	for range 10 {
		if err = s.Close(t.Context(), ref, testkit.Closing(bridge.EndApproved)); err == nil {
			return
		}
		<-time.After(Waits(t, err)/2 + 20*time.Millisecond)
	}
	require.NoError(t, err)
}

// What is carried out later costs the calls that it costs when it is carried out at once. Only the first alert shows that it takes time.
func alertsThatAreMadeLaterCostNoMoreCalls(t *testing.T, v Vendor) {
	for _, lag := range []time.Duration{200 * time.Millisecond, time.Second} {
		options := Setup{
			Account:  account.Options{ProcessLag: lag},
			Settings: func(s *alerting.Settings) { s.Responders = alerting.Responders{} },
		}
		v.Clocked(t, options, func(t *testing.T, s *Site) {
			s.through(t, "first")
			for n := range 5 {
				s.ResetCalls()
				s.through(t, strconv.Itoa(n))
				require.Equal(t, v.Round, s.Counted(), "%v", lag)
			}
			<-time.After(2 * lag)
			require.Len(t, s.Alerts(), 6)
			for _, a := range s.Alerts() {
				require.False(t, a.Open())
				require.Len(t, a.Notes, 1)
			}
		})
	}
}
