package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// actor is who acts, as logs, notes and events tell: a person by username, anybody else by the name that they gave.
func (a *Account) actor(by Actor) Actor {
	if u, found := a.dir.user(by.User); found {
		by.User, by.Name, by.Via = u.ID, u.Username, cmp.Or(by.Via, "web")
		return by
	}
	by.User, by.Name, by.Via = "", cmp.Or(by.Name, "System"), cmp.Or(by.Via, "system")
	return by
}

// Apply does a command at once and returns the alert as it is then.
func (a *Account) Apply(by Actor, ref Ref, c Command) (Alert, error) {
	by = a.actor(by)
	a.telling.Lock()
	defer a.telling.Unlock()
	old, next, err := a.store.update(ref, a.opt.OpenAliasOnly, a.now(), func(alert *Alert) error { return a.edit(alert, by, c) })
	if err != nil {
		return Alert{}, err
	}
	a.version.Add(1)
	a.tell(eventOf(c, by, old, next))
	a.hooks.Tell(*next)
	return *next, nil
}

// update replaces an alert by what change makes of a copy. Change may replace and append, but not write into what it finds.
func (st *store) update(ref Ref, openOnly bool, now time.Time, change func(*Alert) error) (old, next *Alert, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	i, found := st.find(ref, openOnly)
	if !found {
		return nil, nil, ErrNoAlert
	}
	old = st.alerts[i]
	copied := *old
	copied.Notes, copied.Log, copied.Tags = slices.Clip(old.Notes), slices.Clip(old.Log), slices.Clip(old.Tags)
	copied.Updated = st.stamp(now)
	if err := change(&copied); err != nil {
		return nil, nil, err
	}
	st.replace(&copied)
	return old, &copied, nil
}

// edit does a command to a copy of an alert whose Updated is already now.
func (a *Account) edit(alert *Alert, by Actor, c Command) error {
	switch c.Kind {
	case Acknowledge:
		return a.acknowledge(alert, by, c)
	case Unacknowledge:
		if !alert.Open() {
			return ErrClosed
		}
		if !alert.Acknowledged {
			return ErrUnacked
		}
		alert.Acknowledged, alert.Acked, alert.AckedBy = false, time.Time{}, ""
		a.logged(alert, by, c, "Alert unacknowledged via "+by.Via)
	case CloseAlert:
		if !alert.Open() {
			return ErrClosed
		}
		alert.Status, alert.Closed, alert.ClosedBy = StatusClosed, alert.Updated, by.Name
		a.logged(alert, by, c, "Alert closed via "+by.Via)
	case CustomAction:
		if !slices.Contains(alert.Actions, c.Action) {
			return ErrNoAction
		}
		a.logged(alert, by, c, strings.NewReplacer("{action}", c.Action, "{via}", by.Via).Replace(a.opt.ActionLog))
	case Delete:
		alert.Deleted = true
	default:
		a.editFields(alert, by, c)
	}
	alert.Seen = alert.Seen || by.User != ""
	return nil
}

func (a *Account) acknowledge(alert *Alert, by Actor, c Command) error {
	if !alert.Open() {
		return ErrClosed
	}
	if alert.Acknowledged {
		return ErrAcknowledged
	}
	alert.Acknowledged, alert.Acked, alert.AckedBy = true, alert.Updated, by.Name
	if by.User != "" {
		alert.Owner, alert.Seen = by.Name, true
	}
	a.logged(alert, by, c, "Alert acknowledged via "+by.Via)
	return nil
}

// editFields does the commands that only replace something.
func (a *Account) editFields(alert *Alert, by Actor, c Command) {
	text := ""
	switch c.Kind {
	case AddTags:
		for _, tag := range c.Tags {
			if !slices.Contains(alert.Tags, tag) {
				alert.Tags = append(alert.Tags, tag)
			}
		}
		text = fmt.Sprintf("Added tags [%s] via %s", strings.Join(c.Tags, ","), by.Via)
	case RemoveTags:
		alert.Tags = slices.DeleteFunc(slices.Clone(alert.Tags), func(t string) bool { return slices.Contains(c.Tags, t) })
		text = fmt.Sprintf("Removed tags [%s] via %s", strings.Join(c.Tags, ","), by.Via)
	case AddDetails:
		details := maps.Clone(alert.Details)
		if details == nil {
			details = map[string]string{}
		}
		maps.Copy(details, c.Details)
		alert.Details, text = details, "Added details via "+by.Via
	case RemoveDetails:
		alert.Details = maps.Clone(alert.Details)
		maps.DeleteFunc(alert.Details, func(key, _ string) bool { return slices.Contains(c.Keys, key) })
		text = "Removed details via " + by.Via
	case UpdatePriority:
		alert.Priority, text = c.Priority, fmt.Sprintf("Updated priority to [%s] via %s", c.Priority, by.Via)
	case UpdateMessage:
		alert.Message, text = c.Message, "Updated message via "+by.Via
	case UpdateDescription:
		alert.Description, text = c.Description, "Updated description via "+by.Via
	}
	a.logged(alert, by, c, text)
}

// logged adds the entry of a command to the log, and the command's note to the notes. The store's lock is held.
func (a *Account) logged(alert *Alert, by Actor, c Command, text string) {
	if text != "" {
		alert.logAs(by.Name, text, alert.Updated)
	}
	if c.Note == "" {
		return
	}
	if text != "" { // two entries have two times
		alert.Updated = a.store.stamp(alert.Updated)
	}
	at := alert.Updated
	alert.Notes = append(alert.Notes, Note{ID: fmt.Sprint(at.UnixNano()), Owner: by.Name, Text: c.Note, At: at})
	alert.logAs(by.Name, fmt.Sprintf("Added note [%s] via %s", c.Note, by.Via), at)
}

// logAs appends to the log. The offset is unique because no two changes of an account have the same time.
func (alert *Alert) logAs(owner, text string, at time.Time) {
	alert.Log = append(alert.Log, LogEntry{Offset: offset(at), Type: "system", Owner: owner, Text: text, At: at})
}

func offset(at time.Time) string { return fmt.Sprintf("%d_%d", at.UnixMilli(), at.UnixNano()) }
