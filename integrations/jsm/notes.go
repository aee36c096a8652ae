package jsm

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

type wireNote struct {
	Note      string    `json:"note"`
	Owner     string    `json:"owner"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

type wireEntry struct {
	Log     string    `json:"log"`
	Owner   string    `json:"owner"`
	LogTime time.Time `json:"logTime"`
}

// Notes lists the notes of an alert.
func (c *client) Notes(ctx context.Context, h alerting.Handle) ([]alerting.Note, error) {
	found, err := timeline[wireNote](ctx, c, h, "notes")
	var out []alerting.Note
	for _, n := range found {
		out = append(out, alerting.Note{Text: n.Note, Owner: c.owner(n.Owner), At: n.CreatedAt, Edited: n.UpdatedAt.After(n.CreatedAt)})
	}
	return out, err
}

// Logs lists the log of an alert.
func (c *client) Logs(ctx context.Context, h alerting.Handle) ([]alerting.Entry, error) {
	found, err := timeline[wireEntry](ctx, c, h, "logs")
	var out []alerting.Entry
	for _, e := range found {
		out = append(out, alerting.Entry{Text: e.Log, Owner: c.owner(e.Owner), At: e.LogTime})
	}
	return out, err
}

// owner is who wrote a note or did something, if the text has the form that the settings say. Another form names nobody: a name for display,
// which everybody chooses freely, may look like anybody's address or id.
func (c *client) owner(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case c.unverified.Owners == OwnersAccountID && accountID.MatchString(text), c.unverified.Owners == OwnersEmail && incident.IsAddress(text):
		return text
	}
	return "unknown (" + text + ")"
}

// timeline collects a listing of something at an alert, all pages: after is a text that the address of the next page has.
func timeline[T any](ctx context.Context, c *client, h alerting.Handle, what string) ([]T, error) {
	if c.unverified.Owners == OwnersAccountID {
		if _, err := c.myself(ctx); err != nil { // or the bridge's own notes would not be known as such
			return nil, err
		}
	}
	var out []T
	query := url.Values{"size": {strconv.Itoa(pageSize)}}
	for range maxPages {
		var got page[T]
		err := c.ops(ctx, request{method: http.MethodGet, path: []string{"alerts", h.ID, what}, query: query}, &got)
		if err == nil && got.Values == nil {
			err = errOther
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *got.Values...)
		next, err := url.Parse(got.Links.Next)
		if err != nil {
			return nil, bridge.Terminal(fmt.Errorf("jsm: the address of the next page of %s cannot be read", what))
		}
		after := next.Query().Get("after")
		if got.Links.Next == "" || len(*got.Values) == 0 || after == query.Get("after") {
			return out, nil
		}
		query.Set("after", after)
	}
	return nil, bridge.Terminal(fmt.Errorf("jsm: an alert has more than %d %s: %w", maxPages*pageSize, what, alerting.ErrTooMany))
}

// AddNote adds a note to an alert.
func (c *client) AddNote(ctx context.Context, h alerting.Handle, text string) error {
	var got struct {
		ID string `json:"id"`
	}
	body := map[string]string{"note": text}
	err := c.ops(ctx, request{method: http.MethodPost, path: []string{"alerts", h.ID, "notes"}, body: body}, &got)
	if err == nil && got.ID == "" {
		err = errOther
	}
	return err
}

// Close asks for an alert to be closed. That call takes no note: the note takes one of its own.
func (c *client) Close(ctx context.Context, h alerting.Handle, note string) (string, error) {
	id, err := c.accept(ctx, request{method: http.MethodPost, path: []string{"alerts", h.ID, "close"}})
	if err != nil || note == "" {
		return id, err
	}
	return id, c.AddNote(ctx, h, note)
}
