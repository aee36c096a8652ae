package simulation

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accessbridge/accessbridge/simulators/standin"
)

// site is one simulated vendor, as people and the promises see it.
type site interface {
	http.Handler
	Close()
	// objects are those that exist now.
	objects() []object
	// act lets somebody do something at an object.
	act(who, objectID string, what deed) error
	// duty puts somebody on call; only for vendors that know who is.
	duty(who string, until time.Time) error
	// Deliveries are the webhooks that were sent.
	Deliveries() []delivery
}

// delivery is one webhook as it was sent.
type delivery = standin.Delivery

// deed is what people do at objects.
type deed string

// The deeds. Approve and deny are the vendor's usual way, a note where there are notes; say is the vendor's other way, an action.
const (
	deedApprove    deed = "approve"
	deedDeny       deed = "deny"
	deedActApprove deed = "action-approve"
	deedActDeny    deed = "action-deny"
	deedBegin      deed = "begin"
	deedTakeBack   deed = "take-back"
	deedComment    deed = "comment"
	deedEnd        deed = "end"
	deedDelete     deed = "delete"
)

// verdict is what a deed says about the request: approve, deny, or nothing.
func (d deed) verdict() string {
	switch d {
	case deedApprove, deedActApprove:
		return "approve"
	case deedDeny, deedActDeny:
		return "deny"
	case deedBegin, deedTakeBack, deedComment, deedEnd, deedDelete:
	}
	return ""
}

// object is an object at a vendor.
type object struct {
	id string
	// alias is a further name that links may have.
	alias string
	// request is the id of the request that its marker names.
	request string
	status  string
	// ended says that it needs nobody's attention any more.
	ended bool
	// notes are what the bridge has written on it.
	notes []string
}

// told counts the bridge's notes that contain all the texts, as people read them.
func (o object) told(texts ...string) int {
	n := 0
	for _, note := range o.notes {
		note = strings.ReplaceAll(note, `\`, "")
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(note, text) }) {
			n++
		}
	}
	return n
}

// uuidLength is the length of a request's id, which ends every marker.
const uuidLength = 36

// marked is the request that a marker names; empty for what is no marker.
func marked(markers ...string) string {
	for _, m := range markers {
		if len(m) > uuidLength && strings.Count(m[len(m)-uuidLength:], "-") == 4 {
			return m[len(m)-uuidLength:]
		}
	}
	return ""
}

// birth is the making of an object.
type birth struct {
	at            time.Duration
	vendor        string
	id, request   string
	besides       []string
	afterDeleting int
}

// register remembers all objects that were ever made.
type register struct {
	begun time.Time

	mu      sync.Mutex
	births  []birth
	deleted map[string]bool
}

func newRegister() *register { return &register{begun: time.Now(), deleted: map[string]bool{}} }

// seen notes an object when it is seen for the first time.
func (r *register) seen(vendor, id, request string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := birth{at: time.Since(r.begun), vendor: vendor, id: id, request: request}
	for _, other := range r.births {
		switch {
		case other.vendor != vendor || other.request != request:
		case other.id == id:
			return
		case r.deleted[vendor+other.id]:
			b.afterDeleting++
		default:
			b.besides = append(b.besides, other.id)
		}
	}
	r.births = append(r.births, b)
}

// delete notes that somebody deleted an object.
func (r *register) delete(vendor, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deleted[vendor+id] = true
}

func (r *register) all() []birth {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.births)
}
