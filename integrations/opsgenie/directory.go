package opsgenie

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"regexp"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/alerting"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	og "github.com/opsgenie/opsgenie-go-sdk-v2/client"
	"github.com/opsgenie/opsgenie-go-sdk-v2/escalation"
	"github.com/opsgenie/opsgenie-go-sdk-v2/schedule"
	"github.com/opsgenie/opsgenie-go-sdk-v2/team"
	"github.com/opsgenie/opsgenie-go-sdk-v2/user"
)

var uuid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// Schedules lists all schedules. Opsgenie answers them on one page.
func (c *client) Schedules(ctx context.Context) iter.Seq2[alerting.Object, error] {
	expand := false
	return c.objects(ctx, &schedule.ListRequest{Expand: &expand}, "schedules")
}

// Teams lists all teams. Opsgenie answers them on one page.
func (c *client) Teams(ctx context.Context) iter.Seq2[alerting.Object, error] {
	return c.objects(ctx, &team.ListTeamRequest{}, "teams")
}

func (c *client) objects(ctx context.Context, r og.ApiRequest, path string) iter.Seq2[alerting.Object, error] {
	return func(yield func(alerting.Object, error) bool) {
		var data []struct {
			ID        string `json:"id"`
			Name      string `json:"name"`
			OwnerTeam struct {
				ID string `json:"id"`
			} `json:"ownerTeam"`
		}
		if _, err := c.call(ctx, r, []string{path}, nil, &data); err != nil {
			yield(alerting.Object{}, err)
			return
		}
		for _, o := range data {
			if !yield(alerting.Object{ID: o.ID, Name: o.Name, TeamID: o.OwnerTeam.ID}, nil) {
				return
			}
		}
	}
}

// Escalation looks for an escalation policy by id, if the text has the form of one, else by name.
func (c *client) Escalation(ctx context.Context, nameOrID string) (alerting.Object, error) {
	kind := escalation.Name
	if uuid.MatchString(nameOrID) {
		kind = escalation.Id
	}
	var data struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Rules []struct {
			Recipient struct {
				Type     string `json:"type"`
				ID       string `json:"id"`
				Name     string `json:"name"`
				Username string `json:"username"`
			} `json:"recipient"`
		} `json:"rules"`
	}
	r := &escalation.GetRequest{IdentifierType: kind, Identifier: nameOrID}
	_, err := c.call(ctx, r, []string{"escalations", nameOrID}, nil, &data)
	switch {
	case is(err, http.StatusNotFound):
		return alerting.Object{}, lookup.Unknown("Opsgenie", "escalation policy", nameOrID, nil)
	case err == nil && data.ID == "":
		err = errOther
	}
	out := alerting.Object{ID: data.ID, Name: data.Name}
	for _, rule := range data.Rules {
		to := rule.Recipient
		out.Calls = append(out.Calls, alerting.Responder{Type: to.Type, ID: to.ID, Name: incident.Or(to.Name, to.Username)})
	}
	return out, err
}

// User looks for a person. Users are named by their e-mail addresses, in notes and logs too; what is neither an address nor an id is no
// user, and not asked for.
func (c *client) User(ctx context.Context, name string) (alerting.User, error) {
	unknown := lookup.Unknown("Opsgenie", "user", name, nil)
	if !strings.Contains(name, "@") && !uuid.MatchString(name) {
		return alerting.User{}, unknown
	}
	var data struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		FullName string `json:"fullName"`
	}
	_, err := c.call(ctx, &user.GetRequest{Identifier: name}, []string{"users", name}, nil, &data)
	switch {
	case is(err, http.StatusNotFound):
		return alerting.User{}, unknown
	case err == nil && data.ID == "":
		err = errOther
	}
	return alerting.User{ID: data.ID, Email: data.Username, Name: data.FullName}, err
}

// OnCall lists who is on call for a schedule: the flat answer names people, whatever led to them.
func (c *client) OnCall(ctx context.Context, scheduleID string) ([]alerting.User, error) {
	flat := true
	r := &schedule.GetOnCallsRequest{Flat: &flat, ScheduleIdentifierType: schedule.Id, ScheduleIdentifier: scheduleID}
	var data struct {
		Parent struct {
			ID string `json:"id"`
		} `json:"_parent"`
		Recipients []string `json:"onCallRecipients"`
	}
	if _, err := c.call(ctx, r, []string{"schedules", scheduleID, "on-calls"}, nil, &data); err != nil {
		return nil, err
	}
	if data.Parent.ID == "" && data.Recipients == nil {
		return nil, errOther
	}
	var out []alerting.User
	for _, name := range data.Recipients {
		if name == "" {
			return nil, errOther
		}
		out = append(out, alerting.User{Email: name})
	}
	return out, nil
}

// Own reports whether a note or log entry is the bridge's own.
func (c *client) Own(owner string) bool { return bridge.SameName(owner, c.user) }

// Check reads alerts, schedules and users, and asks for an alert to be closed that does not exist: Opsgenie accepts that from a key that may
// write, and refuses it from others.
func (c *client) Check(ctx context.Context, f *incident.Findings) bool {
	var alerts []wireAlert
	if _, err := c.call(ctx, &alert.ListAlertRequest{Limit: 1}, []string{"alerts"}, nil, &alerts); err != nil {
		f.Bad("check api_key, region or endpoint, and whether Opsgenie is up; the key needs read access", "key: %v", err)
		return false
	}
	f.Good("key: accepted by %s", c.base)
	_, err := c.Close(ctx, alerting.Handle{Alias: "accessbridge-check"}, "")
	if err != nil && !is(err, http.StatusNotFound) {
		f.Bad("give the key create and update access, with no restriction to reading", "key: it cannot change alerts: %v", err)
	} else {
		f.Good("key: may change alerts")
	}
	for _, err := range c.Schedules(ctx) {
		if err != nil {
			f.Bad("give the key access to the configuration", "key: it cannot read schedules: %v", err)
			return false
		}
		break
	}
	f.Good("key: may read schedules")
	if _, err := c.User(ctx, "nobody@accessbridge.invalid"); err != nil && !errors.Is(err, lookup.ErrUnknown) {
		f.Bad("give the key access to the configuration", "key: it cannot read users, so that nobody can decide: %v", err)
	} else {
		f.Good("key: may read users")
	}
	return true
}
