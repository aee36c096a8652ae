package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"time"

	gojira "github.com/andygrunwald/go-jira"
	"github.com/gravitational/teleport/api/breaker"
	"github.com/gravitational/teleport/api/client"
	"github.com/gravitational/teleport/api/types"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

// floorPlugin is the name under which the floor keeps its plugin data.
const floorPlugin = "floor"

// floor makes the calls that cannot be avoided, and nothing else, with the client libraries the bridge uses: Teleport's API client over
// mutual TLS with the bridge's own identity, and go-jira over kept-alive connections.
type floor struct {
	teleport *client.Client
	jira     *gojira.Client
	http     *http.Transport
}

func newFloor(ctx context.Context, s settings) (*floor, error) {
	transport, err := s.transport()
	if err != nil {
		return nil, err
	}
	api, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	login := &gojira.BasicAuthTransport{Username: jirasim.BotEmail, Password: jirasim.BotToken, Transport: transport}
	j, err := gojira.NewClient(login.Client(), s.Jira)
	if err != nil {
		return nil, fmt.Errorf("connect the floor to Jira: %w", err)
	}
	return &floor{teleport: api, jira: j, http: transport}, nil
}

// connect makes one connection to Teleport, with the bridge's identity.
func (s settings) connect(ctx context.Context) (*client.Client, error) {
	api, err := client.New(ctx, client.Config{
		Addrs: []string{s.Teleport}, Credentials: []client.Credentials{client.LoadIdentityFile(s.Identity)},
		CircuitBreakerConfig: breaker.NoopBreakerConfig(),
	})
	if err != nil {
		return nil, fmt.Errorf("connect the floor to Teleport: %w", err)
	}
	return api, nil
}

// transport keeps a connection to the vendor alive for each worker.
func (s settings) transport() (*http.Transport, error) {
	roots, err := readPool(s.CA)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, MaxIdleConns: workers, MaxIdleConnsPerHost: workers,
	}, nil
}

func (f *floor) close() {
	_ = f.teleport.Close() // nothing is lost with it
	f.http.CloseIdleConnections()
}

// open writes plugin data once and creates one issue.
func (f *floor) open(ctx context.Context, requestID string) error {
	const key = "link/" + integration
	err := f.teleport.UpdatePluginData(ctx, types.PluginDataUpdateParams{
		Kind: types.KindAccessRequest, Resource: requestID, Plugin: floorPlugin,
		Set:    map[string]string{key: `{"phase":"open","ref":{"id":"10001","key":"ACC-1","url":"https://127.0.0.1:443/browse/ACC-1"}}`},
		Expect: map[string]string{key: ""},
	})
	if err != nil {
		return fmt.Errorf("write plugin data: %w", err)
	}
	body := map[string]any{
		"fields": map[string]any{
			"project": map[string]string{"key": project}, "issuetype": map[string]string{"name": "Task"},
			"summary":     requester + " requests the role floor",
			"description": "Requester: " + requester + "\nRoles: floor\nRequest: " + requestID,
			"labels":      []string{"floor", "floor-" + requestID},
		},
		"properties": []map[string]string{{"key": marker, "value": requestID}},
	}
	var made struct {
		ID, Key string
	}
	return f.call(ctx, http.MethodPost, "rest/api/2/issue", body, &made)
}

// decide reads one issue, as the bridge does, and submits one review.
func (f *floor) decide(ctx context.Context, requestID, issue string) error {
	query := url.Values{
		"fields": {"status,comment,created,creator"}, "expand": {"changelog"}, "properties": {marker},
	}
	var read struct {
		gojira.Issue
		Properties map[string]string `json:"properties"`
	}
	if err := f.call(ctx, http.MethodGet, "rest/api/2/issue/"+issue+"?"+query.Encode(), nil, &read); err != nil {
		return err
	}
	return approve(ctx, f.teleport, requestID, "approved by "+approver)
}

// approve submits one review.
func approve(ctx context.Context, teleport *client.Client, requestID, reason string) error {
	_, err := teleport.SubmitAccessReview(ctx, types.AccessReviewSubmission{
		RequestID: requestID,
		Review:    types.AccessReview{ProposedState: types.RequestState_APPROVED, Reason: reason, Created: time.Now().UTC()},
	})
	if err != nil {
		return fmt.Errorf("submit a review: %w", err)
	}
	return nil
}

func (f *floor) call(ctx context.Context, method, path string, body, into any) error {
	req, err := f.jira.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	resp, err := f.jira.Do(req, into)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return resp.Body.Close()
}
