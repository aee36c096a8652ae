package alerting

import (
	"errors"
	"fmt"
	"slices"
)

// Command is one thing to do to an alert.
type Command struct {
	// Kind is one of the constants below; it is also the action that a request status names.
	Kind string
	// Note is added to the alert, whatever the kind; for AddNote it is all.
	Note string
	// Action is the name of the custom action.
	Action string
	Tags   []string
	// Details are added or replaced, Keys removed.
	Details map[string]string
	Keys    []string
	// Priority, Message and Description are the new ones.
	Priority, Message, Description string
}

// Kinds of commands.
const (
	Acknowledge       = "Acknowledge"
	Unacknowledge     = "UnAcknowledge"
	CloseAlert        = "Close"
	AddNote           = "AddNote"
	CustomAction      = "Custom Action"
	AddTags           = "AddTags"
	RemoveTags        = "RemoveTags"
	AddDetails        = "AddDetails"
	RemoveDetails     = "RemoveDetails"
	UpdatePriority    = "UpdatePriority"
	UpdateMessage     = "UpdateMessage"
	UpdateDescription = "UpdateDescription"
	Delete            = "Delete"
	create            = "Create"
)

// Errors that a command can meet; their texts are the status of a failed request.
var (
	ErrNoAlert      = errors.New("Alert does not exist")
	ErrClosed       = errors.New("Alert is already closed")
	ErrAcknowledged = errors.New("Alert is already acknowledged")
	ErrUnacked      = errors.New("Alert is not acknowledged")
	ErrNoAction     = errors.New("Alert has no such custom action")
	ErrResponder    = errors.New("Responder does not exist")
)

// Check lists what is wrong with a command, by field; none means that it is accepted.
func (c Command) Check() map[string]string {
	wrong := map[string]string{}
	tooLong(wrong, "note", c.Note, MaxNote)
	tooMany(wrong, "tags", c.Tags, MaxTags)
	need := func(ok bool, field string) {
		if !ok {
			wrong[field] = fmt.Sprintf("The field %s can not be empty.", field)
		}
	}
	switch c.Kind {
	case AddNote:
		need(c.Note != "", "note")
	case CustomAction:
		need(c.Action != "", "actionName")
	case AddTags, RemoveTags:
		need(len(c.Tags) > 0, "tags")
	case AddDetails:
		need(len(c.Details) > 0, "details")
	case RemoveDetails:
		need(len(c.Keys) > 0, "keys")
	case UpdatePriority:
		if !slices.Contains(Priorities(), c.Priority) {
			wrong["priority"] = "Priority should be one of P1, P2, P3, P4 and P5."
		}
	case UpdateMessage:
		need(c.Message != "", "message")
		tooLong(wrong, "message", c.Message, MaxMessage)
	case UpdateDescription:
		need(c.Description != "", "description")
		tooLong(wrong, "description", c.Description, MaxDescription)
	}
	return wrong
}
