package server

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/reconcile"
)

// dryPrefix marks objects that were never created.
const dryPrefix = "dry-run:"

// dry replaces everything that has an effect outside by something that says what it would do. Reading stays real.
func dry(o *reconcile.Options, log *slog.Logger) {
	log = log.With("dry_run", true)
	o.Links = &dryLinks{links: o.Links, written: map[bridge.LinkKey]bridge.Link{}}
	o.Reviewer = &dryReviewer{Reviewer: o.Reviewer, requests: o.Requests, log: log}
	o.Journal = &dryJournal{Journal: o.Journal}
	for n, t := range o.Targets {
		o.Targets[n].Ticketer = &dryTicketer{Ticketer: t.Ticketer, log: log.With("integration", t.Ticketer.Name())}
		switch d := t.Decisions.(type) {
		case bridge.BulkDecisionSource:
			o.Targets[n].Decisions = &dryBulk{BulkDecisionSource: d}
		case bridge.DecisionSource:
			o.Targets[n].Decisions = &dryDecisions{DecisionSource: d}
		}
	}
}

// links has another name than its method Links, so that it can be embedded.
type links = reconcile.Links

// dryLinks keeps changes in memory.
type dryLinks struct {
	links
	mu      sync.Mutex
	written map[bridge.LinkKey]bridge.Link
}

func (d *dryLinks) Link(id, target string) bridge.Link {
	d.mu.Lock()
	defer d.mu.Unlock()
	if link, ok := d.written[bridge.LinkKey{RequestID: id, Target: target}]; ok {
		return link
	}
	return d.links.Link(id, target)
}

func (d *dryLinks) Swap(_ context.Context, id, target string, _, next bridge.Link) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written[bridge.LinkKey{RequestID: id, Target: target}] = next
	return nil
}

// LoadAll also drops what is over and no longer held in Teleport, so that a long dry run does not keep every request it has seen.
func (d *dryLinks) LoadAll(ctx context.Context) error {
	if err := d.links.LoadAll(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.written, func(k bridge.LinkKey, link bridge.Link) bool {
		over := link.Phase == bridge.PhaseClosed || link.Phase == bridge.PhaseNone
		return over && d.links.Link(k.RequestID, k.Target).Phase == bridge.PhaseNone
	})
	return nil
}

// dryTicketer says what it would write.
type dryTicketer struct {
	bridge.Ticketer
	log *slog.Logger
}

// Find finds nothing: an integration may mend what it finds.
func (d *dryTicketer) Find(_ context.Context, m bridge.Marker) (*bridge.Ref, error) {
	d.log.Info("would look for the object of an earlier try", "request_id", m.RequestID)
	return nil, nil
}

func (d *dryTicketer) Open(_ context.Context, m bridge.Marker, draft bridge.Draft) (bridge.Ref, error) {
	d.log.Info("would create an object", "request_id", m.RequestID, "user", draft.Request.User, "roles", draft.Request.Roles)
	return bridge.Ref{ID: dryPrefix + m.RequestID}, nil
}

func (d *dryTicketer) Update(_ context.Context, ref bridge.Ref, notes []bridge.Note) error {
	for _, n := range notes {
		d.log.Info("would add a note", "external_id", ref.ID, "text", n.Text)
	}
	return nil
}

func (d *dryTicketer) Close(_ context.Context, ref bridge.Ref, o bridge.Outcome) error {
	d.log.Info("would close the object", "external_id", ref.ID, "ending", string(o.Ending), "text", o.Note.Text)
	return nil
}

// dryDecisions reads real objects only.
type dryDecisions struct{ bridge.DecisionSource }

func (d *dryDecisions) Evidence(ctx context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	if strings.HasPrefix(ref.ID, dryPrefix) {
		return nil, nil
	}
	return d.DecisionSource.Evidence(ctx, ref)
}

type dryBulk struct{ bridge.BulkDecisionSource }

func (d *dryBulk) Evidence(ctx context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	return (&dryDecisions{d.BulkDecisionSource}).Evidence(ctx, ref)
}

// dryReviewer says what it would decide.
type dryReviewer struct {
	reconcile.Reviewer
	requests reconcile.Requests
	log      *slog.Logger
}

func (d *dryReviewer) Submit(ctx context.Context, id string, decision bridge.Decision) (bridge.Request, error) {
	d.log.Info("would decide", "request_id", id, "verdict", string(decision.Verdict), "person", decision.Person, "mode", string(decision.Mode))
	return d.requests.Fresh(ctx, id)
}

// dryJournal marks decisions as not submitted.
type dryJournal struct{ bridge.Journal }

func (d *dryJournal) Record(e bridge.AuditEntry) {
	if e.Outcome != bridge.OutcomeRefused {
		e.Outcome = bridge.OutcomeDryRun
	}
	d.Journal.Record(e)
}
