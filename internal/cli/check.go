package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/server"
)

// checkWithin bounds a check of all vendors.
const checkWithin = time.Minute

type checkCommand struct {
	configFile
	Offline bool `help:"Check only the file itself; the secret files and variables it names may be absent."`
}

// Run checks and reports every fault with its mend.
func (c *checkCommand) Run(w *world) error {
	var options []config.Option
	if c.Offline {
		options = append(options, config.Offline())
	}
	cfg, err := server.LoadConfig(c.Config, options...)
	if faults, ok := errors.AsType[config.Error](err); ok {
		for _, f := range faults {
			w.printf("%s\n", f)
		}
		w.printf("%s in %s\n", counted(len(faults)), c.Config)
		return errReported
	}
	if err != nil {
		return err
	}
	for _, warning := range cfg.Warnings {
		w.printf("warning: %s\n", warning)
	}
	w.printf("%s: no fault in the file\n", c.Config)
	if c.Offline {
		return nil
	}
	return c.online(w, cfg)
}

func (c *checkCommand) online(w *world, cfg *config.Config) error {
	ctx, cancel := withTimeout(w, checkWithin)
	defer cancel()
	faults := 0
	for _, section := range server.Check(ctx, cfg, w.log) {
		w.printf("\n%s\n", section.Name)
		for _, f := range section.Findings {
			if f.OK {
				w.printf("  ok     %s\n", f.What)
				continue
			}
			faults++
			w.printf("  FAULT  %s\n         mend: %s\n", f.What, f.Mend)
		}
	}
	if faults > 0 {
		return fmt.Errorf("%s found", counted(faults))
	}
	return nil
}

func counted(faults int) string {
	if faults == 1 {
		return "1 fault"
	}
	return fmt.Sprintf("%d faults", faults)
}
