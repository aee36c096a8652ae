package pagerduty_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/pagerduty"
)

// account is a started simulator and a client logged in with the account's key, acting as the bot.
type account struct {
	*pagerduty.Server
	t      *testing.T
	client *http.Client
	header http.Header
}

func start(t *testing.T, opt pagerduty.Options) *account {
	t.Helper()
	if opt.Webhooks.RetryDelay == 0 {
		opt.Webhooks.RetryDelay = time.Millisecond
	}
	srv, err := pagerduty.New(opt)
	require.NoError(t, err)
	require.NoError(t, srv.Start())
	t.Cleanup(srv.Close)
	a := &account{Server: srv, t: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(a.client.CloseIdleConnections)
	a.header = http.Header{
		"Authorization": {"Token token=" + pagerduty.DefaultToken}, "From": {pagerduty.DefaultBotEmail},
		"Accept": {"application/vnd.pagerduty+json;version=2"}, "Content-Type": {"application/json"},
	}
	return a
}

// with is the same account called with another header; an empty value takes the header away.
func (a *account) with(name, value string) *account {
	out := *a
	out.header = a.header.Clone()
	if out.header.Set(name, value); value == "" {
		out.header.Del(name)
	}
	return &out
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

func (a *account) try(method, path string, body any) (answer, error) {
	a.t.Helper()
	var reader io.Reader
	if body != nil {
		text, isText := body.(string)
		if !isText {
			data, err := json.Marshal(body)
			require.NoError(a.t, err)
			text = string(data)
		}
		reader = strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.URL()+path, reader)
	require.NoError(a.t, err)
	req.Header = a.header.Clone()
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return answer{Response: resp, body: data}, err
}

// do makes a call that must be answered with the status.
func (a *account) do(status int, method, path string, body any) answer {
	a.t.Helper()
	got, err := a.try(method, path, body)
	require.NoError(a.t, err)
	require.Equal(a.t, status, got.StatusCode, "%s %s: %s", method, path, got.body)
	return got
}

// object is the body as a JSON object.
func (a answer) object(t *testing.T) object {
	t.Helper()
	var out object
	require.NoError(t, json.Unmarshal(a.body, &out), "%s", a.body)
	return out
}

// object is a JSON object that is walked by names: at("incident", "service", "id").
type object map[string]any

func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, isMap := v.(map[string]any)
		if !isMap {
			return nil
		}
		v = m[name]
	}
	return v
}

// rows are the objects of a list.
func (o object) rows(name string) []object {
	list, _ := o[name].([]any)
	out := make([]object, 0, len(list))
	for _, v := range list {
		row, _ := v.(map[string]any)
		out = append(out, row)
	}
	return out
}

// each collects one value of every row.
func each(rows []object, path ...string) []any {
	out := []any{}
	for _, row := range rows {
		out = append(out, row.at(path...))
	}
	return out
}

// problem is the body of a refusal.
func (a answer) problem(t *testing.T) (code int, message string, details []string) {
	t.Helper()
	var out struct {
		Error struct {
			Code    int
			Message string
			Errors  []string
		}
	}
	require.NoError(t, json.Unmarshal(a.body, &out), "%s", a.body)
	return out.Error.Code, out.Error.Message, out.Error.Errors
}

// draft is the least a create needs, with more on top.
func draft(more map[string]any) map[string]any {
	in := map[string]any{
		"type": "incident", "title": "Access to prod-db", "service": map[string]any{"id": "PSERVIC", "type": "service_reference"},
	}
	maps.Copy(in, more)
	return map[string]any{"incident": in}
}

// create opens an incident and returns its id.
func (a *account) create(more map[string]any) string {
	a.t.Helper()
	id, isText := a.do(http.StatusCreated, "POST", "/incidents", draft(more)).object(a.t).at("incident", "id").(string)
	require.True(a.t, isText)
	return id
}

// change is the body of an update.
func change(fields map[string]any) map[string]any {
	in := map[string]any{"type": "incident_reference"}
	maps.Copy(in, fields)
	return map[string]any{"incident": in}
}

func note(text string) map[string]any { return map[string]any{"note": map[string]any{"content": text}} }

// clock is a clock that only moves when told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
