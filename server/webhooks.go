package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
)

// EnsureWebhook registers the webhook of one integration at its vendor, or repairs it. It returns the address, the secret of a new
// webhook, which the vendor tells only once and nobody stores, and whether anything was changed.
func EnsureWebhook(ctx context.Context, cfg *config.Config, name string, log *slog.Logger) (url, secret string, changed bool, err error) {
	n := slices.IndexFunc(cfg.Integrations, func(i config.Integration) bool { return i.Name == name })
	if n < 0 {
		return "", "", false, fmt.Errorf("there is no integration %q in the configuration", name)
	}
	if cfg.Server.PublicURL == "" {
		return "", "", false, fmt.Errorf("server.public_url is not set: it is the address under which vendors reach this server")
	}
	c := cfg.Integrations[n]
	instance, err := integrations.Builtin()[c.Type].New(c.Name, c.Config, integrations.Options{Log: log, Observe: ignoreCall, Targets: targets(cfg, c.Name)})
	if err != nil {
		return "", "", false, err
	}
	if instance.EnsureWebhooks == nil {
		return "", "", false, fmt.Errorf("webhooks of %s are registered by hand, see docs/integrations/%s.md", c.Type, c.Type)
	}
	url = strings.TrimSuffix(cfg.Server.PublicURL, "/") + "/webhooks/" + name
	secret, changed, err = instance.EnsureWebhooks(ctx, url)
	return url, secret, changed, err
}
