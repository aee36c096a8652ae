package alerting

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

var (
	_ bridge.Ticketer           = (*Tracker)(nil)
	_ bridge.DecisionSource     = (*Tracker)(nil)
	_ bridge.BulkDecisionSource = (*Tracker)(nil)
	_ bridge.OnCallSource       = (*Tracker)(nil)
	_ bridge.WebhookSource      = (*Tracker)(nil)
	_ bridge.Throttled          = (*Tracker)(nil)
)

const (
	// aliasPrefix begins the alias that ties an alert to its request. Teleport's own plugin uses the same form, so that its open alerts are
	// taken over instead of doubled.
	aliasPrefix = "teleport-access-request/"
	// ownTag marks the bridge's alerts for a listing: a search by the beginning of an alias is not documented, one by tag is.
	ownTag = "accessbridge"
	// maxNote bounds a note, in characters (docs.opsgenie.com, add note to alert).
	maxNote = 25_000
)

var requestID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// form is how an alert is written (limits: docs.opsgenie.com, create alert).
func form() incident.Form {
	return incident.Form{Object: "alert", End: "close", Team: "alert's schedules and teams", MaxTitle: 130, MaxText: 15_000}
}

// noteText is a note as it is written at the alert; empty for one that says nothing.
func noteText(n bridge.Note) string { return incident.Form{MaxText: maxNote}.NoteText(n) }

// Product is what a Tracker has to know of the product besides its API.
type Product struct {
	// Kind begins errors, such as opsgenie. Name is for people, such as Opsgenie.
	Kind, Name string
	// ByAlias is true where calls may name an alert by its alias, so that it can be closed before the product has made it.
	ByAlias bool
}

// Tracker keeps alerts at one account. A product embeds it.
type Tracker struct {
	incident.Base
	product Product
	api     API
	set     Settings
	targets []*Target
	rules   incident.Rules
	secrets config.Secrets
	memory  memory

	lists       lookup.Cache[[]Object]
	escalations lookup.Cache[Object]
	users       lookup.Cache[User]
	shifts      lookup.Cache[[]User]
}

// New makes a tracker from checked settings. It makes no call. The API must send its calls by the HTTP client of the same base. Targets
// are the settings that routes give for this integration.
func New(p Product, base incident.Base, api API, s Settings, targets []*Target) *Tracker {
	return &Tracker{
		Base: base, product: p, api: api, set: s, targets: targets, rules: s.rules(),
		secrets:     incident.Secrets(s.Webhook.Secrets, s.Webhook.SecretsFile),
		lists:       lookup.Cache[[]Object]{Vendor: p.Kind},
		escalations: lookup.Cache[Object]{Vendor: p.Kind},
		users:       lookup.Cache[User]{Vendor: p.Kind},
		shifts:      lookup.Cache[[]User]{Vendor: p.Kind},
	}
}

// ref names the alert of a request. All of it follows from the request, so that it is known before the product has made the alert, and
// stays the same.
func (t *Tracker) ref(requestID string) bridge.Ref {
	alias := aliasPrefix + requestID
	short, _, _ := strings.Cut(requestID, "-")
	return bridge.Ref{ID: alias, Key: "alert of request " + short, URL: t.api.Page(alias)}
}

// markerOf is the request id in an alias, empty when there is none.
func markerOf(alias string) string {
	id, ok := strings.CutPrefix(alias, aliasPrefix)
	if !ok || !requestID.MatchString(id) {
		return ""
	}
	return id
}

// OnCallEvery is how often it is to be read again who is on call while a request waits.
func (t *Tracker) OnCallEvery() time.Duration { return t.set.OnCallEvery.Std() }

func (t *Tracker) terminal(text string, args ...any) error {
	return bridge.Terminal(fmt.Errorf(t.product.Kind+": "+text, args...))
}

// waiting is the error of a call that has to be made again, once the product is done with an earlier one. It was just seen not to be.
func (t *Tracker) waiting(alias string) error { return t.after(alias, t.memory.inVain(alias)) }

// early is the error of a call that would come before it makes sense to ask the product again: other events of a request do not wait for
// the time that was asked for. Nil when it is time.
func (t *Tracker) early(alias string) error {
	if left := time.Until(t.memory.get(alias).askAt); left > 0 {
		return t.after(alias, left)
	}
	return nil
}

// Traits tell that an alert is made some time after it was asked for, and that its alias joins what is asked for again.
func (t *Tracker) Traits() bridge.Traits {
	traits := t.Base.Traits()
	traits.MadeLater, traits.Keyed = true, true
	return traits
}

func (t *Tracker) after(alias string, pause time.Duration) error {
	return bridge.RetryAfter(pause, fmt.Errorf("%s: alert %s: %w", t.product.Kind, alias, errPending))
}

var errPending = errors.New("accepted, but not carried out yet")

// statusOf returns the HTTP status of an answer that was an error; zero where there is none.
func statusOf(err error) int {
	if e, ok := errors.AsType[*httpx.StatusError](err); ok {
		return e.Code
	}
	return 0
}

func isNotFound(err error) bool { return statusOf(err) == http.StatusNotFound }
