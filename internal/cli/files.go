package cli

import (
	"fmt"
	"time"

	"github.com/accessbridge/accessbridge/certs"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
)

type configCommand struct {
	Schema schemaCommand `cmd:"" help:"Print the JSON schema of the configuration file, for editors."`
	Show   showCommand   `cmd:"" help:"Print the configuration as it is understood, with defaults and without secrets."`
}

type schemaCommand struct{}

// Run prints the schema.
func (c *schemaCommand) Run(w *world) error {
	schema, err := config.Schema(integrations.Kinds(integrations.Builtin()))
	if err != nil {
		return fmt.Errorf("making the schema: %w", err)
	}
	w.printf("%s\n", schema)
	return nil
}

type showCommand struct{ configFile }

// Run prints the configuration.
func (c *showCommand) Run(w *world) error {
	cfg, err := c.load(w, config.Offline())
	if err != nil {
		return err
	}
	text, err := config.Dump(cfg)
	if err != nil {
		return fmt.Errorf("printing the configuration: %w", err)
	}
	w.printf("%s", text)
	return nil
}

type certsCommand struct {
	Dev devCertsCommand `cmd:"" help:"Make a development certificate authority and a server certificate."`
}

type devCertsCommand struct {
	Dir      string        `help:"Folder to write to." default:"certs" type:"path"`
	Hosts    []string      `help:"Names and addresses in the certificate." default:"localhost,127.0.0.1,::1"`
	Lifetime time.Duration `help:"Lifetime of the server certificate." default:"2160h"`
	Force    bool          `help:"Replace files that were not made by this command."`
}

// Run writes the files.
func (c *devCertsCommand) Run(w *world) error {
	var options []certs.WriteOption
	if c.Force {
		options = append(options, certs.Force())
	}
	paths, err := certs.WriteDevelopment(c.Dir, c.Hosts, c.Lifetime, options...)
	if err != nil {
		return err
	}
	w.printf("certificate authority  %s\nserver certificate     %s\nserver key             %s\n", paths.CACert, paths.Cert, paths.Key)
	w.printf("These are for development: give the authority's certificate to whatever calls the bridge.\n")
	return nil
}
