package alerting

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// turn is one shift whose names are replaced by ids.
type turn struct {
	rotation      string
	who           Responder
	forwardedFrom string
	from, until   time.Time
}

func (t turn) covers(at time.Time) bool {
	return !at.Before(t.from) && (t.until.IsZero() || at.Before(t.until))
}

// shifts are the turns of the schedules, by schedule id. In a rotation no two turns overlap.
type shifts struct {
	mu         sync.RWMutex
	bySchedule map[string][]turn
}

// overrides is the rotation that [Account.SetOnCall] writes to; it takes the place of all others.
const overrides = "override"

func (a *Account) loadShifts() error {
	a.shifts.bySchedule = map[string][]turn{}
	for i, s := range a.dir.schedules {
		for j, r := range s.Rotations {
			if r.ID == "" {
				r.ID = madeUp("rotation", i*100+j)
				s.Rotations[j].ID = r.ID
			}
			for _, shift := range r.Shifts {
				t, err := a.turn(r.ID, shift)
				if err != nil {
					return fmt.Errorf("alerting: schedule %s: %w", s.Name, err)
				}
				a.shifts.bySchedule[s.ID] = put(a.shifts.bySchedule[s.ID], t)
			}
		}
	}
	return nil
}

func (a *Account) turn(rotation string, s Shift) (turn, error) {
	who, err := a.dir.one(s.User, s.Team, "", s.Escalation)
	if err != nil {
		return turn{}, err
	}
	t := turn{rotation: rotation, who: who, from: s.From, until: s.Until}
	if s.ForwardedFrom != "" {
		u, found := a.dir.user(s.ForwardedFrom)
		if !found {
			return turn{}, fmt.Errorf("no user %q", s.ForwardedFrom)
		}
		t.forwardedFrom = u.ID
	}
	return t, nil
}

// put adds a turn to a list and cuts away what it covers: of its own rotation, and as an override of all.
func put(list []turn, t turn) []turn {
	var out []turn
	for _, other := range list {
		if t.rotation != overrides && t.rotation != other.rotation {
			out = append(out, other)
			continue
		}
		if other.from.Before(t.from) {
			before := other
			if before.until.IsZero() || before.until.After(t.from) {
				before.until = t.from
			}
			out = append(out, before)
		}
		if !t.until.IsZero() && (other.until.IsZero() || other.until.After(t.until)) {
			after := other
			if after.from.Before(t.until) {
				after.from = t.until
			}
			out = append(out, after)
		}
	}
	out = append(out, t)
	slices.SortStableFunc(out, func(a, b turn) int { return a.from.Compare(b.from) })
	return out
}

// SetOnCall puts a user on call in a schedule, as an override does: whoever was on call in that time is not any more. From
// and until may lie in the past or the future; a zero until means that the turn does not end. Schedule and user are ids or
// names, the user also an e-mail.
func (a *Account) SetOnCall(schedule, user string, from, until time.Time) error {
	s, found := a.dir.schedule(schedule)
	if !found {
		return fmt.Errorf("alerting: no schedule %q", schedule)
	}
	if !until.IsZero() && !until.After(from) {
		return fmt.Errorf("alerting: a turn cannot end at %s before it starts", until)
	}
	t, err := a.turn(overrides, Shift{User: user, From: from, Until: until})
	if err != nil {
		return fmt.Errorf("alerting: %w", err)
	}
	a.shifts.mu.Lock()
	defer a.shifts.mu.Unlock()
	a.shifts.bySchedule[s.ID] = put(a.shifts.bySchedule[s.ID], t)
	a.version.Add(1)
	return nil
}

// ClearOnCall removes every turn of a schedule, so that nobody is on call in it.
func (a *Account) ClearOnCall(schedule string) error {
	s, found := a.dir.schedule(schedule)
	if !found {
		return fmt.Errorf("alerting: no schedule %q", schedule)
	}
	a.shifts.mu.Lock()
	defer a.shifts.mu.Unlock()
	delete(a.shifts.bySchedule, s.ID)
	a.version.Add(1)
	return nil
}

// OnCall lists who is on call in a schedule at a moment, one for each rotation. It says whether there is such a schedule.
func (a *Account) OnCall(schedule string, at time.Time) ([]Participant, bool) {
	s, found := a.dir.schedule(schedule)
	if !found {
		return nil, false
	}
	return a.onCall(s, at, nil), true
}

// NextOnCall lists who comes on call next in a schedule after a moment: the participants of the first shift that starts then.
func (a *Account) NextOnCall(schedule string, after time.Time) ([]Participant, bool) {
	s, found := a.dir.schedule(schedule)
	if !found {
		return nil, false
	}
	var next time.Time
	for _, t := range a.turns(s.ID) {
		if t.from.After(after) && (next.IsZero() || t.from.Before(next)) {
			next = t.from
		}
	}
	if next.IsZero() || s.Disabled {
		return nil, true
	}
	var out []Participant
	for _, t := range a.turns(s.ID) {
		if t.from.Equal(next) {
			out = append(out, a.participant(t.who, next, []string{s.ID}))
		}
	}
	return out, true
}

func (a *Account) turns(schedule string) []turn {
	a.shifts.mu.RLock()
	defer a.shifts.mu.RUnlock()
	return a.shifts.bySchedule[schedule]
}

// onCall is the participants of a schedule. Within are the ids that led here, so that a circle ends.
func (a *Account) onCall(s Schedule, at time.Time, within []string) []Participant {
	if s.Disabled || slices.Contains(within, s.ID) {
		return nil
	}
	within = append(slices.Clip(within), s.ID)
	var out []Participant
	for _, t := range a.turns(s.ID) {
		if !t.covers(at) {
			continue
		}
		p := a.participant(t.who, at, within)
		if from, found := a.dir.user(t.forwardedFrom); found {
			p.ForwardedFrom = &Participant{Type: TypeUser, ID: from.ID, Name: from.Username}
		}
		out = append(out, p)
	}
	return out
}

// participant is a responder with those inside: an escalation's steps, a schedule's people, and of a team its escalations or,
// where it has none, its members.
func (a *Account) participant(r Responder, at time.Time, within []string) Participant {
	p := Participant{Type: r.Type, ID: r.ID, Name: r.Name}
	if slices.Contains(within, r.ID) {
		return p
	}
	inside := append(slices.Clip(within), r.ID)
	switch r.Type {
	case TypeSchedule:
		s, _ := a.dir.schedule(r.ID)
		p.Participants = a.onCall(s, at, within)
	case TypeEscalation:
		e, _ := a.dir.escalation(r.ID)
		for _, rule := range e.Rules {
			who, err := a.dir.one(rule.User, rule.Team, rule.Schedule, "")
			if err != nil {
				continue // the rules were checked at the start
			}
			step := a.participant(who, at, inside)
			step.EscalationTime, step.NotifyType = int(rule.After/time.Minute), "default"
			p.Participants = append(p.Participants, step)
		}
	case TypeTeam:
		p.Participants = a.teamParticipants(r.ID, at, inside)
	}
	return p
}

func (a *Account) teamParticipants(team string, at time.Time, within []string) []Participant {
	var out []Participant
	for _, e := range a.dir.escalations {
		if e.Team == team {
			out = append(out, a.participant(Responder{TypeEscalation, e.ID, e.Name}, at, within))
		}
	}
	if out != nil {
		return out
	}
	t, _ := a.dir.team(team)
	for _, id := range t.Members {
		u, _ := a.dir.user(id)
		out = append(out, Participant{Type: TypeUser, ID: u.ID, Name: u.Username})
	}
	return out
}

// People are all users among participants and those inside them, each once: what the vendor's flat answer lists. Users of
// later steps of an escalation are among them.
func (a *Account) People(list []Participant) []User {
	var out []User
	var walk func([]Participant)
	walk = func(list []Participant) {
		for _, p := range list {
			if u, found := a.dir.user(p.ID); p.Type == TypeUser && found && !slices.Contains(out, u) {
				out = append(out, u)
			}
			walk(p.Participants)
		}
	}
	walk(list)
	return out
}
