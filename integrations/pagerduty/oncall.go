package pagerduty

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

// onCall is one entry of PagerDuty's list of who is on call.
type onCall struct {
	User     user          `json:"user"`
	Schedule *pd.APIObject `json:"schedule"`
	Policy   pd.APIObject  `json:"escalation_policy"`
	Level    int           `json:"escalation_level"`
	End      time.Time     `json:"end"`
}

// OnCall tells who is on call now: for a service by its escalation policy. A schedule counts where an escalation policy leads to it,
// because that is what PagerDuty tells.
func (p *PagerDuty) OnCall(ctx context.Context, q bridge.OnCallQuery) ([]bridge.Shift, error) {
	if len(q.Teams) > 0 {
		return nil, bridge.Terminal(errors.New("pagerduty: on call by team is not supported: name a service, an escalation policy or a schedule"))
	}
	byPolicy, err := p.policiesOf(ctx, q)
	if err != nil {
		return nil, err
	}
	bySchedule, err := p.idsOf(ctx, schedules, "on-call schedule", q.Schedules)
	if err != nil {
		return nil, err
	}
	var found []onCall
	for _, by := range []struct {
		field string
		ids   []string
	}{{"escalation_policy_ids[]", byPolicy}, {"schedule_ids[]", bySchedule}} {
		entries, err := p.onCallNow(ctx, by.field, by.ids, p.set.ShiftsFor())
		if err != nil {
			return nil, err
		}
		found = append(found, entries...)
	}
	return p.shiftsOf(ctx, found, q.Levels)
}

// policiesOf are the ids of the escalation policies that a query names, directly or by services.
func (p *PagerDuty) policiesOf(ctx context.Context, q bridge.OnCallQuery) ([]string, error) {
	ids, err := p.idsOf(ctx, policies, "on-call escalation policy", q.Policies)
	if err != nil {
		return nil, err
	}
	for _, name := range q.Services {
		o, err := p.find(ctx, services, "on-call service", name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, o.Policy.ID)
	}
	return ids, nil
}

func (p *PagerDuty) idsOf(ctx context.Context, in directory, setting string, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		o, err := p.find(ctx, in, setting, name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, o.ID)
	}
	return ids, nil
}

// onCallNow lists who is on call for some policies or schedules, from all pages; nobody for none.
func (p *PagerDuty) onCallNow(ctx context.Context, field string, ids []string, maxAge time.Duration) ([]onCall, error) {
	ids = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(ids))), func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return nil, nil
	}
	return p.look.shifts.Get(ctx, field+strings.Join(ids, ","), maxAge, func(ctx context.Context) ([]onCall, error) {
		return all[onCall](ctx, p, "/oncalls", "oncalls", url.Values{field: ids, "include[]": {"users"}})
	})
}

// shiftsOf are the shifts up to a level, each once, the first level first.
func (p *PagerDuty) shiftsOf(ctx context.Context, entries []onCall, levels int) ([]bridge.Shift, error) {
	var out []bridge.Shift
	for _, e := range entries {
		if e.User.ID == "" || levels > 0 && e.Level > levels {
			continue
		}
		u := e.User
		if u.Email == "" {
			known, err := p.person(ctx, u.ID)
			if err != nil {
				return nil, err
			}
			u.Email, u.Name = known.Email, incident.Or(u.Name, known.Name)
		}
		shift := bridge.Shift{
			Person: bridge.Actor{ID: u.ID, Email: u.Email, Name: incident.Or(u.Name, u.Summary)},
			Via:    e.Policy.Summary,
			Level:  e.Level,
			Until:  e.End.UTC(),
		}
		if e.Schedule != nil {
			shift.Via = e.Schedule.Summary
		}
		if e.End.IsZero() {
			shift.Until = time.Time{}
		}
		if !slices.Contains(out, shift) {
			out = append(out, shift)
		}
	}
	slices.SortStableFunc(out, func(a, b bridge.Shift) int {
		return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Via, b.Via), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out, nil
}
