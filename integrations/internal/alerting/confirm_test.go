package alerting

import (
	"errors"
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

// An alert that was there when the other one was closed is a second one, one that was made later may be the new one of a request that waits.
func TestP4_AnotherAlertWithTheAliasIsClosedIfItWasThereBefore(t *testing.T) {
	for _, made := range []time.Duration{0, time.Second, -time.Second} {
		closedOnce(t, func(p *product, minutes func(int, func())) {
			p.locked(func() {
				p.ending = ""
				p.alert = &Alert{ID: "a2", Alias: p.alert.Alias, CreatedAt: time.Now().Add(made)}
			})
			minutes(10, func() { require.Equal(t, made < 0, p.alert.Closed) })
		})
	}
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

// A listing that ends early says nothing of the alerts it does not get to.
func TestP4_AnAlertBeyondTheListingIsLookedAtByItself(t *testing.T) {
	beyond := func(test func(*product, func(int, func()))) {
		closedOnce(t, func(p *product, minutes func(int, func())) {
			p.locked(func() { p.broken = ErrTooMany })
			test(p, minutes)
		})
	}
	beyond(func(p *product, minutes func(int, func())) {
		minutes(1, func() { p.ending = "" })
		minutes(1, func() { require.True(t, p.alert.Closed) })
		minutes(10, func() {
			require.Equal(t, 3, p.closed)
			require.Len(t, p.notes, 1)
		})
	})
	beyond(func(p *product, minutes func(int, func())) {
		p.locked(func() { p.alert.Closed = true })
		minutes(10, func() { require.Equal(t, 1, p.listed, "it is done") })
	})
	beyond(func(p *product, minutes func(int, func())) {
		p.locked(func() { p.alert = nil })
		minutes(10, func() { require.Equal(t, 1, p.listed, "it was deleted") })
	})
	beyond(func(p *product, minutes func(int, func())) {
		p.locked(func() { p.unread = errors.New("502") })
		minutes(2, func() {
			require.Equal(t, 1, p.closed)
			p.unread, p.ending = nil, ""
		})
		minutes(2, func() { require.True(t, p.alert.Closed, "what cannot be read is not taken for closed") })
	})
	beyond(func(p *product, minutes func(int, func())) {
		minutes(60, func() { require.Equal(t, maxClosings, p.closed) })
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
