package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/internal/httpx"
	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	og "github.com/opsgenie/opsgenie-go-sdk-v2/client"
)

const (
	pageSize = 100
	// maxOffset is how far a listing of alerts goes; beyond it pages are refused.
	maxOffset = 20_000
	// maxPages bounds the pages of one alert's notes or log.
	maxPages = 100
)

// action is the body of a call that does something to an alert. The library's own types put the alert's identifier into it too.
type action struct {
	User   string `json:"user,omitempty"`
	Source string `json:"source,omitempty"`
	Note   string `json:"note,omitempty"`
}

// source says where alerts and what is done to them come from. Without it Opsgenie shows the address of the caller.
const source = "accessbridge"

// wireAlert is what the bridge reads of an alert.
type wireAlert struct {
	ID         string    `json:"id"`
	Alias      string    `json:"alias"`
	Status     string    `json:"status"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
	Responders []struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"responders"`
}

func (w wireAlert) alert() alerting.Alert {
	a := alerting.Alert{ID: w.ID, Alias: w.Alias, Closed: w.Status == "closed", CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt}
	for _, r := range w.Responders {
		a.Responders = append(a.Responders, alerting.Responder{Type: r.Type, ID: r.ID, Name: r.Name})
	}
	return a
}

// identifier names an alert as the library wants it: by its id where that is known.
func identifier(h alerting.Handle) (alert.AlertIdentifier, string) {
	if h.ID != "" {
		return alert.ALERTID, h.ID
	}
	return alert.ALIAS, h.Alias
}

// Create asks for an alert.
func (c *client) Create(ctx context.Context, a alerting.NewAlert) (string, error) {
	r := &alert.CreateAlertRequest{
		Message: a.Message, Alias: a.Alias, Description: a.Description, Actions: a.Actions, Tags: a.Tags,
		Source: source, Priority: alert.Priority(a.Priority), User: c.user,
	}
	for _, to := range a.Responders {
		r.Responders = append(r.Responders, alert.Responder{Type: alert.ResponderType(to.Type), Id: to.ID})
	}
	got, err := c.call(ctx, r, []string{"alerts"}, r, nil)
	if err == nil && got.RequestID == "" {
		err = errOther
	}
	return got.RequestID, err
}

// Request tells what became of a request.
func (c *client) Request(ctx context.Context, requestID string) (alerting.Request, error) {
	var data struct {
		IsSuccess *bool  `json:"isSuccess"`
		Status    string `json:"status"`
		AlertID   string `json:"alertId"`
	}
	got, err := c.call(ctx, &alert.GetRequestStatusRequest{RequestId: requestID}, []string{"alerts", "requests", requestID}, nil, &data)
	if is(err, http.StatusNotFound) && got.errorType == notProcessed {
		return alerting.Request{Pending: true}, nil
	}
	if err == nil && data.IsSuccess == nil {
		err = errOther
	}
	if err != nil {
		return alerting.Request{}, err
	}
	return alerting.Request{OK: *data.IsSuccess, Status: data.Status, AlertID: data.AlertID}, nil
}

// Alert reads an alert.
func (c *client) Alert(ctx context.Context, h alerting.Handle) (alerting.Alert, error) {
	kind, name := identifier(h)
	var data wireAlert
	_, err := c.call(ctx, &alert.GetAlertRequest{IdentifierType: kind, IdentifierValue: name}, []string{"alerts", name}, nil, &data)
	if err == nil && data.ID == "" {
		err = errOther
	}
	return data.alert(), err
}

// Alerts lists what a search finds, those created last first.
func (c *client) Alerts(ctx context.Context, query string) iter.Seq2[alerting.Alert, error] {
	return func(yield func(alerting.Alert, error) bool) {
		for offset := 0; ; {
			r := &alert.ListAlertRequest{Limit: pageSize, Offset: offset, Sort: alert.CreatedAt, Order: alert.Desc, Query: query}
			var page []wireAlert
			got, err := c.call(ctx, r, []string{"alerts"}, nil, &page)
			if err != nil {
				yield(alerting.Alert{}, err)
				return
			}
			for _, a := range page {
				if !yield(a.alert(), nil) {
					return
				}
			}
			offset += len(page)
			if got.Paging.Next == "" || len(page) == 0 {
				return
			}
			if offset+pageSize > maxOffset {
				yield(alerting.Alert{}, bridge.Terminal(fmt.Errorf("opsgenie: alerts: %w", alerting.ErrTooMany)))
				return
			}
		}
	}
}

// Notes lists the notes of an alert.
func (c *client) Notes(ctx context.Context, h alerting.Handle) ([]alerting.Note, error) {
	found, err := c.timeline(ctx, h, "notes", func(r *alert.ListAlertNotesRequest) og.ApiRequest { return r })
	var out []alerting.Note
	for _, n := range found {
		out = append(out, alerting.Note{Text: n.Note, Owner: n.Owner, At: n.CreatedAt})
	}
	return out, err
}

// Logs lists the log of an alert.
func (c *client) Logs(ctx context.Context, h alerting.Handle) ([]alerting.Entry, error) {
	found, err := c.timeline(ctx, h, "logs", func(r *alert.ListAlertNotesRequest) og.ApiRequest { return (*alert.ListAlertLogsRequest)(r) })
	var out []alerting.Entry
	for _, e := range found {
		out = append(out, alerting.Entry{Text: e.Log, Owner: e.Owner, At: e.CreatedAt})
	}
	return out, err
}

// wireEntry is a note, or an entry of the log.
type wireEntry struct {
	Note      string    `json:"note"`
	Log       string    `json:"log"`
	Owner     string    `json:"owner"`
	CreatedAt time.Time `json:"createdAt"`
}

// timeline collects the notes or the log of an alert, the oldest first. The library has a type for each of the two calls, which differ in nothing
// but their name. The offset of a page is a text: the one that the address of the next page has.
func (c *client) timeline(
	ctx context.Context, h alerting.Handle, what string, as func(*alert.ListAlertNotesRequest) og.ApiRequest,
) ([]wireEntry, error) {
	kind, name := identifier(h)
	var out []wireEntry
	list := alert.ListAlertNotesRequest{IdentifierType: kind, IdentifierValue: name, Order: alert.Asc, Limit: pageSize}
	for range maxPages {
		var page []wireEntry
		got, err := c.call(ctx, as(&list), []string{"alerts", name, what}, nil, &page)
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
		next, err := url.Parse(got.Paging.Next)
		if err != nil {
			return nil, fmt.Errorf("opsgenie: the address of the next page: %w", err)
		}
		offset := next.Query().Get("offset")
		if got.Paging.Next == "" || len(page) == 0 || offset == list.Offset {
			return out, nil
		}
		list.Offset, list.Direction = offset, alert.RequestDirection(next.Query().Get("direction"))
	}
	return nil, bridge.Terminal(fmt.Errorf("opsgenie: an alert has more than %d notes or log entries: %w", maxPages*pageSize, alerting.ErrTooMany))
}

// AddNote adds a note to an alert.
func (c *client) AddNote(ctx context.Context, h alerting.Handle, text string) error {
	kind, name := identifier(h)
	r := &alert.AddNoteRequest{IdentifierType: kind, IdentifierValue: name, Note: text}
	got, err := c.call(ctx, r, []string{"alerts", name, "notes"}, action{User: c.user, Source: source, Note: text}, nil)
	if err == nil && got.RequestID == "" {
		err = errOther
	}
	return err
}

// Close asks for an alert to be closed.
func (c *client) Close(ctx context.Context, h alerting.Handle, note string) (string, error) {
	kind, name := identifier(h)
	r := &alert.CloseAlertRequest{IdentifierType: kind, IdentifierValue: name}
	got, err := c.call(ctx, r, []string{"alerts", name, "close"}, action{User: c.user, Source: source, Note: note}, nil)
	if err == nil && got.RequestID == "" {
		err = errOther
	}
	return got.RequestID, err
}

// Page is the list of alerts in the web application, searched for the alias: an alert's own page has its id in the address.
func (c *client) Page(alias string) string {
	return c.web + "/alert/list?" + url.Values{"query": {`alias: "` + alias + `"`}}.Encode()
}

func is(err error, code int) bool {
	status, ok := errors.AsType[*httpx.StatusError](err)
	return ok && status.Code == code
}
