package pagerduty

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

const (
	signatureHeader = "X-Pagerduty-Signature"
	// maxSignatures bounds the work of one delivery. PagerDuty sends one, or two while a secret is being changed.
	maxSignatures = 16
)

// Verify proves by one of the delivery's signatures over the raw body, with any of the secrets, that it comes from PagerDuty
// (developer.pagerduty.com, webhooks, verifying signatures).
//
// PagerDuty drops what is answered 4xx, and turns a subscription off after three such answers in a row. So only a delivery without a
// signature, which cannot be PagerDuty's, is answered 401. A wrong signature is answered 503: if it is our secret that is wrong,
// PagerDuty keeps the delivery and tries it again for two days.
func (p *PagerDuty) Verify(in bridge.Inbound) error {
	header := strings.Join(in.Header.Values(signatureHeader), ",")
	if strings.TrimSpace(header) == "" {
		return &bridge.Refused{Status: http.StatusUnauthorized, Why: "unsigned"}
	}
	secrets, err := p.secrets.Reveal()
	if err != nil {
		return &bridge.Refused{Status: http.StatusServiceUnavailable, Why: "secret-unreadable"}
	}
	sums := signatures(header)
	found := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(in.Body)
		expected := mac.Sum(nil)
		for _, sum := range sums {
			if hmac.Equal(expected, sum) && secret != "" {
				found = true
			}
		}
	}
	if !found {
		return &bridge.Refused{Status: http.StatusServiceUnavailable, Why: "signature"}
	}
	return nil
}

// signatures are the signatures of the first version; others are for receivers that know them.
func signatures(header string) [][]byte {
	var sums [][]byte
	for part := range strings.SplitSeq(header, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(part), "v1=")
		if sum, err := hex.DecodeString(text); ok && err == nil && len(sum) == sha256.Size && len(sums) < maxSignatures {
			sums = append(sums, sum)
		}
	}
	return sums
}

// delivery is what the bridge looks at in a body.
type delivery struct {
	Event struct {
		ID   string          `json:"id"`
		Type string          `json:"event_type"`
		Data json.RawMessage `json:"data"`
	} `json:"event"`
}

// eventData is the part of an event's data that names the incident: the data itself, or a reference in it.
type eventData struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Key      string `json:"incident_key"`
	Content  string `json:"content"`
	Trimmed  bool   `json:"trimmed"`
	Incident struct {
		ID string `json:"id"`
	} `json:"incident"`
}

// Decode says which incident a delivery hints at. A delivery that cannot be read, or is of no interest, is accepted all the same:
// PagerDuty would drop it as well, but count against us.
func (p *PagerDuty) Decode(in bridge.Inbound) (bridge.Delivery, error) {
	out := bridge.Delivery{ID: incident.Cut(in.Header.Get("X-Webhook-Id"), 100), Event: "unreadable", Reply: bridge.Reply{Status: http.StatusAccepted}}
	var d delivery
	if json.Unmarshal(in.Body, &d) != nil {
		return out, nil
	}
	out.ID = incident.Or(out.ID, incident.Cut(d.Event.ID, 100))
	out.Event = incident.Cut(incident.Or(incident.OneLine(d.Event.Type), "unnamed"), 100)
	var data eventData
	if !strings.HasPrefix(d.Event.Type, "incident.") || json.Unmarshal(d.Event.Data, &data) != nil {
		return out, nil
	}
	hint := bridge.Hint{ObjectID: data.Incident.ID}
	if data.Type == "incident" {
		hint = bridge.Hint{ObjectID: data.ID, RequestID: markerOf(data.Key)}
	}
	if objectID.MatchString(hint.ObjectID) && p.matters(d.Event.Type, data) {
		out.Hints = []bridge.Hint{hint}
	}
	return out, nil
}

// matters reports whether an event can be a decision. Nothing is decided by it: a false no is made up for by the next listing. Events
// that are not known may matter.
func (p *PagerDuty) matters(event string, data eventData) bool {
	switch event {
	case "incident.annotated":
		_, _, said := p.rules.Words.Match(data.Content)
		return said || data.Trimmed || data.Content == "" && p.rules.ByNote()
	case "incident.acknowledged":
		return p.rules.Acknowledged != bridge.Undecided
	case "incident.resolved":
		return p.rules.Ended != bridge.Undecided
	case "incident.action_invocation.created", "incident.action_invocation.updated", "incident.action_invocation.terminated":
		return p.rules.ByAction()
	case "incident.triggered", "incident.unacknowledged", "incident.reopened", "incident.escalated", "incident.delegated",
		"incident.reassigned", "incident.priority_updated", "incident.conference_bridge.updated", "incident.custom_field_values.updated",
		"incident.incident_type.changed", "incident.responder.added", "incident.responder.replied", "incident.role.assigned",
		"incident.status_update_published", "incident.task.created", "incident.task.updated", "incident.task.completed",
		"incident.workflow.started", "incident.workflow.completed":
		return false
	default:
		return true
	}
}
