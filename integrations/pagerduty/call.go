package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

const (
	pageSize = 100
	// maxOffset is how far PagerDuty lets a listing go: beyond it every page is refused
	// (developer.pagerduty.com, REST API, pagination).
	maxOffset = 10_000
	// maxPause bounds the pause that a rate limit asks for; PagerDuty counts by the minute.
	maxPause = 2 * time.Minute
)

// errOther means that an answer is not what was asked for: something between us and PagerDuty has answered.
var errOther = errors.New("pagerduty: the answer is not PagerDuty's")

// errTooMany means that a listing has more entries than PagerDuty shows.
var errTooMany = fmt.Errorf("the listing has more than %d entries", maxOffset)

// call makes one call. A nil out ignores the answer's body. Errors carry their class.
func (p *PagerDuty) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	if left := time.Until(p.pause.until()); left > 0 {
		return bridge.RetryAfter(left, errors.New("pagerduty: not sent, the rate limit is used up"))
	}
	req, err := p.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	token, err := p.token.Reveal()
	if err != nil {
		return bridge.Unsent(fmt.Errorf("pagerduty: credentials: %w", err))
	}
	resp, err := pd.NewClient(token, func(c *pd.Client) { c.HTTPClient = p.HTTP }).Do(req, true)
	if resp != nil {
		defer func() { _ = resp.Body.Close() }()
		if err == nil && resp.StatusCode < http.StatusMultipleChoices {
			err = decode(resp.Body, out)
		}
	}
	if err = httpx.Classify(resp, err); err == nil {
		return nil
	}
	if after, ok := p.pause.note(resp); ok {
		return bridge.RetryAfter(after, fmt.Errorf("pagerduty: %w", err))
	}
	return fmt.Errorf("pagerduty: %w", err)
}

func (p *PagerDuty) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, bridge.Terminal(fmt.Errorf("pagerduty: making a request: %w", err))
		}
		content = bytes.NewReader(raw)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, content)
	if err != nil {
		return nil, bridge.Terminal(fmt.Errorf("pagerduty: making a request: %w", err))
	}
	if body != nil {
		req.Header.Set("From", p.set.From)
	}
	return req, nil
}

func decode(body io.Reader, out any) error {
	if out == nil {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

// page is one page of a listing, whose entries are in a field named after what is listed.
type page[T any] struct {
	field   string
	entries []T
	more    bool
}

// UnmarshalJSON reads the field.
func (p *page[T]) UnmarshalJSON(raw []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	p.more = string(fields["more"]) == "true"
	if err := json.Unmarshal(fields[p.field], &p.entries); err != nil {
		return fmt.Errorf("%s: %w", p.field, err)
	}
	return nil
}

// list yields the entries of a listing, page by page.
func list[T any](ctx context.Context, p *PagerDuty, path, field string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		query.Set("limit", strconv.Itoa(pageSize))
		for offset := 0; ; {
			query.Set("offset", strconv.Itoa(offset))
			got := page[T]{field: field}
			if err := p.call(ctx, http.MethodGet, path, query, nil, &got); err != nil {
				yield(none, err)
				return
			}
			for _, e := range got.entries {
				if !yield(e, nil) {
					return
				}
			}
			offset += len(got.entries)
			if !got.more || len(got.entries) == 0 {
				return
			}
			if offset+pageSize > maxOffset {
				yield(none, bridge.Terminal(fmt.Errorf("pagerduty: %s: %w", field, errTooMany)))
				return
			}
		}
	}
}

// all collects a listing.
func all[T any](ctx context.Context, p *PagerDuty, path, field string, query url.Values) ([]T, error) {
	var out []T
	for e, err := range list[T](ctx, p, path, field, query) {
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// pause is the time until which the rate limit is used up. PagerDuty tells it in a header of its own, in seconds
// (developer.pagerduty.com, REST API, rate limits).
type pause struct{ nanos atomic.Int64 }

func (p *pause) until() time.Time {
	if n := p.nanos.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// note keeps the pause that an answer asks for in PagerDuty's own header. The standard header is seen to elsewhere.
func (p *pause) note(resp *http.Response) (time.Duration, bool) {
	if resp == nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "" {
		return 0, false
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Ratelimit-Reset"))
	if err != nil || seconds < 0 {
		return 0, false
	}
	after := min(max(time.Duration(min(seconds, 3600))*time.Second, time.Second), maxPause)
	p.nanos.Store(time.Now().Add(after).UnixNano())
	return after, true
}

// statusOf returns the HTTP status of an answer that was an error, and PagerDuty's own code in it; zero where there is none.
func statusOf(err error) (status, code int) {
	var e *httpx.StatusError
	if !errors.As(err, &e) {
		return 0, 0
	}
	var answer struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(e.Body, &answer)
	return e.Code, answer.Error.Code
}

func isNotFound(err error) bool {
	status, _ := statusOf(err)
	return status == http.StatusNotFound
}
