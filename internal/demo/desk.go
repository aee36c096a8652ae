package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// outage is how long a vendor is down. Soon after that the bridge would leave it alone for ten seconds, as it should.
const outage = 250 * time.Millisecond

// outsider is a simulated vendor: it can be taken down and brought back, and knows the webhooks it has sent.
type outsider interface {
	Stop()
	Start() error
	Deliveries() []standin.Delivery
}

// desk is a vendor that calls the people who are on call. It has the stories that are the same at all of them.
type desk struct {
	w *world
	// integration is the bridge's name for it, role what somebody asks for to get there.
	integration, role string
	// name and object are the words for people; ended is the status of an object that is done with.
	name, object, ended string
	// schedule is the one that approves.
	schedule string
	// status is that of the request's object, empty for none; count is how many the request has.
	status func(id string) string
	count  func(id string) int
	// note writes a note on the request's object; duty puts somebody on call in the schedule from now on.
	note   func(user, id, text string) error
	duty   func(user string) error
	server outsider
}

// asks makes somebody ask for the role.
func (d desk) asks(user string) (string, error) {
	return d.w.teleport.CreateRequest(teleport.NewRequest{User: user, Roles: []string{d.role}, Reason: "alert 7"})
}

// opens makes somebody ask who is not on call, and waits for the object.
func (d desk) opens(ctx context.Context, user string) (string, error) {
	id, err := d.asks(user)
	if err != nil {
		return "", err
	}
	return id, wait(ctx, "the "+d.object, func() bool { return d.w.phase(id, d.integration) == "open" })
}

// approved waits until a request is approved and its object ended. The review's reason has to name something.
func (d desk) approved(ctx context.Context, id, named string) (string, error) {
	if err := d.w.waitState(ctx, id, "APPROVED"); err != nil {
		return d.w.state(id), err
	}
	err := wait(ctx, "the "+d.object+" to be "+d.ended, func() bool { return d.status(id) == d.ended })
	r, _ := d.w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), named) {
		return "APPROVED: " + r.GetResolveReason(), err
	}
	return fmt.Sprintf("APPROVED, reason names %s, %s %s", named, d.object, d.status(id)), err
}

func (d desk) pending(ctx context.Context, id string) error {
	return stays(ctx, settle, "pending", func() bool { return d.w.state(id) == "PENDING" })
}

// onCallApproved does not wait for the object: whether it was opened depends on which was faster, that or the approval.
func (d desk) onCallApproved(ctx context.Context) (string, error) {
	id, err := d.asks(alice)
	if err != nil {
		return "", err
	}
	if err := d.w.waitState(ctx, id, "APPROVED"); err != nil {
		return d.w.state(id), err
	}
	err = wait(ctx, "no "+d.object+" to be left open", func() bool {
		phase := d.w.phase(id, d.integration)
		return (phase == "" || phase == "closed") && (d.count(id) == 0 || d.status(id) == d.ended)
	})
	r, _ := d.w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), d.schedule) {
		return "APPROVED: " + r.GetResolveReason(), err
	}
	return fmt.Sprintf("APPROVED, reason names %s, no %s open", d.schedule, d.object), err
}

func (d desk) secondTier(ctx context.Context) (string, error) {
	id, err := d.opens(ctx, bob)
	if err != nil {
		return "", err
	}
	err = d.pending(ctx, id)
	return d.w.state(id) + ", " + d.object + " " + d.status(id), err
}

func (d desk) approvedByNote(ctx context.Context) (string, error) {
	id, err := d.opens(ctx, bob)
	if err != nil {
		return "", err
	}
	if err := d.note(alice, id, "approve: go ahead"); err != nil {
		return "", err
	}
	return d.approved(ctx, id, alice)
}

func (d desk) deniedByNote(ctx context.Context) (string, error) {
	id, err := d.opens(ctx, bob)
	if err != nil {
		return "", err
	}
	if err := d.note(alice, id, "deny: not now"); err != nil {
		return "", err
	}
	if err := d.w.waitState(ctx, id, "DENIED"); err != nil {
		return d.w.state(id), err
	}
	r, _ := d.w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), "not now") {
		return "DENIED: " + r.GetResolveReason(), nil
	}
	return "DENIED: not now", nil
}

// forged sends what is not the vendor's, tells the statuses, and checks that the request still waits.
func (d desk) forged(ctx context.Context, id string, body []byte, headers ...http.Header) (string, error) {
	var seen strings.Builder
	for _, h := range headers {
		code, err := d.w.post(ctx, d.integration, body, h)
		if err != nil {
			return seen.String(), err
		}
		fmt.Fprintf(&seen, "%d ", code)
	}
	err := d.pending(ctx, id)
	return seen.String() + d.w.state(id), err
}

// replayed waits until a genuine delivery of an event about an object has approved, sends it twice more, and tells the statuses and how
// many reviews there are.
func (d desk) replayed(ctx context.Context, id, event, object string) (string, error) {
	if err := d.w.waitState(ctx, id, "APPROVED"); err != nil {
		return d.w.state(id), err
	}
	var genuine standin.Delivery
	err := wait(ctx, "the delivery", func() bool {
		for _, sent := range d.server.Deliveries() {
			if sent.Event == event && sent.Object == object && sent.Status/100 == 2 {
				genuine = sent
			}
		}
		return genuine.Status != 0
	})
	if err != nil {
		return "", err
	}
	var seen strings.Builder
	for range 2 {
		code, err := d.w.post(ctx, d.integration, genuine.Body, genuine.Headers)
		if err != nil {
			return seen.String(), err
		}
		fmt.Fprintf(&seen, "%d ", code)
	}
	reviews := func() int { r, _ := d.w.teleport.Request(id); return len(r.GetReviews()) }
	err = stays(ctx, settle, "decided once", func() bool { return reviews() == 1 && d.count(id) == 1 })
	return fmt.Sprintf("%s%d review, %d %s", seen.String(), reviews(), d.count(id), d.object), err
}

// shiftStarts comes last, because the bridge remembers for a while who may decide: those who were on call a moment ago.
func (d desk) shiftStarts(ctx context.Context) (seen string, err error) {
	id, err := d.opens(ctx, dave)
	if err != nil {
		return "", err
	}
	if err := d.pending(ctx, id); err != nil {
		return d.w.state(id), err
	}
	if err := d.duty(dave); err != nil {
		return "", err
	}
	seen, err = d.approved(ctx, id, d.schedule)
	if back := d.duty(alice); err == nil {
		err = back
	}
	return "PENDING, then " + seen, err
}

// vendorDown first ends what earlier stories have left open, because the bridge leaves a vendor alone that fails too often.
func (d desk) vendorDown(ctx context.Context) (string, error) {
	if err := d.clear(ctx); err != nil {
		return "", err
	}
	d.server.Stop()
	id, err := d.asks(bob)
	if err != nil {
		return "", err
	}
	if err := stays(ctx, outage, "without "+d.object, func() bool { return d.count(id) == 0 }); err != nil {
		return "", err
	}
	if err := d.server.Start(); err != nil {
		return "", err
	}
	if err := wait(ctx, "the "+d.object, func() bool { return d.w.phase(id, d.integration) == "open" && d.count(id) > 0 }); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s once %s is back, %s", d.count(id), d.object, d.name, d.w.state(id)), nil
}

// clear withdraws every request for the role that is pending, and waits until all of their objects are done with.
func (d desk) clear(ctx context.Context) error {
	var ids []string
	for _, r := range d.w.teleport.Requests() {
		if r.GetState().IsPending() && r.GetRoles()[0] == d.role {
			ids = append(ids, r.GetName())
			if err := d.w.teleport.Delete(r.GetName()); err != nil {
				return err
			}
		}
	}
	return wait(ctx, "every "+d.object+" to be "+d.ended, func() bool {
		for _, id := range ids {
			if d.w.phase(id, d.integration) != "closed" {
				return false
			}
		}
		return true
	})
}
