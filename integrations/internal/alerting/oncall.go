package alerting

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/lookup"
)

// OnCall tells who is on call now for schedules, and for teams by all their schedules. The products tell neither levels nor when a shift ends.
func (t *Tracker) OnCall(ctx context.Context, q bridge.OnCallQuery) ([]bridge.Shift, error) {
	if len(q.Services)+len(q.Policies) > 0 {
		return nil, t.terminal("on call by service or escalation policy is not supported: name a schedule or a team")
	}
	schedules, err := t.asked(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []bridge.Shift
	for _, s := range schedules {
		people, err := t.onCallNow(ctx, s.ID, t.set.ShiftsFor())
		if err != nil {
			return nil, err
		}
		for _, u := range people {
			shift, err := t.shift(ctx, s, u)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(out, shift) {
				out = append(out, shift)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b bridge.Shift) int {
		return cmp.Or(cmp.Compare(a.Via, b.Via), cmp.Compare(a.Person.Email, b.Person.Email), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out, nil
}

// asked are the schedules that a query names, directly or by teams, each once. A team without one is an error: silence would look like
// nobody being on call.
func (t *Tracker) asked(ctx context.Context, q bridge.OnCallQuery) ([]Object, error) {
	var out []Object
	for _, name := range q.Schedules {
		s, err := t.find(ctx, TypeSchedule, "on-call schedule", name)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	for _, name := range q.Teams {
		team, err := t.find(ctx, TypeTeam, "on-call team", name)
		if err != nil {
			return nil, err
		}
		owned, err := t.schedulesOf(ctx, team.ID)
		if err != nil {
			return nil, err
		}
		if len(owned) == 0 {
			return nil, t.terminal("on-call team %q has no schedule", team.Name)
		}
		out = append(out, owned...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(s Object) bool {
		before := seen[s.ID]
		seen[s.ID] = true
		return before
	}), nil
}

// schedulesOf are the schedules that belong to a team.
func (t *Tracker) schedulesOf(ctx context.Context, teamID string) ([]Object, error) {
	all, err := t.list(ctx, TypeSchedule)
	if err != nil {
		return nil, err
	}
	var out []Object
	for _, s := range all {
		if s.TeamID == teamID && teamID != "" {
			out = append(out, s)
		}
	}
	return out, nil
}

// onCallNow lists who is on call for a schedule.
func (t *Tracker) onCallNow(ctx context.Context, scheduleID string, maxAge time.Duration) ([]User, error) {
	return t.shifts.Get(ctx, scheduleID, maxAge, func(ctx context.Context) ([]User, error) { return t.api.OnCall(ctx, scheduleID) })
}

// shift is what is told of a person on call. One whom the product no longer knows is known by the id alone.
func (t *Tracker) shift(ctx context.Context, s Object, u User) (bridge.Shift, error) {
	if u.Email == "" {
		known, err := t.person(ctx, u.ID)
		if err != nil && !errors.Is(err, lookup.ErrUnknown) {
			return bridge.Shift{}, err
		}
		u.Email, u.Name = known.Email, cmp.Or(u.Name, known.Name)
	}
	return bridge.Shift{Person: bridge.Actor{ID: u.ID, Email: u.Email, Name: u.Name}, Via: cmp.Or(s.Name, s.ID)}, nil
}
