package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// pagerProof is the header of PagerDuty's signatures.
const pagerProof = "X-PagerDuty-Signature"

func (w *world) pagerDutyScenarios() []scenario {
	d := w.pagerDesk()
	return []scenario{
		{"on-call engineer approved (PagerDuty)", "APPROVED, reason names primary, no incident open", d.onCallApproved},
		{"second tier is not", "PENDING, incident triggered", d.secondTier},
		{"approved by an incident note", "APPROVED, reason names alice@example.com, incident resolved", d.approvedByNote},
		{"denied by an incident note", "DENIED: not now", d.deniedByNote},
		{"forged and replayed PagerDuty deliveries", "401 503 PENDING, 202 202 1 review, 1 incident", w.forgedPager},
		{"PagerDuty down for a while", "1 incident once PagerDuty is back, PENDING", d.vendorDown},
		{"shift starts while a request waits", "PENDING, then APPROVED, reason names primary, incident resolved", d.shiftStarts},
	}
}

func (w *world) pagerDesk() desk {
	return desk{
		w: w, integration: pager, role: "incident-db", name: "PagerDuty", object: "incident", ended: "resolved", schedule: pagerduty.PrimarySchedule,
		status: func(id string) string { return w.incident(id).Status },
		count: func(id string) (n int) {
			for _, i := range w.pager.Incidents() {
				if i.Key == objectKey(id) {
					n++
				}
			}
			return n
		},
		note: func(user, id, text string) error {
			return w.pager.AddNote(user, w.incident(id).ID, text)
		},
		duty: func(user string) error {
			return w.pager.SetOnCall(pagerduty.PrimarySchedule, user, time.Now(), time.Time{})
		},
		server: w.pager,
	}
}

// objectKey ties incidents and alerts to their request.
func objectKey(id string) string { return "teleport-access-request/" + id }

// incident finds the incident of a request by its key.
func (w *world) incident(id string) pagerduty.Incident {
	i, _ := w.pager.Incident(objectKey(id))
	return i
}

func (w *world) forgedPager(ctx context.Context) (string, error) {
	d := w.pagerDesk()
	id, err := d.opens(ctx, bob)
	if err != nil {
		return "", err
	}
	incident := w.incident(id).ID
	body := fmt.Appendf(nil, `{"event":{"id":"01F","event_type":"incident.annotated","resource_type":"incident","data":{"type":"incident_note",`+
		`"content":"approve","incident":{"id":%q}}}}`, incident)
	forged, err := d.forged(ctx, id, body, header(pagerProof, ""), header(pagerProof, "v1="+strings.Repeat("0", 64)))
	if err != nil {
		return forged, err
	}
	if err := d.note(alice, id, "approve"); err != nil {
		return forged, err
	}
	replayed, err := d.replayed(ctx, id, "incident.annotated", incident)
	return forged + ", " + replayed, err
}
