package admin_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	jirabridge "github.com/accessbridge/accessbridge/integrations/jira"
	"github.com/accessbridge/accessbridge/simulators/admin"
	"github.com/accessbridge/accessbridge/simulators/jira"
)

func TestStartRefusesWhatCannotWork(t *testing.T) {
	busy := newStage(t)
	for name, c := range map[string]struct {
		change func(*admin.Options)
		words  string
	}{
		"no folder":       {func(o *admin.Options) { o.Dir = "" }, "folder"},
		"absent folder":   {func(o *admin.Options) { o.Dir = filepath.Join(o.Dir, "absent") }, "identity"},
		"no certificates": {func(o *admin.Options) { o.Webhook.URL, o.WebhookCA = "https://127.0.0.1:1/", []byte("x") }, "PEM"},
		"jira's users":    {func(o *admin.Options) { o.Jira.Users = []jira.User{{Name: "a"}, {Name: "a"}} }, "Jira"},
		"jira's port": {func(o *admin.Options) {
			o.Jira.Listen = busy.Jira.URL()[len("http://"):]
		}, "Jira"},
		"teleport's port": {func(o *admin.Options) { o.Teleport.Listen = "127.0.0.1:port" }, "Teleport"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := admin.Options{Dir: t.TempDir()}
			c.change(&opts)
			_, err := admin.Start(opts)
			require.ErrorContains(t, err, c.words)
		})
	}
}

func TestCloseFreesTheAddresses(t *testing.T) {
	s := newStage(t)
	jiraAddr, teleportAddr := s.Jira.URL()[len("http://"):], s.Teleport.Addr()
	require.True(t, s.listening(jiraAddr))
	require.True(t, s.listening(teleportAddr))
	s.Close()
	s.Close()
	require.False(t, s.listening(jiraAddr))
	require.False(t, s.listening(teleportAddr))
}

// bridgeConfig loads what the world writes, as the bridge does.
func bridgeConfig(t *testing.T, w *admin.World) (*config.Config, *jirabridge.Settings) {
	t.Helper()
	text, err := w.BridgeConfig(admin.Bridge{
		Integration: "itsm", Listen: "127.0.0.1:8443", AdminListen: "127.0.0.1:8081", CertFile: "tls.crt", KeyFile: "tls.key",
	})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), admin.BridgeConfigMark), "%s", text)
	cfg, err := config.Parse("config.yaml", text, integrations.Kinds(integrations.Builtin()), config.Offline())
	require.NoError(t, err, "%s", text)
	require.Empty(t, cfg.Warnings)
	require.Len(t, cfg.Integrations, 1)
	settings, ok := cfg.Integrations[0].Config.(*jirabridge.Settings)
	require.True(t, ok)
	return cfg, settings
}

func TestBridgeConfigForCloud(t *testing.T) {
	s := newStage(t, func(o *admin.Options) {
		o.Webhook.URL = "https://127.0.0.1:8443/webhooks/itsm"
		o.Jira.IndexLag = 3 * time.Second
	})
	cfg, settings := bridgeConfig(t, s.World)
	require.Equal(t, s.Teleport.Addr(), cfg.Teleport.Addr)
	require.Equal(t, s.Identity, cfg.Teleport.IdentityFile)
	require.Equal(t, "127.0.0.1:8443", cfg.Server.Listen)
	require.Equal(t, s.Jira.URL(), settings.URL)
	require.Equal(t, jirabridge.Cloud, settings.Flavour)
	require.Equal(t, jira.BotEmail, settings.User)
	token, err := settings.APIToken.Reveal()
	require.NoError(t, err)
	require.Equal(t, jira.BotToken, token)
	require.Equal(t, jirabridge.ModeWebhook, settings.Mode)
	require.Len(t, settings.Webhook.Secrets, 1)
	secret, err := settings.Webhook.Secrets[0].Reveal()
	require.NoError(t, err)
	require.Equal(t, admin.WebhookSecret, secret)
	require.Greater(t, settings.SearchLag.Std(), 3*time.Second, "the bridge waits longer than the index needs")
}

func TestBridgeConfigForDataCenterWithoutWebhook(t *testing.T) {
	s := newStage(t, func(o *admin.Options) {
		o.Jira.Flavour = jira.DataCenter
		o.Jira.Projects = []jira.Project{jira.DefaultProject("OPS")}
	})
	_, settings := bridgeConfig(t, s.World)
	require.Equal(t, jirabridge.DataCenter, settings.Flavour)
	require.Equal(t, "OPS", settings.Project)
	require.Equal(t, jirabridge.ModePoll, settings.Mode)
	require.Empty(t, settings.User)
	token, err := settings.Token.Reveal()
	require.NoError(t, err)
	require.Equal(t, jira.BotToken, token)
}
