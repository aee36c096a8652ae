package process

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// One of two dies again and again while issues are being created. The other waits until the claims have run out that the dead left behind,
// and takes them over by itself.
func TestP1_P2_KillOneOfTwo(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for claims to run out")
	}
	t.Parallel()
	w := newWorld(t, 2)
	w.startAll()
	c := w.gather()
	c.begin()
	victim := w.instances[0]
	for range 4 {
		w.awaitEffects(20 + w.rng.IntN(150))
		victim.kill()
		w.awaitEffects(w.rng.IntN(50))
		victim.start()
	}
	c.acted()
	left := len(w.owners(c.ids()))
	w.Within(settling, "all issues", func() bool { return len(w.Jira.Issues()) >= len(c.ids()) })
	t.Logf("%d claims had to run out", left)
	c.act()
	c.acted()
	c.decideLate()
	c.settles()
	c.exact()
	require.Empty(t, c.audited(), "nobody died after the first decision")
}

// Any of three die at random moments, up to two at a time, while people ask and decide. When the claims and leases of the dead have run out,
// everything comes to its end.
func TestP1_P2_P3_P4_KillRandomOnesOfThree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.startAll()
	c := w.gather()
	c.begin()
	c.act()
	var deaths []time.Time
	for range 5 {
		w.awaitEffects(50 + w.rng.IntN(300))
		victims := w.rng.Perm(len(w.instances))[:1+w.rng.IntN(2)]
		for _, n := range victims {
			w.instances[n].kill()
			deaths = append(deaths, time.Now())
			w.awaitEffects(w.rng.IntN(60))
		}
		for _, n := range victims {
			w.instances[n].start()
		}
	}
	c.acted()
	c.decideLate()
	c.settles()
	c.exact()
	lost := c.audited()
	require.LessOrEqual(t, len(lost), atWork*len(deaths))
	for _, p := range lost {
		require.True(t, w.reviewedBefore(p.id, deaths), "decision on %s is in no record, and nobody died just then", p.id)
	}
}

// reviewedBefore reports whether one of the moments came right after the request's review: a process that dies between the two has written
// nothing about it. Teleport's own record has it.
func (w *world) reviewedBefore(id string, moments []time.Time) bool {
	for _, e := range w.Teleport.Audit() {
		if e.Request != id || e.Kind != teleport.AuditReview {
			continue
		}
		return slices.ContainsFunc(moments, func(died time.Time) bool {
			return e.Time.Before(died) && died.Sub(e.Time) < auditWithin
		})
	}
	return false
}

const (
	// auditWithin is how long it takes at most, on the slowest machine, until a decision that Teleport took is in the record or in the log.
	auditWithin = 30 * time.Second
	// atWork is how many decisions a process works on at once, which are all that its death can keep out of the record.
	atWork = 16
)
