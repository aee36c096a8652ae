package teleport

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

func pending(id string, until time.Time) bridge.Request {
	return bridge.Request{ID: id, State: bridge.StatePending, PendingUntil: until}
}

func with(r bridge.Request, s bridge.State, reviews ...string) bridge.Request {
	r.State = s
	for _, author := range reviews {
		r.Reviews = append(r.Reviews, bridge.Review{Author: author})
	}
	return r
}

func TestCache_OlderKnowledgeNeverReplacesNewer(t *testing.T) {
	c := newCache()
	r := pending("a", time.Time{})
	require.True(t, c.put(r))
	require.False(t, c.put(r), "a repeated event changes nothing")
	require.True(t, c.put(with(r, bridge.StatePending, "rev1")))
	require.False(t, c.put(r), "reviews are only added")
	require.True(t, c.put(with(r, bridge.StateApproved, "rev1")))
	require.False(t, c.put(with(r, bridge.StatePending, "rev1", "rev2")), "a resolved request is never pending again")
	require.True(t, c.put(with(r, bridge.StateDenied, "rev1")))
	require.False(t, c.put(with(r, bridge.StateApproved, "rev1")))
	got, _ := c.get("a")
	require.Equal(t, bridge.StateDenied, got.State)
}

func TestCache_ListsAgainstEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache()
		for _, id := range []string{"kept", "vanished", "deleted", "resolved"} {
			c.put(pending(id, time.Time{}))
		}
		<-time.After(time.Hour)
		c.put(pending("recent", time.Time{}))
		begun := c.mark()
		c.put(pending("new", time.Time{}))
		c.remove("deleted")
		c.put(with(pending("resolved", time.Time{}), bridge.StateApproved))

		changed, doubtful := c.merge([]bridge.Request{
			pending("kept", time.Time{}), pending("deleted", time.Time{}), pending("resolved", time.Time{}), pending("listed", time.Time{}),
		}, begun)
		require.ElementsMatch(t, []string{"vanished", "listed"}, changed)
		require.Equal(t, []string{"recent"}, doubtful, "an event said a moment ago that it exists")
		for _, id := range []string{"kept", "recent", "new", "listed", "resolved"} {
			_, ok := c.get(id)
			require.True(t, ok, id)
		}
		for _, id := range []string{"vanished", "deleted"} {
			_, ok := c.get(id)
			require.False(t, ok, id)
		}
		got, _ := c.get("resolved")
		require.Equal(t, bridge.StateApproved, got.State)

		// A request known from a list alone goes with the next list.
		changed, doubtful = c.merge(nil, c.mark())
		require.ElementsMatch(t, []string{"listed", "kept"}, changed)
		require.ElementsMatch(t, []string{"recent", "new", "resolved"}, doubtful)
		<-time.After(recent)
		changed, doubtful = c.merge(nil, c.mark())
		require.ElementsMatch(t, []string{"recent", "new", "resolved"}, changed)
		require.Empty(t, doubtful)
	})
}

func TestCache_ALaggingListDoesNotRaiseTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache()
		c.put(pending("a", time.Time{}))
		c.remove("a")
		require.False(t, c.put(pending("a", time.Time{})))
		<-time.After(time.Second)
		changed, _ := c.merge([]bridge.Request{pending("a", time.Time{})}, c.mark())
		require.Empty(t, changed)
		<-time.After(2 * tombLife)
		c.merge(nil, c.mark())
		require.Empty(t, c.tombs, "deletions are not remembered for ever")
	})
}

func TestLapses_AreToldOnceAndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var mu sync.Mutex
		told := map[string][]time.Duration{}
		r := NewRequests(nil, RequestsOptions{OnChange: func(id string) {
			mu.Lock()
			defer mu.Unlock()
			told[id] = append(told[id], time.Since(begun))
		}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go r.tellLapses(ctx)
		put := func(req bridge.Request) { r.cache.put(req) }
		put(pending("late", begun.Add(3*time.Hour)))
		put(pending("early", begun.Add(time.Hour)))
		put(pending("extended", begun.Add(90*time.Minute)))
		put(pending("endless", time.Time{}))
		put(with(pending("approved", begun.Add(30*time.Minute)), bridge.StateApproved))
		<-time.After(2 * time.Hour)
		put(pending("extended", begun.Add(4*time.Hour)))
		put(pending("past", begun.Add(time.Minute)))
		<-time.After(10 * time.Hour)
		cancel()
		synctest.Wait()
		require.Equal(t, map[string][]time.Duration{
			"early": {time.Hour}, "extended": {90 * time.Minute, 4 * time.Hour}, "late": {3 * time.Hour}, "past": {2 * time.Hour},
		}, told)
	})
}
