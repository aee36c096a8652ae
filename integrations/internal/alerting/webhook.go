package alerting

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// maxField bounds what is taken of a delivery's field, in characters.
const maxField = 200

// Verify proves by the header that was agreed on, with any of the secrets, that a delivery comes from the product. It covers no body: what
// a delivery says is no more than a hint anyway.
func (t *Tracker) Verify(in bridge.Inbound) error {
	header := "Authorization"
	if t.set.Webhook.Header != "" {
		header = t.set.Webhook.Header
	}
	values := in.Header.Values(header)
	if strings.TrimSpace(strings.Join(values, "")) == "" {
		return &bridge.Refused{Status: http.StatusUnauthorized, Why: "unproven"}
	}
	secrets, err := t.secrets.Reveal()
	if err != nil {
		return &bridge.Refused{Status: http.StatusServiceUnavailable, Why: "secret-unreadable"}
	}
	found := 0
	if len(values) == 1 {
		given := sha256.Sum256([]byte(values[0]))
		for _, secret := range secrets {
			if strings.TrimSpace(secret) == "" {
				continue
			}
			expected := sha256.Sum256([]byte(t.proof(header, secret)))
			found |= subtle.ConstantTimeCompare(given[:], expected[:])
		}
	}
	if found != 1 {
		return &bridge.Refused{Status: http.StatusUnauthorized, Why: "secret"}
	}
	return nil
}

// proof is the value that the header must have.
func (t *Tracker) proof(header, secret string) string {
	switch {
	case t.set.Webhook.User != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(t.set.Webhook.User+":"+secret))
	case strings.EqualFold(header, "Authorization"):
		return "Bearer " + secret
	default:
		return secret
	}
}

// loose is a text that comes as a text or a number, with all its digits. Whatever else it is, is nothing.
type loose string

// UnmarshalJSON takes a text or a number.
func (l *loose) UnmarshalJSON(raw []byte) error {
	*l = ""
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(raw, &text) == nil:
		*l = loose(text)
	case json.Unmarshal(raw, &number) == nil:
		*l = loose(number)
	}
	return nil
}

func (l loose) cut() string { return incident.Cut(incident.OneLine(string(l)), maxField) }

// delivery is what the bridge looks at in a body.
type delivery struct {
	Action loose `json:"action"`
	Alert  struct {
		ID        loose `json:"alertId"`
		Alias     loose `json:"alias"`
		Note      loose `json:"note"`
		CreatedAt loose `json:"createdAt"`
		UpdatedAt loose `json:"updatedAt"`
	} `json:"alert"`
}

// Decode says which alert a delivery hints at. The product gives deliveries no id: the alert, the action and the time make one.
func (t *Tracker) Decode(in bridge.Inbound) (bridge.Delivery, error) {
	out := bridge.Delivery{Event: "unreadable"}
	var d delivery
	if json.Unmarshal(in.Body, &d) != nil {
		return out, nil // sent again it would be no better
	}
	out.Event = incident.Or(d.Action.cut(), "unnamed")
	if id := d.Alert.ID.cut(); id != "" {
		out.ID = strings.Join([]string{id, fold(string(d.Action.cut())), incident.Or(d.Alert.UpdatedAt.cut(), d.Alert.CreatedAt.cut())}, ":")
	}
	if marker := markerOf(string(d.Alert.Alias)); marker != "" && t.matters(d) {
		out.Hints = []bridge.Hint{{ObjectID: aliasPrefix + marker, RequestID: marker}}
	}
	return out, nil
}

// fold is an action's name as names are compared: without spaces, underscores and case, because the products write them in several ways.
func fold(action string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' {
			return -1
		}
		return r
	}, incident.OneLine(action)))
}

// builtIn reports whether a name, folded, is that of something the products do themselves. Custom actions must not be called so.
func builtIn(action string) bool {
	switch action {
	case "create", "acknowledge", "unacknowledge", "addteam", "addrecipient", "addresponder", "addnote", "addtags", "removetags", "close",
		"assignownership", "takeownership", "delete", "escalate", "escalatenext", "updatepriority", "updatedescription", "updatemessage",
		"snooze", "snoozeended":
		return true
	default:
		return false
	}
}

// matters reports whether a delivery can tell of a decision. Nothing is decided by it: a false no is made up for by the next listing.
func (t *Tracker) matters(d delivery) bool {
	action := fold(string(d.Action))
	switch action {
	case "addnote":
		_, _, said := t.rules.Words.Match(string(d.Alert.Note))
		return said || strings.TrimSpace(string(d.Alert.Note)) == "" && t.rules.ByNote()
	case "acknowledge":
		return t.rules.Acknowledged != bridge.Undecided
	case "close":
		return t.rules.Ended != bridge.Undecided
	default:
		a := t.rules.Actions
		return action != "" && (action == fold(a.Approve) || action == fold(a.Deny))
	}
}
