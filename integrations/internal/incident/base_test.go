package incident_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/stretchr/testify/require"
)

func TestEveryFaultOfTheCommonSettingsIsNamed(t *testing.T) {
	for want, change := range map[string]func(*settings){
		"url: must begin with https":               func(s *settings) { s.URL = "ftp://example.com" },
		`mode: "push"`:                             func(s *settings) { s.Mode = "push" },
		"poll_every: 10ms is too short":            func(s *settings) { s.PollEvery = config.Duration(10 * time.Millisecond) },
		"resync_every: 1s is too short":            func(s *settings) { s.ResyncEvery = config.Duration(time.Second) },
		"search_lag: 2h is too long":               func(s *settings) { s.SearchLag = config.Duration(2 * time.Hour) },
		"apply_within: 0s is too short":            func(s *settings) { s.ApplyWithin = 0 },
		"timeout: 6m is too long":                  func(s *settings) { s.Timeout = config.Duration(6 * time.Minute) },
		"workers: 0 is out of bounds":              func(s *settings) { s.Workers = 0 },
		"workers: 257 is out of bounds":            func(s *settings) { s.Workers = 257 },
		"rate_limit: is negative":                  func(s *settings) { s.RateLimit = -1 },
		"proxy: must not carry a user or password": func(s *settings) { s.Proxy = "http://u:p4ss@proxy" },
		"proxy: is not an address":                 func(s *settings) { s.Proxy = "proxy:3128/x y" },
		"ca_file: open /does/not/exist":            func(s *settings) { s.CAFile = "/does/not/exist" },
	} {
		t.Run(want, func(t *testing.T) {
			s := good()
			change(s)
			_, faults := problems(t, s)
			require.ErrorContains(t, faults, want)
			require.NotContains(t, faults.Error(), "p4ss")
		})
	}
}

func TestAnAddressWithoutEncryptionIsAWarning(t *testing.T) {
	for address, warned := range map[string]bool{
		"http://example.com": true, "http://localhost:8080": false, "http://127.0.0.9": false, "http://[::1]:1": false, "https://example.com": false, "": false,
	} {
		s := good()
		s.URL = address
		warnings, faults := problems(t, s)
		require.NoError(t, faults)
		require.Equal(t, warned, strings.Contains(warnings, "the key is sent without encryption"), address)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"a@example.com": true, "": false, "a": false, "A <a@example.com>": false, "a@example.com, b@example.com": false,
	} {
		require.Equal(t, want, incident.IsAddress(text), text)
	}
	require.True(t, incident.IsLoopback("localhost"))
	require.False(t, incident.IsLoopback("localhost.example.com"))
}

func TestASecretMayBeInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("one\ntwo\n"), 0o600))
	list, err := incident.Secrets(testkit.Secrets("inline"), file).Reveal()
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two"}, list)
	list, err = incident.Secrets(testkit.Secrets("inline"), "").Reveal()
	require.NoError(t, err)
	require.Equal(t, []string{"inline"}, list)

	require.NoError(t, os.WriteFile(file, []byte("alone\n"), 0o600))
	for from, want := range map[string]string{file: "alone", "": "inline"} {
		one, err := incident.Secret(config.NewSecret("inline"), from).Reveal()
		require.NoError(t, err)
		require.Equal(t, want, one)
	}
}

func TestBaseIsTheOutsideOfAnIntegration(t *testing.T) {
	set := good().Common
	set.Workers, set.Mode, set.SearchLag = 7, incident.ModePoll, config.Duration(3*time.Second)
	var log logtest.Log
	observed := 0
	b, err := incident.NewBase("vendor", "oncall", set, incident.Options{
		Log:     log.Logger(),
		Observe: func(string, int, time.Duration) { observed++ },
		Transport: testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"240"}}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
		}),
	})
	require.NoError(t, err)
	require.Equal(t, "oncall", b.Name())
	require.Equal(t, 7, b.Workers())
	require.Equal(t, incident.ModePoll, b.Mode())
	require.Equal(t, 30*time.Second, b.PollEvery())
	require.Equal(t, 5*time.Minute, b.ResyncEvery())
	require.Equal(t, bridge.Traits{Timeout: 30 * time.Second, ApplyWithin: time.Minute, SearchLag: 3 * time.Second}, b.Traits())
	require.Zero(t, b.BusyUntil())
	require.False(t, b.Account().Open)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.invalid/", nil)
	require.NoError(t, err)
	resp, err := b.HTTP.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 1, observed)
	require.WithinDuration(t, time.Now().Add(4*time.Minute), b.BusyUntil(), time.Minute)
	require.True(t, b.Account().Open)
	b.Log.Info("hello")
	require.Contains(t, log.String(), "integration=oncall")

	set.CAFile = "/does/not/exist"
	_, err = incident.NewBase("vendor", "oncall", set, incident.Options{})
	require.ErrorContains(t, err, "vendor: ")
	require.ErrorContains(t, err, "CA file")
}

func TestFindings(t *testing.T) {
	var f incident.Findings
	f.Good("token: %s", "accepted")
	f.Bad("mend it", "name %q", "x")
	require.Equal(t, incident.Findings{{OK: true, What: "token: accepted"}, {What: `name "x"`, Mend: "mend it"}}, f)
}

func TestAnErrorBeforeTheFirstEffectKeepsItsClass(t *testing.T) {
	plain := errors.New("x")
	for _, c := range []struct {
		err   error
		class bridge.Class
	}{{plain, bridge.ClassRetry}, {bridge.Terminal(plain), bridge.ClassTerminal}, {bridge.RetryAfter(time.Minute, plain), bridge.ClassWait}} {
		err := incident.WithoutEffect(c.err)
		class, after := bridge.ClassOf(err)
		_, wanted := bridge.ClassOf(c.err)
		require.Equal(t, c.class, class)
		require.Equal(t, wanted, after)
		require.True(t, bridge.NoEffect(err))
		require.ErrorIs(t, err, plain)
	}
}
