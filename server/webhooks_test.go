package server

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// ensureConfig is a configuration with one PagerDuty and one Jira account.
func ensureConfig(t *testing.T, endpoint, publicURL, secretsFile string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
teleport: {addr: "teleport.example.com:443", identity_file: identity}
server:
  public_url: %q
  tls: {cert_file: tls.crt, key_file: tls.key}
integrations:
  - name: pager
    type: pagerduty
    config: {endpoint: %q, from: %s, api_token: %s, service: Production, webhook: {secrets_file: %q}}
  - name: itsm
    type: jira
    config: {url: "https://example.atlassian.net", user: b@example.com, api_token: x, project: ACC, mode: poll}
`, publicURL, endpoint, pagerduty.DefaultBotEmail, pagerduty.DefaultToken, secretsFile), 0o600))
	cfg, err := LoadConfig(path, config.Offline())
	require.NoError(t, err)
	return cfg
}

// The first call registers the webhook although its secret cannot be in a file yet; the second, with the secret in place, finds it in order.
func TestWebhookIsRegisteredOnceAndItsSecretToldOnce(t *testing.T) {
	vendor, err := pagerduty.New(pagerduty.Options{})
	require.NoError(t, err)
	require.NoError(t, vendor.Start())
	t.Cleanup(vendor.Close)
	secrets := filepath.Join(t.TempDir(), "secrets")
	cfg := ensureConfig(t, vendor.URL(), "https://bridge.example.com/", secrets)

	url, secret, changed, err := EnsureWebhook(t.Context(), cfg, "pager", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, "https://bridge.example.com/webhooks/pager", url)
	require.NotEmpty(t, secret)
	require.True(t, changed)
	require.Len(t, vendor.Subscriptions(), 1)
	require.Equal(t, url, vendor.Subscriptions()[0].URL)

	_, _, _, err = EnsureWebhook(t.Context(), cfg, "pager", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "cannot be read here", "the webhook may serve a bridge elsewhere")
	require.Len(t, vendor.Subscriptions(), 1)

	require.NoError(t, os.WriteFile(secrets, []byte(secret+"\n"), 0o600))
	_, secret, changed, err = EnsureWebhook(t.Context(), cfg, "pager", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Empty(t, secret, "PagerDuty tells it only once")
	require.False(t, changed)
	require.Len(t, vendor.Subscriptions(), 1)
}

func TestWebhookThatCannotBeRegisteredIsAClearFault(t *testing.T) {
	for name, c := range map[string]struct{ publicURL, integration, says string }{
		"no public address":   {"", "pager", "server.public_url is not set"},
		"unknown integration": {"https://bridge.example.com", "nowhere", `no integration "nowhere"`},
		"by hand only":        {"https://bridge.example.com", "itsm", "docs/integrations/jira.md"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := ensureConfig(t, "http://127.0.0.1:1", c.publicURL, "absent")
			_, _, _, err := EnsureWebhook(t.Context(), cfg, c.integration, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, c.says)
		})
	}
}
