package simulation

import (
	"runtime"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// result is what came of a history.
type result struct {
	// wrong are the promises that were broken, the first one first.
	wrong []string
	// log is everything that happened, digest tells it from another.
	log    *record
	digest string
	// calls is how many effects there were.
	calls int
}

// run plays a history in virtual time.
func run(t *testing.T, h history, keepLogs bool) (out result) {
	t.Helper()
	defer watch(h.Seed)()
	defer runtime.GC()
	synctest.Test(t, func(t *testing.T) {
		cryptotest.SetGlobalRandom(t, h.Seed)
		uuid.SetRand(newIDs(h.Seed))
		defer uuid.SetRand(nil)
		w, err := newWorld(t, h, keepLogs)
		if err != nil {
			t.Fatal(err)
		}
		w.run()
		if err := w.close(); err != nil {
			w.broken("P1", "an instance ended with an error: %v", err)
		}
		out = result{wrong: w.wrong, log: w.log, digest: w.log.digest(), calls: len(w.calls)}
	})
	return out
}

// run lets everything happen, and checks the promises.
func (w *world) run() {
	for n := range w.Setup.Instances {
		if err := w.start(n); err != nil {
			w.broken("P1", "%v", err)
			return
		}
	}
	for _, s := range w.Steps {
		<-time.After(s.At - w.now())
		w.play(s)
	}
	<-time.After(chaos - w.now())
	w.heal()
	w.judge()
}
