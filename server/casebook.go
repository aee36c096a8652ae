package server

import (
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/policy/casebook"
)

// CasebookRules returns what the cases of a policy test are tried against: the configured routes and people.
func CasebookRules(cfg *config.Config) (casebook.Rules, error) {
	compiled, err := compilePolicy(cfg)
	if err != nil {
		return casebook.Rules{}, err
	}
	rules := casebook.Rules{
		Policy:      compiled,
		People:      func(d policy.Directory) *policy.People { return people(cfg.Teleport.People, d) },
		EmailTraits: cfg.Teleport.People.EmailTraits,
	}
	for _, i := range cfg.Integrations {
		rules.Integrations = append(rules.Integrations, i.Name)
	}
	for _, r := range routes(cfg) {
		rules.Routes = append(rules.Routes, r.Name)
	}
	return rules, nil
}
