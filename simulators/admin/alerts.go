package admin

import (
	"net/http"
	"time"

	"github.com/accessbridge/accessbridge/simulators/alerting"
)

type alertView struct {
	ID           string          `json:"id"`
	TinyID       string          `json:"tiny_id"`
	Alias        string          `json:"alias"`
	Message      string          `json:"message"`
	Description  string          `json:"description"`
	Status       string          `json:"status"`
	Acknowledged bool            `json:"acknowledged"`
	Owner        string          `json:"owner,omitempty"`
	Priority     string          `json:"priority"`
	Tags         []string        `json:"tags"`
	Actions      []string        `json:"actions"`
	Responders   []responderView `json:"responders"`
	Count        int             `json:"count"`
	Notes        []noteView      `json:"notes"`
	Log          []entryView     `json:"log"`
	Created      time.Time       `json:"created"`
	Updated      time.Time       `json:"updated"`
}

type responderView struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

func viewAlert(alert alerting.Alert) alertView {
	out := alertView{
		ID: alert.ID, TinyID: alert.TinyID, Alias: alert.Alias, Message: alert.Message, Description: alert.Description,
		Status: alert.Status, Acknowledged: alert.Acknowledged, Owner: alert.Owner, Priority: alert.Priority,
		Tags: append([]string{}, alert.Tags...), Actions: append([]string{}, alert.Actions...), Responders: []responderView{},
		Count: alert.Count, Notes: []noteView{}, Log: []entryView{}, Created: alert.Created, Updated: alert.Updated,
	}
	for _, r := range alert.Responders {
		out.Responders = append(out.Responders, responderView{r.Type, r.Name})
	}
	for _, n := range alert.Notes {
		out.Notes = append(out.Notes, noteView{n.Owner, n.Text, n.At})
	}
	for _, e := range alert.Log {
		out.Log = append(out.Log, entryView{e.Owner, e.Type, e.Text, e.At})
	}
	return out
}

// alertEndpoints let persons act at a product with alerts.
func alertEndpoints(v Vendor, account *alerting.Account) []endpoint {
	base := "/" + string(v)
	find := func(id string) (any, error) {
		alert, found := account.Alert(id)
		if !found {
			return nil, notFound("there is no alert %q", id)
		}
		return viewAlert(alert), nil
	}
	list := func(*http.Request) (any, error) {
		out := []alertView{}
		for _, alert := range account.Alerts() {
			out = append(out, viewAlert(alert))
		}
		return out, nil
	}
	out := []endpoint{{method: "GET", path: base + "/alerts", does: "All alerts, with notes and log.", handle: list}}
	out = append(out, deedEndpoints(base+"/alerts", find,
		deed{
			name: "note", does: "A person writes a note. ID is the alert's id or tiny id, here and below.", needs: "text",
			example: `{"user":"alice@example.com","text":"approve: go ahead"}`,
			do:      func(id string, in said) error { return account.Note(in.User, id, in.Text) },
		},
		deed{
			name: "acknowledge", does: "A person acknowledges.", example: `{"user":"alice@example.com"}`,
			do: func(id string, in said) error { return account.Acknowledge(in.User, id) },
		},
		deed{
			name: "close", does: "A person closes. Also: note.", optional: "note", example: `{"user":"alice@example.com"}`,
			do: func(id string, in said) error { return account.CloseAlert(in.User, id, in.Note) },
		},
		deed{
			name: "action", does: "A person runs a custom action of the alert. Also: note.", needs: "name", optional: "note",
			example: `{"user":"alice@example.com","name":"Approve"}`,
			do:      func(id string, in said) error { return account.Action(in.User, id, in.Name, in.Note) },
		},
	)...)
	return append(out, shiftEndpoints(base, account)...)
}
