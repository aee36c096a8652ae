package alerting

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/stretchr/testify/require"
)

// closedOnce runs a test with an alert whose closing was accepted a moment ago, and left it open. Minutes lets that many pass, and then does
// something with the product.
func closedOnce(t *testing.T, test func(p *product, minutes func(n int, then func()))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &product{alert: exists(), made: Request{OK: true, AlertID: "a1"}, ending: "close"}
		tracker, ref := at(t, p, false)
		require.NoError(t, tracker.Close(t.Context(), ref, testkit.Closing(bridge.EndDenied)))
		test(p, func(n int, then func()) {
			<-time.After(time.Duration(n) * time.Minute)
			synctest.Wait()
			p.locked(then)
		})
	})
}

// Where closing does not wait to see its effect, a listing shows that there was none.
func TestP4_AClosingThatFailedLaterIsMadeAgain(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		<-time.After(closesWithin - time.Second)
		p.locked(func() { require.Zero(t, p.listed, "it may not be carried out yet, or not show in a listing") })
		minutes(1, func() {
			require.Equal(t, 2, p.closed)
			require.Len(t, p.notes, 1, "the note is there already")
			p.ending = ""
		})
		minutes(5, func() {
			require.Equal(t, 3, p.closed)
			require.True(t, p.alert.Closed)
			require.Equal(t, 2, p.listed, "what is known to be closed is not looked at")
		})
	})
}

func TestAClosingThatWasCarriedOutIsLookedAtOnce(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		p.locked(func() { p.alert.Closed = true })
		minutes(10, func() {
			require.Equal(t, 1, p.listed)
			require.Equal(t, 1, p.closed)
		})
	})
}

func TestAnotherAlertWithTheAliasIsNotClosed(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		p.locked(func() { p.alert = &Alert{ID: "a2", Alias: p.alert.Alias} })
		minutes(10, func() { require.Equal(t, 1, p.closed) })
	})
}

func TestAnAlertThatStaysOpenIsNotClosedForEver(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		minutes(60, func() {
			require.Equal(t, maxClosings, p.closed)
			require.Equal(t, maxClosings, p.listed)
		})
	})
}

func TestAListingThatFailsIsMadeAgain(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		p.locked(func() { p.broken = bridge.Terminal(errNone) })
		minutes(3, func() {
			require.Equal(t, 1, p.closed)
			p.broken, p.ending = nil, ""
		})
		minutes(2, func() { require.Equal(t, 2, p.closed) })
	})
}

func TestAClosingThatCannotBeRepeatedAtOnceIsRepeatedLater(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		p.locked(func() { p.refused = bridge.Terminal(errNone) })
		minutes(3, func() {
			require.Equal(t, 1, p.closed)
			p.refused, p.ending = nil, ""
		})
		minutes(2, func() { require.True(t, p.alert.Closed) })
	})
}

// unexpected makes whoever looks at it panic.
type unexpected struct{ error }

func (unexpected) Is(error) bool { panic("unexpected") }

func TestAnAnswerThatNobodyExpectedEndsNeitherTheProcessNorTheLooking(t *testing.T) {
	closedOnce(t, func(p *product, minutes func(int, func())) {
		p.locked(func() { p.broken = unexpected{errNone} })
		minutes(3, func() {
			require.Positive(t, p.listed)
			p.broken, p.ending = nil, ""
		})
		minutes(2, func() { require.True(t, p.alert.Closed) })
	})
}
