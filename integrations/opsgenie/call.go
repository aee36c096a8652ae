package opsgenie

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/internal/httpx"
	og "github.com/opsgenie/opsgenie-go-sdk-v2/client"
)

var _ alerting.API = (*client)(nil)

const (
	// maxUser bounds the name that alerts and notes are made under, in characters (docs.opsgenie.com, create alert).
	maxUser = 100
	// errorTypeHeader says more of a 404; notProcessed means that a request exists and waits. Opsgenie's own library reads them.
	errorTypeHeader = "X-Opsgenie-Errortype"
	notProcessed    = "RequestNotProcessed"
)

// errOther means that an answer is not what was asked for: something between us and Opsgenie has answered.
var errOther = errors.New("opsgenie: the answer is not Opsgenie's")

// client makes the calls of one account.
//
// Calls are described by the request types of Opsgenie's library, and sent by the product's own HTTP client. The library's function that
// sends them is not used: it tries again by itself, and cannot be told not to without logging each failure; puts an identifier into the
// address without escaping it, so that an alias with a slash leads elsewhere; chooses http or https by the letters in the host's name;
// keeps neither Retry-After nor any other header of an answer; and writes a variable of the whole process for each client that is made. Nor
// are its types of answers used: one field in another form would make the whole answer unreadable.
type client struct {
	http *http.Client
	base string
	web  string
	user string
	key  config.Secret
}

func newClient(s *Settings, network *http.Client) *client {
	return &client{http: network, base: s.endpoint(), web: s.web(), user: s.User, key: incident.Secret(s.APIKey, s.APIKeyFile)}
}

// call makes one call and decodes the data of its answer. A nil out ignores it. The id of the accepted request is returned where there is
// one. Errors carry their class.
func (c *client) call(ctx context.Context, r og.ApiRequest, path []string, body, out any) (envelope, error) {
	var got envelope
	if err := r.Validate(); err != nil {
		return got, bridge.Terminal(fmt.Errorf("opsgenie: making a request: %w", err))
	}
	req, err := c.request(ctx, r, path, body)
	if err != nil {
		return got, err
	}
	key, err := c.key.Reveal()
	if err != nil {
		return got, bridge.Unsent(fmt.Errorf("opsgenie: credentials: %w", err))
	}
	req.Header.Set("Authorization", "GenieKey "+key)
	resp, err := c.http.Do(req)
	if resp != nil {
		defer func() { _ = resp.Body.Close() }()
		if err == nil && resp.StatusCode < http.StatusMultipleChoices {
			err = decode(resp.Body, &got, out)
		}
		got.errorType = resp.Header.Get(errorTypeHeader)
	}
	if err = httpx.Classify(resp, err); err == nil {
		return got, nil
	}
	return got, fmt.Errorf("opsgenie: %w", err)
}

// request makes a call of the parts of its path, which the library leaves unescaped.
func (c *client) request(ctx context.Context, r og.ApiRequest, path []string, body any) (*http.Request, error) {
	parts := []string{c.base, "v2"}
	for _, part := range path {
		parts = append(parts, url.PathEscape(part))
	}
	address := strings.Join(parts, "/")
	query := url.Values{}
	for key, value := range r.RequestParams() {
		query.Set(key, value)
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, bridge.Terminal(fmt.Errorf("opsgenie: making a request: %w", err))
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method(), address, content)
	if err != nil {
		return nil, bridge.Terminal(fmt.Errorf("opsgenie: making a request: %w", err))
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// envelope is what every answer has around its data.
type envelope struct {
	RequestID string          `json:"requestId"`
	Data      json.RawMessage `json:"data"`
	Paging    struct {
		Next string `json:"next"`
	} `json:"paging"`
	errorType string
}

func decode(body io.Reader, got *envelope, out any) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, got); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if len(got.Data) == 0 || string(got.Data) == "null" {
		return errOther
	}
	return json.Unmarshal(got.Data, out)
}
