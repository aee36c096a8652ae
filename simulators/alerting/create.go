package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// create makes an alert at once, or joins the draft to the open alert that has its alias: that one counts one more, and the
// draft is dropped.
func (a *Account) create(by Actor, d Draft) (Alert, error) {
	by = a.actor(by)
	responders, err := a.responders(d.Responders)
	if err != nil {
		return Alert{}, err
	}
	a.telling.Lock()
	defer a.telling.Unlock()
	if d.Alias != "" {
		if joined, found := a.join(by, d.Alias); found {
			a.version.Add(1)
			a.hooks.Tell(*joined)
			return *joined, nil
		}
	}
	alert := a.keep(by, d, responders)
	a.version.Add(1)
	a.tell(&event{action: create, alert: alert, by: by, full: true, note: d.Note})
	a.hooks.Tell(*alert)
	return *alert, nil
}

// join adds one to the count of the open alert with the alias. Telling is held, so that none comes in between.
func (a *Account) join(by Actor, alias string) (*Alert, bool) {
	_, joined, err := a.store.update(ByAlias(alias), true, a.now(), func(alert *Alert) error {
		alert.Count++
		alert.LastOccurred = alert.Updated
		alert.logAs(by.Name, fmt.Sprintf("Alert joined by its alias via %s, count is %d", by.Via, alert.Count), alert.Updated)
		return nil
	})
	return joined, err == nil
}

func (a *Account) keep(by Actor, d Draft, responders []Responder) *Alert {
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	now := a.store.stamp(a.now())
	id := fmt.Sprintf("%s-%d", uuid.New(), now.UnixMilli())
	alert := &Alert{
		ID: id, TinyID: strconv.Itoa(len(a.store.alerts) + 1), Alias: cmp.Or(d.Alias, id), Message: d.Message,
		Description: d.Description, Entity: d.Entity, Source: cmp.Or(by.Source, d.Source, "127.0.0.1"), User: by.Name,
		Status: StatusOpen, Priority: cmp.Or(d.Priority, "P3"), Tags: unique(d.Tags), Details: maps.Clone(d.Details),
		Actions: slices.Clone(d.Actions), Responders: responders, Count: 1, LastOccurred: now, Integration: by.Integration,
		Created: now, Updated: now, seq: len(a.store.alerts),
	}
	a.logged(alert, by, Command{Note: d.Note}, "Alert created via "+by.Via)
	a.store.add(alert)
	return alert
}

// responders fills in ids and names.
func (a *Account) responders(list []Responder) ([]Responder, error) {
	var out []Responder
	for _, r := range list {
		full, found := a.dir.responder(r)
		switch {
		case found && !slices.Contains(out, full):
			out = append(out, full)
		case !found && !a.opt.IgnoreUnknownResponders:
			return nil, fmt.Errorf("%w: %s %s", ErrResponder, r.Type, cmp.Or(r.ID, r.Name))
		}
	}
	return out, nil
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// AddAlert makes an alert at once, as a user in the web application; an empty user is the product itself.
func (a *Account) AddAlert(user string, d Draft) (Alert, error) {
	by, err := a.person(user)
	if err != nil {
		return Alert{}, err
	}
	for field, text := range d.Check() {
		return Alert{}, fmt.Errorf("alerting: %s: %s", field, text)
	}
	return a.create(by, d)
}

// AddLog writes an entry into an alert's log that nothing else tells of, such as "Viewed on [web]" with the type
// "alertRecipient". The owner is taken as it is.
func (a *Account) AddLog(alert, kind, owner, text string) error {
	found, ok := a.Alert(alert)
	if !ok {
		return ErrNoAlert
	}
	a.telling.Lock()
	defer a.telling.Unlock()
	_, next, err := a.store.update(ByID(found.ID), false, a.now(), func(alert *Alert) error {
		alert.logAs(owner, text, alert.Updated)
		alert.Log[len(alert.Log)-1].Type = kind
		return nil
	})
	if err != nil {
		return err
	}
	a.version.Add(1)
	a.hooks.Tell(*next)
	return nil
}

// age is how long after its creation something happened to an alert; zero if it never did.
func (alert Alert) age(at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return at.Sub(alert.Created)
}

// AckAge is how long after its creation the alert was acknowledged; zero if it is not.
func (alert Alert) AckAge() time.Duration { return alert.age(alert.Acked) }

// CloseAge is how long after its creation the alert was closed; zero if it is not.
func (alert Alert) CloseAge() time.Duration { return alert.age(alert.Closed) }
