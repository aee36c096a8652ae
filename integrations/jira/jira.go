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
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
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
	incident.Base

	set     Settings
	targets []*Target
	text    templates

	password, token config.Secret
	proof           proof

	client *gojira.Client
	// starts are where new issues of a project and type start, people the accounts of names and addresses, projects the keys of projects.
	starts           *lookup.Cache[start]
	people, projects *lookup.Cache[string]
	// self is the bridge's own account, once Check has asked for it.
	self atomic.Pointer[gojira.User]
}

// New makes an integration from checked settings. It makes no call.
func New(name string, s *Settings, o Options) (*Jira, error) {
	text, err := newTemplates(s, o.Targets)
	if err != nil {
		return nil, fmt.Errorf("jira: %w", err)
	}
	common := s.Common
	common.SearchLag = config.Duration(s.searchLag())
	base, err := incident.NewBase("jira", name, common, incident.Options{Log: o.Log, Observe: o.Observe, Transport: o.Transport})
	if err != nil {
		return nil, err
	}
	client, err := gojira.NewClient(base.HTTP, s.URL)
	if err != nil {
		return nil, fmt.Errorf("jira: url: %w", err)
	}
	return &Jira{
		Base:     base,
		set:      *s,
		targets:  o.Targets,
		text:     text,
		password: incident.Secret(s.APIToken, s.APITokenFile),
		token:    incident.Secret(s.Token, s.TokenFile),
		proof:    newProof(s.Webhook),
		client:   client,
		starts:   &lookup.Cache[start]{Vendor: "jira"},
		people:   &lookup.Cache[string]{Vendor: "jira"},
		projects: &lookup.Cache[string]{Vendor: "jira"},
	}, nil
}

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
	id := incident.Or(ref.ID, ref.Key)
	if !objectName.MatchString(id) {
		return "", bridge.Terminal(fmt.Errorf("jira: %q is not the id of an issue", cut(id, 100)))
	}
	return strings.Join(append([]string{"rest/api/2/issue", id}, below...), "/"), nil
}

// ref names an issue, with the page where people see it.
func (j *Jira) ref(id, key string) bridge.Ref {
	base := j.client.GetBaseURL()
	return bridge.Ref{ID: id, Key: key, URL: base.JoinPath("browse", key).String()}
}

// OfficialPlugin is the name under which Teleport's own Jira plugin keeps its records.
func (j *Jira) OfficialPlugin() string { return "jira" }
