package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

type run func(ctx context.Context, id string) (time.Duration, error)

// serve runs a queue until the test ends, or stop is called.
func serve(t *testing.T, workers int, drain time.Duration, f run) (q *queue, log *logtest.Log, stop func()) {
	log = &logtest.Log{}
	q = newQueue("jira", workers, noMetrics{}, log.Logger(), func(ctx context.Context, id string) (time.Duration, error) {
		inOrder()
		return f(ctx, id)
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.serve(ctx, drain)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return q, log, stop
}

func TestW4_OneRequestNeverRunsTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most, runs := map[string]int{}, map[string]int{}, map[string]int{}
		q, _, _ := serve(t, 8, 0, func(_ context.Context, id string) (time.Duration, error) {
			mu.Lock()
			running[id]++
			runs[id]++
			most[id] = max(most[id], running[id])
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			running[id]--
			mu.Unlock()
			return 0, nil
		})
		for range 50 {
			q.add("r1")
			q.add("r2")
			pass(100 * time.Millisecond)
		}
		pass(5 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, map[string]int{"r1": 1, "r2": 1}, most)
		require.Equal(t, runs["r1"], runs["r2"])
		require.InDelta(t, 6, runs["r1"], 1, "what arrives during a run leads to one more run, not to one for each")
		waiting, _ := q.depth()
		require.Zero(t, waiting)
	})
}

func TestPanicBecomesAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settled := map[string]int{}
		q, log, _ := serve(t, 1, 0, func(_ context.Context, id string) (time.Duration, error) {
			settled[id]++
			if id == "bad" && settled[id] == 1 {
				panic("a bad request")
			}
			return 0, nil
		})
		q.add("bad")
		q.add("good")
		synctest.Wait()
		require.Equal(t, map[string]int{"bad": 1, "good": 1}, settled, "the worker goes on")
		require.Len(t, q.failing(), 1)
		require.Contains(t, q.failing()[0].Error, "panicked")
		require.Equal(t, 1, log.Count(`msg="run panicked"`))
		pass(time.Second)
		require.Equal(t, 2, settled["bad"], "and the request is tried again")
		require.Empty(t, q.failing())
	})
}

func TestClassesBecomePauses(t *testing.T) {
	cause := errors.New("no")
	for name, c := range map[string]struct {
		err           error
		class         bridge.Class
		first, second [2]time.Duration
	}{
		"retry":    {cause, bridge.ClassRetry, [2]time.Duration{160 * time.Millisecond, 240 * time.Millisecond}, [2]time.Duration{320 * time.Millisecond, 480 * time.Millisecond}},
		"wait":     {bridge.RetryAfter(30*time.Second, cause), bridge.ClassWait, [2]time.Duration{30 * time.Second, 30*time.Second + 24*time.Millisecond}, [2]time.Duration{30 * time.Second, 30*time.Second + 24*time.Millisecond}},
		"terminal": {bridge.Terminal(cause), bridge.ClassTerminal, [2]time.Duration{24 * time.Second, 36 * time.Second}, [2]time.Duration{24 * time.Second, 44 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var starts []time.Time
				q, _, _ := serve(t, 1, 0, func(context.Context, string) (time.Duration, error) {
					starts = append(starts, time.Now())
					if len(starts) > 2 {
						return 0, nil
					}
					return 0, fmt.Errorf("creating: %w", c.err)
				})
				begin := time.Now()
				q.add("r1")
				synctest.Wait()
				failure := q.failing()[0]
				require.Equal(t, Failure{
					RequestID: "r1", Queue: "jira", Class: c.class, Error: "creating: no", Since: begin, NextTry: failure.NextTry,
				}, failure)
				pass(time.Hour)
				require.Len(t, starts, 3)
				require.Equal(t, failure.NextTry, starts[1])
				for i, want := range [][2]time.Duration{c.first, c.second} {
					pause := starts[i+1].Sub(starts[i])
					require.GreaterOrEqual(t, pause, want[0])
					require.LessOrEqual(t, pause, want[1])
				}
				require.Empty(t, q.failing())
			})
		})
	}
}

func TestRetriesNeverGoSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		q, _, _ := serve(t, 1, 0, func(context.Context, string) (time.Duration, error) {
			runs++
			return 0, errors.New("down")
		})
		q.add("r1")
		pass(time.Hour)
		require.Greater(t, runs, 50, "the pause is a minute at most")
		require.Less(t, runs, 100, "but it grows up to that")
	})
}

func TestConflictComesBackAtOnceAndIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		q, log, _ := serve(t, 1, 0, func(context.Context, string) (time.Duration, error) {
			if runs++; runs == 1 {
				return 0, fmt.Errorf("writing: %w", bridge.ErrConflict)
			}
			return 0, nil
		})
		q.add("r1")
		pass(100 * time.Millisecond)
		require.Equal(t, 2, runs)
		require.Empty(t, q.failing())
		require.Zero(t, log.Count(`msg="not settled"`))
	})
}

func TestFailureIsLoggedOnlyWhenItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := "connection refused"
		q, log, _ := serve(t, 1, 0, func(context.Context, string) (time.Duration, error) {
			if text == "" {
				return 0, nil
			}
			return 0, errors.New(text)
		})
		q.add("r1")
		pass(10 * time.Minute)
		require.Equal(t, 1, log.Count(`msg="not settled"`))
		since := q.failing()[0].Since
		text = "no such host"
		pass(10 * time.Minute)
		require.Equal(t, 2, log.Count(`msg="not settled"`))
		require.Equal(t, since, q.failing()[0].Since, "it has failed since the first fault")
		text = ""
		pass(10 * time.Minute)
		require.Equal(t, 1, log.Count(`msg="settled after failures"`))
	})
}

// Somebody who looks at a failing request while it waits must not see it settled.
func TestFailureStaysVisibleWhileTheRequestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		q, log, _ := serve(t, 1, 0, func(context.Context, string) (time.Duration, error) {
			switch runs++; runs {
			case 1:
				return 0, bridge.Terminal(errors.New("no such project"))
			case 2:
				return time.Minute, nil
			default:
				return 0, nil
			}
		})
		q.add("r1")
		pass(time.Second)
		q.add("r1")
		pass(time.Second)
		require.Equal(t, 2, runs)
		require.Len(t, q.failing(), 1, "waiting settles nothing")
		require.Zero(t, log.Count(`msg="settled after failures"`))
		pass(time.Hour)
		require.Empty(t, q.failing())
		require.Equal(t, 1, log.Count(`msg="settled after failures"`))
	})
}

func TestDrainFinishesRunsAtWorkAndDropsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var finished []string
		q, _, stop := serve(t, 1, 10*time.Second, func(ctx context.Context, id string) (time.Duration, error) {
			select {
			case <-time.After(3 * time.Second):
				finished = append(finished, id)
			case <-ctx.Done():
			}
			return time.Second, nil
		})
		for _, id := range []string{"r1", "r2", "r3"} {
			q.add(id)
		}
		pass(time.Second)
		waiting, oldest := q.depth()
		require.Equal(t, 2, waiting)
		require.Equal(t, time.Second, oldest)
		begin := time.Now()
		stop()
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.Equal(t, []string{"r1"}, finished)
	})
}

func TestDrainHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		q, _, stop := serve(t, 1, 10*time.Second, func(ctx context.Context, _ string) (time.Duration, error) {
			<-ctx.Done()
			cause = ctx.Err()
			return 0, cause
		})
		q.add("r1")
		synctest.Wait()
		begin := time.Now()
		stop()
		require.Equal(t, 10*time.Second, time.Since(begin))
		require.ErrorIs(t, cause, context.Canceled)
	})
}

// Instances that go on colliding leave each other more and more room.
func TestConflictAfterConflictComesBackEverMoreSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		clashes, lost := 0, 1_000_000
		q, _, _ := serve(t, 1, 0, func(context.Context, string) (time.Duration, error) {
			mu.Lock()
			defer mu.Unlock()
			if clashes++; clashes <= lost {
				return 0, bridge.ErrConflict
			}
			return 0, nil
		})
		runs := func(d time.Duration) int {
			mu.Lock()
			before := clashes
			mu.Unlock()
			pass(d)
			mu.Lock()
			defer mu.Unlock()
			return clashes - before
		}
		q.add("r1")
		require.LessOrEqual(t, runs(time.Second), 8)
		runs(9 * time.Second)
		require.InDelta(t, 30, runs(time.Minute), 6, "about every two seconds")
		mu.Lock()
		lost = 0
		mu.Unlock()
		require.Equal(t, 1, runs(3*time.Second))
		mu.Lock()
		clashes, lost = 0, 1
		mu.Unlock()
		q.add("r1")
		require.Equal(t, 2, runs(50*time.Millisecond), "the next conflict is a first one again")
	})
}
