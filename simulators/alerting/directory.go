package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// directory is what an administrator set up. It does not change while the account lives, but for the shifts.
type directory struct {
	users       []User
	teams       []Team
	schedules   []Schedule
	escalations []Escalation
}

// newDirectory checks that every name leads somewhere and replaces names by ids.
func newDirectory(o Options) (*directory, error) {
	d := &directory{}
	for i, u := range o.Users {
		u.ID, u.Role = cmp.Or(u.ID, madeUp("user", i)), cmp.Or(u.Role, "User")
		u.AccountID = cmp.Or(u.AccountID, "712020:"+madeUp("account", i))
		if _, double := d.user(u.ID); double || u.Username == "" || slices.ContainsFunc(d.users, func(x User) bool {
			return strings.EqualFold(x.Username, u.Username)
		}) {
			return nil, fmt.Errorf("alerting: a user %q without a name or twice", u.Username)
		}
		d.users = append(d.users, u)
	}
	if err := d.addTeams(o.Teams); err != nil {
		return nil, err
	}
	for i, s := range o.Schedules { // first all of them: an escalation may be in a schedule, and the other way round
		s.ID = cmp.Or(s.ID, madeUp("schedule", i))
		if err := d.owner(&s.Team); err != nil {
			return nil, fmt.Errorf("alerting: schedule %s: %w", s.Name, err)
		}
		s.Rotations = slices.Clone(s.Rotations)
		d.schedules = append(d.schedules, s)
	}
	if err := d.addEscalations(o.Escalations); err != nil {
		return nil, err
	}
	return d, nil
}

// madeUp is an id that is the same at every start.
func madeUp(kind string, i int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %d", kind, i)).String()
}

func (d *directory) addTeams(list []Team) error {
	for i, t := range list {
		t.ID, t.Members = cmp.Or(t.ID, madeUp("team", i)), slices.Clone(t.Members)
		for j, name := range t.Members {
			u, found := d.user(name)
			if !found {
				return fmt.Errorf("alerting: team %s: no user %q", t.Name, name)
			}
			t.Members[j] = u.ID
		}
		d.teams = append(d.teams, t)
	}
	return nil
}

func (d *directory) addEscalations(list []Escalation) error {
	for i, e := range list {
		e.ID, e.Rules = cmp.Or(e.ID, madeUp("escalation", i)), slices.Clone(e.Rules)
		if err := d.owner(&e.Team); err != nil {
			return fmt.Errorf("alerting: escalation %s: %w", e.Name, err)
		}
		for _, r := range e.Rules {
			if _, err := d.one(r.User, r.Team, r.Schedule, ""); err != nil {
				return fmt.Errorf("alerting: escalation %s: %w", e.Name, err)
			}
		}
		d.escalations = append(d.escalations, e)
	}
	return nil
}

// owner replaces a team's name by its id.
func (d *directory) owner(team *string) error {
	if *team == "" {
		return nil
	}
	t, found := d.team(*team)
	if !found {
		return fmt.Errorf("no team %q", *team)
	}
	*team = t.ID
	return nil
}

// one is the one responder of which a name is given.
func (d *directory) one(user, team, schedule, escalation string) (Responder, error) {
	var given []Responder
	for _, r := range []Responder{
		{Type: TypeUser, Name: user},
		{Type: TypeTeam, Name: team},
		{Type: TypeSchedule, Name: schedule},
		{Type: TypeEscalation, Name: escalation},
	} {
		if r.Name != "" {
			given = append(given, r)
		}
	}
	if len(given) != 1 {
		return Responder{}, fmt.Errorf("exactly one of user, team, schedule and escalation is wanted, not %d", len(given))
	}
	out, found := d.responder(given[0])
	if !found {
		return Responder{}, fmt.Errorf("no %s %q", given[0].Type, given[0].Name)
	}
	return out, nil
}

// responder finds a responder by id, or by name where there is no id.
func (d *directory) responder(r Responder) (Responder, bool) {
	key := cmp.Or(r.ID, r.Name)
	switch r.Type {
	case TypeUser:
		u, found := d.user(key)
		return Responder{r.Type, u.ID, u.Username}, found
	case TypeTeam:
		t, found := d.team(key)
		return Responder{r.Type, t.ID, t.Name}, found
	case TypeSchedule:
		s, found := d.schedule(key)
		return Responder{r.Type, s.ID, s.Name}, found
	case TypeEscalation:
		e, found := d.escalation(key)
		return Responder{r.Type, e.ID, e.Name}, found
	}
	return r, false
}

// user finds by id, account id, username (in any case), full name or the part of the username before the @.
func (d *directory) user(who string) (User, bool) {
	return find(d.users, func(u User) bool {
		local, _, _ := strings.Cut(u.Username, "@")
		return who != "" && (u.ID == who || u.AccountID == who || strings.EqualFold(u.Username, who) ||
			strings.EqualFold(u.FullName, who) || strings.EqualFold(local, who))
	})
}

func (d *directory) team(nameOrID string) (Team, bool) {
	return find(d.teams, func(t Team) bool { return t.ID == nameOrID || t.Name == nameOrID })
}

func (d *directory) schedule(nameOrID string) (Schedule, bool) {
	return find(d.schedules, func(s Schedule) bool { return s.ID == nameOrID || s.Name == nameOrID })
}

func (d *directory) escalation(nameOrID string) (Escalation, bool) {
	return find(d.escalations, func(e Escalation) bool { return e.ID == nameOrID || e.Name == nameOrID })
}

func find[T any](list []T, fits func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i], true
	}
	return *new(T), false
}

// Users lists the users; Teams, Schedules and Escalations list the rest. All in the order of the options. A list must not be
// changed.
func (a *Account) Users() []User { return a.dir.users }

// Teams lists the teams; Members are ids.
func (a *Account) Teams() []Team { return a.dir.teams }

// Schedules lists the schedules as they were set up; who is on call is told by [Account.OnCall].
func (a *Account) Schedules() []Schedule { return a.dir.schedules }

// Escalations lists the escalations; Rules name users and schedules as they were set up.
func (a *Account) Escalations() []Escalation { return a.dir.escalations }

// User finds a user by id, Atlassian account id, username, full name or the part of the username before the @.
func (a *Account) User(who string) (User, bool) { return a.dir.user(who) }

// Team finds a team by id or name.
func (a *Account) Team(idOrName string) (Team, bool) { return a.dir.team(idOrName) }

// Schedule finds a schedule by id or name.
func (a *Account) Schedule(idOrName string) (Schedule, bool) { return a.dir.schedule(idOrName) }

// Escalation finds an escalation by id or name.
func (a *Account) Escalation(idOrName string) (Escalation, bool) { return a.dir.escalation(idOrName) }

// Responder finds whom a responder means, with id and name filled in.
func (a *Account) Responder(r Responder) (Responder, bool) { return a.dir.responder(r) }
