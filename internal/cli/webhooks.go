package cli

import (
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/server"
)

type webhooksCommand struct {
	Ensure ensureCommand `cmd:"" help:"Register the webhook of an integration at its vendor, or repair it."`
}

type ensureCommand struct {
	configFile
	Integration string `arg:"" help:"Name of the integration."`
}

// Run registers the webhook and prints the secret of a new one, which exists nowhere else.
func (c *ensureCommand) Run(w *world) error {
	// The file of the secret cannot exist before the webhook does.
	cfg, err := c.load(w, config.Offline())
	if err != nil {
		return err
	}
	ctx, cancel := withTimeout(w, checkWithin)
	defer cancel()
	url, secret, changed, err := server.EnsureWebhook(ctx, cfg, c.Integration, w.log)
	if err != nil {
		return err
	}
	switch {
	case secret != "":
		w.printf("webhook to %s registered; its secret, shown only now:\n%s\n", url, secret)
	case changed:
		w.printf("webhook to %s repaired\n", url)
	default:
		w.printf("webhook to %s is in order\n", url)
	}
	return nil
}
