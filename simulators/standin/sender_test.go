package standin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/standin/standintest"
)

func TestAnAttemptIsSentAndNoted(t *testing.T) {
	a, in := hooked(t, standin.Sending{}, func(int) int { return 202 })
	*a.hook = strings.Replace(*a.hook, "//", "//user:word@", 1)
	a.tell("made", "T-1")
	a.settled()
	got, d := in.All()[0], a.Deliveries()[0]
	require.Equal(t, "Basic dXNlcjp3b3Jk", got.Header.Get("Authorization"))
	require.Equal(t, got.Body, d.Body)
	require.Equal(t, got.Header.Get("Id"), d.Identifier)
	require.NotEmpty(t, d.Identifier)
	require.Equal(t, []any{*a.hook, "made", "T-1", 1, 202, "", false, standintest.NewClock().Now()},
		[]any{d.URL, d.Event, d.Object, d.Attempt, d.Status, d.Error, d.Lost, d.At})
	require.Equal(t, d.Identifier, d.Headers.Get("Id"))
	a.ResetDeliveries()
	require.Empty(t, a.Deliveries())
}

func TestRetriesFollowTheRule(t *testing.T) {
	for name, tc := range map[string]struct {
		answers  []int
		attempts int
	}{
		"success":           {[]int{204}, 1},
		"no answer":         {[]int{0, 200}, 2},
		"429 and 5xx":       {[]int{429, 500, 503, 200}, 4},
		"a refusal ends it": {[]int{400, 200}, 1},
		"gives up":          {[]int{500, 500, 500, 500, 200}, 4},
	} {
		for _, overtake := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				a, in := hooked(t, standin.Sending{Attempts: 4, Overtake: overtake}, func(n int) int { return tc.answers[n-1] })
				a.tell("made", "T-1")
				a.settled()
				require.Len(t, in.All(), tc.attempts)
				for i, d := range a.Deliveries() {
					require.Equal(t, []any{i + 1, tc.answers[i], tc.answers[i] == 0}, []any{d.Attempt, d.Status, d.Error != ""})
					require.Equal(t, a.Deliveries()[0].Identifier, d.Identifier, "the same on every attempt")
					require.Equal(t, string(rune('1'+i)), d.Headers.Get("Attempt"), "rendered for each")
				}
			})
		}
	}
}

func TestTheVendorsRuleSeesEveryAttempt(t *testing.T) {
	var seen []int
	how := standin.Sending{Attempts: 2, Retry: func(m *standin.Message, d standin.Delivery, err error) bool {
		seen = append(seen, d.Status)
		return m.Event == "made" && d.Status == 401 && err == nil
	}}
	a, in := hooked(t, how, func(n int) int { return []int{401, 401, 200}[n-1] })
	a.tell("made", "T-1")
	a.tell("made", "T-1")
	a.settled()
	require.Len(t, in.All(), 3)
	require.Equal(t, []int{401, 401, 200}, seen, "the last one and the success too")
}

func TestAMessageMayHaveItsOwnWay(t *testing.T) {
	a, in := hooked(t, standin.Sending{Attempts: 5, RetryDelay: time.Hour}, func(int) int { return 500 })
	var used atomic.Int32
	a.Send(standin.Message{
		To: a, URL: in.URL, ID: "own", Attempts: 2, RetryDelay: time.Millisecond,
		Client: &http.Client{Transport: counting{standin.NewTransport(), &used}},
		Render: func(*standin.Message, int) ([]byte, http.Header, error) { return nil, http.Header{}, nil },
	})
	a.settled()
	require.Len(t, in.All(), 2)
	require.EqualValues(t, 2, used.Load())
	require.Equal(t, "own", a.Deliveries()[0].Identifier)
}

type counting struct {
	http.RoundTripper
	n *atomic.Int32
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

func TestWhatCannotBeRenderedIsNoted(t *testing.T) {
	a, in := hooked(t, standin.Sending{}, nil)
	broken := standin.Message{To: a, URL: in.URL, Render: func(*standin.Message, int) ([]byte, http.Header, error) {
		return nil, nil, errors.New("no body")
	}}
	a.Send(broken)
	a.settled()
	a.SetWebhookFault(standin.WebhookFault{LoseEvery: 1})
	a.Send(broken)
	require.Empty(t, in.All())
	require.Equal(t, "acme simulator: webhook: no body", a.Deliveries()[0].Error)
	require.True(t, a.Deliveries()[1].Lost)
	require.Contains(t, a.Deliveries()[1].Error, "no body")
}

func TestASlowAnswerIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := &standintest.Inbox{}
		in.AnswerBy(func(n int) int {
			if n == 1 {
				<-time.After(time.Minute)
			}
			return 200
		})
		client := inside(in)
		client.Timeout = time.Second
		a := found(t, setup{Sending: standin.Sending{Attempts: 9, Client: client}})
		a.tell("made", "T-1")
		a.settled()
		sent := a.Deliveries()
		require.Len(t, sent, 2)
		require.Contains(t, sent[0].Error, "acme simulator: webhook: ")
		require.Equal(t, http.StatusOK, sent[1].Status)
		require.Equal(t, in.All()[0].Body, sent[1].Body)
	})
}

func TestEventsOfOneObjectArriveInOrder(t *testing.T) {
	for _, overtake := range []bool{false, true} {
		a, in := hooked(t, standin.Sending{Overtake: overtake}, nil)
		var want []any
		for i := range 26 {
			want = append(want, string(rune('a'+i)))
			a.tell(string(rune('a'+i)), "T-1")
		}
		a.settled()
		require.Equal(t, want, events(t, in))
	}
}

func TestARetryHoldsUpTheSameObjectOnly(t *testing.T) {
	a, in := hooked(t, standin.Sending{Attempts: 3}, func(n int) int { return []int{500, 503, 200}[min(n, 3)-1] })
	for _, event := range []string{"a", "b", "c"} {
		a.tell(event, "T-1")
	}
	a.settled()
	require.Equal(t, []any{"a", "a", "a", "b", "c"}, events(t, in))

	a, in = hooked(t, standin.Sending{Attempts: 2, RetryDelay: time.Hour}, func(n int) int { return []int{500, 200}[min(n, 2)-1] })
	a.tell("a", "T-1")
	require.Eventually(t, func() bool { return len(a.Deliveries()) == 1 }, soon, time.Millisecond)
	a.tell("b", "T-1")
	a.tell("c", "T-2")
	require.Eventually(t, func() bool { return len(a.Deliveries()) == 2 }, soon, time.Millisecond)
	require.Equal(t, []any{"a", "c"}, events(t, in))
}

func TestOvertakingGoesOnDuringARetry(t *testing.T) {
	a, in := hooked(t, standin.Sending{Attempts: 2, RetryDelay: time.Hour, Overtake: true}, func(n int) int { return []int{500, 200}[min(n, 2)-1] })
	a.tell("a", "T-1")
	a.tell("b", "T-1")
	require.Eventually(t, func() bool { return len(a.Deliveries()) == 2 }, soon, time.Millisecond)
	require.Equal(t, []any{"a", "b"}, events(t, in))
}

func TestWhatWasDisabledMeanwhileIsSkipped(t *testing.T) {
	var off atomic.Bool
	a, in := hooked(t, standin.Sending{Skip: func(*standin.Message) bool { return off.Load() }}, nil)
	a.tell("a", "T-1")
	a.settled()
	off.Store(true)
	a.tell("b", "T-1")
	a.settled()
	require.Len(t, in.All(), 1)
	require.Len(t, a.Deliveries(), 1)
}

func TestCloseGivesUpWhatWaits(t *testing.T) {
	for _, overtake := range []bool{false, true} {
		a, in := hooked(t, standin.Sending{Attempts: 2, RetryDelay: time.Hour, Overtake: overtake}, func(int) int { return 500 })
		a.tell("a", "T-1")
		require.Eventually(t, func() bool { return len(a.Deliveries()) == 1 }, soon, time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, a.WaitDeliveries(ctx), context.Canceled)
		a.Close()
		a.settled()
		a.tell("b", "T-1")
		a.settled()
		require.Len(t, in.All(), 1)
		require.Len(t, a.Deliveries(), 1)
	}
}
