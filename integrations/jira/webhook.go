package jira

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// proof is what shows that a delivery comes from Jira.
type proof struct {
	secrets  config.Secrets
	basic    bool
	user     string
	password config.Secret
	header   string
	values   config.Secrets
}

func newProof(w Webhook) proof {
	p := proof{secrets: incident.Secrets(w.Secrets, w.SecretsFile)}
	if w.Basic != nil {
		p.basic, p.user, p.password = true, w.Basic.User, incident.Secret(w.Basic.Password, w.Basic.PasswordFile)
	}
	if w.Header != nil {
		p.header, p.values = w.Header.Name, incident.Secrets(w.Header.Values, w.Header.ValuesFile)
	}
	return p
}

// Verify proves that a delivery comes from Jira: by X-Hub-Signature over the raw body, by basic authentication, or by the header of
// an Automation rule, whichever is configured. One proof is enough; a wrong one is refused even beside a right one.
func (j *Jira) Verify(in bridge.Inbound) error {
	proven := false
	for _, check := range []func(bridge.Inbound) (bool, error){j.proof.signature, j.proof.basicAuth, j.proof.secretHeader} {
		ok, err := check(in)
		if err != nil {
			return err
		}
		proven = proven || ok
	}
	if !proven {
		return refuse("unproven")
	}
	return nil
}

func refuse(why string) error { return &bridge.Refused{Status: http.StatusUnauthorized, Why: why} }

// signature checks the signature over the raw body with every secret. Only sha256 is known; Atlassian says that other methods may
// come (developer.atlassian.com/cloud/jira/platform/webhooks).
func (p proof) signature(in bridge.Inbound) (bool, error) {
	given := in.Header.Get("X-Hub-Signature")
	if !p.secrets.IsSet() || given == "" {
		return false, nil
	}
	method, text, _ := strings.Cut(given, "=")
	if !strings.EqualFold(method, "sha256") {
		return false, refuse("signature-method")
	}
	sum, err := hex.DecodeString(text)
	if err != nil {
		return false, refuse("signature")
	}
	secrets, err := p.secrets.Reveal()
	if err != nil {
		// Ours to mend: Jira tries a delivery again after a 503.
		return false, &bridge.Refused{Status: http.StatusServiceUnavailable, Why: "secret-unreadable"}
	}
	found := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(in.Body)
		if secret != "" && hmac.Equal(mac.Sum(nil), sum) {
			found = true
		}
	}
	if !found {
		return false, refuse("signature")
	}
	return true, nil
}

func (p proof) basicAuth(in bridge.Inbound) (bool, error) {
	scheme, encoded, _ := strings.Cut(in.Header.Get("Authorization"), " ")
	if !p.basic || !strings.EqualFold(scheme, "basic") {
		return false, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return false, refuse("basic")
	}
	user, password, _ := strings.Cut(string(decoded), ":")
	right := p.password.Matches(password)
	a, b := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(p.user))
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 || !right {
		return false, refuse("basic")
	}
	return true, nil
}

func (p proof) secretHeader(in bridge.Inbound) (bool, error) {
	if p.header == "" || in.Header.Get(p.header) == "" {
		return false, nil
	}
	if !p.values.Matches(in.Header.Get(p.header)) {
		return false, refuse("header")
	}
	return true, nil
}

// delivery is what the bridge looks at in a body: the issue, and what of it changed.
type delivery struct {
	event string
	// issue is nil when an Automation rule sends the issue by itself. Its members are then those of the body.
	issue  *subject
	itself subject
	// changed are the changelog's fields; none where it is missing.
	changed []changeItem
}

// subject is an issue inside a delivery.
type subject struct {
	id, key string
	labels  []string
}

var errNotJSON = errors.New("the body is not in JSON")

// readDelivery reads a body. A member that is not as expected is taken for missing: all of it is only a hint.
func readDelivery(body []byte) (delivery, error) {
	var d delivery
	s := scanner{text: body}
	if s.next() != '{' {
		if !json.Valid(body) {
			return d, errNotJSON
		}
		return d, nil
	}
	s.object(func(name []byte) {
		switch string(name) {
		case "webhookEvent":
			d.event = s.string()
		case "issue":
			d.issue = readIssue(&s)
		case "changelog":
			d.changed = readChanges(&s)
		default:
			d.itself.read(&s, name)
		}
	})
	if s.broken || s.next() != 0 {
		return delivery{}, errNotJSON
	}
	return d, nil
}

// readIssue reads an issue, or the mere name of one: {"issue": "OPS-1"} or {"issue": 10042}.
func readIssue(s *scanner) *subject {
	if s.next() != '{' {
		return &subject{key: s.id()}
	}
	var issue subject
	s.object(func(name []byte) { issue.read(s, name) })
	return &issue
}

// read reads a member of an issue, if it is one of those that matter.
func (i *subject) read(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		i.id = s.id()
	case "key":
		i.key = s.id()
	case "fields":
		s.object(func(name []byte) {
			if string(name) == "labels" {
				s.array(func() { i.labels = append(i.labels, s.string()) })
			}
		})
	}
}

// readChanges reads the fields of a changelog.
func readChanges(s *scanner) []changeItem {
	var items []changeItem
	s.object(func(name []byte) {
		if string(name) == "items" {
			s.array(func() { items = append(items, readChange(s)) })
		}
	})
	return items
}

func readChange(s *scanner) changeItem {
	var item changeItem
	s.object(func(name []byte) {
		switch string(name) {
		case "field":
			item.Field = s.string()
		case "fieldtype":
			item.Type = s.string()
		case "fieldId":
			item.FieldID = s.string()
		}
	})
	return item
}

// hinting reports whether deliveries of an event hint at an issue; those of an Automation rule name no event.
func hinting(event string) bool {
	switch event {
	case "", "jira:issue_created", "jira:issue_updated", "jira:issue_deleted",
		"comment_created", "comment_updated", "issue_property_set", "issue_property_deleted":
		return true
	default:
		return false
	}
}

// Decode says which issue a delivery hints at. The hint's object is the issue's id, or its key where the sender gave no id, as
// Automation rules with their own body may do. Events that do not matter have no hints.
func (j *Jira) Decode(in bridge.Inbound) (bridge.Delivery, error) {
	out := bridge.Delivery{ID: in.Header.Get("X-Atlassian-Webhook-Identifier")}
	if len(bytes.TrimSpace(in.Body)) == 0 {
		out.Event = "empty"
		return out, nil
	}
	d, err := readDelivery(in.Body)
	if err != nil {
		return bridge.Delivery{}, &bridge.Refused{Status: http.StatusBadRequest, Why: "body"}
	}
	out.Event = cut(incident.Or(d.event, "automation"), 100)
	if !hinting(d.event) || d.event == "jira:issue_updated" && !matters(d.changed) {
		return out, nil
	}
	if hint, ok := d.hint(); ok {
		out.Hints = []bridge.Hint{hint}
	}
	return out, nil
}

// matters reports whether a change can be one of status, or of the issue's key. A delivery that names none may be about anything.
func matters(changed []changeItem) bool {
	return len(changed) == 0 || slices.ContainsFunc(changed, func(item changeItem) bool {
		return slices.Contains([]string{"status", "project", "key", "issuetype"}, strings.ToLower(item.field()))
	})
}

func (d *delivery) hint() (bridge.Hint, bool) {
	issue := d.itself
	if d.issue != nil {
		issue = *d.issue
	}
	object := incident.Or(issue.id, issue.key)
	if !objectName.MatchString(object) {
		return bridge.Hint{}, false
	}
	return bridge.Hint{ObjectID: object, RequestID: requestOf(issue.labels)}, true
}

// requestIDLength is the length of a request's id: a UUID, of which uuid knows other spellings too.
const requestIDLength = 36

// requestOf returns the request that the labels name; none when they name several.
func requestOf(labels []string) string {
	found := ""
	for _, label := range labels {
		id, ok := strings.CutPrefix(label, labelOne)
		if !ok || id == found || len(id) != requestIDLength || uuid.Validate(id) != nil {
			continue
		}
		if found != "" {
			return ""
		}
		found = id
	}
	return found
}
