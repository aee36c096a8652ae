package bridge

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Integration is what every integration can do: name itself and check its own settings against the vendor.
type Integration interface {
	// Name is the operator's own name for it: the key of its links and the path of its webhook.
	Name() string
	// Check asks the vendor whether the credentials, permissions and names in the configuration hold. It returns one finding
	// for each thing it looked at.
	Check(ctx context.Context) []Finding
}

// Finding is one result of a check.
type Finding struct {
	// OK is false for a fault that will keep the integration from working.
	OK bool
	// What was looked at and what was found.
	What string
	// Mend says how to repair a fault.
	Mend string
}

// Traits tell the reconciler what the vendor's API promises.
type Traits struct {
	// Timeout is the longest time the bridge waits for one answer of the vendor; zero for an integration that does not tell.
	Timeout time.Duration
	// ApplyWithin is the longest time the vendor may still carry out a create call after the bridge has stopped waiting.
	ApplyWithin time.Duration
	// SearchLag is how long a new object may stay invisible to Find.
	SearchLag time.Duration
	// MadeLater is true for a vendor that accepts a creation and carries it out later: an object that is gone may be one that is still to
	// come, within the two times above.
	MadeLater bool
	// Keyed is true for a vendor that makes no second object with the same marker while the first is open. A creation of unknown outcome
	// may then be repeated in the same words, without waiting until the first can no longer be carried out.
	Keyed bool
}

// Marker ties an outside object to its request.
type Marker struct {
	RequestID string
}

// Draft is everything an integration needs to describe a request to people.
type Draft struct {
	Request Request
	// WebURL is the address of the request in Teleport's web UI, empty when the cluster has no such page.
	WebURL string
	// Settings are the per-target settings of the route, of the integration's own type, or nil.
	Settings any
	// Recipients are whom Teleport's own routing names, in the vendor's words: a project, a service, a schedule. They go before what the
	// integration is configured with, and after what the route's settings say.
	Recipients []string
}

// Note is one addition to an open object, such as a comment on a review.
type Note struct {
	// ID is derived from what the note tells, so that the same fact always has the same identity.
	ID string
	// Text is plain text; the integration escapes it.
	Text string
}

// Ending is how a request came to its end.
type Ending string

// The endings of a request.
const (
	EndApproved Ending = "approved"
	EndDenied   Ending = "denied"
	EndPromoted Ending = "promoted"
	// EndExpired means that nobody decided in time.
	EndExpired Ending = "expired"
	// EndDeleted means that the requester or an administrator removed the request before its time.
	EndDeleted Ending = "deleted"
	// EndUnknown means that the request ended while no instance ran and Teleport no longer says how.
	EndUnknown Ending = "ended"
)

// Outcome tells an object how its request ended.
type Outcome struct {
	Ending Ending
	// Note is the closing text, with who decided and why.
	Note Note
}

// Ticketer keeps one outside object per request.
type Ticketer interface {
	Integration
	Traits() Traits
	// Find looks for the object that carries the marker; nil without an error when there is none. It may lag behind by
	// Traits.SearchLag.
	Find(ctx context.Context, m Marker) (*Ref, error)
	// Open creates the object with the marker. An error made by Unsent says that the vendor certainly did not create it; after any
	// other error the outcome is unknown.
	Open(ctx context.Context, m Marker, d Draft) (Ref, error)
	// Update adds the notes that the object does not show yet. It may be repeated. ErrGone when the object was deleted.
	Update(ctx context.Context, ref Ref, notes []Note) error
	// Close brings the object to its final state and adds the closing note. It may be repeated. ErrGone when the object was
	// deleted.
	Close(ctx context.Context, ref Ref, o Outcome) error
}

// DecisionSource reads what people decided at one object.
type DecisionSource interface {
	Integration
	// Evidence reads the object with the bridge's own credentials. ErrGone when it was deleted.
	Evidence(ctx context.Context, ref Ref) ([]Evidence, error)
}

// BulkDecisionSource lists the objects that changed since a time, page by page, so that a resync of many objects costs few calls.
type BulkDecisionSource interface {
	DecisionSource
	// Changed yields every object of this bridge that was created or changed since the given time. An error ends the sequence.
	Changed(ctx context.Context, since time.Time) iter.Seq2[Glance, error]
}

// Inbound is a webhook delivery as it came in.
type Inbound struct {
	Header http.Header
	// Body is the raw body, not decoded, at most the size the server allows. Whoever keeps something of it copies it: its room is used again
	// when the delivery is answered.
	Body []byte
}

// WebhookSource verifies and decodes the deliveries of one vendor. Both methods do no I/O.
type WebhookSource interface {
	Integration
	// Verify proves on the raw bytes, in constant time, that the vendor sent the delivery. A Refused error names the answer
	// the vendor should get; any other error is answered 401.
	Verify(in Inbound) error
	// Decode says what the delivery hints at. Its content is never trusted for a decision.
	Decode(in Inbound) (Delivery, error)
}

// Delivery is a verified and decoded webhook.
type Delivery struct {
	// ID is the vendor's identifier of the delivery, the same on each retry; empty when the vendor has none.
	ID string
	// Event is the vendor's name of the event, for logs.
	Event string
	// Hints name the objects to look at again; none for an event that does not matter.
	Hints []Hint
	// Reply is the answer the vendor wants; zero means 200 without a body.
	Reply Reply
}

// Hint says that an object is worth reading again.
type Hint struct {
	// ObjectID is the vendor's identifier of the object.
	ObjectID string
	// RequestID is the marker found in the delivery, empty when there was none.
	RequestID string
	// DeliveryID is the Delivery.ID of the delivery the hint came with. The border fills it.
	DeliveryID string
}

// Reply is an answer to a webhook.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// Preview is what an object would show, as the vendor would be sent it: escaped and shortened.
type Preview struct {
	Title, Body string
	// Notes are those asked for, in their order.
	Notes []string
}

// Previewer is implemented by integrations that can tell what they would write without asking their vendor.
type Previewer interface {
	Integration
	// Preview makes no call.
	Preview(ctx context.Context, d Draft, notes []Note) (Preview, error)
}

// Throttled is implemented by integrations that know when their vendor account may not be used for a while, so that nothing is
// begun in vain.
type Throttled interface {
	// BusyUntil is the time before which no call will be made; zero when the account may be used.
	BusyUntil() time.Time
}

// Adopter is implemented by integrations that can take over the open objects of Teleport's official plugin.
type Adopter interface {
	// OfficialPlugin is the name under which that plugin keeps its records in plugin data.
	OfficialPlugin() string
}
