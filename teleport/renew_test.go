package teleport

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/internal/logtest"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

// renewable connects in a context that ends at once after, as an initialisation context does, and follows the file.
func (w *world) renewable(tune func(*Client)) *Client {
	w.t.Helper()
	starting, started := context.WithCancel(w.t.Context())
	c, err := Dial(starting, w.options())
	started()
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	c.retryEvery = 20 * time.Millisecond
	if tune != nil {
		tune(c)
	}
	background(w.t, c.Run)
	return c
}

func (w *world) renew(user string, ttl time.Duration) {
	w.t.Helper()
	w.srv.AddUser(sim.PluginUser(user))
	require.NoError(w.t, w.srv.WriteIdentity(w.identity, user, ttl))
}

func (w *world) eventuallySelf(c *Client, user string) {
	w.t.Helper()
	eventually(w.t, "user "+user, func() bool { return c.Self() == user })
}

func TestW6_RenewedIdentityIsUsedForTheLifeOfTheProcess(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.renewable(nil)
	r := w.follow(c, RequestsOptions{})
	for _, user := range []string{"plugin-2", "plugin-3", "plugin-4"} {
		w.renew(user, 2*time.Hour)
		w.eventuallySelf(c, user)
		require.WithinDuration(t, time.Now().Add(2*time.Hour), c.CredentialExpires(), time.Minute)

		id := w.create(sim.NewRequest{})
		w.eventuallyState(r, id, "pending")
		after, err := NewReviewer(c, r, nil).Submit(t.Context(), id, approval())
		require.NoError(t, err)
		_, reviewed := after.ReviewBy(user)
		require.True(t, reviewed, "the call was made with the new identity")
	}
	require.Equal(t, 1, w.srv.Watchers(), "the watch moves to the newest connection, older ones are closed")
	require.True(t, r.State().Connected)
}

func TestW6_NoRequestIsLostWhileCredentialsChange(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.renewable(nil)
	r := w.follow(c, RequestsOptions{})
	var ids []string
	for _, user := range []string{"plugin-2", "plugin-3"} {
		w.renew(user, time.Hour)
		for c.Self() != user {
			ids = append(ids, w.create(sim.NewRequest{}))
			_, err := r.Fresh(t.Context(), ids[0])
			require.NoError(t, err, "calls go on while the connection is replaced")
		}
	}
	for _, id := range ids {
		w.eventuallyState(r, id, "pending")
	}
	require.NotEmpty(t, ids)
}

func TestRenew_BadFileKeepsTheOldCredentials(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.renewable(func(c *Client) { c.pollEvery = 10 * time.Millisecond })
	const warning = "not usable, the old ones stay in use"
	require.NoError(t, os.WriteFile(w.identity, []byte("half"), 0o600))
	eventually(t, "warned", func() bool { return w.logs.Count(warning) == 1 })
	require.NoError(t, os.Remove(w.identity))
	eventually(t, "warned", func() bool { return w.logs.Count(warning) == 2 })
	w.renew("plugin-expired", -time.Minute)
	eventually(t, "warned", func() bool { return w.logs.Count(warning) == 3 })
	require.Equal(t, "plugin", c.Self())
	_, err := NewRequests(c, RequestsOptions{}).Fresh(t.Context(), w.create(sim.NewRequest{}))
	require.NoError(t, err)

	w.renew("plugin-2", time.Hour)
	w.eventuallySelf(c, "plugin-2")
	require.Equal(t, 3, w.logs.Count(warning), "the same fault is told once")
}

func TestRenew_WhileTheServerIsAway(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.renewable(func(c *Client) { c.options.DialTimeout = 3 * time.Second })
	w.srv.Stop()
	w.renew("plugin-2", time.Hour)
	eventually(t, "tried", func() bool { return w.logs.Count("connect to Teleport at") > 0 })
	require.Equal(t, "plugin", c.Self())
	require.NoError(t, w.srv.Start())
	w.eventuallySelf(c, "plugin-2")
}

func TestRenew_PollingFindsWhatTheFolderWatchMisses(t *testing.T) {
	w := newWorld(t, sim.Options{})
	dir := filepath.Join(t.TempDir(), "identity")
	require.NoError(t, os.Mkdir(dir, 0o700))
	w.identity = filepath.Join(dir, "identity")
	require.NoError(t, w.srv.WriteIdentity(w.identity, "plugin", time.Hour))
	c := w.renewable(func(c *Client) { c.pollEvery = 10 * time.Millisecond })
	// A new folder under the old name is another one to the folder watch.
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.Mkdir(dir, 0o700))
	w.renew("plugin-2", time.Hour)
	w.eventuallySelf(c, "plugin-2")
}

func TestRenew_KeyPair(t *testing.T) {
	w := newWorld(t, sim.Options{})
	dir := t.TempDir()
	cert, key, ca, err := w.srv.WriteKeyPair(dir, "plugin", time.Hour)
	require.NoError(t, err)
	c, err := Dial(t.Context(), Options{Addr: w.srv.Addr(), CertFile: cert, KeyFile: key, CAFile: ca, Log: w.logs.Logger()})
	require.NoError(t, err)
	defer c.Close()
	background(t, c.Run)
	w.srv.AddUser(sim.PluginUser("plugin-2"))
	_, _, _, err = w.srv.WriteKeyPair(dir, "plugin-2", time.Hour)
	require.NoError(t, err)
	w.eventuallySelf(c, "plugin-2")
}

func TestCredentialEnd_IsWarnedOfOnce(t *testing.T) {
	now := time.Now()
	w := newWorld(t, sim.Options{})
	for name, tc := range map[string]struct {
		life, left      time.Duration
		warned, expired int
	}{
		"fresh":              {10 * time.Hour, 9 * time.Hour, 0, 0},
		"a fifth left":       {10 * time.Hour, 2*time.Hour - time.Second, 1, 0},
		"ten minutes left":   {30 * time.Minute, 10*time.Minute - time.Second, 1, 0},
		"a little more left": {40 * time.Minute, 11 * time.Minute, 0, 0},
		"over":               {time.Hour, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &logtest.Log{}
			c := &Client{options: w.options(), log: logs.Logger()}
			c.current.Store(&conn{creds: &credentials{notBefore: now.Add(tc.left - tc.life), notAfter: now.Add(tc.left)}})
			var watch renewWatch
			c.warnOfEnd(&watch, now)
			c.warnOfEnd(&watch, now)
			require.Equal(t, tc.warned, logs.Count("expire soon"))
			require.Equal(t, tc.expired, logs.Count("have expired"))
			require.Equal(t, tc.warned+tc.expired, logs.Count("tbot"), "the mend is told")
		})
	}
}
