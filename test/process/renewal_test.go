package process

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/test/harness"
)

const (
	// hour is what stands for an hour of a day in which the identity is renewed every hour. It cannot be much shorter, because certificates
	// are valid for whole seconds, and nothing but real time makes the TLS of the process and of Teleport agree on what has expired.
	hour = 2 * time.Second
	// validFor is the lifetime of each identity. On the slowest machine the next one is in use before it is over.
	validFor = 15 * hour
	// hours are how often the identity is renewed.
	hours = 24
)

// The identity is short-lived and renewed for a day, as by tbot. In every hour the bridge makes a new connection, and every four hours all
// are cut, so an identity that has run out, as the first ones have in the evening, would be refused at once. Calls and watch go on as if there were nothing to renew.
func TestW6_ADayOfRenewals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	i := w.instances[0]
	w.renewEveryHour()
	i.start()
	for n := range hours {
		w.Eventually("the renewal", func() bool { return i.logged("Teleport credentials renewed") > n })
		id, key := w.Opened()
		w.Move("bob", key, "Approved")
		w.Eventually("the end", func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
		require.Equal(t, "APPROVED", w.State(id))
		require.Positive(t, i.metric("accessbridge_credential_expiry_seconds"))
		require.Equal(t, http.StatusOK, i.ready())
		if n%4 == 3 {
			w.Teleport.DropConnections()
		}
	}
	require.Zero(t, i.logged("tls:"), i.tail(3, "tls:"))
	require.Zero(t, i.logged("expired"), i.tail(3, "expired"))
	w.Eventually("the watch", func() bool { return i.metric("accessbridge_watcher_connected") == 1 && w.Teleport.Watchers() == 1 })
}

// renewEveryHour replaces the identity in every hour, until the test ends.
func (w *world) renewEveryHour() {
	w.T.Helper()
	renew := func() error { return w.Teleport.WriteIdentity(w.Path("identity"), harness.BridgeUser, validFor) }
	require.NoError(w.T, renew())
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(hour)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				if err := renew(); err != nil {
					w.T.Errorf("renewing the identity: %v", err)
					return
				}
			}
		}
	})
	w.T.Cleanup(func() {
		close(quit)
		done.Wait()
	})
}
