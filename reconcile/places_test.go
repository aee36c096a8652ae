package reconcile

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What was put off comes in the order in which it was asked for, however the pauses were spread.
func TestP6_BacklogDrainsInOrderOfAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tried := map[string]bool{}
		var order []string
		q, _, _ := serve(t, 1, 0, func(_ context.Context, id string) (time.Duration, error) {
			switch {
			case id == "long":
				<-time.After(10 * time.Second)
				inOrder()
			case !tried[id]:
				tried[id] = true
				return 0, errors.New("down")
			}
			order = append(order, id)
			return 0, nil
		})
		want := []string{"long"}
		for n := range 50 {
			want = append(want, fmt.Sprintf("r%02d", n))
			q.add(want[n+1])
		}
		q.add("long")
		pass(9 * time.Second)
		require.Empty(t, order)
		require.Len(t, tried, 50)
		tried["late"] = true
		q.add("late")
		pass(time.Minute)
		require.Equal(t, append(want, "late"), order)
	})
}

func TestASettledRequestGivesUpItsPlace(t *testing.T) {
	p := newPlaces()
	for _, id := range []string{"a", "b", "c"} {
		p.Push(id)
	}
	require.Equal(t, 3, p.Len())
	require.Equal(t, "a", p.Pop())
	require.Equal(t, "b", p.Pop())
	p.leave("b")
	p.Push("b")
	p.Push("a")
	p.Touch("b")
	require.Equal(t, []string{"a", "c", "b"}, []string{p.Pop(), p.Pop(), p.Pop()}, "a kept its place, b has a new one")
	require.Zero(t, p.Len())
	for _, id := range []string{"a", "b", "c"} {
		p.leave(id)
	}
	require.Empty(t, p.of, "nothing is kept of what is settled")
}
