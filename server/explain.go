package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/teleport"
)

// Explanation is everything the bridge knows about one request, and what it would do next.
type Explanation struct {
	// ID is the request's id, also when it is gone.
	ID      string
	Request bridge.Request
	Gone    bool
	// Route is the first route of the request, Routes are all of them.
	Route   string
	Routes  []string
	Targets []TargetExplanation
	// Placement says where the request goes, and by what.
	Placement policy.Placement
	Decision  bridge.Decision
	// Expressions are those of the routes, with what they yield.
	Expressions []policy.Value
	// Problem says why the routes could not be evaluated.
	Problem string
}

// TargetExplanation is the state of one target of the request.
type TargetExplanation struct {
	Integration string
	Link        bridge.Link
	Evidence    []bridge.Evidence
	// OnCall is who is on call there for what the request is about, when the route asks for that.
	OnCall  *bridge.Duty
	Problem string
}

// Explain reads a request, its links and the evidence at its objects, and judges without submitting anything.
func Explain(ctx context.Context, cfg *config.Config, id string, log *slog.Logger) (*Explanation, error) {
	compiled, err := compilePolicy(cfg)
	if err != nil {
		return nil, err
	}
	client, err := dial(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer closeClient(client, log)
	directory := teleport.NewDirectory(client, teleport.DirectoryOptions{EmailTraits: cfg.Teleport.People.EmailTraits, Log: log})
	if err := directory.Load(ctx); err != nil {
		log.Warn("Teleport users not read", "error", err)
	}
	instances := explained(cfg, log)
	known := newGroups(sourcesOf(instances), routes(cfg), func() {}, log)
	known.once(ctx)
	compiled = compiled.Using(people(cfg.Teleport.People, directory)).Asking(known)
	rules, err := readRules(ctx, cfg, client, log)
	if err != nil {
		log.Warn("access monitoring rules not read", "error", err)
	}
	if rules != nil {
		compiled = compiled.Heeding(rules)
	}
	store := teleport.NewStore(client, log)
	if err := store.Refresh(ctx, id); err != nil && !errors.Is(err, bridge.ErrGone) {
		return nil, fmt.Errorf("reading the links: %w", err)
	}
	e := &Explanation{ID: id}
	e.Request, err = teleport.NewRequests(client, teleport.RequestsOptions{Log: log}).Fresh(ctx, id)
	if errors.Is(err, bridge.ErrGone) {
		e.Gone, err = true, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	if compiled.NeedsLabels() {
		e.Request.Resources = newLabels(client.ResourceLabels, log).add(ctx, e.Request.Resources)
	}
	e.targets(ctx, instances, compiled, store)
	if !e.Gone {
		e.place(compiled, rules)
		e.judge(compiled)
	}
	return e, nil
}

// built is one integration, or why it could not be made.
type built struct {
	name     string
	instance *integrations.Instance
	err      error
}

// explained makes the configured integrations.
func explained(cfg *config.Config, log *slog.Logger) []built {
	kinds := integrations.Builtin()
	list := make([]built, len(cfg.Integrations))
	for i, c := range cfg.Integrations {
		list[i].name = c.Name
		list[i].instance, list[i].err = kinds[c.Type].New(c.Name, c.Config,
			integrations.Options{Log: log, Observe: ignoreCall, Targets: targets(cfg, c.Name)})
	}
	return list
}

func sourcesOf(list []built) map[string]bridge.GroupSource {
	var made []*integrations.Instance
	for _, b := range list {
		if b.err == nil {
			made = append(made, b.instance)
		}
	}
	return groupSources(made)
}

// targets reads the link, the evidence and who is on call, of every integration.
func (e *Explanation) targets(ctx context.Context, list []built, p *policy.Policy, store *teleport.Store) {
	for _, b := range list {
		t := TargetExplanation{Integration: b.name, Link: store.Link(e.ID, b.name)}
		if b.err != nil {
			t.Problem = b.err.Error()
			e.Targets = append(e.Targets, t)
			continue
		}
		if t.Link.Phase == bridge.PhaseOpen && b.instance.Decisions != nil {
			evidence, err := b.instance.Decisions.Evidence(ctx, t.Link.Ref)
			if err != nil {
				t.Problem = err.Error()
			}
			t.Evidence = evidence
		}
		if b.instance.OnCall != nil && e.Request.Pending(time.Now()) {
			t.ask(ctx, b.instance.OnCall, p.OnCall(e.Request, b.name))
		}
		e.Targets = append(e.Targets, t)
	}
}

// ask reads who is on call.
func (t *TargetExplanation) ask(ctx context.Context, source bridge.OnCallSource, queries []bridge.OnCallQuery) {
	for _, q := range queries {
		shifts, err := source.OnCall(ctx, q)
		if err != nil {
			t.Problem = err.Error()
			return
		}
		if t.OnCall == nil {
			t.OnCall = &bridge.Duty{Integration: t.Integration, ReadAt: time.Now()}
		}
		t.OnCall.Shifts = append(t.OnCall.Shifts, shifts...)
	}
}

// place asks where the request goes. The rules may be nil.
func (e *Explanation) place(p *policy.Policy, rules *monitoring) {
	placed, err := p.Place(e.Request)
	if err != nil {
		e.Problem = err.Error()
	}
	if rules != nil {
		placed.Faults = append(rules.rules.Faults(), placed.Faults...)
	}
	e.Placement = placed
}

func (e *Explanation) judge(p *policy.Policy) {
	matched, err := p.Routes(e.Request)
	if err != nil {
		e.Problem = err.Error()
	}
	if len(matched) == 0 {
		return
	}
	e.Route = matched[0].Name
	for _, r := range matched {
		e.Routes = append(e.Routes, r.Name)
	}
	if !e.Request.Pending(time.Now()) {
		return
	}
	var evidence []bridge.Evidence
	var duties []bridge.Duty
	for _, t := range e.Targets {
		evidence = append(evidence, t.Evidence...)
		if t.OnCall != nil {
			duties = append(duties, *t.OnCall)
		}
	}
	e.Decision = p.Judge(e.Request, evidence, duties)
	e.Expressions = p.Values(e.Request, evidence, duties)
	if e.Problem == "" {
		e.Problem = e.Decision.Detail
	}
}
