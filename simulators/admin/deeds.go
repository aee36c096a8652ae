package admin

import (
	"net/http"
	"time"
)

// noteView is something a person said: a note, or the name of an action. Author is as the vendor keeps it; empty is automation.
type noteView struct {
	Author string    `json:"author"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

type entryView struct {
	Author string    `json:"author"`
	Type   string    `json:"type"`
	Text   string    `json:"text,omitempty"`
	At     time.Time `json:"at"`
}

// said is the body of everything that a person does to an incident or alert.
type said struct {
	User string `json:"user"`
	Text string `json:"text"`
	Name string `json:"name"`
	Note string `json:"note"`
}

// deed is something that a person does to an incident or alert.
type deed struct {
	name, does, example string
	// needs names the field that must not be empty, besides the user; optional is one that may be given.
	needs, optional string
	do              func(id string, in said) error
}

// deedEndpoints let persons act on incidents or alerts. Find tells one as it is now.
func deedEndpoints(base string, find func(id string) (any, error), deeds ...deed) []endpoint {
	var out []endpoint
	for _, d := range deeds {
		out = append(out, endpoint{
			method: "POST", path: base + "/{id}/" + d.name, does: d.does, body: d.example,
			handle: func(r *http.Request) (any, error) { return d.handle(r, find) },
		})
	}
	return out
}

// handle reads the body, does what is asked and answers the object as it is then.
func (d deed) handle(r *http.Request, find func(id string) (any, error)) (any, error) {
	id := r.PathValue("id")
	if _, err := find(id); err != nil {
		return nil, err
	}
	var in said
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.User == "" {
		return nil, badRequest("user is required: an e-mail address, a name or an id")
	}
	for field, value := range map[string]string{"text": in.Text, "name": in.Name, "note": in.Note} {
		if field == d.needs && value == "" {
			return nil, badRequest("%s is required", field)
		}
		if field != d.needs && field != d.optional && value != "" {
			return nil, badRequest("%s takes no %s", d.name, field)
		}
	}
	if err := d.do(id, in); err != nil {
		return nil, conflict(err)
	}
	return find(id)
}
