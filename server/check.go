package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/teleport"
)

// Section is the result of checking one part: Teleport or an integration.
type Section struct {
	Name     string
	Findings []bridge.Finding
}

// Check asks Teleport and every vendor whether the configuration will work. Nothing is changed anywhere.
func Check(ctx context.Context, cfg *config.Config, log *slog.Logger) []Section {
	sections := make([]Section, 1+len(cfg.Integrations))
	var all sync.WaitGroup
	all.Go(func() { sections[0] = Section{"teleport", checkTeleport(ctx, cfg, log)} })
	kinds := integrations.Builtin()
	for n, i := range cfg.Integrations {
		all.Go(func() { sections[n+1] = Section{i.Name, checkIntegration(ctx, cfg, kinds[i.Type], i, log)} })
	}
	all.Wait()
	return sections
}

func checkTeleport(ctx context.Context, cfg *config.Config, log *slog.Logger) []bridge.Finding {
	client, err := dial(ctx, cfg, log)
	if err != nil {
		return []bridge.Finding{{What: err.Error(), Mend: "see teleport in the configuration; `accessbridge teleport-role` prints the role and user the bridge needs"}}
	}
	defer closeClient(client, log)
	found := []bridge.Finding{{OK: true, What: fmt.Sprintf("connected to cluster %s (Teleport %s) as %s", client.Cluster(), client.ServerVersion(), client.Self())}}
	found = append(found, client.Check(ctx)...)
	rules, err := readRules(ctx, cfg, client, log)
	if rules == nil {
		return found
	}
	return append(found, rules.findings(err)...)
}

func checkIntegration(ctx context.Context, cfg *config.Config, kind integrations.Kind, c config.Integration, log *slog.Logger) []bridge.Finding {
	instance, err := kind.New(c.Name, c.Config, integrations.Options{Log: log, Observe: ignoreCall, Targets: targets(cfg, c.Name)})
	if err != nil {
		return []bridge.Finding{{What: err.Error(), Mend: "mend the settings of this integration"}}
	}
	found := instance.Ticketer.Check(ctx)
	if instance.OnCall != nil {
		found = append(found, checkRules(ctx, cfg, c.Name, instance.OnCall)...)
	}
	if instance.Groups != nil {
		found = append(found, checkGroups(ctx, cfg, c.Name, instance.Groups)...)
	}
	return found
}

// checkGroups reads the groups that the routes' approvers name, because only the vendor knows whether they exist.
func checkGroups(ctx context.Context, cfg *config.Config, name string, source bridge.GroupSource) []bridge.Finding {
	var found []bridge.Finding
	for r, route := range cfg.Routes {
		for n, g := range route.Approvers.Groups {
			if g.Integration != name {
				continue
			}
			place := fmt.Sprintf("routes[%d].approvers.groups[%d]", r, n)
			members, err := source.Members(ctx, g.Group)
			switch {
			case err != nil:
				found = append(found, bridge.Finding{What: fmt.Sprintf("%s: %v", place, err), Mend: "name the group as the vendor does, or by id, and let the account read its members"})
			case len(members) == 0:
				found = append(found, bridge.Finding{What: place + ": the group has no members, so nobody is an approver by it", Mend: "add people to the group, or name another"})
			default:
				found = append(found, bridge.Finding{OK: true, What: fmt.Sprintf("%s: the group has %s", place, bridge.Count(len(members), "member"))})
			}
		}
	}
	return found
}

// checkRules asks for whatever the routes' on-call rules name, because only the vendor knows whether the names exist.
func checkRules(ctx context.Context, cfg *config.Config, name string, source bridge.OnCallSource) []bridge.Finding {
	var found []bridge.Finding
	for r, route := range cfg.Routes {
		for n, o := range route.OnCall {
			rule := onCall(o)
			if o.Integration != name || rule.Query.Empty() {
				continue
			}
			f := bridge.Finding{OK: true, What: fmt.Sprintf("routes[%d].on_call[%d]: everything it names exists", r, n)}
			if _, err := source.OnCall(ctx, rule.Query); err != nil {
				f = bridge.Finding{What: fmt.Sprintf("routes[%d].on_call[%d]: %v", r, n, err), Mend: "name services, policies and schedules as the vendor does, or by id"}
			}
			found = append(found, f)
		}
	}
	return found
}

func dial(ctx context.Context, cfg *config.Config, log *slog.Logger) (*teleport.Client, error) {
	t := cfg.Teleport
	client, err := teleport.Dial(ctx, teleport.Options{
		Addr: t.Addr, IdentityFile: t.IdentityFile, CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.CAFile, WebURL: t.WebURL, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to Teleport at %s: %w", t.Addr, err)
	}
	return client, nil
}

func closeClient(client *teleport.Client, log *slog.Logger) {
	if err := client.Close(); err != nil {
		log.Debug("connection to Teleport not closed cleanly", "error", err)
	}
}

// ignoreCall observes the calls of commands that keep no metrics.
func ignoreCall(string, int, time.Duration) {}
