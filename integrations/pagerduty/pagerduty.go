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
	name    string
	set     Settings
	base    string
	log     *slog.Logger
	targets []*Target

	token   config.Secret
	secrets config.Secrets
	words   []word

	http    *http.Client
	account *httpx.Account
	pause   pause
	look    lookups
	opened  justOpened
}

// New makes an integration from checked settings. It makes no call.
func New(name string, s *Settings, o Options) (*PagerDuty, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	client, account, err := httpx.New(httpx.Options{
		Integration:   name,
		Timeout:       s.Timeout.Std(),
		ProxyURL:      s.Proxy,
		CAFile:        s.CAFile,
		MaxConns:      s.Workers + 4,
		RatePerSecond: s.RateLimit,
		Observe:       o.Observe,
		Log:           o.Log,
		Transport:     o.Transport,
	})
	if err != nil {
		return nil, fmt.Errorf("pagerduty: %w", err)
	}
	p := &PagerDuty{
		name:    name,
		set:     *s,
		base:    s.endpoint(),
		log:     o.Log.With("integration", name),
		targets: o.Targets,
		token:   s.APIToken,
		secrets: s.Webhook.Secrets,
		words:   newWords(s.Decisions.Notes),
		http:    client,
		account: account,
		look:    newLookups(),
	}
	if s.APITokenFile != "" {
		p.token = config.SecretFile(s.APITokenFile)
	}
	if s.Webhook.SecretsFile != "" {
		p.secrets = config.Secrets{config.SecretFile(s.Webhook.SecretsFile)}
	}
	return p, nil
}

// Name is the operator's own name for the integration.
func (p *PagerDuty) Name() string { return p.name }

// Traits tell how late PagerDuty may carry out a call, and how late a listing may be.
func (p *PagerDuty) Traits() bridge.Traits {
	return bridge.Traits{ApplyWithin: p.set.ApplyWithin.Std(), SearchLag: p.set.SearchLag.Std()}
}

// Workers is how many calls may be made at once.
func (p *PagerDuty) Workers() int { return p.set.Workers }

// Mode is ModeWebhook or ModePoll.
func (p *PagerDuty) Mode() string { return p.set.Mode }

// PollEvery is how often incidents are to be listed in ModePoll.
func (p *PagerDuty) PollEvery() time.Duration { return p.set.PollEvery.Std() }

// ResyncEvery is how often incidents are to be listed in ModeWebhook.
func (p *PagerDuty) ResyncEvery() time.Duration { return p.set.ResyncEvery.Std() }

// Account is the state of the account at PagerDuty: whether calls are held back, and why.
func (p *PagerDuty) Account() httpx.State {
	state := p.account.State()
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

// incident is what the bridge reads of an incident. The library's own type has more fields, of which one that PagerDuty changes
// would make the whole incident unreadable.
type incident struct {
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
func (i *incident) marker() string { return markerOf(i.Key) }

func markerOf(key string) string {
	id, ok := strings.CutPrefix(key, keyPrefix)
	if !ok || !requestID.MatchString(id) {
		return ""
	}
	return id
}

func (i *incident) ref() bridge.Ref {
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
