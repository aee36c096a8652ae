package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/stretchr/testify/require"
)

// operation is one call of an integration, for the cases that hold for all of them.
type operation struct {
	name string
	// writes breaks only the writing calls of the operation, so that what it reads first succeeds.
	writes bool
	// creates is true where it matters whether the call had an effect.
	creates bool
	// possible reports whether the integration can do it; nil for what each can.
	possible func(b *bed) bool
	run      func(ctx context.Context, b *bed, ref bridge.Ref) error
}

func operations() []operation {
	update := func(ctx context.Context, b *bed, ref bridge.Ref) error {
		return b.it.Update(ctx, ref, []bridge.Note{note(1)})
	}
	closing := func(ctx context.Context, b *bed, ref bridge.Ref) error {
		return b.it.Close(ctx, ref, outcome(bridge.EndDenied))
	}
	return []operation{
		{name: "Open", writes: true, creates: true, run: func(ctx context.Context, b *bed, _ bridge.Ref) error {
			_, err := b.it.Open(ctx, marker(2), draft(2))
			return err
		}},
		{name: "Find", run: func(ctx context.Context, b *bed, _ bridge.Ref) error {
			_, err := b.it.Find(ctx, marker(1))
			return err
		}},
		{name: "Update", run: update},
		{name: "Update, writing", writes: true, run: update},
		{name: "Close", run: closing},
		{name: "Close, writing", writes: true, run: closing},
		{name: "Evidence", possible: func(b *bed) bool { return b.can("evidence") }, run: evidenceOf},
		{name: "Changed", possible: func(b *bed) bool { return b.can("listing") }, run: changes},
		{name: "OnCall", possible: func(b *bed) bool { return b.can("oncall") }, run: onCallOf},
		{name: "Members", possible: func(b *bed) bool { return b.can("groups") }, run: membersOf},
	}
}

func evidenceOf(ctx context.Context, b *bed, ref bridge.Ref) error {
	source, _ := b.it.(bridge.DecisionSource)
	_, err := source.Evidence(ctx, ref)
	return err
}

func changes(ctx context.Context, b *bed, _ bridge.Ref) error {
	source, _ := b.it.(bridge.BulkDecisionSource)
	for _, err := range source.Changed(ctx, time.Time{}) {
		if err != nil {
			return err
		}
	}
	return nil
}

func onCallOf(ctx context.Context, b *bed, _ bridge.Ref) error {
	source, _ := b.it.(bridge.OnCallSource)
	_, err := source.OnCall(ctx, b.query)
	return err
}

func membersOf(ctx context.Context, b *bed, _ bridge.Ref) error {
	source, _ := b.it.(bridge.GroupSource)
	_, err := source.Members(ctx, b.group)
	return err
}

// each runs a test with every operation the integration can do, each in a bed of its own with one open object.
func (s Suite) each(t testing.TB, test func(op operation, b *bed, ref bridge.Ref)) {
	t.Helper()
	for _, op := range operations() {
		b := s.lay(t)
		if op.possible != nil && !op.possible(b) {
			continue
		}
		if b.can("oncall") {
			b.query, _ = b.roster(t)
		}
		if b.can("groups") {
			b.group, _ = b.crowd(t)
		}
		test(op, b, b.open(t, 1))
	}
}

// must calls the operation and returns its error, of which there must be one.
func (op operation) must(t testing.TB, b *bed, ref bridge.Ref) error {
	t.Helper()
	err := op.run(t.Context(), b, ref)
	require.Error(t, err, "%s", op.name)
	return err
}
