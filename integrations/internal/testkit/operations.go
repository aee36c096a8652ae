package testkit

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/accessbridge/accessbridge/bridge"
)

// Answered is an integration whose vendor's answers are made up, and what it is asked for.
type Answered struct {
	// New makes the integration on a network of its own, without a bound on its calls.
	New func(t testing.TB, network http.RoundTripper) bridge.Integration
	// Ref is an object it has opened.
	Ref    bridge.Ref
	OnCall bridge.OnCallQuery
	Group  string
}

// Operation is one thing an integration does.
type Operation struct {
	Name string
	Run  func(ctx context.Context, it bridge.Integration) error
}

// Operations are all an integration may do. The order is part of the corpora; what an integration cannot do does nothing.
func (a Answered) Operations() []Operation {
	return []Operation{
		{"check", func(ctx context.Context, it bridge.Integration) error { it.Check(ctx); return nil }},
		{"find", able(found)},
		{"open", able(opened)},
		{"update", able(func(ctx context.Context, it bridge.Ticketer) error { return it.Update(ctx, a.Ref, Notes()) })},
		{"close", able(func(ctx context.Context, it bridge.Ticketer) error {
			return it.Close(ctx, a.Ref, Closing(bridge.EndDenied))
		})},
		{"evidence", able(func(ctx context.Context, it bridge.DecisionSource) error { return said(it.Evidence(ctx, a.Ref)) })},
		{"changed", able(changed)},
		{"on-call", able(func(ctx context.Context, it bridge.OnCallSource) error {
			shifts, err := it.OnCall(ctx, a.OnCall)
			if err != nil {
				return err
			}
			for _, s := range shifts {
				if !s.Person.Known() {
					return errUnnamed
				}
			}
			return nil
		})},
		{"members", able(func(ctx context.Context, it bridge.GroupSource) error {
			people, err := it.Members(ctx, a.Group)
			if err != nil {
				return err
			}
			for _, who := range people {
				if !who.Known() {
					return errUnnamed
				}
			}
			return nil
		})},
	}
}

// able runs what needs a capability, where the integration has it.
func able[T any](run func(context.Context, T) error) func(context.Context, bridge.Integration) error {
	return func(ctx context.Context, it bridge.Integration) error {
		if with, ok := it.(T); ok {
			return run(ctx, with)
		}
		return nil
	}
}

// named is errUnnamed for a reference without an id.
func named(ref bridge.Ref) error {
	if ref.ID == "" {
		return errUnnamed
	}
	return nil
}

func found(ctx context.Context, it bridge.Ticketer) error {
	ref, err := it.Find(ctx, Marker())
	if err != nil || ref == nil {
		return err
	}
	return named(*ref)
}

func opened(ctx context.Context, it bridge.Ticketer) error {
	ref, err := it.Open(ctx, Marker(), Draft())
	if err != nil {
		return err
	}
	return named(ref)
}

// said looks at evidence: each piece names its object, and its reason is one that Teleport would take.
func said(list []bridge.Evidence, err error) error {
	if err != nil {
		return err
	}
	for _, e := range list {
		if !utf8.ValidString(e.Reason) || len(e.Reason) > longestText {
			return fmt.Errorf("a reason of %d bytes: %w", len(e.Reason), errUnnamed)
		}
		if err := named(e.Object); err != nil {
			return err
		}
	}
	return nil
}

func changed(ctx context.Context, it bridge.BulkDecisionSource) error {
	for g, err := range it.Changed(ctx, time.Now().Add(-time.Hour)) {
		if err != nil {
			return err
		}
		if err := named(g.Object); err != nil {
			return err
		}
	}
	return nil
}
