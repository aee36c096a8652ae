package pagerduty

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

var (
	_ bridge.Ticketer           = (*PagerDuty)(nil)
	_ bridge.DecisionSource     = (*PagerDuty)(nil)
	_ bridge.BulkDecisionSource = (*PagerDuty)(nil)
	_ bridge.OnCallSource       = (*PagerDuty)(nil)
	_ bridge.WebhookSource      = (*PagerDuty)(nil)
	_ bridge.Throttled          = (*PagerDuty)(nil)
)

// keyPrefix begins the incident key that ties an incident to its request. Teleport's own plugin uses the same form, so that its open
// incidents are taken over instead of doubled.
const keyPrefix = "teleport-access-request/"

var (
	objectID  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	requestID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// form is how PagerDuty calls things. Its description names no limit of a text; its web application takes these.
var form = incident.Form{Object: "incident", End: "resolve", Team: "service", MaxTitle: 1024, MaxText: 25_000}

// Options are what an integration gets from the server.
type Options struct {
	// Log receives what does not fit into an error; nil means none.
	Log *slog.Logger
	// Observe is told of every call to PagerDuty: method, status (0 for no answer) and time taken.
	Observe func(method string, code int, took time.Duration)
	// Targets are the settings that routes give for this integration, for Check and for telling whom they page.
	Targets []*Target
	// Transport replaces the network, for tests.
	Transport http.RoundTripper
}

// PagerDuty is one PagerDuty account.
type PagerDuty struct {
	incident.Base

	set     Settings
	base    string
	targets []*Target
	token   config.Secret
	secrets config.Secrets
	rules   incident.Rules

	pause  pause
	look   lookups
	opened incident.JustOpened
}

// New makes an integration from checked settings. It makes no call.
func New(name string, s *Settings, o Options) (*PagerDuty, error) {
	base, err := incident.NewBase("pagerduty", name, s.Common, incident.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport})
	if err != nil {
		return nil, err
	}
	return &PagerDuty{
		Base:    base,
		set:     *s,
		base:    s.endpoint(),
		targets: o.Targets,
		token:   incident.Secret(s.APIToken, s.APITokenFile),
		secrets: incident.Secrets(s.Webhook.Secrets, s.Webhook.SecretsFile),
		rules:   s.Decisions.Rules(s.Decisions.Resolve),
		look:    newLookups(),
	}, nil
}

// Account is the state of the account at PagerDuty: whether calls are held back, and why.
func (p *PagerDuty) Account() httpx.State {
	state := p.Base.Account()
	if until := p.pause.until(); time.Now().Before(until) {
		state.Open = true
		if until.After(state.Until) {
			state.Until = until
		}
	}
	return state
}

// BusyUntil is the time before which no call will be made: PagerDuty asked for a pause, or failed too often in a row.
func (p *PagerDuty) BusyUntil() time.Time { return p.Account().Until }

// Traits tell that PagerDuty refuses a second open incident with the same key on the same service, which Open then takes over.
func (p *PagerDuty) Traits() bridge.Traits {
	traits := p.Base.Traits()
	traits.Keyed = true
	return traits
}

// OnCallEvery is how often it is to be read again who is on call while a request waits.
func (p *PagerDuty) OnCallEvery() time.Duration { return p.set.OnCallEvery.Std() }

// incidentView is what the bridge reads of an incident. The library's own type has more fields, of which one that PagerDuty changes
// would make the whole incident unreadable.
type incidentView struct {
	pd.APIObject
	Number           int          `json:"incident_number"`
	Status           string       `json:"status"`
	Key              string       `json:"incident_key"`
	CreatedAt        time.Time    `json:"created_at"`
	ResolvedAt       time.Time    `json:"resolved_at"`
	Service          pd.APIObject `json:"service"`
	EscalationPolicy pd.APIObject `json:"escalation_policy"`
}

// The states of an incident.
const (
	triggered    = "triggered"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

// marker is the request id that the incident carries, empty when there is none.
func (i *incidentView) marker() string { return markerOf(i.Key) }

func markerOf(key string) string {
	id, ok := strings.CutPrefix(key, keyPrefix)
	if !ok || !requestID.MatchString(id) {
		return ""
	}
	return id
}

func (i *incidentView) ref() bridge.Ref {
	key := ""
	if i.Number > 0 {
		key = "#" + strconv.Itoa(i.Number)
	}
	return bridge.Ref{ID: i.ID, Key: key, URL: i.HTMLURL}
}

// incidentPath is the path of an incident, or of something below it.
func incidentPath(ref bridge.Ref, below ...string) (string, error) {
	if !objectID.MatchString(ref.ID) {
		return "", bridge.Terminal(fmt.Errorf("pagerduty: %q is not the id of an incident", ref.ID))
	}
	return strings.Join(append([]string{"/incidents", ref.ID}, below...), "/"), nil
}

// howToDecide tells people what to do at an incident.
func (p *PagerDuty) howToDecide() string { return form.HowToDecide(p.rules, p.set.DecideBy) }
