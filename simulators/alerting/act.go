package alerting

import (
	"fmt"
	"slices"
)

// person is a user found by id, username, name or the part of the username before the @; nobody is the product itself.
func (a *Account) person(who string) (Actor, error) {
	if who == "" {
		return Actor{}, nil
	}
	u, found := a.dir.user(who)
	if !found {
		return Actor{}, fmt.Errorf("alerting: no user %q", who)
	}
	return Actor{User: u.ID, Via: "web"}, nil
}

// Note writes a note as a user in the web application; an empty user is automation. Alert is an id, tiny id or alias, here and
// below.
func (a *Account) Note(user, alert, text string) error {
	return a.act(user, alert, Command{Kind: AddNote, Note: text})
}

// Acknowledge acknowledges an alert as a user, who becomes its owner; an empty user is automation.
func (a *Account) Acknowledge(user, alert string) error {
	return a.act(user, alert, Command{Kind: Acknowledge})
}

// Unacknowledge takes an acknowledgement back as a user; an empty user is automation.
func (a *Account) Unacknowledge(user, alert string) error {
	return a.act(user, alert, Command{Kind: Unacknowledge})
}

// CloseAlert closes an alert as a user, with a note unless it is empty; an empty user is automation.
func (a *Account) CloseAlert(user, alert, note string) error {
	return a.act(user, alert, Command{Kind: CloseAlert, Note: note})
}

// Action executes a custom action of the alert as a user, with a note unless it is empty; an empty user is automation.
func (a *Account) Action(user, alert, name, note string) error {
	return a.act(user, alert, Command{Kind: CustomAction, Action: name, Note: note})
}

// DeleteAlert deletes an alert as a user; an empty user is automation.
func (a *Account) DeleteAlert(user, alert string) error {
	return a.act(user, alert, Command{Kind: Delete})
}

// SetPriority changes the priority of an alert as a user; an empty user is automation.
func (a *Account) SetPriority(user, alert, priority string) error {
	return a.act(user, alert, Command{Kind: UpdatePriority, Priority: priority})
}

// EditNote replaces the text of a note, found by its ID, as a user; an empty user is automation. The note keeps its owner.
func (a *Account) EditNote(user, alert, note, text string) error {
	by, err := a.person(user)
	if err != nil {
		return err
	}
	found, ok := a.Alert(alert)
	if !ok {
		return ErrNoAlert
	}
	by = a.actor(by)
	a.telling.Lock()
	defer a.telling.Unlock()
	_, next, err := a.store.update(ByID(found.ID), false, a.now(), func(alert *Alert) error {
		i := slices.IndexFunc(alert.Notes, func(n Note) bool { return n.ID == note })
		if i < 0 {
			return fmt.Errorf("alerting: no note %q", note)
		}
		alert.Notes = slices.Clone(alert.Notes)
		alert.Notes[i].Text, alert.Notes[i].Edited = text, alert.Updated
		alert.logAs(by.Name, fmt.Sprintf("Updated note [%s] via %s", text, by.Via), alert.Updated)
		return nil
	})
	if err != nil {
		return err
	}
	a.version.Add(1)
	a.hooks.Tell(*next)
	return nil
}

func (a *Account) act(user, which string, c Command) error {
	by, err := a.person(user)
	if err != nil {
		return err
	}
	for field, text := range c.Check() {
		return fmt.Errorf("alerting: %s: %s", field, text)
	}
	alert, found := a.Alert(which)
	if !found {
		return ErrNoAlert
	}
	_, err = a.Apply(by, ByID(alert.ID), c)
	return err
}
