package reconcile

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// pretender takes decisions and puts none into effect, as in a dry run.
type pretender struct {
	Reviewer
	requests Requests
	taken    []bridge.Decision
}

func (p *pretender) Submit(ctx context.Context, id string, d bridge.Decision) (bridge.Request, error) {
	p.taken = append(p.taken, d)
	return p.requests.Fresh(ctx, id)
}

func TestW34_DecisionOfADryRunIsTakenOncePerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pretender{}
		v := newVendor("jira")
		w := newWorld(t, v)
		i := w.start("a", resyncEvery(time.Minute), func(_ *instance, o *Options) {
			p.Reviewer, p.requests = o.Reviewer, o.Requests
			o.Reviewer = p
		})
		w.ask("r1")
		pass(time.Minute)
		v.approve("r1", bob)
		for range 5 {
			i.hint("r1")
			pass(2 * time.Minute)
		}
		require.Len(t, p.taken, 1)
		v.move("r1", "Denied", bridge.Deny, bob)
		for range 3 {
			i.hint("r1")
			pass(2 * time.Minute)
		}
		require.Len(t, p.taken, 2)
		require.Equal(t, bridge.Deny, p.taken[1].Verdict)
		require.Equal(t, []string{bridge.OutcomeRecorded, bridge.OutcomeRecorded}, w.audited())
	})
}

// Being on call is read anew each time, and is the same fact all the same.
func TestW34_DecisionOfADryRunByBeingOnCallIsTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pretender{}
		w, _, pager := staffed(t)
		i := w.start("a", func(_ *instance, o *Options) {
			p.Reviewer, p.requests = o.Reviewer, o.Requests
			o.Reviewer = p
		})
		pager.puts(alice, 1, 0, 8*time.Hour)
		w.ask("r1")
		pass(20 * time.Minute)
		require.Len(t, p.taken, 1)
		w.resolve("r1", bridge.StateDenied, "")
		pass(time.Minute)
		require.Zero(t, i.memory())
	})
}
