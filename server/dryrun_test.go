package server

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/logtest"
	"github.com/accessbridge/accessbridge/reconcile"
)

// outside counts every call that would have an effect outside, and every reading.
type outside struct {
	links
	reconcile.Reviewer
	reconcile.Requests
	writes, reads int
	link          bridge.Link
}

func (o *outside) Link(string, string) bridge.Link { o.reads++; return o.link }
func (o *outside) Swap(context.Context, string, string, bridge.Link, bridge.Link) error {
	o.writes++
	return nil
}

func (o *outside) Submit(context.Context, string, bridge.Decision) (bridge.Request, error) {
	o.writes++
	return bridge.Request{}, nil
}

func (o *outside) Self() string { return "bridge" }
func (o *outside) Fresh(_ context.Context, id string) (bridge.Request, error) {
	o.reads++
	return bridge.Request{ID: id, State: bridge.StatePending}, nil
}

func (o *outside) Name() string                           { return "itsm" }
func (o *outside) Check(context.Context) []bridge.Finding { return nil }
func (o *outside) Traits() bridge.Traits                  { return bridge.Traits{SearchLag: time.Second} }

func (o *outside) Find(context.Context, bridge.Marker) (*bridge.Ref, error) {
	o.reads++
	return nil, nil
}

func (o *outside) Open(context.Context, bridge.Marker, bridge.Draft) (bridge.Ref, error) {
	o.writes++
	return bridge.Ref{}, nil
}

func (o *outside) Update(context.Context, bridge.Ref, []bridge.Note) error { o.writes++; return nil }

func (o *outside) Close(context.Context, bridge.Ref, bridge.Outcome) error { o.writes++; return nil }

func (o *outside) Evidence(_ context.Context, ref bridge.Ref) ([]bridge.Evidence, error) {
	o.reads++
	return []bridge.Evidence{{Object: ref}}, nil
}

func (o *outside) Changed(context.Context, time.Time) iter.Seq2[bridge.Glance, error] {
	return func(yield func(bridge.Glance, error) bool) { o.reads++; yield(bridge.Glance{Decided: true}, nil) }
}

// source hides Changed.
type source struct{ bridge.DecisionSource }

func TestW34_DryRunWritesNothing(t *testing.T) {
	t.Parallel()
	o, kept := &outside{}, &journal{}
	log, out := logtest.New()
	options := reconcile.Options{
		Links: o, Reviewer: o, Requests: o, Journal: kept,
		Targets: []reconcile.Target{{Ticketer: o, Decisions: o}, {Ticketer: o, Decisions: source{o}}, {Ticketer: o}},
	}
	dry(&options, log)
	ctx := t.Context()

	ticketer := options.Targets[0].Ticketer
	ref, err := ticketer.Open(ctx, bridge.Marker{RequestID: "r-1"}, bridge.Draft{Request: bridge.Request{User: "alice", Roles: []string{"prod"}}})
	require.NoError(t, err)
	require.NoError(t, ticketer.Update(ctx, ref, []bridge.Note{{ID: "n", Text: "a note"}}))
	require.NoError(t, ticketer.Close(ctx, ref, bridge.Outcome{Ending: bridge.EndDenied, Note: bridge.Note{Text: "the end"}}))
	req, err := options.Reviewer.Submit(ctx, "r-1", bridge.Decision{Verdict: bridge.Approve, Person: "bob", Mode: bridge.ModeReview})
	require.NoError(t, err)
	require.Equal(t, bridge.StatePending, req.State)
	require.NoError(t, options.Links.Swap(ctx, "r-1", "itsm", bridge.Link{}, bridge.Link{Phase: bridge.PhaseOpen, Ref: ref}))
	require.Zero(t, o.writes)
	for _, said := range []string{"would create an object", "r-1", "alice", "would add a note", "a note", "would close the object", "the end", "would decide", "approve", "bob"} {
		require.Contains(t, out.String(), said)
	}
	require.Contains(t, out.String(), "dry_run=true")
	require.Equal(t, "bridge", options.Reviewer.Self())
}

func TestW34_DryRunRemembersItsOwnLinksAndReadsTheOthers(t *testing.T) {
	t.Parallel()
	o := &outside{link: bridge.Link{Phase: bridge.PhaseOpen, Ref: bridge.Ref{ID: "real"}}}
	log, _ := logtest.New()
	options := reconcile.Options{Links: o, Reviewer: o, Requests: o, Journal: &journal{}}
	dry(&options, log)
	require.NoError(t, options.Links.Swap(t.Context(), "r-1", "itsm", bridge.Link{}, bridge.Link{Phase: bridge.PhaseClaimed}))
	require.Equal(t, bridge.PhaseClaimed, options.Links.Link("r-1", "itsm").Phase)
	require.Equal(t, "real", options.Links.Link("r-1", "other").Ref.ID)
	require.Equal(t, "real", options.Links.Link("r-2", "itsm").Ref.ID)
}

func TestW34_DryRunReadsRealObjectsOnly(t *testing.T) {
	t.Parallel()
	o := &outside{}
	log, _ := logtest.New()
	options := reconcile.Options{
		Links: o, Reviewer: o, Requests: o, Journal: &journal{},
		Targets: []reconcile.Target{{Ticketer: o, Decisions: o}, {Ticketer: o, Decisions: source{o}}, {Ticketer: o}},
	}
	dry(&options, log)
	for _, target := range options.Targets[:2] {
		evidence, err := target.Decisions.Evidence(t.Context(), bridge.Ref{ID: dryPrefix + "r-1"})
		require.NoError(t, err)
		require.Empty(t, evidence)
		evidence, err = target.Decisions.Evidence(t.Context(), bridge.Ref{ID: "10042"})
		require.NoError(t, err)
		require.Len(t, evidence, 1)
	}
	require.Equal(t, 2, o.reads)
	bulk, ok := options.Targets[0].Decisions.(bridge.BulkDecisionSource)
	require.True(t, ok, "listings stay possible")
	for glance, err := range bulk.Changed(t.Context(), time.Time{}) {
		require.NoError(t, err)
		require.True(t, glance.Decided)
	}
	_, ok = options.Targets[1].Decisions.(bridge.BulkDecisionSource)
	require.False(t, ok)
	require.Nil(t, options.Targets[2].Decisions)
}

func TestW34_DryRunIsMarkedInTheAudit(t *testing.T) {
	t.Parallel()
	kept := &journal{}
	log, _ := logtest.New()
	options := reconcile.Options{Journal: kept}
	dry(&options, log)
	for _, outcome := range []string{bridge.OutcomeApplied, bridge.OutcomeRecorded, bridge.OutcomeFailed, bridge.OutcomeRefused} {
		options.Journal.Record(bridge.AuditEntry{RequestID: "r-1", Outcome: outcome})
	}
	var outcomes []string
	for _, e := range kept.entries {
		outcomes = append(outcomes, e.Outcome)
	}
	require.Equal(t, []string{bridge.OutcomeDryRun, bridge.OutcomeDryRun, bridge.OutcomeDryRun, bridge.OutcomeRefused}, outcomes)
}

// LoadAll reads nothing new.
func (o *outside) LoadAll(context.Context) error { return nil }

func TestDryRunForgetsWhatIsOver(t *testing.T) {
	t.Parallel()
	o := &outside{}
	d := &dryLinks{links: o, written: map[bridge.LinkKey]bridge.Link{}}
	write := func(target string, phase bridge.Phase) {
		require.NoError(t, d.Swap(t.Context(), "r-1", target, bridge.Link{}, bridge.Link{Phase: phase}))
	}
	write("closed", bridge.PhaseClosed)
	write("given back", bridge.PhaseClaimed)
	write("given back", bridge.PhaseNone)
	write("open", bridge.PhaseOpen)

	o.link = bridge.Link{Phase: bridge.PhaseOpen}
	require.NoError(t, d.LoadAll(t.Context()))
	require.Equal(t, bridge.PhaseClosed, d.Link("r-1", "closed").Phase, "what Teleport still holds does not open again")

	o.link = bridge.Link{}
	require.NoError(t, d.LoadAll(t.Context()))
	require.Len(t, d.written, 1)
	require.Equal(t, bridge.PhaseOpen, d.Link("r-1", "open").Phase)
}
