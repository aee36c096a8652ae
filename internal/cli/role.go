package cli

import (
	_ "embed"
	"fmt"
	"slices"
	"text/template"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/server"
)

//go:embed role.yaml.tmpl
var roleTemplate string

type roleCommand struct {
	configFile
	Name string `help:"Name of the role and the user." default:"accessbridge"`
}

// roleFeatures are the features that need a permission.
type roleFeatures struct {
	Name     string
	Review   bool
	Override bool
	// Rules is true where Access Monitoring Rules are asked, Labels where expressions of the routes use the labels of resources.
	Rules, Labels bool
}

// Run prints the least role for the features the configuration switches on.
func (c *roleCommand) Run(w *world) error {
	cfg, err := c.load(w, config.Offline())
	if err != nil {
		return err
	}
	t, err := template.New("role").Parse(roleTemplate)
	if err != nil {
		return fmt.Errorf("reading the role template: %w", err)
	}
	return t.Execute(w.out, featuresOf(cfg, c.Name))
}

func featuresOf(cfg *config.Config, name string) roleFeatures {
	decides := func(how string) bool {
		return slices.ContainsFunc(cfg.Routes, func(r config.Route) bool { return !r.NotifyOnly && r.Decide == how })
	}
	return roleFeatures{
		Name: name, Review: decides(config.DecideReview) || len(cfg.Routes) == 0, Override: decides(config.DecideOverride),
		Rules: cfg.Heeds(config.RoutingRules), Labels: server.NeedsLabels(cfg),
	}
}
