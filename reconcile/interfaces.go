package reconcile

import (
	"context"
	"iter"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Requests is the bridge's view of the Access Requests in Teleport.
type Requests interface {
	// Get answers from memory; false for a request that does not exist as far as is known.
	Get(id string) (bridge.Request, bool)
	// Fresh reads the request from Teleport and remembers it; bridge.ErrGone when it does not exist.
	Fresh(ctx context.Context, id string) (bridge.Request, error)
	// Merge remembers a request that Teleport has just returned.
	Merge(bridge.Request)
	All() iter.Seq[bridge.Request]
}

// Links is the store of links.
type Links interface {
	// Link answers from memory; the zero Link when there is none.
	Link(requestID, target string) bridge.Link
	// LoadAll reads all links again, Refresh those of one request.
	LoadAll(ctx context.Context) error
	Refresh(ctx context.Context, requestID string) error
	// Swap replaces old by next if nobody else has changed the link; bridge.ErrConflict otherwise, after reading the link again.
	// A zero next removes it. bridge.ErrGone when the request and its records no longer exist.
	Swap(ctx context.Context, requestID, target string, old, next bridge.Link) error
	Links() iter.Seq2[bridge.LinkKey, bridge.Link]
	// ByObject finds the request by the object linked to it.
	ByObject(target, objectID string) (requestID string, ok bool)
	// Official returns the record of one of Teleport's official plugins.
	Official(requestID, plugin string) (bridge.Ref, bool)
	// Forget drops a finished request from memory.
	Forget(requestID string)
}

// Policy says where requests go and what evidence amounts to.
type Policy interface {
	// Target returns where a request goes at an integration. The error reports conditions that could not be evaluated; the target
	// counts all the same.
	Target(req bridge.Request, integration string) (bridge.Target, bool, error)
	// Reroutes reports whether where a request goes may change while it waits.
	Reroutes() bool
	// Stays reports whether a request that has objects at the linked integrations gets no others, because what sent it there has been
	// changed since.
	Stays(req bridge.Request, linked []string) bool
	// Judge weighs what was read at the objects, and who is on call.
	Judge(req bridge.Request, evidence []bridge.Evidence, duties []bridge.Duty) bridge.Decision
	// SeesStates reports whether states count that decide nothing by themselves.
	SeesStates() bool
	// OnCall lists what to ask an integration about who is on call, for one request.
	OnCall(req bridge.Request, integration string) []bridge.OnCallQuery
}

// Reviewer submits decisions to Teleport.
type Reviewer interface {
	// Self is the bridge's own Teleport user.
	Self() string
	// Submit puts the decision into effect and returns the request as Teleport then has it. bridge.ErrGone when the request does
	// not exist any more.
	Submit(ctx context.Context, requestID string, d bridge.Decision) (bridge.Request, error)
}

// Metrics counts what happens. All methods may be called at once.
type Metrics interface {
	// Reconciled is called after each run for one request; result is one of ok, wait, retry, terminal.
	Reconciled(queue, result string, took time.Duration)
	// Decided is called for each audited decision.
	Decided(integration string, verdict bridge.Verdict, outcome string)
}
