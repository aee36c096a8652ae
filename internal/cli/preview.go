package cli

import (
	"errors"
	"strings"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy/casebook"
	"github.com/accessbridge/accessbridge/server"
)

type previewCommand struct {
	configFile
	Route       string `arg:"" help:"Name of the route."`
	Request     string `help:"YAML file with the fields of one Access Request, as in the cases of a policy test." required:"" type:"path"`
	Integration string `help:"Show one integration alone."`
}

// Run prints every text that would be written. It makes no call.
func (c *previewCommand) Run(w *world) error {
	cfg, err := c.load(w, config.Offline())
	if err != nil {
		return err
	}
	req, err := casebook.ReadRequest(c.Request)
	if _, faulty := errors.AsType[config.Error](err); faulty {
		w.printf("%s\n", err)
		return errReported
	}
	if err != nil {
		return err
	}
	all, err := server.Preview(w.ctx, cfg, c.Route, req, c.Integration, w.log)
	if err != nil {
		return err
	}
	for _, one := range all {
		printPreview(w, one)
	}
	return nil
}

func printPreview(w *world, p server.TextPreview) {
	w.printf("=== %s (%s)\n", p.Integration, orNone(p.Type))
	if p.Raw {
		w.printf("The integration cannot tell without its vendor how it writes titles and bodies, and escapes notes.\n")
	} else {
		printText(w, "title", p.Title)
		printText(w, "body", p.Body)
	}
	for _, n := range p.Notes {
		printText(w, n.Name, n.Text)
	}
	printText(w, "reason (in Teleport)", p.Reason)
}

func printText(w *world, name, text string) {
	w.printf("--- %s\n%s\n", name, strings.TrimRight(text, "\n"))
}
