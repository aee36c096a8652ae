package pagerduty

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// shifts are the turns of the schedules, by schedule id. In a list no two turns overlap.
type shifts struct {
	mu         sync.RWMutex
	bySchedule map[string][]Shift
}

func (sh *shifts) load(schedules []*Schedule) {
	sh.bySchedule = map[string][]Shift{}
	for _, s := range schedules {
		for _, turn := range s.Shifts {
			sh.bySchedule[s.ID] = override(sh.bySchedule[s.ID], turn)
		}
	}
}

// override puts a turn into a list and cuts away what it covers.
func override(list []Shift, turn Shift) []Shift {
	out := []Shift{turn}
	for _, other := range list {
		if other.From.Before(turn.From) {
			before := other
			if before.Until.IsZero() || before.Until.After(turn.From) {
				before.Until = turn.From
			}
			out = append(out, before)
		}
		if !turn.Until.IsZero() && (other.Until.IsZero() || other.Until.After(turn.Until)) {
			after := other
			if after.From.Before(turn.Until) {
				after.From = turn.Until
			}
			out = append(out, after)
		}
	}
	slices.SortFunc(out, func(a, b Shift) int { return a.From.Compare(b.From) })
	return out
}

// during lists the turns of a schedule that overlap the range, in order.
func (sh *shifts) during(schedule string, within span) []Shift {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	var out []Shift
	for _, turn := range sh.bySchedule[schedule] {
		if within.overlaps(turn.From, turn.Until) {
			out = append(out, turn)
		}
	}
	return out
}

// span is a range of time. An empty bound is open; equal bounds are a moment.
type span struct{ since, until time.Time }

// has says whether something that happened at the time is within the range.
func (s span) has(at time.Time) bool {
	return (s.since.IsZero() || !at.Before(s.since)) && (s.until.IsZero() || !at.After(s.until))
}

// overlaps says whether a turn has a part in the range. A turn ends just before its Until; a zero Until means never.
func (s span) overlaps(from, until time.Time) bool {
	started := s.until.IsZero() || from.Before(s.until) || (s.since.Equal(s.until) && from.Equal(s.since))
	return started && (until.IsZero() || s.since.IsZero() || until.After(s.since))
}

// SetOnCall puts a user on call in a schedule, as an override does: whoever was on call in that time is not any more. From
// and until may lie in the past or the future; a zero until means that the turn does not end. Schedule and user are ids or
// names, the user also an e-mail.
func (s *Server) SetOnCall(schedule, user string, from, until time.Time) error {
	sched, u := s.acc.schedule(schedule), s.acc.user(user)
	if sched == nil || u == nil {
		return fmt.Errorf("pagerduty simulator: no schedule %q or no user %q", schedule, user)
	}
	if !until.IsZero() && !until.After(from) {
		return fmt.Errorf("pagerduty simulator: a turn cannot end at %s before it starts", until)
	}
	s.shifts.mu.Lock()
	defer s.shifts.mu.Unlock()
	s.shifts.bySchedule[sched.ID] = override(s.shifts.bySchedule[sched.ID], Shift{User: u.ID, From: from, Until: until})
	return nil
}

// ClearOnCall removes every turn of a schedule, so that nobody is on call in it.
func (s *Server) ClearOnCall(schedule string) error {
	sched := s.acc.schedule(schedule)
	if sched == nil {
		return fmt.Errorf("pagerduty simulator: no schedule %q", schedule)
	}
	s.shifts.mu.Lock()
	defer s.shifts.mu.Unlock()
	delete(s.shifts.bySchedule, sched.ID)
	return nil
}

// duty is one on-call entry: a person at a level of a policy, by a schedule or directly.
type duty struct {
	policy   *Policy
	level    int
	schedule *Schedule // nil when the policy names the person
	user     *User
	turn     Shift // zero when the policy names the person
}

// duties lists who is on call for the policy in the range, by level.
func (s *Server) duties(p *Policy, within span) []duty {
	var out []duty
	for i, rule := range p.Rules {
		for _, id := range rule.Schedules {
			sched := s.acc.schedule(id)
			for _, turn := range s.shifts.during(id, within) {
				out = append(out, duty{p, i + 1, sched, s.acc.userByID[turn.User], turn})
			}
		}
		for _, id := range rule.Users {
			out = append(out, duty{policy: p, level: i + 1, user: s.acc.userByID[id]})
		}
	}
	return out
}

// responders are the users of the first level from the wanted one on where anybody is on call now.
func (s *Server) responders(policyID string, from int) (level int, users []string) {
	p := s.acc.policy(policyID)
	if p == nil {
		return from, nil
	}
	now := s.now()
	for _, d := range s.duties(p, span{now, now}) {
		if d.level < from || (level != 0 && d.level != level) {
			continue
		}
		level = d.level
		if !slices.Contains(users, d.user.ID) {
			users = append(users, d.user.ID)
		}
	}
	return max(level, from), users
}
