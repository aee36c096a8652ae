package jsm

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
)

const (
	pageSize = 100
	// maxOffset is how far a listing of alerts goes; beyond it pages are refused, as in Opsgenie.
	maxOffset = 20_000
	// maxPages bounds the pages of every other listing.
	maxPages = 100
	// source says where alerts come from. Without it the address of the caller is shown.
	source = "accessbridge"
)

type wireResponder struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// newAlert is the body of the call that makes an alert.
type newAlert struct {
	Message     string          `json:"message"`
	Alias       string          `json:"alias"`
	Description string          `json:"description,omitempty"`
	Responders  []wireResponder `json:"responders,omitempty"`
	Actions     []string        `json:"actions,omitempty"`
	Tags        []string        `json:"tags,omitempty"`
	Priority    string          `json:"priority,omitempty"`
	Source      string          `json:"source"`
}

// wireAlert is what the bridge reads of an alert.
type wireAlert struct {
	ID         string          `json:"id"`
	Alias      string          `json:"alias"`
	Status     string          `json:"status"`
	CreatedAt  time.Time       `json:"createdAt"`
	UpdatedAt  time.Time       `json:"updatedAt"`
	Responders []wireResponder `json:"responders"`
}

func (w wireAlert) alert() alerting.Alert {
	ended := w.Status == "closed" || w.Status == "resolved"
	a := alerting.Alert{ID: w.ID, Alias: w.Alias, Closed: ended, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt}
	for _, r := range w.Responders {
		a.Responders = append(a.Responders, alerting.Responder{Type: r.Type, ID: r.ID})
	}
	return a
}

// accepted is the answer to a call that is carried out later.
type accepted struct {
	RequestID string `json:"requestId"`
}

// Create asks for an alert.
func (c *client) Create(ctx context.Context, a alerting.NewAlert) (string, error) {
	body := newAlert{
		Message: a.Message, Alias: a.Alias, Description: a.Description, Actions: a.Actions, Tags: a.Tags, Priority: a.Priority, Source: source,
	}
	for _, to := range a.Responders {
		body.Responders = append(body.Responders, wireResponder{ID: to.ID, Type: to.Type})
	}
	return c.accept(ctx, request{method: http.MethodPost, path: []string{"alerts"}, body: body})
}

func (c *client) accept(ctx context.Context, r request) (string, error) {
	var got accepted
	err := c.ops(ctx, r, &got)
	if err == nil && got.RequestID == "" {
		err = errOther
	}
	return got.RequestID, err
}

// Request tells what became of a request. Whether one that waits is not found, or has no time yet, is not documented: both are understood.
func (c *client) Request(ctx context.Context, requestID string) (alerting.Request, error) {
	var got struct {
		IsSuccess   *bool  `json:"isSuccess"`
		ProcessedAt string `json:"processedAt"`
		Status      string `json:"status"`
		AlertID     string `json:"alertId"`
	}
	err := c.ops(ctx, request{method: http.MethodGet, path: []string{"alerts", "requests", requestID}}, &got)
	switch {
	case err != nil:
		return alerting.Request{}, err
	case got.IsSuccess == nil:
		return alerting.Request{}, errOther
	}
	return alerting.Request{
		Pending: !*got.IsSuccess && got.ProcessedAt == "", OK: *got.IsSuccess, Status: got.Status, AlertID: got.AlertID,
	}, nil
}

// Alert reads an alert.
func (c *client) Alert(ctx context.Context, h alerting.Handle) (alerting.Alert, error) {
	r := request{method: http.MethodGet, path: []string{"alerts", h.ID}}
	if h.ID == "" {
		r.path, r.query = []string{"alerts", "alias"}, url.Values{"alias": {h.Alias}}
	}
	var got wireAlert
	err := c.ops(ctx, r, &got)
	if err == nil && got.ID == "" {
		err = errOther
	}
	return got.alert(), err
}

// page is one page of a listing. A listing that is left out of an answer is told from an empty one.
type page[T any] struct {
	Values *[]T `json:"values"`
	Links  struct {
		Next string `json:"next"`
	} `json:"links"`
}

// Alerts lists what a search finds, those created last first.
func (c *client) Alerts(ctx context.Context, query string) iter.Seq2[alerting.Alert, error] {
	return func(yield func(alerting.Alert, error) bool) {
		list := request{method: http.MethodGet, path: []string{"alerts"}, query: url.Values{"query": {query}, "sort": {"createdAt"}, "order": {"desc"}}}
		for a, err := range paged[wireAlert](ctx, c, list, pageSize, maxOffset) {
			if !yield(a.alert(), err) {
				return
			}
		}
	}
}

// paged lists all pages of what is listed by offset and size. The address of the next page says only that there is one: it is not followed,
// so that no call leads elsewhere. A listing that would go beyond most ends with alerting.ErrTooMany.
func paged[T any](ctx context.Context, c *client, r request, size, most int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r.query.Set("size", strconv.Itoa(size))
		for offset := 0; ; {
			r.query.Set("offset", strconv.Itoa(offset))
			var got page[T]
			err := c.ops(ctx, r, &got)
			if err == nil && got.Values == nil {
				err = errOther
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, v := range *got.Values {
				if !yield(v, nil) {
					return
				}
			}
			offset += len(*got.Values)
			if got.Links.Next == "" || len(*got.Values) == 0 {
				return
			}
			if offset+size > most {
				yield(none, bridge.Terminal(fmt.Errorf("jsm: %s: %w", r.path[0], alerting.ErrTooMany)))
				return
			}
		}
	}
}

// Page is the list of alerts in the web application, searched for the alias: an alert's own page has its id in the address.
func (c *client) Page(alias string) string {
	return c.web + "?" + url.Values{"query": {`alias: "` + alias + `"`}}.Encode()
}
