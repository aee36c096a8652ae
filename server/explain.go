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
	ID       string
	Request  bridge.Request
	Gone     bool
	Route    string
	Targets  []TargetExplanation
	Decision bridge.Decision
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
	compiled, err := policy.New(routes(cfg))
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
	compiled = compiled.Using(people(cfg.Teleport.People, directory))
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
	e.targets(ctx, cfg, compiled, store, log)
	if !e.Gone {
		e.judge(compiled)
	}
	return e, nil
}

// targets reads the link, the evidence and who is on call, of every integration.
func (e *Explanation) targets(ctx context.Context, cfg *config.Config, p *policy.Policy, store *teleport.Store, log *slog.Logger) {
	kinds := integrations.Builtin()
	for _, c := range cfg.Integrations {
		t := TargetExplanation{Integration: c.Name, Link: store.Link(e.ID, c.Name)}
		instance, err := kinds[c.Type].New(c.Name, c.Config, integrations.Options{Log: log, Observe: ignoreCall, Targets: targets(cfg, c.Name)})
		switch {
		case err != nil:
			t.Problem = err.Error()
			e.Targets = append(e.Targets, t)
			continue
		case t.Link.Phase == bridge.PhaseOpen && instance.Decisions != nil:
			if t.Evidence, err = instance.Decisions.Evidence(ctx, t.Link.Ref); err != nil {
				t.Problem = err.Error()
			}
		}
		if instance.OnCall != nil && e.Request.Pending(time.Now()) {
			t.ask(ctx, instance.OnCall, p.OnCall(e.Request, c.Name))
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

func (e *Explanation) judge(p *policy.Policy) {
	route, err := p.Match(e.Request)
	if err != nil {
		e.Problem = err.Error()
	}
	if route == nil {
		return
	}
	e.Route = route.Name
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
	e.Decision = p.Judge(e.Request, evidence)
	if duty := p.JudgeDuty(e.Request, duties); e.Decision.Verdict == bridge.Undecided && duty.Verdict != bridge.Undecided {
		duty.Refusals = e.Decision.Refusals
		e.Decision = duty
	}
}
