package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// running is a run of the command in this process.
type running struct {
	t *testing.T
	// said is what it printed when it was ready.
	said string
	// api is the address of the admin API, dir the folder that it wrote to.
	api, dir string
	stop     context.CancelFunc
	code     chan int
}

// start runs the command and waits until it has told what to do with it.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errOut bytes.Buffer
	r := &running{t: t, stop: stop, code: make(chan int, 1)}
	go func() {
		r.code <- run(ctx, args, in, &errOut)
		_ = in.CloseWithError(io.EOF)
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.said += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Then ") {
			break
		}
	}
	t.Cleanup(func() {
		stop()
		_ = out.Close()
	})
	require.Contains(t, r.said, "Ctrl-C", "%s", errOut.String())
	r.api = r.find(`Admin API\s+(http://\S+)`)
	r.dir = filepath.Dir(r.find(`Config\s+(\S+)`))
	return r
}

func (r *running) find(pattern string) string {
	r.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(r.said)
	require.NotNil(r.t, found, "%s is not in:\n%s", pattern, r.said)
	return found[1]
}

// end stops the command as a signal does, and returns its exit code.
func (r *running) end() int {
	r.t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		return code
	case <-time.After(within):
		r.t.Fatal("the command did not stop")
		return -1
	}
}

func (r *running) call(method, path, body string, out any) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.api+path, strings.NewReader(body))
	require.NoError(r.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, resp.Body.Close()) }()
	require.Equal(r.t, http.StatusOK, resp.StatusCode)
	require.NoError(r.t, json.NewDecoder(resp.Body).Decode(out))
}

func listening(t *testing.T, addr string) bool {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return false
	}
	require.NoError(t, conn.Close())
	return true
}

func TestRequestIsMadeAndSeenOverHTTP(t *testing.T) {
	r := start(t)
	var made struct{ ID string }
	r.call("POST", "/requests", `{"user":"alice@example.com","roles":["dev"],"reason":"look"}`, &made)
	var all []struct{ ID, User, State string }
	r.call("GET", "/requests", "", &all)
	require.Len(t, all, 1)
	require.Equal(t, made.ID, all[0].ID)
	require.Equal(t, "pending", all[0].State)

	addrs := []string{
		strings.TrimPrefix(r.api, "http://"), r.find(`Teleport\s+([^\s,]+)`), strings.TrimPrefix(r.find(`Jira\s+(\S+)`), "http://"),
	}
	for _, addr := range addrs {
		require.True(t, listening(t, addr), addr)
	}
	require.FileExists(t, filepath.Join(r.dir, "config.yaml"))
	require.Zero(t, r.end())
	for _, addr := range addrs {
		require.False(t, listening(t, addr), addr)
	}
	require.NoDirExists(t, r.dir, "a temporary folder is removed")
}

func TestItTellsWhatToDoWithIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	r := start(t, "--dir", dir, "--flavour", "datacenter")
	require.Equal(t, dir, r.dir)
	for _, word := range []string{
		filepath.Join(dir, "identity"), filepath.Join(dir, "ca.crt"), "bridge-api-token", "/board",
		"https://127.0.0.1:8443/webhooks/itsm", "simulated-webhook-secret", "serve --config " + filepath.Join(dir, "config.yaml"),
		"datacenter",
	} {
		require.Contains(t, r.said, word)
	}
	resp, err := http.Get(r.find(`Board\s+(\S+)`))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	info, err := os.Stat(filepath.Join(dir, "config.yaml"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds credentials")
	require.Zero(t, r.end())
	require.FileExists(t, filepath.Join(dir, "config.yaml"), "a given folder is kept")
}

func TestItTellsOfFurtherVendors(t *testing.T) {
	alone := start(t)
	for _, word := range []string{"PagerDuty", "Opsgenie", "JSM", "-prod"} {
		require.NotContains(t, alone.said, word)
	}
	require.Zero(t, alone.end())

	r := start(t, "--with", "jsm,pagerduty", "--with", "opsgenie", "--webhook-url", "https://bridge.localhost:8443/webhooks/cards")
	addrs := []string{}
	for name, vendor := range map[string]string{"PagerDuty": "pagerduty", "Opsgenie": "opsgenie", "JSM": "jsm"} {
		base := r.find(name + `\s+(http://[^\s,]+)`)
		addrs = append(addrs, strings.TrimPrefix(base, "http://"))
		for _, word := range []string{base + "/board", "https://bridge.localhost:8443/webhooks/" + vendor, vendor + "-prod"} {
			require.Contains(t, r.said, word)
		}
		resp, err := http.Get(base + "/board")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	require.Zero(t, r.end())
	for _, addr := range addrs {
		require.False(t, listening(t, addr), addr)
	}
}

func TestTheSameFolderServesAgain(t *testing.T) {
	dir := t.TempDir()
	first := start(t, "--dir", dir)
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	require.NoError(t, err)
	require.Zero(t, first.end())
	second := start(t, "--dir", dir)
	again, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	require.NoError(t, err)
	require.Equal(t, ca, again, "who trusted the authority goes on")
	require.Zero(t, second.end())
}

func TestBadFlagsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		words string
	}{
		"unknown":         {[]string{"--color"}, "--color"},
		"flavour":         {[]string{"--flavour", "server"}, "cloud"},
		"open API":        {[]string{"--listen", "0.0.0.0:8090"}, "not host:port on this machine"},
		"open Teleport":   {[]string{"--teleport-listen", ":3025"}, "--teleport-listen"},
		"open Jira":       {[]string{"--jira-listen", "192.0.2.1:80"}, "--jira-listen"},
		"no port":         {[]string{"--listen", "127.0.0.1"}, "--listen"},
		"latency":         {[]string{"--latency=-1s"}, "negative"},
		"index lag":       {[]string{"--index-lag", "soon"}, "soon"},
		"webhook scheme":  {[]string{"--webhook-url", "http://127.0.0.1:8443/webhooks/itsm"}, "--webhook-url"},
		"webhook path":    {[]string{"--webhook-url", "https://127.0.0.1:8443/itsm"}, "--webhook-url"},
		"open PagerDuty":  {[]string{"--pagerduty-listen", "0.0.0.0:1"}, "--pagerduty-listen"},
		"open Opsgenie":   {[]string{"--opsgenie-listen", "[::]:1"}, "--opsgenie-listen"},
		"open JSM":        {[]string{"--jsm-listen", ":1"}, "--jsm-listen"},
		"no such vendor":  {[]string{"--with", "pagerduty,bugzilla"}, "bugzilla"},
		"Jira by another": {[]string{"--with", "jsm", "--webhook-url", "https://127.0.0.1:8443/webhooks/jsm"}, "needs its own"},
		"webhook no name": {[]string{"--webhook-url", "https://127.0.0.1:8443/webhooks/"}, "--webhook-url"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			require.Equal(t, 2, run(t.Context(), c.args, &out, &errOut))
			require.Contains(t, errOut.String(), c.words)
			require.Empty(t, out.String())
		})
	}
}

func TestHelp(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--help"}, &out, &errOut))
	for _, flag := range []string{
		"--dir", "--listen", "--teleport-listen", "--jira-listen", "--flavour", "--latency", "--index-lag", "--webhook-url",
		"--with", "--pagerduty-listen", "--opsgenie-listen", "--jsm-listen",
	} {
		require.Contains(t, out.String(), flag)
	}
	require.Empty(t, errOut.String())
}

func TestBusyAddressIsReported(t *testing.T) {
	r := start(t)
	dir := t.TempDir()
	for flag, addr := range map[string]string{
		"--listen":          strings.TrimPrefix(r.api, "http://"),
		"--jira-listen":     strings.TrimPrefix(r.find(`Jira\s+(\S+)`), "http://"),
		"--teleport-listen": r.find(`Teleport\s+([^\s,]+)`),
	} {
		var out, errOut bytes.Buffer
		require.Equal(t, 1, run(t.Context(), []string{"--dir", dir, flag, addr}, &out, &errOut))
		require.Contains(t, errOut.String(), "address already in use", flag)
		require.Empty(t, out.String())
	}
	for _, vendor := range []string{"pagerduty", "opsgenie", "jsm"} {
		var out, errOut bytes.Buffer
		busy := strings.TrimPrefix(r.api, "http://")
		require.Equal(t, 1, run(t.Context(), []string{"--dir", dir, "--with", vendor, "--" + vendor + "-listen", busy}, &out, &errOut))
		require.Contains(t, errOut.String(), "address already in use", vendor)
	}
	require.Zero(t, start(t, "--dir", dir).end(), "the folder can be used after a failed start")
}

// A folder given by mistake may be the one of a real bridge.
func TestFilesOfARealBridgeAreNotOverwritten(t *testing.T) {
	for name, content := range map[string]string{"config.yaml": "teleport: {}\n", "identity": "secret", "tls.crt": "mine"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			var out, errOut bytes.Buffer
			require.Equal(t, 1, run(t.Context(), []string{"--dir", filepath.Dir(file)}, &out, &errOut))
			require.Contains(t, errOut.String(), "overwritten")
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, content, string(kept))
		})
	}
}
