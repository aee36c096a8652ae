package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
	pagersim "github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/standin"
	teleportsim "github.com/accessbridge/accessbridge/simulators/teleport"
)

// The parts of the bridge's configuration with several accounts: what comes once, and what comes for each account. The rate limit for a source of
// deliveries is left as it is by default.
var (
	//go:embed fleet.yaml.tmpl
	fleetTemplate string
	//go:embed fleet.account.tmpl
	accountTemplate string
	//go:embed fleet.route.tmpl
	routeTemplate string
)

// secondSite is the name of another Jira beside the one that requests are decided at.
const secondSite = "jira-second"

// account is one vendor account, to which the requests for one role go.
type account struct {
	name, role string
	server     accountServer
	// entry and route are the account's parts of the configuration.
	entry, route string
}

// accountServer is what is asked of a simulated vendor.
type accountServer interface {
	Inject(f standin.Fault) (cancel func())
	Close()
}

// fleet is a Teleport and five vendor accounts in this process: two Jira sites, PagerDuty, Opsgenie and Jira Service Management. One bridge
// serves them all. The first account is the world's own Jira.
type fleet struct {
	*world
	accounts []account
}

// newFleet makes everything, with a bridge that is ready and warm.
func newFleet(ctx context.Context, r *rig) (context.Context, *fleet, error) {
	f := &fleet{}
	ctx, w, err := makeWorld(ctx, r, f.steps()...)
	if err != nil {
		f.closeAccounts()
		return nil, nil, err
	}
	if _, err = w.startBridge(ctx); err == nil {
		err = f.warmUp(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.close())
	}
	return ctx, f, nil
}

// steps are those of everything but the bridge.
func (f *fleet) steps() []step {
	return []step{
		func(_ context.Context, w *world) error { return errors.Join(w.startTeleport(), w.makeCertificates()) },
		func(_ context.Context, w *world) error { f.world = w; return f.startAccounts() },
		func(ctx context.Context, w *world) (err error) { w.floor, err = newFloor(ctx, w.config); return err },
	}
}

// startAccounts starts the vendors and writes the configuration that names them all.
func (f *fleet) startAccounts() error {
	if err := errors.Join(f.startJira(), f.addSite(integration, roleBridge, f.jira), f.startSecond()); err != nil {
		return err
	}
	for _, v := range onCallVendors() {
		if err := f.startVendor(v); err != nil {
			return err
		}
	}
	user := teleportsim.User{Name: requester, Traits: map[string][]string{"email": {requester}}, RequestableRoles: []string{roleFloor}}
	for _, a := range f.accounts {
		user.RequestableRoles = append(user.RequestableRoles, a.role)
	}
	f.teleport.AddUser(user)
	return f.configureWith(f.text())
}

// startSecond starts another Jira. Its issues have the same ids as those of the first.
func (f *fleet) startSecond() error {
	serving, err := f.config.vendorTLS()
	if err != nil {
		return err
	}
	second, err := started(jirasim.New(jirasim.Options{Latency: vendorLatency, Projects: []jirasim.Project{jirasim.DefaultProject(project)}, TLS: serving}))
	if err != nil {
		return err
	}
	second.OnIssue(func(i jirasim.Issue) {
		i.ID = secondSite + "/" + i.ID
		f.ledger.issue(i)
	})
	return f.addSite(secondSite, secondSite, second)
}

func (f *fleet) addSite(name, role string, site *jirasim.Server) error {
	s := f.settingsOf(name, role, jiraType)
	s.Jira, s.User, s.Project = site.URL(), jirasim.BotEmail, project
	return f.add(s, jiraTemplate, jirasim.BotToken, site)
}

// startVendor starts a vendor that knows who is on call, which nobody asks here. Nothing is delivered from it.
func (f *fleet) startVendor(v onCallVendor) error {
	s := f.settingsOf(v.kind, v.kind, v.kind)
	simulator, err := v.launch(&s, 0)
	if err != nil {
		return err
	}
	made := func(key, id string) { f.ledger.made(strings.TrimPrefix(key, ticketKey), v.kind+"/"+id) }
	var server accountServer
	switch simulator := simulator.(type) {
	case pager:
		simulator.OnIncident(func(i pagersim.Incident) { made(i.Key, i.ID) })
		server = simulator.Server
	case alerts:
		watched, ok := simulator.alertServer.(interface {
			accountServer
			OnAlert(hook func(alerting.Alert))
		})
		if !ok {
			simulator.Close()
			return fmt.Errorf("the simulator of %s cannot be watched", v.kind)
		}
		watched.OnAlert(func(a alerting.Alert) { made(a.Alias, a.ID) })
		server = watched
	}
	return f.add(s, v.config, v.token, server)
}

// settingsOf are the settings of one account.
func (f *fleet) settingsOf(name, role, kind string) settings {
	s := f.config
	s.Integration, s.RoleBridge, s.Type, s.Workers = name, role, kind, workers
	s.TokenFile, s.SecretsFile = f.path("token-"+name), f.path("webhook-secrets")
	return s
}

// add adds an account to the configuration, whose template says what is different from vendor to vendor.
func (f *fleet) add(s settings, template, token string, server accountServer) error {
	a := account{name: s.Integration, role: s.RoleBridge, server: server}
	entry, err := s.yaml(accountTemplate + template)
	if err != nil {
		return err
	}
	route, err := s.yaml(routeTemplate)
	if err != nil {
		return err
	}
	a.entry, a.route = string(entry), string(route)
	f.accounts = append(f.accounts, a)
	if err := os.WriteFile(s.TokenFile, []byte(token), 0o600); err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	return nil
}

// text is the template of the whole configuration: that of its head, and the accounts as they are.
func (f *fleet) text() string {
	entries, routes := "integrations:\n", "routes:\n"
	for _, a := range f.accounts {
		entries, routes = entries+a.entry, routes+a.route
	}
	return fleetTemplate + entries + routes
}

// warmUp sends a few requests to each of the other accounts.
func (f *fleet) warmUp(ctx context.Context) error {
	if err := f.world.warmUp(ctx); err != nil {
		return err
	}
	for _, a := range f.accounts[1:] {
		ids, err := f.create(ctx, warmUps, a.role)
		if err == nil {
			_, err = f.issues(ctx, ids)
		}
		if err != nil {
			return fmt.Errorf("warm up %s: %w", a.name, err)
		}
	}
	return nil
}

// close ends the bridge first, then what it talks to.
func (f *fleet) close() error {
	err := f.world.close()
	f.closeAccounts()
	return err
}

func (f *fleet) closeAccounts() {
	for _, a := range f.accounts {
		a.server.Close()
	}
}
