package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/reconcile"
	"github.com/accessbridge/accessbridge/teleport"
)

// connectPauseMost bounds the pause between attempts to reach Teleport at the start.
const connectPauseMost = 10 * time.Second

// rulesFirst is how long the start waits for the Access Monitoring Rules.
const rulesFirst = 10 * time.Second

// running is the bridge once it is connected to Teleport.
type running struct {
	client    *teleport.Client
	requests  *teleport.Requests
	store     *teleport.Store
	directory *teleport.Directory
	groups    *groups
	// rules is nil when the configuration asks no Access Monitoring Rules.
	rules     *monitoring
	ruleCache *teleport.Rules
	instances []*integrations.Instance
	engine    *reconcile.Engine
	outside   Outside
}

// connect reaches Teleport, however long that takes, and puts the bridge together. It gives up only on faults that a person has to mend,
// such as an expired identity.
func (s *Server) connect(ctx context.Context) (*running, error) {
	t := s.cfg.Teleport
	pauses := backoff.NewExponentialBackOff()
	pauses.RandomizationFactor = s.outside.spread(pauses.RandomizationFactor)
	pauses.InitialInterval, pauses.MaxInterval = 100*time.Millisecond, connectPauseMost
	client, err := backoff.Retry(ctx, func() (*teleport.Client, error) {
		client, err := teleport.Dial(ctx, teleport.Options{
			Addr: t.Addr, IdentityFile: t.IdentityFile, CertFile: t.CertFile, KeyFile: t.KeyFile, CAFile: t.CAFile, WebURL: t.WebURL, Log: s.log,
			Dial: s.outside.Dial, GRPC: s.outside.GRPC, PollOnly: s.outside.Dial != nil, Jitter: s.outside.reconnecting(),
		})
		if class, _ := bridge.ClassOf(err); err != nil && class == bridge.ClassTerminal {
			return nil, backoff.Permanent(err)
		}
		return client, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, pause time.Duration) {
		s.log.Warn("Teleport not reached", "error", err, "next_try", pause)
	}))
	if err != nil {
		return nil, fmt.Errorf("connecting to Teleport: %w", err)
	}
	return s.assemble(client), nil
}

// assemble wires the parts around a connected client.
func (s *Server) assemble(client *teleport.Client) *running {
	t := s.cfg.Teleport
	r := &running{client: client, instances: s.instances, outside: s.outside}
	r.store = teleport.NewStore(client, s.log)
	r.directory = teleport.NewDirectory(client, teleport.DirectoryOptions{EmailTraits: t.People.EmailTraits, Log: s.log})
	r.followRules(s.cfg, s.log)
	r.requests = teleport.NewRequests(client, teleport.RequestsOptions{
		Resync: t.Resync.Std(), Log: s.log, OnChange: func(id string) { r.engine.RequestChanged(id) }, Rules: r.ruleCache,
	})
	r.groups = newGroups(groupSources(s.instances), routes(s.cfg), func() { r.engine.Reconsider() }, s.log)
	compiled := s.policy.Using(people(t.People, r.directory)).Asking(r.groups)
	options := reconcile.Options{
		Requests: r.requests, Links: r.store, Policy: compiled,
		Reviewer: teleport.NewReviewer(client, r.requests, s.log), Journal: s.journal, Metrics: s.metrics,
		Texts: s.texts, Instance: s.instance, WebURL: client.RequestURL, Titles: titles(client, s.log),
		Drain: s.cfg.Server.ShutdownTimeout.Std(), Jitter: s.outside.Jitter, Log: s.log,
	}
	for _, i := range s.instances {
		options.Targets = append(options.Targets, reconcile.Target{
			Ticketer: i.Ticketer, Decisions: i.Decisions, OnCall: i.OnCall, OnCallEvery: i.OnCallEvery,
			Workers: i.Workers, ResyncEvery: i.ResyncEvery, Polls: i.Webhooks == nil,
		})
	}
	if r.rules != nil {
		compiled = compiled.Heeding(r.rules)
		options.Policy = compiled
	}
	if compiled.NeedsLabels() || r.rules != nil {
		options.Labels = needed(compiled, newLabels(client.ResourceLabels, s.log).add)
	}
	if s.dryRun {
		dry(&options, s.log)
	}
	r.engine = reconcile.New(options)
	return r
}

// followRules prepares the Access Monitoring Rules, if the configuration asks any. The watch on requests feeds them.
func (r *running) followRules(cfg *config.Config, log *slog.Logger) {
	if !cfg.Heeds(config.RoutingRules) {
		return
	}
	r.ruleCache = teleport.NewRules(r.client, teleport.RulesOptions{Log: log, OnChange: func() {
		r.rules.refresh()
		r.engine.Reroute()
	}})
	r.rules = newMonitoring(cfg, r.ruleCache, log)
}

// needed reads labels only while an expression or a rule uses any: rules come and go.
func needed(p *policy.Policy, read func(context.Context, []bridge.Resource) []bridge.Resource) func(context.Context, []bridge.Resource) []bridge.Resource {
	return func(ctx context.Context, resources []bridge.Resource) []bridge.Resource {
		if !p.NeedsLabels() {
			return resources
		}
		return read(ctx, resources)
	}
}

// load waits until everything that decisions rest on is known: the requests, the links, and the people.
func (r *running) load(ctx context.Context, log *slog.Logger) error {
	var links error
	var parts sync.WaitGroup
	parts.Go(func() { links = r.loadLinks(ctx, log) })
	for _, ready := range []<-chan struct{}{r.requests.Ready(), r.directory.Ready()} {
		select {
		case <-ready:
		case <-ctx.Done():
		}
	}
	r.groups.wait(ctx)
	r.awaitRules(ctx)
	parts.Wait()
	return errors.Join(links, ctx.Err())
}

// awaitRules waits a while for the Access Monitoring Rules. Without them nothing new is opened that they may speak of, and all else goes on.
func (r *running) awaitRules(ctx context.Context) {
	if r.ruleCache == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rulesFirst)
	defer cancel()
	select {
	case <-r.ruleCache.Ready():
	case <-ctx.Done():
	}
}

func (r *running) loadLinks(ctx context.Context, log *slog.Logger) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.RandomizationFactor = r.outside.spread(pauses.RandomizationFactor)
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, r.store.LoadAll(ctx) }, backoff.WithBackOff(pauses),
		backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, pause time.Duration) {
			log.Warn("links not read", "error", err, "next_try", pause)
		}))
	return err
}

// titles looks up the names of resources. A failure costs the names and nothing else.
func titles(client *teleport.Client, log *slog.Logger) func(context.Context, []bridge.Resource) []bridge.Resource {
	return func(ctx context.Context, resources []bridge.Resource) []bridge.Resource {
		if len(resources) == 0 {
			return nil
		}
		named, err := client.ResourceTitles(ctx, resources)
		if err != nil {
			log.Debug("names of resources not read", "error", err)
			return resources
		}
		return named
	}
}

func people(p config.People, directory policy.Directory) *policy.People {
	table := make([]policy.Entry, 0, len(p.Table))
	for _, e := range p.Table {
		table = append(table, policy.Entry{Integration: e.Integration, ID: e.ID, Email: e.Email, User: e.User})
	}
	return policy.NewPeople(directory, table, p.RequireUser)
}

type linkCount struct {
	integration string
	phase       bridge.Phase
}

func (r *running) linkCounts() map[linkCount]int {
	counts := map[linkCount]int{}
	for _, i := range r.instances {
		for _, phase := range []bridge.Phase{bridge.PhaseClaimed, bridge.PhaseOpen, bridge.PhaseFailed, bridge.PhaseClosed} {
			counts[linkCount{i.Ticketer.Name(), phase}] = 0
		}
	}
	for key, link := range r.store.Links() {
		counts[linkCount{key.Target, link.Phase}]++
	}
	return counts
}
