package server

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/internal/logtest"
)

// folder is a folder with certificates and an identity file that is none.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	_, err := certs.WriteDevelopment(dir, []string{"localhost"}, time.Hour)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "identity"), []byte("none"), 0o600))
	return dir
}

const oneRoute = `routes:
  - name: everything
    targets: [{integration: itsm}]
`

// write writes a configuration with the routes and returns its path. Occurrences of the pairs' first texts are replaced.
func write(t testing.TB, dir, routes string, pairs ...string) string {
	t.Helper()
	text := fmt.Sprintf(`teleport: {addr: "127.0.0.1:1", identity_file: %[1]s/identity}
server:
  listen: 127.0.0.1:0
  tls: {cert_file: %[1]s/tls.crt, key_file: %[1]s/tls.key}
admin: {listen: 127.0.0.1:0}
integrations:
  - name: itsm
    type: jira
    config:
      url: https://127.0.0.1:1
      user: bot@example.com
      api_token: planted
      project: ACC
      webhook: {secrets: [planted]}
%[2]saudit: {output: file, file: %[1]s/audit.log}
`, dir, routes)
	path := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(text)), 0o600))
	return path
}

func load(t testing.TB, path string) *config.Config {
	t.Helper()
	cfg, err := LoadConfig(path)
	require.NoError(t, err)
	return cfg
}

func TestFaultsOfTheMachineShowBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	log, _ := logtest.New()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	cases := map[string]struct {
		replace []string
		says    string
	}{
		"address of the listener is taken": {[]string{"listen: 127.0.0.1:0\n", "listen: " + taken.Addr().String() + "\n"}, "server.listen"},
		"address of admin is taken":        {[]string{"{listen: 127.0.0.1:0}", "{listen: " + taken.Addr().String() + "}"}, "admin.listen"},
		"no folder for the audit file":     {[]string{dir + "/audit.log", dir + "/missing/audit.log"}, "audit file"},
		"certificate without its key":      {[]string{dir + "/tls.key", dir + "/ca.key"}, "server certificate"},
	}
	for name, c := range cases {
		cfg := load(t, write(t, dir, oneRoute, c.replace...))
		_, err := New(t.Context(), cfg, Options{Log: log})
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "planted", name)
	}
}

// A start that fails gives back the addresses that it had already taken.
func TestFailedStartLeavesNoListener(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	log, _ := logtest.New()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	cfg := load(t, write(t, dir, oneRoute, "{listen: 127.0.0.1:0}", "{listen: "+taken.Addr().String()+"}"))
	var public *net.TCPListener
	listen := func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
		if err == nil {
			public = l.(*net.TCPListener)
		}
		return l, err
	}
	_, err = New(t.Context(), cfg, Options{Log: log, Outside: Outside{Listen: listen}})
	require.ErrorContains(t, err, "admin.listen")
	require.ErrorIs(t, public.SetDeadline(time.Time{}), net.ErrClosed)
}

// journal keeps entries.
type journal struct{ entries []bridge.AuditEntry }

func (j *journal) Record(e bridge.AuditEntry) { j.entries = append(j.entries, e) }

func TestUnusableIdentityEndsTheRunAndNamesTheFile(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	log, out := logtest.New()
	s, err := New(t.Context(), load(t, write(t, dir, oneRoute)), Options{Log: log, Journal: &journal{}})
	require.NoError(t, err)
	require.Error(t, s.Ready())
	require.False(t, s.Status().Ready)
	require.Nil(t, s.Status().Teleport)
	require.Len(t, s.Status().Integrations, 1)
	err = s.Run(t.Context())
	require.ErrorContains(t, err, dir+"/identity")
	require.Contains(t, out.String(), "accessbridge stopped")
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", s.AdminAddr().String())
	require.Error(t, err, "the listeners are closed")
	require.NoFileExists(t, dir+"/audit.log", "a journal that is given replaces the file")
}

func TestStopBeforeTeleportWasReachedIsNoFault(t *testing.T) {
	t.Parallel()
	log, _ := logtest.New()
	s, err := New(t.Context(), load(t, write(t, folder(t), oneRoute)), Options{Log: log})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// The identity is of no use either; whichever is seen first, Run comes back.
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
}

func TestInstancesHaveTheirOwnNames(t *testing.T) {
	t.Parallel()
	first, second := instanceName(), instanceName()
	require.NotEqual(t, first, second, "links held by an earlier process must not look like our own")
}

func TestP7_StatusOfAFreshServerHoldsNoSecret(t *testing.T) {
	t.Parallel()
	log, out := logtest.New()
	s, err := New(t.Context(), load(t, write(t, folder(t), oneRoute)), Options{Log: log})
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", s.Status()), "planted")
	require.NotContains(t, fmt.Sprintf("%+v %#v", s.cfg, s.cfg.Integrations[0].Config), "planted")
	require.NotContains(t, out.String(), "planted")
	require.NoError(t, s.release())
}

func TestTrustedProxiesAreTakenOver(t *testing.T) {
	t.Parallel()
	list := networks([]string{"10.0.0.0/8", "2001:db8::/32"})
	require.Len(t, list, 2)
	require.True(t, list[0].Contains(net.ParseIP("10.1.2.3")))
	require.True(t, list[1].Contains(net.ParseIP("2001:db8::1")))
	require.False(t, list[0].Contains(net.ParseIP("11.0.0.1")))
	require.Empty(t, networks(nil))
}
