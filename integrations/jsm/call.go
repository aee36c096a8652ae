package jsm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

var _ alerting.API = (*client)(nil)

// errOther means that an answer is not what was asked for: something between us and Atlassian has answered.
var errOther = errors.New("jsm: the answer is not Jira Service Management's")

// client makes the calls of one site. There are three addresses: the site, which tells its id to everybody; the gateway, which has
// operations; and Jira, which has people and is the site too, unless it is configured otherwise. Only the last two are given credentials.
type client struct {
	http                     *http.Client
	log                      *slog.Logger
	site, gateway, jira, web string
	user                     string
	token                    config.Secret
	cloudID                  string
	unverified               Unverified

	sites       lookup.Cache[string]
	people      lookup.Cache[alerting.User]
	escalations lookup.Cache[[]alerting.Object]
	// selves remembers the bridge's own account, and self its id for Own, which cannot ask.
	selves lookup.Cache[wireUser]
	self   atomic.Pointer[string]
}

func newClient(s *Settings, base incident.Base) *client {
	return &client{
		http: base.HTTP, log: base.Log, site: s.site(), gateway: s.gateway(), jira: s.jira(), web: s.web(),
		user: s.User, token: incident.Secret(s.APIToken, s.APITokenFile), cloudID: s.CloudID, unverified: s.Unverified,
		sites:       lookup.Cache[string]{Vendor: "jsm"},
		people:      lookup.Cache[alerting.User]{Vendor: "jsm"},
		escalations: lookup.Cache[[]alerting.Object]{Vendor: "jsm"},
		selves:      lookup.Cache[wireUser]{Vendor: "jsm"},
	}
}

// request is one call: the parts of its path are escaped. A nil body sends none.
type request struct {
	method string
	path   []string
	query  url.Values
	body   any
}

// ops calls operations of the site.
func (c *client) ops(ctx context.Context, r request, out any) error {
	id, err := c.cloud(ctx)
	if err != nil {
		return err
	}
	return c.call(ctx, c.gateway+"/jsm/ops/api/"+id+"/v1", true, r, out)
}

// jiraGet reads something of Jira.
func (c *client) jiraGet(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, c.jira+"/rest/api/3", true, request{method: http.MethodGet, path: strings.Split(path, "/"), query: query}, out)
}

// call makes one call and decodes its answer; a nil out ignores it. Errors carry their class.
func (c *client) call(ctx context.Context, base string, authorized bool, r request, out any) error {
	req, err := r.at(ctx, base)
	if err != nil {
		return bridge.Terminal(fmt.Errorf("jsm: making a request: %w", err))
	}
	if authorized {
		token, err := c.token.Reveal()
		if err != nil {
			return bridge.Unsent(fmt.Errorf("jsm: credentials: %w", err))
		}
		req.SetBasicAuth(c.user, token)
	}
	resp, err := c.http.Do(req)
	if resp != nil {
		defer func() { _ = resp.Body.Close() }()
		if err == nil && resp.StatusCode < http.StatusMultipleChoices && out != nil {
			err = json.NewDecoder(resp.Body).Decode(out)
		}
	}
	if err = httpx.Classify(resp, err); err == nil {
		return nil
	}
	return fmt.Errorf("jsm: %w", err)
}

// at is the call at an address.
func (r request) at(ctx context.Context, base string) (*http.Request, error) {
	parts := []string{base}
	for _, part := range r.path {
		parts = append(parts, url.PathEscape(part))
	}
	address := strings.Join(parts, "/")
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var content io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func is(err error, code int) bool {
	status, ok := errors.AsType[*httpx.StatusError](err)
	return ok && status.Code == code
}
