package cli

import (
	"log/slog"

	"github.com/accessbridge/accessbridge/internal/demo"
)

type demoCommand struct {
	Once    bool `help:"Play scripted scenarios, print what was expected and seen, and exit 0 only if all agree."`
	Verbose bool `short:"v" help:"Show the bridge's own log."`
}

// Run plays the demo.
func (c *demoCommand) Run(w *world) error {
	log := slog.New(slog.DiscardHandler)
	if c.Verbose {
		log = w.log
	}
	if c.Once {
		return demo.Once(w.ctx, w.out, log)
	}
	return demo.Live(w.ctx, w.out, log)
}
