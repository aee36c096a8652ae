package teleport

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gravitational/trace"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	sim "github.com/accessbridge/accessbridge/simulators/teleport"
)

func TestDial_WithIdentityFile(t *testing.T) {
	w := newWorld(t, sim.Options{ClusterName: "prod", Version: "17.2.1"})
	c := w.dial()
	require.Equal(t, "plugin", c.Self())
	require.Equal(t, "prod", c.Cluster())
	require.Equal(t, "17.2.1", c.ServerVersion())
	require.WithinDuration(t, time.Now().Add(time.Hour), c.CredentialExpires(), time.Minute)
	require.Zero(t, w.logs.Count("older than"))
}

func TestDial_WithKeyPair(t *testing.T) {
	w := newWorld(t, sim.Options{})
	cert, key, ca, err := w.srv.WriteKeyPair(t.TempDir(), "plugin", time.Hour)
	require.NoError(t, err)
	c, err := Dial(t.Context(), Options{Addr: w.srv.Addr(), CertFile: cert, KeyFile: key, CAFile: ca})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.Equal(t, "plugin", c.Self())
	require.WithinDuration(t, time.Now().Add(time.Hour), c.CredentialExpires(), time.Minute)
	_, err = NewRequests(c, RequestsOptions{}).Fresh(t.Context(), w.create(sim.NewRequest{}))
	require.NoError(t, err)
}

func TestDial_CredentialFaultsAreTerminalAndNameFileAndMend(t *testing.T) {
	w := newWorld(t, sim.Options{})
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, w.srv.WriteIdentity(path("expired"), "plugin", -90*time.Minute))
	require.NoError(t, os.WriteFile(path("garbage"), []byte("not an identity\n"), 0o600))
	require.NoError(t, os.WriteFile(path("empty"), nil, 0o600))
	half, err := os.ReadFile(w.identity)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path("half"), half[:len(half)/2], 0o600))
	cert, key, ca, err := w.srv.WriteKeyPair(dir, "plugin", -time.Minute)
	require.NoError(t, err)
	otherDir := t.TempDir()
	_, otherKey, _, err := w.srv.WriteKeyPair(otherDir, "plugin", time.Hour)
	require.NoError(t, err)

	expired := time.Now().Add(-90 * time.Minute).UTC().Format("2006-01-02T15:")
	for name, tc := range map[string]struct {
		o    Options
		says []string
	}{
		"missing":         {Options{IdentityFile: path("nowhere")}, []string{path("nowhere"), "no such file", "tbot"}},
		"folder":          {Options{IdentityFile: dir}, []string{dir, "tbot"}},
		"garbage":         {Options{IdentityFile: path("garbage")}, []string{path("garbage"), "tbot"}},
		"empty":           {Options{IdentityFile: path("empty")}, []string{path("empty"), "tbot"}},
		"half written":    {Options{IdentityFile: path("half")}, []string{path("half"), "tbot"}},
		"expired":         {Options{IdentityFile: path("expired")}, []string{path("expired"), "expired at " + expired, "tbot"}},
		"expired pair":    {Options{CertFile: cert, KeyFile: key, CAFile: ca}, []string{cert, "expired at", "tbot"}},
		"foreign key":     {Options{CertFile: cert, KeyFile: otherKey, CAFile: ca}, []string{cert, otherKey, "not usable"}},
		"CA is no CA":     {Options{CertFile: cert, KeyFile: key, CAFile: key}, []string{"CA cert"}},
		"no CA file":      {Options{CertFile: cert, KeyFile: key, CAFile: path("nowhere")}, []string{path("nowhere"), "format=tls"}},
		"incomplete pair": {Options{CertFile: cert, KeyFile: key}, []string{"needs the certificate, the key and the authorities"}},
		"both":            {Options{IdentityFile: w.identity, CertFile: cert}, []string{"not both"}},
		"none":            {Options{}, []string{"no identity file and no key pair"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.o.Addr = w.srv.Addr()
			_, err := Dial(t.Context(), tc.o)
			require.Error(t, err)
			class, _ := bridge.ClassOf(err)
			require.Equal(t, bridge.ClassTerminal, class)
			for _, part := range tc.says {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), "PRIVATE KEY")
		})
	}
	require.Zero(t, w.srv.Calls()["Ping"], "bad credentials are found without a call")
}

func TestDial_UnreachableServerMayBeTriedAgain(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.srv.Stop()
	o := w.options()
	o.DialTimeout = 200 * time.Millisecond
	_, err := Dial(t.Context(), o)
	require.ErrorContains(t, err, w.srv.Addr())
	require.NotContains(t, err.Error(), "\n")
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestDial_UnknownUserIsTerminal(t *testing.T) {
	w := newWorld(t, sim.Options{})
	defer w.srv.Inject(sim.Fault{Method: "Ping", Err: trace.AccessDenied("locked")})()
	_, err := Dial(t.Context(), w.options())
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassTerminal, class)
}

func TestDial_HangingServerEndsWithTheTimeout(t *testing.T) {
	w := newWorld(t, sim.Options{})
	defer w.srv.Inject(sim.Fault{Method: "Ping", Hang: true})()
	o := w.options()
	o.DialTimeout = 200 * time.Millisecond
	begun := time.Now()
	_, err := Dial(t.Context(), o)
	require.ErrorContains(t, err, context.DeadlineExceeded.Error())
	require.Less(t, time.Since(begun), soon)
	class, _ := bridge.ClassOf(err)
	require.Equal(t, bridge.ClassRetry, class)
}

func TestDial_OldServers(t *testing.T) {
	t.Run("older than the minimum is warned of", func(t *testing.T) {
		w := newWorld(t, sim.Options{Version: "12.4.9"})
		require.Equal(t, "12.4.9", w.dial().ServerVersion())
		require.Equal(t, 1, w.logs.Count("older than the bridge is meant for"))
	})
	t.Run("without Ping is refused", func(t *testing.T) {
		w := newWorld(t, sim.Options{})
		defer w.srv.Inject(sim.Fault{Method: "Ping", Err: trace.NotImplemented("no such method")})()
		_, err := Dial(t.Context(), w.options())
		require.ErrorContains(t, err, "too old")
		class, _ := bridge.ClassOf(err)
		require.Equal(t, bridge.ClassTerminal, class)
	})
}

func TestRequestURL(t *testing.T) {
	for name, tc := range map[string]struct {
		server sim.Options
		web    string
		want   string
	}{
		"enterprise":        {sim.Options{AdvancedWorkflows: true, ProxyPublicAddr: "tele.example.com:443"}, "", "https://tele.example.com/web/requests/a-b"},
		"another port":      {sim.Options{AdvancedWorkflows: true, ProxyPublicAddr: "tele.example.com:3080"}, "", "https://tele.example.com:3080/web/requests/a-b"},
		"community":         {sim.Options{ProxyPublicAddr: "tele.example.com:443"}, "", ""},
		"no proxy":          {sim.Options{AdvancedWorkflows: true}, "", ""},
		"operator's choice": {sim.Options{}, "https://access.example.com/", "https://access.example.com/web/requests/a-b"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.server)
			o := w.options()
			o.WebURL = tc.web
			c, err := Dial(t.Context(), o)
			require.NoError(t, err)
			defer c.Close()
			require.Equal(t, tc.want, c.RequestURL("a-b"))
		})
	}
}

func TestClose_EndsEverything(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.dial()
	r := NewRequests(c, RequestsOptions{})
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	receive(t, r.Ready())
	require.NoError(t, c.Close())
	require.ErrorIs(t, receive(t, done), errClosed)
	_, err := r.Fresh(t.Context(), "x")
	require.ErrorIs(t, err, errClosed)
	require.True(t, bridge.NoEffect(err))
}

func TestClassify(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want bridge.Class
	}{
		"access denied":   {trace.AccessDenied("x"), bridge.ClassTerminal},
		"bad parameter":   {trace.BadParameter("x"), bridge.ClassTerminal},
		"not implemented": {trace.NotImplemented("x"), bridge.ClassTerminal},
		"limit exceeded":  {trace.LimitExceeded("x"), bridge.ClassWait},
		"connection":      {trace.ConnectionProblem(nil, "x"), bridge.ClassRetry},
		"compare failed":  {trace.CompareFailed("x"), bridge.ClassRetry},
		"deadline":        {context.DeadlineExceeded, bridge.ClassRetry},
		"already classed": {bridge.Unsent(trace.AccessDenied("x")), bridge.ClassRetry},
	} {
		t.Run(name, func(t *testing.T) {
			err := classify(tc.err)
			class, after := bridge.ClassOf(err)
			require.Equal(t, tc.want, class)
			require.Equal(t, tc.want == bridge.ClassWait, after > 0)
			require.ErrorIs(t, err, tc.err)
		})
	}
	require.NoError(t, classify(nil))
}
