package demo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

// alertProof is the header that Opsgenie and Jira Service Management prove their webhooks by.
const alertProof = "Authorization"

func (w *world) opsgenieScenarios() []scenario {
	d := w.opsgenieDesk()
	return []scenario{
		{"on-call engineer approved (Opsgenie)", "APPROVED, reason names primary, no alert open", d.onCallApproved},
		{"somebody on call elsewhere is not", "PENDING, alert open", d.secondTier},
		{"approved by an action of the alert", "APPROVED, reason names alice@example.com, alert closed", w.approvedByAction},
		{"denied by a note on the alert", "DENIED: not now", d.deniedByNote},
		{"forged and replayed Opsgenie deliveries", "401 401 200 PENDING, 200 200 1 review, 1 alert", w.forgedAlert},
		{"Opsgenie down for a while", "1 alert once Opsgenie is back, PENDING", d.vendorDown},
		{"shift starts while a request waits (Opsgenie)", "PENDING, then APPROVED, reason names primary, alert closed", d.shiftStarts},
	}
}

func (w *world) opsgenieDesk() desk {
	d := w.alertDesk(w.opsgenie.Account)
	d.integration, d.role, d.name, d.server = alerts, "alert-db", "Opsgenie", w.opsgenie
	return d
}

// alertDesk is what Opsgenie and Jira Service Management have in common.
func (w *world) alertDesk(account *alerting.Account) desk {
	status := func(id string) string { a, _ := account.Alert(objectKey(id)); return a.Status }
	return desk{
		w: w, object: "alert", ended: alerting.StatusClosed, schedule: alerting.PrimarySchedule, status: status,
		count: func(id string) (n int) {
			for _, a := range account.Alerts() {
				if a.Alias == objectKey(id) {
					n++
				}
			}
			return n
		},
		note: func(user, id, text string) error { return account.Note(user, objectKey(id), text) },
		duty: func(user string) error {
			return account.SetOnCall(alerting.PrimarySchedule, user, time.Now(), time.Time{})
		},
	}
}

func (w *world) approvedByAction(ctx context.Context) (string, error) {
	d := w.opsgenieDesk()
	id, err := d.opens(ctx, bob)
	if err != nil {
		return "", err
	}
	if err := w.opsgenie.Action(alice, objectKey(id), "Approve", "go ahead"); err != nil {
		return "", err
	}
	return d.approved(ctx, id, alice)
}

func (w *world) forgedAlert(ctx context.Context) (string, error) {
	d := w.opsgenieDesk()
	id, err := d.opens(ctx, bob)
	if err != nil {
		return "", err
	}
	alert, _ := w.opsgenie.Alert(objectKey(id))
	body, err := json.Marshal(map[string]any{
		"action": "Approve", "alert": map[string]any{"alertId": alert.ID, "alias": alert.Alias, "username": alice, "updatedAt": time.Now().UnixNano()},
	})
	if err != nil {
		return "", err
	}
	// Who knows the secret can make the bridge look at the alert, where nobody has said anything.
	forged, err := d.forged(ctx, id, body, header(alertProof, ""), header(alertProof, "Bearer guessed"), header(alertProof, "Bearer "+webhookSecret))
	if err != nil {
		return forged, err
	}
	if err := w.opsgenie.Action(alice, alert.ID, "Approve", ""); err != nil {
		return forged, err
	}
	replayed, err := d.replayed(ctx, id, "Approve", alert.ID)
	return forged + ", " + replayed, err
}
