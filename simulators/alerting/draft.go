package alerting

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Draft is an alert that somebody wants to have.
type Draft struct {
	Message, Alias, Description, Entity, Source, Note string
	// Priority is P1 to P5; default P3.
	Priority      string
	Responders    []Responder
	Actions, Tags []string
	Details       map[string]string
	// User is who the caller says makes it.
	User string
}

// Body is what both products take in the bodies of writes.
type Body struct {
	Message     string   `json:"message"`
	Alias       string   `json:"alias"`
	Description string   `json:"description"`
	Entity      string   `json:"entity"`
	Source      string   `json:"source"`
	Note        string   `json:"note"`
	Priority    string   `json:"priority"`
	Actions     []string `json:"actions"`
	Tags        []string `json:"tags"`
}

// Draft is the alert that a body describes, with the details beside it.
func (b Body) Draft(details map[string]string) Draft {
	return Draft{
		Message: b.Message, Alias: b.Alias, Description: b.Description, Entity: b.Entity, Source: b.Source, Note: b.Note,
		Priority: b.Priority, Actions: b.Actions, Tags: b.Tags, Details: details,
	}
}

// Limits of a draft and of notes, in characters or entries (docs.opsgenie.com/docs/alert-api).
const (
	MaxMessage     = 130
	MaxAlias       = 512
	MaxDescription = 15_000
	MaxEntity      = 512
	MaxSource      = 100
	MaxUser        = 100
	MaxNote        = 25_000
	MaxActions     = 10
	MaxTags        = 20
	MaxTag         = 50 // also of the name of an action
	MaxDetails     = 8_000
	MaxResponders  = 50
)

// Priorities are the priorities there are, the most severe first.
func Priorities() []string { return []string{"P1", "P2", "P3", "P4", "P5"} }

// Check lists what is wrong with a draft, by field; none means that it is accepted.
func (d Draft) Check() map[string]string {
	wrong := map[string]string{}
	if d.Message == "" {
		wrong["message"] = "Message can not be empty."
	}
	for _, f := range []struct {
		name, text string
		most       int
	}{
		{"message", d.Message, MaxMessage},
		{"alias", d.Alias, MaxAlias},
		{"description", d.Description, MaxDescription},
		{"entity", d.Entity, MaxEntity},
		{"source", d.Source, MaxSource},
		{"user", d.User, MaxUser},
		{"note", d.Note, MaxNote},
	} {
		tooLong(wrong, f.name, f.text, f.most)
	}
	tooMany(wrong, "actions", d.Actions, MaxActions)
	tooMany(wrong, "tags", d.Tags, MaxTags)
	tooMany(wrong, "responders", d.Responders, MaxResponders)
	for field, list := range map[string][]string{"actions": d.Actions, "tags": d.Tags} {
		for _, text := range list {
			tooLong(wrong, field, text, MaxTag)
		}
	}
	size := 0
	for key, value := range d.Details {
		size += utf8.RuneCountInString(key) + utf8.RuneCountInString(value)
	}
	if size > MaxDetails {
		wrong["details"] = fmt.Sprintf("Details can not be longer than %d characters.", MaxDetails)
	}
	if d.Priority != "" && !slices.Contains(Priorities(), d.Priority) {
		wrong["priority"] = "Priority should be one of P1, P2, P3, P4 and P5."
	}
	for _, r := range d.Responders {
		if !slices.Contains([]string{TypeUser, TypeTeam, TypeSchedule, TypeEscalation}, r.Type) {
			wrong["responders#type"] = fmt.Sprintf("Invalid responder type '%s'", r.Type)
		} else if r.ID == "" && r.Name == "" {
			wrong["responders"] = "A responder needs an id or a name."
		}
	}
	return wrong
}

func tooLong(wrong map[string]string, name, text string, most int) {
	if utf8.RuneCountInString(text) > most {
		wrong[name] = fmt.Sprintf("The field %s can not be longer than %d characters.", name, most)
	}
}

func tooMany[T any](wrong map[string]string, name string, list []T, most int) {
	if len(list) > most {
		wrong[name] = fmt.Sprintf("The field %s can not have more than %d entries.", name, most)
	}
}
