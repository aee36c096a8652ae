package alerting

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// waits checks that an error asks for another try, and returns when.
func waits(t *testing.T, err error) time.Duration {
	t.Helper()
	class, after := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassWait, class, "%v", err)
	require.ErrorIs(t, err, errPending)
	require.Positive(t, after)
	return after
}

// What else happens to a request meanwhile, such as a review or a delivery, does not make the bridge ask earlier.
func TestNothingIsAskedBeforeTheTimeThatWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &product{made: Request{Pending: true}}
		tracker, ref := at(t, p, false)
		var pauses []time.Duration
		for n := range 7 {
			pause := waits(t, tracker.Update(t.Context(), ref, testkit.Notes()))
			pauses = append(pauses, pause)
			<-time.After(pause / 2)
			_, err := tracker.Evidence(t.Context(), ref)
			require.Equal(t, pause-pause/2, waits(t, err))
			require.Equal(t, pause-pause/2, waits(t, tracker.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied))))
			found, err := tracker.Find(t.Context(), testkit.Marker())
			require.NoError(t, err)
			require.Equal(t, ref, *found, "asked for is as good as there")
			require.Equal(t, n+1, p.asked)
			require.Zero(t, p.byAlias)
			<-time.After(pause - pause/2)
		}
		require.Equal(t, []time.Duration{firstPause, 2 * firstPause, 4 * firstPause, 8 * firstPause, 16 * firstPause, mostPause, mostPause}, pauses)
	})
}

// A product that was seen to take its time is not asked at once any more, for an hour.
func TestAProductThatTakesItsTimeIsGivenIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &product{made: Request{Pending: true}}
		tracker, ref := at(t, p, false)
		<-time.After(waits(t, tracker.Update(t.Context(), ref, testkit.Notes())))
		p.alert, p.made = exists(), Request{OK: true, AlertID: "a1"}
		require.NoError(t, tracker.Update(t.Context(), ref, testkit.Notes()))
		require.Equal(t, 2, p.asked)

		again := func() error {
			_, err := tracker.Open(t.Context(), testkit.Marker(), testkit.Draft())
			require.NoError(t, err)
			return tracker.Update(t.Context(), ref, testkit.Notes())
		}
		require.Equal(t, firstPause, waits(t, again()))
		require.Equal(t, 2, p.asked)
		<-time.After(firstPause)
		require.NoError(t, tracker.Update(t.Context(), ref, testkit.Notes()))
		require.Equal(t, 3, p.asked)
		<-time.After(slowFor)
		require.NoError(t, again())
		require.Equal(t, 4, p.asked)
	})
}

// A request to ask for may be forgotten, or not be there yet: the alert itself tells then.
func TestAnAlertIsFoundWhereItsRequestIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &forgetful{product{}}
		tracker, ref := over(t, p, false)
		<-time.After(waits(t, tracker.Update(t.Context(), ref, testkit.Notes())))
		require.Equal(t, 1, p.byAlias)
		p.alert = exists()
		require.NoError(t, tracker.Update(t.Context(), ref, testkit.Notes()))
		require.Len(t, p.notes, len(testkit.Notes()))
	})
}
