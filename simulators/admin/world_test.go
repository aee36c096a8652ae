package admin_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	jirabridge "github.com/accessbridge/accessbridge/integrations/jira"
	jsmbridge "github.com/accessbridge/accessbridge/integrations/jsm"
	opsgeniebridge "github.com/accessbridge/accessbridge/integrations/opsgenie"
	pagerdutybridge "github.com/accessbridge/accessbridge/integrations/pagerduty"
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
		"pagerduty's port": {func(o *admin.Options) {
			o.With = map[admin.Vendor]admin.VendorOptions{admin.PagerDuty: {Listen: busy.Jira.URL()[len("http://"):]}}
		}, "PagerDuty"},
		"opsgenie's port": {func(o *admin.Options) {
			o.With = map[admin.Vendor]admin.VendorOptions{admin.Opsgenie: {Listen: "127.0.0.1:port"}}
		}, "Opsgenie"},
		"jsm's port": {func(o *admin.Options) {
			o.With = map[admin.Vendor]admin.VendorOptions{admin.JSM: {Listen: "127.0.0.1:port"}}
		}, "Jira Service Management"},
		"no such vendor": {func(o *admin.Options) {
			o.With = map[admin.Vendor]admin.VendorOptions{"bugzilla": {}}
		}, "bugzilla"},
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
	s := newStage(t, everybody)
	addrs := []string{s.Jira.URL()[len("http://"):], s.Teleport.Addr()}
	for _, v := range admin.Vendors() {
		addrs = append(addrs, s.Address(v)[len("http://"):])
	}
	for _, addr := range addrs {
		require.True(t, s.listening(addr))
	}
	s.Close()
	s.Close()
	for _, addr := range addrs {
		require.False(t, s.listening(addr))
	}
}

func TestPagesAnswer(t *testing.T) {
	s := newStage(t, everybody)
	for _, v := range admin.Vendors() {
		resp := s.send("GET", s.BoardURL(v), func(*http.Request) {}, "")
		page, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Contains(t, string(page), v.Title())
		require.Contains(t, string(page), "Dave Dunn")
	}
}

// kinds are the integrations of the product.
func kinds() map[string]config.Kind { return integrations.Kinds(integrations.Builtin()) }

// load reads what the world writes, as the bridge does.
func load(t *testing.T, w *admin.World) *config.Config {
	t.Helper()
	text, err := w.BridgeConfig(admin.Bridge{
		Integration: "itsm", Listen: "127.0.0.1:8443", AdminListen: "127.0.0.1:8081", CertFile: "tls.crt", KeyFile: "tls.key",
	})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), admin.BridgeConfigMark), "%s", text)
	cfg, err := config.Parse("config.yaml", text, kinds(), config.Offline())
	require.NoError(t, err, "%s", text)
	require.Empty(t, cfg.Warnings)
	return cfg
}

// bridgeConfig loads what a world with Jira alone writes.
func bridgeConfig(t *testing.T, w *admin.World) (*config.Config, *jirabridge.Settings) {
	t.Helper()
	cfg := load(t, w)
	require.Len(t, cfg.Integrations, 1)
	require.Len(t, cfg.Routes, 1)
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
	require.Equal(t, "webhook", settings.Mode)
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

func TestBridgeConfigForAllVendors(t *testing.T) {
	for name, base := range map[string]string{"webhook": "https://127.0.0.1:8443/webhooks/", "poll": ""} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, func(o *admin.Options) {
				o.WebhookBase = base
				o.With = map[admin.Vendor]admin.VendorOptions{}
				for _, v := range admin.Vendors() {
					o.With[v] = admin.VendorOptions{IndexLag: 3 * time.Second}
				}
			})
			cfg := load(t, s.World)
			require.Len(t, cfg.Integrations, 1+len(admin.Vendors()))
			require.Len(t, cfg.Routes, 1+len(admin.Vendors()))
			for i, v := range admin.Vendors() {
				require.Equal(t, string(v), cfg.Integrations[i+1].Name)
				require.Equal(t, string(v), cfg.Integrations[i+1].Type)
				require.Equal(t, string(v), cfg.Routes[i].Name)
				require.Contains(t, cfg.Routes[i].When, `"`+string(v)+`-"`)
				require.Len(t, cfg.Routes[i].Targets, 1)
				require.Len(t, cfg.Routes[i].OnCall, 1)
				require.Equal(t, string(v), cfg.Routes[i].OnCall[0].Integration)
			}
			require.Equal(t, "everything", cfg.Routes[len(admin.Vendors())].Name, "the route without a condition is the last")
			pager, ok := cfg.Integrations[1].Config.(*pagerdutybridge.Settings)
			require.True(t, ok)
			require.Equal(t, s.PagerDuty.URL(), pager.Endpoint)
			require.Equal(t, name, pager.Mode)
			require.Greater(t, pager.SearchLag.Std(), 3*time.Second, "the bridge waits longer than the index needs")
			ops, ok := cfg.Integrations[2].Config.(*opsgeniebridge.Settings)
			require.True(t, ok)
			require.Equal(t, s.Opsgenie.URL(), ops.Endpoint)
			require.Equal(t, name, ops.Mode)
			site, ok := cfg.Integrations[3].Config.(*jsmbridge.Settings)
			require.True(t, ok)
			require.Equal(t, s.JSM.URL(), site.Site)
			require.Equal(t, name, site.Mode)
		})
	}
}
