package conformance

import (
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Vendor is the little that a stand-in must offer. The vendor folder's test adapts the simulator to it. Faults, counting of calls and
// looking at what was sent are no part of it: the suite does that on the wire.
type Vendor interface {
	// URL is the plain HTTP address of the stand-in.
	URL() string
	// Objects returns the ids, as in bridge.Ref, of all objects that carry the marker of the request.
	Objects(requestID string) []string
	// Ended reports whether people see the object as finished.
	Ended(objectID string) bool
	// Delete removes the object, as a person would.
	Delete(objectID string) error
}

// Decider is offered by the stand-in when the integration is a bridge.DecisionSource.
type Decider interface {
	// Decide does at the object what a person does to decide, and returns that person as the vendor names them. Undecided is for an
	// action that the settings give no meaning. The reason is written where people write it; empty for none.
	Decide(objectID string, v bridge.Verdict, reason string) (bridge.Actor, error)
	// Automate does the same by a program: an automation rule, an app or a bot.
	Automate(objectID string, v bridge.Verdict) error
}

// Sender is offered by the stand-in when the integration is a bridge.WebhookSource.
type Sender interface {
	// Subscribe has the stand-in send its webhooks to an address from now on, proven with the secret, and unproven where that is
	// empty. It may be called several times.
	Subscribe(address, secret string)
}

// Dater is offered by the stand-in when the proof of a webhook covers the time it was sent at.
type Dater interface {
	// Redate returns the delivery as it would have been sent, and proven with the secret, at another time.
	Redate(in bridge.Inbound, secret string, at time.Time) bridge.Inbound
}

// Crowd is offered by the stand-in when the integration is a bridge.GroupSource.
type Crowd interface {
	// Group returns the name of a group and the people in it. Whom Decide returns is one of them; programs, and accounts that were switched
	// off, are none. There are more than the vendor tells at once, if it tells them in pages.
	Group() (name string, people []bridge.Actor)
}

// Addressee is offered by the stand-in of every integration, for what bridge.Draft.Recipients names.
type Addressee interface {
	// Recipient names a place for objects, or somebody to be told of them, whom the settings do not name.
	Recipient() string
	// Received reports whether the object is there, or was told to them.
	Received(objectID, recipient string) bool
}

// Roster is offered by the stand-in when the integration is a bridge.OnCallSource.
type Roster interface {
	// OnCall puts people on call and returns a query that names what they are on call for, and the people by escalation level: those
	// of level 1 first. A vendor without levels returns one list.
	OnCall() (q bridge.OnCallQuery, levels [][]bridge.Actor, err error)
}
