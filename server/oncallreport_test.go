package server

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// onCallWorld is a Teleport, a PagerDuty, and a configuration whose route asks who is on call for the named service.
func onCallWorld(t *testing.T, service string) (*config.Config, *teleport.Server) {
	t.Helper()
	cluster, err := teleport.New(teleport.Options{})
	require.NoError(t, err)
	require.NoError(t, cluster.Start())
	t.Cleanup(cluster.Close)
	cluster.AddUser(teleport.PluginUser("bridge"))
	for _, name := range []string{"alice@example.com", "bob@example.com"} {
		cluster.AddUser(teleport.User{Name: name, RequestableRoles: []string{"*"}})
	}
	vendor, err := pagerduty.New(pagerduty.Options{})
	require.NoError(t, err)
	require.NoError(t, vendor.Start())
	t.Cleanup(vendor.Close)
	dir := t.TempDir()
	identity, path := filepath.Join(dir, "identity"), filepath.Join(dir, "config.yaml")
	require.NoError(t, cluster.WriteIdentity(identity, "bridge", time.Hour))
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
teleport: {addr: %q, identity_file: %q}
server: {tls: {cert_file: tls.crt, key_file: tls.key}}
integrations:
  - name: pager
    type: pagerduty
    config: {endpoint: %q, from: %s, api_token: %s, service: Production, mode: poll}
routes:
  - name: incidents
    targets: [{integration: pager}]
    on_call: [{integration: pager, services: [%s], levels: 1}]
`, cluster.Addr(), identity, vendor.URL(), pagerduty.DefaultBotEmail, pagerduty.DefaultToken, service), 0o600))
	cfg, err := LoadConfig(path, config.Offline())
	require.NoError(t, err)
	return cfg, cluster
}

func TestExplainTellsWhoIsOnCallAndWhatFollows(t *testing.T) {
	cfg, cluster := onCallWorld(t, pagerduty.DefaultService)
	for user, verdict := range map[string]bridge.Verdict{"alice@example.com": bridge.Approve, "bob@example.com": bridge.Undecided} {
		id, err := cluster.CreateRequest(teleport.NewRequest{User: user, Roles: []string{"db"}})
		require.NoError(t, err)
		e, err := Explain(t.Context(), cfg, id, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.Equal(t, id, e.ID)
		require.Equal(t, "incidents", e.Route)
		require.Empty(t, e.Targets[0].Problem)
		require.Len(t, e.Targets[0].OnCall.Shifts, 1, "alice, at the first level")
		require.Equal(t, "alice@example.com", e.Targets[0].OnCall.Shifts[0].Person.Email)
		require.Equal(t, verdict, e.Decision.Verdict)
	}
	e, err := Explain(t.Context(), cfg, "00000000-0000-4000-8000-000000000000", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.True(t, e.Gone)
	require.Nil(t, e.Targets[0].OnCall)
}

// A misspelt name in a rule would look like nobody ever being on call.
func TestCheckFindsNamesInOnCallRulesThatDoNotExist(t *testing.T) {
	for service, fault := range map[string]bool{pagerduty.DefaultService: false, "Producton": true} {
		cfg, _ := onCallWorld(t, service)
		var told []bridge.Finding
		for _, section := range Check(t.Context(), cfg, slog.New(slog.DiscardHandler)) {
			for _, f := range section.Findings {
				if strings.Contains(f.What, "on_call[0]") {
					told = append(told, f)
				}
			}
		}
		require.Len(t, told, 1)
		require.Equal(t, fault, !told[0].OK, told[0].What)
	}
}
