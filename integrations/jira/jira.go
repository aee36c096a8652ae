package jira

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/internal/httpx"
	gojira "github.com/andygrunwald/go-jira"
)

var (
	_ bridge.Ticketer           = (*Jira)(nil)
	_ bridge.DecisionSource     = (*Jira)(nil)
	_ bridge.BulkDecisionSource = (*Jira)(nil)
	_ bridge.WebhookSource      = (*Jira)(nil)
)

const (
	// labelAll is on every issue of the bridge, for listing them; labelOne and the request id are for finding one.
	labelAll = "teleport-access-request"
	labelOne = "teleport-request-"
	// marker is the issue property that ties an issue to its request. Teleport's own plugin uses the same name, so that its issues
	// can be read too.
	marker = "teleportAccessRequestId"
	// noteKey is the comment property that holds the identity of a note.
	noteKey = "accessbridge"
)

// Options are what an integration gets from the server.
type Options struct {
	// Log receives what does not fit into an error; nil means none.
	Log *slog.Logger
	// Observe is told of every call to Jira: method, status (0 for no answer) and time taken.
	Observe func(method string, code int, took time.Duration)
	// Targets are the settings that routes give for this integration, for Check and for parsing their templates at the start.
	Targets []*Target
	// Transport replaces the network, for tests.
	Transport http.RoundTripper
}

// Jira is one Jira account.
type Jira struct {
	name    string
	set     Settings
	log     *slog.Logger
	targets []*Target
	text    templates

	password, token config.Secret
	proof           proof

	client  *gojira.Client
	account *httpx.Account
	starts  starts
	people  people
	// self is the bridge's own account, once Check has asked for it.
	self atomic.Pointer[gojira.User]
}

// New makes an integration from checked settings. It makes no call.
func New(name string, s *Settings, o Options) (*Jira, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	text, err := newTemplates(s, o.Targets)
	if err != nil {
		return nil, fmt.Errorf("jira: %w", err)
	}
	hc, account, err := httpx.New(httpx.Options{
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
		return nil, fmt.Errorf("jira: %w", err)
	}
	client, err := gojira.NewClient(hc, s.URL)
	if err != nil {
		return nil, fmt.Errorf("jira: url: %w", err)
	}
	return &Jira{
		name:     name,
		set:      *s,
		log:      o.Log.With("integration", name),
		targets:  o.Targets,
		text:     text,
		password: either(s.APIToken, s.APITokenFile),
		token:    either(s.Token, s.TokenFile),
		proof:    newProof(s.Webhook),
		client:   client,
		account:  account,
	}, nil
}

// either returns the secret of a setting that may be given inline or in a file.
func either(inline config.Secret, file string) config.Secret {
	if file != "" {
		return config.SecretFile(file)
	}
	return inline
}

// Name is the operator's own name for the integration.
func (j *Jira) Name() string { return j.name }

// Traits tell how late Jira may carry out a call, and how late a search may be.
func (j *Jira) Traits() bridge.Traits {
	return bridge.Traits{ApplyWithin: j.set.ApplyWithin.Std(), SearchLag: j.set.searchLag()}
}

// Workers is how many calls may be made at once.
func (j *Jira) Workers() int { return j.set.Workers }

// Mode is ModeWebhook or ModePoll.
func (j *Jira) Mode() string { return j.set.Mode }

// PollEvery is how often changed issues are to be listed in ModePoll.
func (j *Jira) PollEvery() time.Duration { return j.set.PollEvery.Std() }

// ResyncEvery is how often changed issues are to be listed in ModeWebhook.
func (j *Jira) ResyncEvery() time.Duration { return j.set.ResyncEvery.Std() }

// Account is the state of the account at Jira: whether calls are held back, and why.
func (j *Jira) Account() httpx.State { return j.account.State() }

// call makes one call below the base address. A nil out ignores the answer's body. Errors carry their class.
func (j *Jira) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := j.client.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return bridge.Terminal(fmt.Errorf("jira: making a request: %w", err))
	}
	if err := j.authorise(req); err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	answer, err := j.client.Do(req, out)
	var resp *http.Response
	if answer != nil && answer.Response != nil {
		resp = answer.Response
		defer func() { _ = resp.Body.Close() }()
	}
	if err = httpx.Classify(resp, err); err != nil {
		return fmt.Errorf("jira: %w", err)
	}
	return nil
}

// authorise reads the credentials again for each call, so that a changed file takes effect.
func (j *Jira) authorise(req *http.Request) error {
	secret := j.token
	if j.password.IsSet() {
		secret = j.password
	}
	value, err := secret.Reveal()
	if err != nil {
		return bridge.Unsent(fmt.Errorf("jira: credentials: %w", err))
	}
	if j.password.IsSet() {
		req.SetBasicAuth(j.set.User, value)
	} else {
		req.Header.Set("Authorization", "Bearer "+value)
	}
	return nil
}

var (
	objectName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	requestID  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// issuePath is the path of an issue, or of something below it.
func issuePath(ref bridge.Ref, below ...string) (string, error) {
	id := or(ref.ID, ref.Key)
	if !objectName.MatchString(id) {
		return "", bridge.Terminal(fmt.Errorf("jira: %q is not the id of an issue", id))
	}
	return strings.Join(append([]string{"rest/api/2/issue", id}, below...), "/"), nil
}

// ref names an issue, with the page where people see it.
func (j *Jira) ref(id, key string) bridge.Ref {
	base := j.client.GetBaseURL()
	return bridge.Ref{ID: id, Key: key, URL: base.JoinPath("browse", key).String()}
}

// BusyUntil is the time before which no call will be made: Jira asked for a pause, or failed too often in a row.
func (j *Jira) BusyUntil() time.Time { return j.account.State().Until }

// OfficialPlugin is the name under which Teleport's own Jira plugin keeps its records.
func (j *Jira) OfficialPlugin() string { return "jira" }
