package server

import (
	"fmt"
	"log/slog"

	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/config"
)

// compileTexts parses the configured texts, and those of the routes.
func compileTexts(cfg *config.Config, log *slog.Logger) (*text.Set, error) {
	routes := map[string]map[string]string{}
	for _, r := range cfg.Routes {
		routes[r.Name] = r.Texts
	}
	set, err := text.New(cfg.Texts, routes, log)
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	return set, nil
}
