package pagerduty

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// account is what an administrator set up: it does not change while the simulator lives, but for the shifts.
type account struct {
	users      []*User
	userByMail map[string]*User
	userByID   map[string]*User
	teams      []*Team
	services   []*Service
	policies   []*Policy
	schedules  []*Schedule
	priorities []priority
	actions    []action
}

type priority struct{ id, name, description string }

type action struct{ id, name string }

// newAccount checks that every name leads somewhere and replaces names by ids.
func newAccount(o Options) (*account, error) {
	a := &account{userByMail: map[string]*User{}, userByID: map[string]*User{}}
	for i, u := range o.Users {
		u.ID, u.Role = made(u.ID, "PU", i), cmp.Or(u.Role, "user")
		a.users = append(a.users, &u)
		if a.userByID[u.ID] != nil || a.userByMail[strings.ToLower(u.Email)] != nil {
			return nil, fmt.Errorf("pagerduty simulator: two users %s %s", u.ID, u.Email)
		}
		a.userByID[u.ID], a.userByMail[strings.ToLower(u.Email)] = &u, &u
	}
	for i, name := range o.Priorities {
		a.priorities = append(a.priorities, priority{id: made("", "PPRIO", i), name: name, description: "Priority " + name})
	}
	for i, name := range o.Actions {
		a.actions = append(a.actions, action{id: fmt.Sprintf("01ACTION%018d", i+1), name: name})
	}
	if err := a.addTeams(o.Teams); err != nil {
		return nil, err
	}
	if err := a.addSchedules(o.Schedules); err != nil {
		return nil, err
	}
	if err := a.addPolicies(o.Policies); err != nil {
		return nil, err
	}
	for i, s := range o.Services {
		p := a.policy(s.Policy)
		if p == nil {
			return nil, fmt.Errorf("pagerduty simulator: service %s: no policy %q", s.Name, s.Policy)
		}
		s.ID, s.Policy = made(s.ID, "PS", i), p.ID
		a.services = append(a.services, &s)
	}
	return a, nil
}

func (a *account) addTeams(list []Team) error {
	for i, t := range list {
		t.ID, t.Members = made(t.ID, "PT", i), slices.Clone(t.Members)
		for j, name := range t.Members {
			u := a.user(name)
			if u == nil {
				return fmt.Errorf("pagerduty simulator: team %s: no user %q", t.Name, name)
			}
			t.Members[j] = u.ID
		}
		a.teams = append(a.teams, &t)
	}
	return nil
}

func (a *account) addSchedules(list []Schedule) error {
	for i, s := range list {
		s.ID = made(s.ID, "PC", i)
		s.Shifts = slices.Clone(s.Shifts)
		for j, shift := range s.Shifts {
			u := a.user(shift.User)
			if u == nil {
				return fmt.Errorf("pagerduty simulator: schedule %s: no user %q", s.Name, shift.User)
			}
			s.Shifts[j].User = u.ID
		}
		a.schedules = append(a.schedules, &s)
	}
	return nil
}

func (a *account) addPolicies(list []Policy) error {
	for i, p := range list {
		p.ID = made(p.ID, "PE", i)
		rules := make([]Rule, 0, len(p.Rules))
		for _, r := range p.Rules {
			var out Rule
			for _, name := range r.Schedules {
				s := a.schedule(name)
				if s == nil {
					return fmt.Errorf("pagerduty simulator: policy %s: no schedule %q", p.Name, name)
				}
				out.Schedules = append(out.Schedules, s.ID)
			}
			for _, name := range r.Users {
				u := a.user(name)
				if u == nil {
					return fmt.Errorf("pagerduty simulator: policy %s: no user %q", p.Name, name)
				}
				out.Users = append(out.Users, u.ID)
			}
			rules = append(rules, out)
		}
		p.Rules = rules
		a.policies = append(a.policies, &p)
	}
	return nil
}

// made is the id, or one that is made up.
func made(id, prefix string, i int) string {
	if id != "" {
		return id
	}
	return fmt.Sprintf("%s%0*d", prefix, max(1, 7-len(prefix)), i+1)
}

// user finds by id, e-mail (in any case), name or the part of the e-mail before the @.
func (a *account) user(who string) *User {
	if u := a.userByID[who]; u != nil {
		return u
	}
	if u := a.userByMail[strings.ToLower(who)]; u != nil {
		return u
	}
	for _, u := range a.users {
		local, _, _ := strings.Cut(u.Email, "@")
		if who != "" && (strings.EqualFold(u.Name, who) || strings.EqualFold(local, who)) {
			return u
		}
	}
	return nil
}

func (a *account) service(nameOrID string) *Service {
	return find(a.services, func(s *Service) bool { return s.ID == nameOrID || strings.EqualFold(s.Name, nameOrID) })
}

func (a *account) policy(nameOrID string) *Policy {
	return find(a.policies, func(p *Policy) bool { return p.ID == nameOrID || strings.EqualFold(p.Name, nameOrID) })
}

func (a *account) schedule(nameOrID string) *Schedule {
	return find(a.schedules, func(s *Schedule) bool { return s.ID == nameOrID || strings.EqualFold(s.Name, nameOrID) })
}

func (a *account) priority(nameOrID string) *priority {
	i := slices.IndexFunc(a.priorities, func(p priority) bool { return p.id == nameOrID || strings.EqualFold(p.name, nameOrID) })
	if i < 0 {
		return nil
	}
	return &a.priorities[i]
}

func (a *account) action(nameOrID string) *action {
	i := slices.IndexFunc(a.actions, func(x action) bool { return x.id == nameOrID || strings.EqualFold(x.name, nameOrID) })
	if i < 0 {
		return nil
	}
	return &a.actions[i]
}

func find[T any](list []*T, fits func(*T) bool) *T {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i]
	}
	return nil
}
