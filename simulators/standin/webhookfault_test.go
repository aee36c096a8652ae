package standin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestLostEventsCanBeSentByHand(t *testing.T) {
	a, in := hooked(t, standin.Sending{}, nil)
	a.SetWebhookFault(standin.WebhookFault{LoseEvery: 2})
	for range 4 {
		a.tell("made", "T-1")
	}
	a.settled()
	require.Equal(t, []any{"made", "made"}, events(t, in))
	lost := 0
	for _, d := range a.Deliveries() {
		if d.Lost {
			lost++
			require.JSONEq(t, `{"event":"made","object":"T-1"}`, string(d.Body))
			require.Equal(t, d.Identifier, d.Headers.Get("Id"))
			require.Zero(t, d.Attempt)
		}
	}
	require.Equal(t, 2, lost)
	a.SetWebhookFault(standin.WebhookFault{})
	a.tell("made", "T-1")
	a.settled()
	require.Len(t, in.All(), 3)
}

func TestDoubledEventsHaveOneIdentifier(t *testing.T) {
	a, in := hooked(t, standin.Sending{}, nil)
	a.SetWebhookFault(standin.WebhookFault{Double: true})
	a.tell("made", "T-1")
	a.settled()
	got := in.All()
	require.Len(t, got, 2)
	require.Equal(t, got[0].Header.Get("Id"), got[1].Header.Get("Id"))
	require.Equal(t, got[0].Body, got[1].Body)
}

func TestReorderedEventsArePairwiseSwapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &standintest.Inbox{}
		a := found(t, setup{Sending: standin.Sending{Client: inside(in)}})
		a.SetWebhookFault(standin.WebhookFault{Reorder: true})
		a.tell("a", "T-1")
		a.tell("b", "T-2")
		a.tell("c", "T-1")
		a.settled()
		require.Equal(t, []any{"b", "a", "c"}, events(t, in), "an event nobody follows is sent after all")
	})
}

func TestDelayedEventsComeLater(t *testing.T) {
	a, in := hooked(t, standin.Sending{}, nil)
	a.SetWebhookFault(standin.WebhookFault{Delay: 30 * time.Millisecond})
	started := time.Now()
	a.tell("made", "T-1")
	a.settled()
	require.GreaterOrEqual(t, time.Since(started), 30*time.Millisecond)
	require.Len(t, in.All(), 1)
}
