package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
	"github.com/accessbridge/accessbridge/simulators/teleport"
)

// pagerProof is the header of PagerDuty's signatures.
const pagerProof = "X-PagerDuty-Signature"

// In PagerDuty alice is on call at the first level, bob at the second.
func incidentScenarios() []scenario {
	return []scenario{
		{"on-call engineer approved (PagerDuty)", "APPROVED, reason names schedule primary, incident resolved", onCallApproved},
		{"second tier is not", "PENDING, incident triggered", secondTier},
		{"approved by an incident note", "APPROVED for alice@example.com, incident resolved", approvedByNote},
		{"denied by an incident note", "DENIED: not now", deniedByNote},
		{"forged and replayed PagerDuty deliveries", "401 503, PENDING", forgedPager},
	}
}

// page makes somebody ask for a role that goes to PagerDuty.
func (w *world) page(user string) (string, error) {
	return w.teleport.CreateRequest(teleport.NewRequest{User: user, Roles: []string{"incident-db"}, Reason: "alert 7"})
}

// incident finds the incident of a request by its key.
func (w *world) incident(id string) pagerduty.Incident {
	i, _ := w.pager.Incident("teleport-access-request/" + id)
	return i
}

func onCallApproved(ctx context.Context, w *world) (string, error) {
	id, err := w.page(alice)
	if err != nil {
		return "", err
	}
	if err := w.waitState(ctx, id, "APPROVED"); err != nil {
		return w.state(id), err
	}
	err = wait(ctx, "the incident to be resolved", func() bool { return w.incident(id).Status == "resolved" })
	r, _ := w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), pagerduty.PrimarySchedule) {
		return "APPROVED: " + r.GetResolveReason(), err
	}
	return "APPROVED, reason names schedule primary, incident " + w.incident(id).Status, err
}

// waiting makes bob, who is not on call at the first level, ask, and waits for the incident.
func (w *world) waiting(ctx context.Context) (string, error) {
	id, err := w.page(bob)
	if err != nil {
		return "", err
	}
	return id, wait(ctx, "the incident", func() bool { return w.phase(id, pager) == "open" })
}

func secondTier(ctx context.Context, w *world) (string, error) {
	id, err := w.waiting(ctx)
	if err != nil {
		return "", err
	}
	err = stays(ctx, settle, "pending", func() bool { return w.state(id) == "PENDING" })
	return w.state(id) + ", incident " + w.incident(id).Status, err
}

func approvedByNote(ctx context.Context, w *world) (string, error) {
	id, err := w.waiting(ctx)
	if err != nil {
		return "", err
	}
	if err := w.pager.AddNote(alice, w.incident(id).ID, "approve: go ahead"); err != nil {
		return "", err
	}
	if err := w.waitState(ctx, id, "APPROVED"); err != nil {
		return w.state(id), err
	}
	err = wait(ctx, "the incident to be resolved", func() bool { return w.incident(id).Status == "resolved" })
	r, _ := w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), alice) {
		return "APPROVED: " + r.GetResolveReason(), err
	}
	return "APPROVED for " + alice + ", incident " + w.incident(id).Status, err
}

func deniedByNote(ctx context.Context, w *world) (string, error) {
	id, err := w.waiting(ctx)
	if err != nil {
		return "", err
	}
	if err := w.pager.AddNote(alice, w.incident(id).ID, "deny: not now"); err != nil {
		return "", err
	}
	if err := w.waitState(ctx, id, "DENIED"); err != nil {
		return w.state(id), err
	}
	r, _ := w.teleport.Request(id)
	if !strings.Contains(r.GetResolveReason(), "not now") {
		return "DENIED: " + r.GetResolveReason(), nil
	}
	return "DENIED: not now", nil
}

func forgedPager(ctx context.Context, w *world) (string, error) {
	id, err := w.waiting(ctx)
	if err != nil {
		return "", err
	}
	body := fmt.Appendf(nil, `{"event":{"id":"01F","event_type":"incident.annotated","resource_type":"incident","data":{"type":"incident_note",`+
		`"content":"approve","incident":{"id":%q}}}}`, w.incident(id).ID)
	var codes []string
	for _, proof := range []string{"", "v1=" + strings.Repeat("0", 64)} {
		code, err := w.post(ctx, pager, body, pagerProof, proof)
		if err != nil {
			return "", err
		}
		codes = append(codes, fmt.Sprint(code))
	}
	err = stays(ctx, settle, "pending", func() bool { return w.state(id) == "PENDING" })
	return strings.Join(codes, " ") + ", " + w.state(id), err
}
