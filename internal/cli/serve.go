package cli

import (
	"fmt"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/server"
)

// configFile is the flag every command with a configuration has.
type configFile struct {
	Config string `short:"c" help:"Configuration file." default:"config.yaml" env:"ACCESSBRIDGE_CONFIG" type:"path"`
}

func (c configFile) load(w *world, options ...config.Option) (*config.Config, error) {
	cfg, err := server.LoadConfig(c.Config, options...)
	if err != nil {
		return nil, err
	}
	for _, warning := range cfg.Warnings {
		w.log.Warn("configuration", "warning", warning.String())
	}
	return cfg, nil
}

type serveCommand struct {
	configFile
	DryRun bool `help:"Say what would be done, and do nothing outside."`
}

// Run serves until the process is told to stop.
func (c *serveCommand) Run(w *world) error {
	cfg, err := c.load(w)
	if err != nil {
		return err
	}
	s, err := server.New(w.ctx, cfg, server.Options{Version: Version(), DryRun: c.DryRun, Log: w.log})
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	return s.Run(w.ctx)
}

type versionCommand struct{}

// Run prints the version.
func (c *versionCommand) Run(w *world) error {
	w.printf("accessbridge %s\n", Version())
	return nil
}
